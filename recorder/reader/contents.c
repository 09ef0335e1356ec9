#include "gateway/core/rd.h"
#include "recorder/reader/format.h"
#include "recorder/reader/held.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/*
 * The kept contents of one file, into a file: each piece is written where it lay in the file, then what lies there is compared with what the
 * file's last FILE frame says.  Bytes in front of a transfer that began further on stay a hole.
 */
struct state {
	struct reader_out *out;
	uint64_t bytes; /* of contents so far */
	struct reader_held held;
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
}

static int write_at(int fd, struct span data, uint64_t at)
{
	while (data.n > 0) {
		ssize_t n = pwrite(fd, data.p, data.n, (off_t)at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data = span_of(data.p + n, data.n - (size_t)n);
			at += (uint64_t)n;
		}
	}
	return 0;
}

static int content(struct state *s, struct span body)
{
	struct rd r = rd_of(body);
	uint32_t number = rd_u32le(&r);
	uint64_t at = rd_u64le(&r);
	if (r.bad || number != s->out->file)
		return 0;
	if (at > (uint64_t)INT64_MAX - r.n)
		return -EBADMSG;
	s->bytes += r.n;
	return write_at(s->out->fd, span_of(r.p, r.n), at);
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	if (s->held.ended)
		return 0;
	if (f->type == FRAME_FILE)
		reader_held_learn(&s->held, s->out->file, f->body);
	return f->type == FRAME_CONTENT ? content(s, f->body) : 0;
}

/* What was written, read again. */
static int compare(const struct state *s)
{
	crypto_hash_sha256_state sum;
	uint8_t hash[32], piece[16384];
	uint64_t at = s->held.from, end = s->held.from + s->held.size;
	(void)crypto_hash_sha256_init(&sum);
	while (at < end) {
		size_t want = end - at < sizeof piece ? (size_t)(end - at) : sizeof piece;
		ssize_t n = pread(s->out->fd, piece, want, (off_t)at);
		if (n == 0)
			return -EBADMSG;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			(void)crypto_hash_sha256_update(&sum, piece, (unsigned long long)n);
			at += (uint64_t)n;
		}
	}
	(void)crypto_hash_sha256_final(&sum, hash);
	return memcmp(hash, s->held.sha256, sizeof hash) == 0 ? 0 : -EBADMSG;
}

static int end(void *state)
{
	const struct state *s = state;
	if (!s->held.ended || !s->held.whole)
		return -ENODATA;
	if (s->bytes != s->held.size)
		return -EBADMSG;
	return s->held.hashed ? compare(s) : 0;
}

const struct reader_format reader_contents = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end
};
