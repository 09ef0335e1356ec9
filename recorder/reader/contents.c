#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/*
 * The kept contents of one file: each piece is written where it lay in the file, then what lies there is compared with what the
 * file's last FILE frame says.  Bytes in front of a transfer that began further on stay a hole.
 */
struct state {
	struct reader_out *out;
	bool ended, whole;
	uint64_t bytes; /* of contents so far */
	uint64_t size, from;
	bool hashed;
	uint8_t sha256[32];
};

static void json_scope(json_t **j)
{
	json_decref(*j);
}

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

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));
	return s ? s : "";
}

static void told(struct state *s, struct span body)
{
	scoped(json_scope) json_t *doc = body.n > 0 ? json_loadb((const char *)body.p, body.n, 0, NULL) : NULL;
	json_int_t size = json_integer_value(json_object_get(doc, "size")),
		   from = json_integer_value(json_object_get(doc, "from"));
	const char *hash = text_of(doc, "sha256");
	size_t n = 0;
	if (json_integer_value(json_object_get(doc, "number")) != s->out->file ||
		strcmp(text_of(doc, "state"), "begun") == 0)
		return;
	s->ended = true;
	s->hashed = *hash;
	s->whole = strcmp(text_of(doc, "state"), "complete") == 0 && json_is_true(json_object_get(doc, "kept")) &&
		   size >= 0 && from >= 0 && size <= INT64_MAX - from;
	if (s->hashed)
		s->whole &= sodium_hex2bin(s->sha256, sizeof s->sha256, hash, strlen(hash), NULL, &n, NULL) == 0 &&
			    n == sizeof s->sha256;
	s->size = (uint64_t)size;
	s->from = (uint64_t)from;
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	if (s->ended)
		return 0;
	if (f->type == FRAME_FILE)
		told(s, f->body);
	return f->type == FRAME_CONTENT ? content(s, f->body) : 0;
}

/* What was written, read again. */
static int compare(const struct state *s)
{
	crypto_hash_sha256_state sum;
	uint8_t hash[32], piece[16384];
	uint64_t at = s->from, end = s->from + s->size;
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
	return memcmp(hash, s->sha256, sizeof hash) == 0 ? 0 : -EBADMSG;
}

static int end(void *state)
{
	const struct state *s = state;
	if (!s->ended || !s->whole)
		return -ENODATA;
	if (s->bytes != s->size)
		return -EBADMSG;
	return s->hashed ? compare(s) : 0;
}

const struct reader_format reader_contents = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end
};
