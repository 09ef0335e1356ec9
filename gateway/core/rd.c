#include "gateway/core/rd.h"
#include <assert.h>

void wr_le(struct buf *b, uint64_t v, size_t width)
{
	assert(width <= 8);
	uint8_t bytes[8];
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, bytes, width);
}

void wr_be(struct buf *b, uint64_t v, size_t width)
{
	assert(width <= 8);
	uint8_t bytes[8];
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
	buf_put(b, bytes, width);
}

/* A string whose length does not fit its prefix must not be written at all. */
static bool fits(struct buf *b, struct span s)
{
	if (s.n > UINT32_MAX)
		b->failed = true;
	return s.n <= UINT32_MAX;
}

void wr_str32le(struct buf *b, struct span s)
{
	if (!fits(b, s))
		return;
	wr_le(b, s.n, 4);
	buf_put_span(b, s);
}

void wr_str32be(struct buf *b, struct span s)
{
	if (!fits(b, s))
		return;
	wr_be(b, s.n, 4);
	buf_put_span(b, s);
}
