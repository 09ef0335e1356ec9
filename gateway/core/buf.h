#ifndef CORE_BUF_H
#define CORE_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * buf - owned bytes with a cap at birth, and span, borrowed bytes that die with the call.
 *
 * Units:   bytes.
 * Limits:  growing past `cap` sets `failed` and changes nothing; every later put is a no-op, so a
 *          writer puts ten fields and checks once.  Out of memory aborts the process (pool-size
 *          allocations in a bounded buffer).
 * Owns:    `data`; released by buf_done, which accepts a zeroed buf.
 */
struct span {
	const uint8_t *p;
	size_t n;
};

struct buf {
	uint8_t *data;
	size_t len, size, cap;
	bool failed;
};

struct span span_of(const void *p, size_t n);
struct span span_str(const char *s); /* without the NUL; NULL gives an empty span */
bool span_eq(struct span a, struct span b);
bool span_is(struct span a, const char *s);
/* A NUL-terminated copy, yours to free; -EMSGSIZE over `max`, -EPROTO when it holds a NUL. */
int span_dup(struct span s, size_t max, char **ret);

void buf_init(struct buf *b, size_t cap);
void buf_done(struct buf *b);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_span(struct buf *b, struct span s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, to be filled by the caller and then counted by buf_grew; NULL over the cap. */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);
/* Drops n bytes from the front. */
void buf_drop(struct buf *b, size_t n);
void buf_clear(struct buf *b);
struct span buf_span(const struct buf *b);
/* The bytes as a C string (a NUL is kept behind the data); "" when empty. */
const char *buf_str(struct buf *b);
#endif
