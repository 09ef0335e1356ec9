#include "gateway/core/rd.h"
#include "recorder/reader/format.h"
#include "recorder/reader/held.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * The kept contents of one file, into a stream, which takes bytes in their order only.
 *
 * The recording is read several times.  First nothing is written: what is told of the file is compared with its pieces.  Pieces that
 * follow each other, as nearly always, are written the second time, and their hash was right before the first byte left.  Others are
 * put together a window at a time, each time the whole recording; then a wrong hash breaks the stream off.
 */
enum pass { LOOK, STREAM, PIECES };
enum { SOME = 32 * 1024 };
struct state {
	struct reader_out *out;
	struct reader_held held;
	enum pass pass;
	bool in_order;
	uint64_t bytes, next;    /* of contents so far; where the next piece is expected */
	uint64_t lowest, reach;  /* where contents begin and end */
	uint64_t low, high;      /* the window */
	uint8_t *window;
	crypto_hash_sha256_state sum;
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
	s->in_order = true;
	(void)crypto_hash_sha256_init(&s->sum);
}

static void look(struct state *s, struct span bytes, uint64_t at)
{
	s->in_order &= s->bytes == 0 || at == s->next;
	s->lowest = s->bytes == 0 || at < s->lowest ? at : s->lowest;
	s->reach = at + bytes.n > s->reach ? at + bytes.n : s->reach;
	s->bytes += bytes.n;
	s->next = at + bytes.n;
	if (s->in_order)
		(void)crypto_hash_sha256_update(&s->sum, bytes.p, bytes.n);
}

/* What of it lies in the window. */
static void place(struct state *s, struct span bytes, uint64_t at)
{
	uint64_t from = at > s->low ? at : s->low, to = at + bytes.n < s->high ? at + bytes.n : s->high;
	if (from < to)
		memcpy(s->window + (from - s->low), bytes.p + (from - at), (size_t)(to - from));
}

static int content(struct state *s, struct span body)
{
	struct rd r = rd_of(body);
	uint32_t number = rd_u32le(&r);
	uint64_t at = rd_u64le(&r);
	struct span bytes = span_of(r.p, r.n);
	if (r.bad || number != s->out->file)
		return 0;
	if (at > (uint64_t)INT64_MAX - r.n)
		return -EBADMSG;
	if (s->pass == LOOK) {
		look(s, bytes, at);
	} else if (s->pass == STREAM) {
		buf_put_span(&s->out->b, bytes);
		return reader_out_some(s->out);
	} else {
		place(s, bytes, at);
	}
	return 0;
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

static int compare(struct state *s)
{
	uint8_t hash[32];
	(void)crypto_hash_sha256_final(&s->sum, hash);
	return !s->held.hashed || memcmp(hash, s->held.sha256, sizeof hash) == 0 ? 0 : -EBADMSG;
}

/* In front of a transfer that began further on. */
static int put_hole(struct state *s)
{
	static const uint8_t zeros[SOME];
	int rc = 0;
	for (uint64_t n = s->lowest; n > 0 && rc == 0;) {
		size_t some = n < SOME ? (size_t)n : SOME;
		buf_put(&s->out->b, zeros, some);
		n -= some;
		rc = reader_out_some(s->out);
	}
	return rc;
}

static int put_window(struct state *s)
{
	int rc = 0;
	size_t n = (size_t)(s->high - s->low);
	(void)crypto_hash_sha256_update(&s->sum, s->window, n);
	for (size_t at = 0; at < n && rc == 0; at += SOME) {
		buf_put(&s->out->b, s->window + at, n - at < SOME ? n - at : SOME);
		rc = reader_out_flush(s->out);
	}
	return rc;
}

static void next_window(struct state *s, uint64_t low)
{
	s->low = low;
	s->high = s->reach - low < READER_WINDOW ? s->reach : low + READER_WINDOW;
	memset(s->window, 0, READER_WINDOW);
}

/* 1: once more. */
static int again(struct state *s)
{
	s->held.ended = false;
	return 1;
}

static int looked(struct state *s)
{
	if (!s->held.ended || !s->held.whole)
		return -ENODATA;
	if (s->bytes != s->held.size)
		return -EBADMSG;
	bool there = s->bytes == 0 || (s->lowest == s->held.from && s->reach == s->held.from + s->held.size);
	if (s->held.hashed && !there)
		return -EBADMSG;
	s->pass = s->in_order ? STREAM : PIECES;
	int rc = s->in_order ? compare(s) : 0;
	if (rc == 0)
		rc = put_hole(s);
	if (rc == 0 && s->pass == PIECES) {
		s->window = malloc(READER_WINDOW);
		if (!s->window)
			return -ENOMEM;
		(void)crypto_hash_sha256_init(&s->sum);
		next_window(s, s->lowest);
	}
	return rc < 0 ? rc : again(s);
}

static int end(void *state)
{
	struct state *s = state;
	if (s->pass == LOOK)
		return looked(s);
	if (s->pass == STREAM)
		return reader_out_flush(s->out);
	int rc = reader_out_flush(s->out); /* the hole */
	if (rc == 0)
		rc = put_window(s);
	if (rc < 0)
		return rc;
	if (s->high == s->reach)
		return compare(s);
	next_window(s, s->high);
	return again(s);
}

static void done(void *state)
{
	free(((struct state *)state)->window);
}

const struct reader_format reader_pieces = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done
};
