#ifndef CORE_RD_H
#define CORE_RD_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/*
 * rd - bounded reader and writer of fixed-width integers and length-prefixed strings.
 *
 * A read past the end returns zero, moves nothing more and sets `bad`: read a whole packet, check once.
 * Writers append to a capped struct buf and share its sticky `failed`.
 * Trust:   input hostile.  Owns: nothing; spans point into the input.
 */
struct rd {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static inline struct rd rd_of(struct span s)
{
	return (struct rd){ .p = s.p, .n = s.n };
}

static inline struct span rd_bytes(struct rd *r, size_t n)
{
	if (r->bad || n > r->n) {
		r->bad = true;
		return (struct span){ 0 };
	}
	struct span s = { r->p, n };
	r->p += n;
	r->n -= n;
	return s;
}

static inline uint64_t rd_le(struct rd *r, size_t width)
{
	struct span s = rd_bytes(r, width);
	uint64_t v = 0;
	for (size_t i = s.n; i-- > 0;)
		v = v << 8 | s.p[i];
	return v;
}

static inline uint64_t rd_be(struct rd *r, size_t width)
{
	struct span s = rd_bytes(r, width);
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

static inline uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)rd_le(r, 1);
}

static inline uint16_t rd_u16le(struct rd *r)
{
	return (uint16_t)rd_le(r, 2);
}

static inline uint32_t rd_u32le(struct rd *r)
{
	return (uint32_t)rd_le(r, 4);
}

static inline uint64_t rd_u64le(struct rd *r)
{
	return rd_le(r, 8);
}

static inline uint32_t rd_u32be(struct rd *r)
{
	return (uint32_t)rd_be(r, 4);
}

static inline uint64_t rd_u64be(struct rd *r)
{
	return rd_be(r, 8);
}

/* u32le length, then the bytes. */
static inline struct span rd_str32le(struct rd *r)
{
	return rd_bytes(r, rd_u32le(r));
}

/* u32be length, then the bytes: the `string` of RFC 4251 section 5. */
static inline struct span rd_str32be(struct rd *r)
{
	return rd_bytes(r, rd_u32be(r));
}

/* Everything was read and nothing was missing. */
static inline bool rd_done(const struct rd *r)
{
	return !r->bad && r->n == 0;
}

void wr_le(struct buf *b, uint64_t v, size_t width);
void wr_be(struct buf *b, uint64_t v, size_t width);
void wr_str32le(struct buf *b, struct span s);
void wr_str32be(struct buf *b, struct span s);
#endif
