#include "recorder/store.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "recorder/evidence/path.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

enum {
	OUT_MAX = 4 << 20,   /* blocks that a full disk holds up: far above what 256 KiB of credit can become */
	STEP = 64 * 1024,    /* allocation in advance */
	KEYS_MAX = 16 * 1024 /* keys in one frame; sealed they still fit a frame */
};

struct rec_scratch {
	struct evidence_packer *packer;
	struct buf block, keys; /* frames of the block being made; keys not yet in it */
	int64_t block_us, keys_us;
	uint32_t keys_channel;
};

int rec_scratch_new(struct rec_scratch **ret, struct err *err)
{
	struct rec_scratch *x = calloc(1, sizeof *x);
	if (!x)
		return fault(err, -ENOMEM, "internal error", "no memory for a seal thread");
	int rc = evidence_packer_new(&x->packer, err);
	if (rc < 0) {
		free(x);
		return rc;
	}
	buf_init(&x->block, EVIDENCE_BLOCK_PLAIN_MAX);
	buf_init(&x->keys, KEYS_MAX);
	*ret = x;
	return 0;
}

struct rec_scratch *rec_scratch_free(struct rec_scratch *x)
{
	if (x) {
		x->packer = evidence_packer_free(x->packer);
		buf_done(&x->block);
		buf_done(&x->keys);
		free(x);
	}
	return NULL;
}

void rec_store_init(struct rec_store *s, int dir)
{
	*s = (struct rec_store){ .dir = dir, .fd = -1 };
	buf_init(&s->out, OUT_MAX);
}

void rec_store_done(struct rec_store *s)
{
	scope_close(&s->fd);
	buf_done(&s->out);
	evidence_stream_done(&s->stream);
}

/* ---- writing ---- */
static int io_error(struct err *err, int code, const char *what)
{
	return fault(err, code, code == -ENOSPC || code == -EDQUOT ? "the disk for recordings is full" :
								     "the disk for recordings fails",
		"%s: %s", what, strerror(-code));
}

/* Space up to `want` and the reserve behind it; where a file system cannot, writing itself will tell. */
static int reserve(struct rec_store *s, uint64_t want, struct err *err)
{
	uint64_t need = want + REC_STORE_RESERVE;
	if (need <= s->reserved)
		return 0;
	uint64_t from = s->reserved > s->bytes ? s->reserved : s->bytes;
	if (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(need + STEP - from)) == 0) {
		s->reserved = need + STEP;
		return 0;
	}
	if (errno == EOPNOTSUPP || errno == ENOSYS) {
		s->reserved = UINT64_MAX;
		return 0;
	}
	if (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(need - from)) < 0)
		return io_error(err, -errno, "fallocate");
	s->reserved = need;
	return 0;
}

/* A write that stops half-way is done again from the start of what is not yet whole. */
static int write_out(struct rec_store *s, struct err *err)
{
	size_t done = 0;
	while (done < s->out.len) {
		ssize_t n = pwrite(s->fd, s->out.data + done, s->out.len - done, (off_t)(s->bytes + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_error(err, -errno, "pwrite");
		done += (size_t)n;
	}
	s->bytes += s->out.len;
	s->disk = s->chain;
	buf_done(&s->out); /* an idle recording holds no buffer */
	return 0;
}

int rec_store_flush(struct rec_store *s, struct err *err)
{
	if (s->out.failed)
		return fault(err, -ENOBUFS, "the disk for recordings is too slow", "more than %d bytes held", OUT_MAX);
	if (s->out.len == 0)
		return 0;
	int rc = reserve(s, s->bytes + s->out.len, err);
	return rc < 0 ? rc : write_out(s, err);
}

/* ---- frames to blocks ---- */
static void block_close(struct rec_store *s, struct rec_scratch *x)
{
	if (x->block.len > 0)
		evidence_block_put(&s->out, &s->chain, &s->stream, x->packer, x->block_us, buf_span(&x->block));
	buf_clear(&x->block);
}

static void block_add(struct rec_store *s, struct rec_scratch *x, const struct frame *f)
{
	if (x->block.len + FRAME_HEAD + f->body.n > EVIDENCE_BLOCK_PLAIN_MAX)
		block_close(s, x);
	if (x->block.len == 0)
		x->block_us = (int64_t)f->time_us;
	frame_put(&x->block, f);
	assert(!x->block.failed);
}

/* What was typed goes to disk as its length and, with an auditor key, a box that only its owner opens. */
static void keys_close(struct rec_store *s, struct rec_scratch *x)
{
	uint8_t body[4 + KEYS_MAX + crypto_box_SEALBYTES + 1];
	struct buf b = { .data = body, .size = sizeof body, .cap = sizeof body - 1 };
	if (x->keys.len == 0)
		return;
	wr_le(&b, x->keys.len, 4);
	if (s->has_auditor &&
		crypto_box_seal(body + b.len, x->keys.data, x->keys.len, s->auditor) == 0)
		buf_grew(&b, x->keys.len + crypto_box_SEALBYTES);
	secret_wipe(x->keys.data, x->keys.len);
	buf_clear(&x->keys);
	block_add(s, x, &(struct frame){ .time_us = (uint64_t)x->keys_us, .type = FRAME_KEYS, .channel = x->keys_channel,
				.body = buf_span(&b) });
}

/* Keys of one channel in a row become one frame with the time of the first. */
static void keys_add(struct rec_store *s, struct rec_scratch *x, const struct frame *f)
{
	struct span in = f->body;
	if (x->keys.len > 0 && x->keys_channel != f->channel)
		keys_close(s, x);
	while (in.n > 0) {
		size_t n = in.n < KEYS_MAX - x->keys.len ? in.n : KEYS_MAX - x->keys.len;
		if (x->keys.len == 0) {
			x->keys_us = (int64_t)f->time_us;
			x->keys_channel = f->channel;
		}
		buf_put(&x->keys, in.p, n);
		in = span_of(in.p + n, in.n - n);
		if (x->keys.len == KEYS_MAX)
			keys_close(s, x);
	}
}

int rec_store_frames(struct rec_store *s, struct rec_scratch *x, struct span frames, int64_t now_us, struct err *err)
{
	struct frame f;
	while (frames.n > 0) {
		int n = frame_get(frames, &f, err);
		if (n < 0)
			return n == -EAGAIN ? fault(err, -EPROTO, "malformed frame", "cut") : n;
		frames = span_of(frames.p + n, frames.n - (size_t)n);
		int64_t us = f.time_us > (uint64_t)now_us ? now_us : (int64_t)f.time_us;
		s->last_us = us > s->last_us ? us : s->last_us;
		f.time_us = (uint64_t)s->last_us;
		if (f.type == FRAME_KEYS) {
			keys_add(s, x, &f);
			continue;
		}
		keys_close(s, x);
		block_add(s, x, &f);
	}
	keys_close(s, x);
	block_close(s, x);
	return rec_store_flush(s, err);
}

/* ---- birth ---- */
static int open_file(struct rec_store *s, struct err *err)
{
	char path[EVIDENCE_PATH], mark[EVIDENCE_PATH], month[EVIDENCE_PATH_MONTH + 1];
	evidence_path(&s->id, path);
	evidence_path_open(&s->id, mark);
	memcpy(month, path, EVIDENCE_PATH_MONTH);
	month[EVIDENCE_PATH_MONTH] = '\0';
	if ((mkdirat(s->dir, month, 02750) < 0 && errno != EEXIST) ||
		(mkdirat(s->dir, EVIDENCE_PATH_OPEN, 02750) < 0 && errno != EEXIST))
		return io_error(err, -errno, "mkdir");
	scoped(scope_close) int fd = openat(s->dir, mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return io_error(err, -errno, "create the mark");
	s->fd = openat(s->dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (s->fd < 0)
		return io_error(err, -errno, "create the file");
	return 0;
}

static void unmark(struct rec_store *s)
{
	char mark[EVIDENCE_PATH];
	evidence_path_open(&s->id, mark);
	(void)unlinkat(s->dir, mark, 0); /* left over, it costs the next start one look */
}

/* Nothing was promised for it yet. */
static void unmake(struct rec_store *s)
{
	char path[EVIDENCE_PATH];
	evidence_path(&s->id, path);
	(void)unlinkat(s->dir, path, 0);
	unmark(s);
}

static int put_header(struct rec_store *s, const struct rec_store_new *n, struct err *err)
{
	uint8_t key[32];
	struct evidence_header h = { .id = n->id, .created_us = n->now_us };
	randombytes_buf(key, sizeof key);
	evidence_stream_init(&s->stream, &n->id, key);
	int bad = crypto_box_seal(h.sealed_key, key, sizeof key, n->seal_key);
	secret_wipe(key, sizeof key);
	if (bad)
		return fault(err, -EINVAL, "internal error", "the vault's sealing key is no point");
	evidence_header_put(&s->out, &h);
	struct evidence_header again;
	int rc = evidence_header_get(buf_span(&s->out), &again, &s->chain, err);
	return rc < 0 ? rc : 0;
}

int rec_store_create(struct rec_store *s, struct rec_scratch *x, const struct rec_store_new *n, struct err *err)
{
	if (n->auditor.n != 0 && n->auditor.n != sizeof s->auditor)
		return fault(err, -EINVAL, "the auditor key is damaged", "%zu bytes", n->auditor.n);
	if (n->meta.n > FRAME_BODY_MAX)
		return fault(err, -EMSGSIZE, "internal error", "meta of %zu bytes", n->meta.n);
	s->id = n->id;
	s->created_us = s->last_us = n->now_us;
	s->has_auditor = n->auditor.n > 0;
	if (s->has_auditor)
		memcpy(s->auditor, n->auditor.p, sizeof s->auditor);
	int rc = open_file(s, err);
	if (rc == 0)
		rc = put_header(s, n, err);
	if (rc == 0) {
		block_add(s, x, &(struct frame){ .time_us = (uint64_t)n->now_us, .type = FRAME_META, .body = n->meta });
		block_close(s, x);
		rc = rec_store_flush(s, err);
	}
	if (rc < 0 && s->fd >= 0)
		unmake(s);
	return rc;
}

/* ---- end ---- */
/* Behind the data there is always room for these two: no reserve is asked for. */
static int flush_last(struct rec_store *s, struct err *err)
{
	return s->out.len > 0 ? write_out(s, err) : 0;
}

/* May be called again after a failure. */
int rec_store_end(struct rec_store *s, struct err *err)
{
	int rc = s->ended ? 0 : rec_store_flush(s, err);
	if (rc < 0)
		return rc;
	if (!s->ended)
		evidence_end_put(&s->out, &s->chain, &(struct evidence_end){ .ended_us = s->last_us });
	s->ended = true;
	return flush_last(s, err);
}

int rec_store_checkpoint(struct rec_store *s, uint8_t type, const struct evidence_checkpoint *k, struct err *err)
{
	int rc = type == EVIDENCE_CHECKPOINT ? rec_store_flush(s, err) : flush_last(s, err);
	if (rc < 0)
		return rc;
	if (type == EVIDENCE_CHECKPOINT && s->chain.seq - k->seq >= EVIDENCE_REACH)
		return 0; /* the signature came too late to be of use; the next will do */
	evidence_checkpoint_put(&s->out, &s->chain, type, k);
	if (type == EVIDENCE_CHECKPOINT)
		return rec_store_flush(s, err);
	rc = flush_last(s, err);
	/* What was allocated in advance, or half written before a full disk, goes back. */
	if (rc == 0 && ftruncate(s->fd, (off_t)s->bytes) < 0)
		rc = io_error(err, -errno, "ftruncate");
	if (rc == 0)
		unmark(s);
	return rc;
}

void rec_store_give_up(struct rec_store *s)
{
	s->ended = s->ended && s->out.len == 0;
	buf_done(&s->out);
	s->chain = s->disk;
}
