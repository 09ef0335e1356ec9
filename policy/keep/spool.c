#include "policy/keep/spool.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

enum { HEAD = 4, SUM = 16, MIN = 8 + 16 + 8 + 4 + 4 };

struct spool_file {
	int fd;
	size_t size, read; /* read: everything before it was applied */
};

struct pol_spool {
	struct spool_file file[2];
	unsigned writing; /* index of the file that is appended to */
	int rejected_fd;
	size_t cap;
	uint64_t last_seq;
	struct buf record;  /* the payload of the entry that pol_spool_next lent */
	size_t record_size; /* in the file; 0 = none lent */
	struct buf kind, body;
};

static int read_fully(int fd, size_t at, void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = pread(fd, (uint8_t *)p + done, n - done, (off_t)(at + done));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EPROTO; /* cut */
		done += (size_t)r;
	}
	return 0;
}

/* Reads the record at `at` into `payload`; returns its size in the file, -EPROTO when it is torn. */
static ssize_t record_read(const struct spool_file *f, size_t at, struct buf *payload)
{
	uint8_t head[HEAD + SUM], sum[SUM];

	int r = read_fully(f->fd, at, head, sizeof head);
	if (r < 0)
		return r;
	struct rd rd = rd_of(span_of(head, sizeof head));
	size_t n = rd_u32le(&rd);
	if (n < MIN || n > POL_SPOOL_RECORD_MAX || n > f->size - at - sizeof head)
		return -EPROTO;
	buf_clear(payload);
	uint8_t *p = buf_room(payload, n);
	if (!p)
		return -EPROTO;
	r = read_fully(f->fd, at + sizeof head, p, n);
	if (r < 0)
		return r;
	buf_grew(payload, n);
	(void)crypto_generichash(sum, sizeof sum, p, n, NULL, 0);
	if (sodium_memcmp(sum, head + HEAD, SUM) != 0)
		return -EPROTO;
	return (ssize_t)(sizeof head + n);
}

static uint64_t record_seq(struct span payload)
{
	struct rd r = rd_of(payload);

	return rd_u64le(&r);
}

/* Finds the end of what is whole; *ret_first, *ret_last: sequence numbers, 0 when the file is empty. */
static int file_scan(struct spool_file *f, struct buf *scratch, uint64_t *ret_first, uint64_t *ret_last)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	f->size = (size_t)st.st_size;
	size_t at = 0;
	while (at < f->size) {
		ssize_t n = record_read(f, at, scratch);
		if (n == -EPROTO)
			break;
		if (n < 0)
			return (int)n;
		uint64_t seq = record_seq(buf_span(scratch));
		*ret_first = *ret_first ? *ret_first : seq;
		*ret_last = seq;
		at += (size_t)n;
	}
	if (at < f->size && ftruncate(f->fd, (off_t)at) < 0)
		return -errno;
	f->size = at;
	return 0;
}

static int open_below(int dir_fd, const char *name, int flags, struct err *err)
{
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

	return fd < 0 ? fault(err, -errno, "the spool cannot be opened", "%s: %m", name) : fd;
}

static int spool_scan(struct pol_spool *s, size_t *ret_cut, struct err *err)
{
	uint64_t first[2] = { 0 }, last[2] = { 0 };

	*ret_cut = 0;
	for (int i = 0; i < 2; i++) {
		struct stat st;
		if (fstat(s->file[i].fd, &st) < 0)
			return fault(err, -errno, "the spool cannot be read", "fstat: %m");
		int r = file_scan(&s->file[i], &s->record, &first[i], &last[i]);
		if (r < 0)
			return fault(err, r, "the spool cannot be read", "file %d: %d", i, r);
		*ret_cut += (size_t)st.st_size - s->file[i].size;
	}
	s->writing = last[1] > last[0];
	s->last_seq = last[s->writing];
	return 0;
}

int pol_spool_open(struct pol_spool **ret, int dir_fd, size_t cap, size_t *ret_cut, struct err *err)
{
	struct pol_spool *s = calloc(1, sizeof *s);

	if (!s)
		return fault(err, -ENOMEM, "internal error", "no memory for the spool");
	s->cap = cap;
	s->file[0].fd = s->file[1].fd = s->rejected_fd = -1;
	buf_init(&s->record, POL_SPOOL_RECORD_MAX);
	buf_init(&s->kind, 256);
	buf_init(&s->body, POL_SPOOL_RECORD_MAX);
	int r = s->file[0].fd = open_below(dir_fd, "facts.a", 0, err);
	if (r >= 0)
		r = s->file[1].fd = open_below(dir_fd, "facts.b", 0, err);
	if (r >= 0)
		r = s->rejected_fd = open_below(dir_fd, "rejected", O_APPEND, err);
	if (r >= 0)
		r = spool_scan(s, ret_cut, err);
	if (r < 0) {
		pol_spool_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct pol_spool *pol_spool_free(struct pol_spool *s)
{
	if (s) {
		scope_close(&s->file[0].fd);
		scope_close(&s->file[1].fd);
		scope_close(&s->rejected_fd);
		buf_done(&s->record);
		buf_done(&s->kind);
		buf_done(&s->body);
		free(s);
	}
	return NULL;
}

static void record_put(struct buf *b, uint64_t seq, const char *kind, struct span body)
{
	uint8_t sum[SUM];
	struct id uid;

	id_new(&uid);
	size_t n = MIN + span_str(kind).n + body.n;
	wr_le(b, n, HEAD);
	buf_put(b, sum, SUM);
	wr_le(b, seq, 8);
	buf_put(b, uid.b, sizeof uid.b);
	wr_le(b, (uint64_t)clock_wall_us(), 8);
	wr_str32le(b, span_str(kind));
	wr_str32le(b, body);
	if (!b->failed)
		(void)crypto_generichash(b->data + HEAD, SUM, b->data + HEAD + SUM, n, NULL, 0);
}

static int append(struct spool_file *f, struct span s, struct err *err)
{
	size_t done = 0;

	while (done < s.n) {
		ssize_t n = pwrite(f->fd, s.p + done, s.n - done, (off_t)(f->size + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n < 0 ? -errno : -EIO;
			(void)!ftruncate(f->fd, (off_t)f->size); /* the checksum tells, should this fail too */
			return fault(
				err, code, "the audit spool cannot be written", "pwrite of %zu bytes: %d", s.n, code);
		}
		done += (size_t)n;
	}
	f->size += s.n;
	return 0;
}

static bool file_has_room(const struct pol_spool *s, const struct spool_file *f, size_t n)
{
	return f->size + HEAD + SUM + MIN + n <= s->cap / 2;
}

static void turn_over(struct pol_spool *s, size_t n)
{
	const struct spool_file *f = &s->file[s->writing];

	if (s->file[!s->writing].size == 0 && (f->size >= POL_SPOOL_TURN || !file_has_room(s, f, n)))
		s->writing = !s->writing;
}

bool pol_spool_has_room(const struct pol_spool *s, size_t n)
{
	return file_has_room(s, &s->file[s->writing], n) || s->file[!s->writing].size == 0;
}

int pol_spool_add(struct pol_spool *s, const char *kind, struct span body, struct err *err)
{
	scoped(buf_done) struct buf b = { 0 };
	size_t n = span_str(kind).n + body.n;

	turn_over(s, n);
	if (!file_has_room(s, &s->file[s->writing], n))
		return fault(
			err, -ENOSPC, "the audit spool is full", "%zu bytes wait for the database", pol_spool_bytes(s));
	buf_init(&b, POL_SPOOL_RECORD_MAX + HEAD + SUM);
	record_put(&b, s->last_seq + 1, kind, body);
	if (b.failed)
		return fault(err, -EMSGSIZE, "too long for the audit", "%s of %zu bytes", kind, body.n);
	int r = append(&s->file[s->writing], buf_span(&b), err);
	if (r == 0)
		s->last_seq++;
	return r;
}

static struct spool_file *oldest(struct pol_spool *s)
{
	struct spool_file *other = &s->file[!s->writing];

	return other->read < other->size ? other : &s->file[s->writing];
}

static int entry_get(struct pol_spool *s, struct pol_spool_entry *ret)
{
	struct rd r = rd_of(buf_span(&s->record));

	(void)rd_u64le(&r);
	struct span uid = rd_bytes(&r, sizeof ret->uid.b);
	int64_t at_us = (int64_t)rd_u64le(&r);
	struct span kind = rd_str32le(&r), body = rd_str32le(&r);
	if (!rd_done(&r))
		return -EPROTO;
	buf_clear(&s->kind);
	buf_put_span(&s->kind, kind);
	buf_clear(&s->body);
	buf_put_span(&s->body, body);
	memcpy(ret->uid.b, uid.p, sizeof ret->uid.b);
	ret->at_us = at_us;
	ret->kind = buf_str(&s->kind);
	ret->body = buf_str(&s->body);
	return 0;
}

int pol_spool_next(struct pol_spool *s, struct pol_spool_entry *ret, struct err *err)
{
	const struct spool_file *f = oldest(s);

	if (f->read == f->size)
		return -ENOENT;
	ssize_t n = record_read(f, f->read, &s->record);
	if (n < 0 || entry_get(s, ret) < 0)
		return fault(err, -EIO, "the spool cannot be read", "record at %zu: %zd", f->read, n);
	s->record_size = (size_t)n;
	return 0;
}

void pol_spool_applied(struct pol_spool *s)
{
	struct spool_file *f = oldest(s);

	f->read += s->record_size;
	s->record_size = 0;
	/* When the cut fails the file stays: its records come again after a restart and are known by their uid. */
	if (f->read == f->size && ftruncate(f->fd, 0) == 0)
		f->read = f->size = 0;
}

int pol_spool_reject(struct pol_spool *s, const char *why, struct err *err)
{
	scoped(buf_done) struct buf line = { 0 };
	struct pol_spool_entry e;
	struct json j;
	char uid[ID_TEXT];

	if (entry_get(s, &e) < 0)
		return fault(err, -EIO, "the spool cannot be read", "no record is lent");
	buf_init(&line, 2 * POL_SPOOL_RECORD_MAX);
	id_text(&e.uid, uid);
	json_open(&j, &line);
	json_obj(&j, NULL);
	json_str(&j, "uid", span_str(uid));
	json_num(&j, "at_us", e.at_us);
	json_str(&j, "kind", span_str(e.kind));
	json_raw(&j, "body", span_str(e.body));
	json_str(&j, "why", span_str(why));
	json_end(&j);
	buf_put(&line, "\n", 1);
	ssize_t n = write(s->rejected_fd, line.data, line.len);
	if (n != (ssize_t)line.len)
		return fault(err, -EIO, "the spool cannot be written", "rejected: %zd of %zu bytes: %m", n, line.len);
	pol_spool_applied(s);
	return 0;
}

void pol_spool_fds(const struct pol_spool *s, int ret[static 2])
{
	ret[0] = s->file[0].fd;
	ret[1] = s->file[1].fd;
}

bool pol_spool_is_empty(const struct pol_spool *s)
{
	return pol_spool_bytes(s) == 0;
}

size_t pol_spool_bytes(const struct pol_spool *s)
{
	return s->file[0].size - s->file[0].read + s->file[1].size - s->file[1].read;
}

size_t pol_spool_rejected_bytes(const struct pol_spool *s)
{
	struct stat st;

	return fstat(s->rejected_fd, &st) == 0 ? (size_t)st.st_size : 0;
}
