#include "gateway/core/id.h"
#include "gateway/core/clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * RFC 9562 section 5.7: 48 bits milliseconds | version 7 | 12 bits | variant 2 | 62 random bits.  The 12 bits are the
 * fraction of the millisecond (section 6.2, method 3).
 */
void id_new(struct id *ret)
{
	uint64_t us = (uint64_t)clock_wall_us();
	uint64_t ms = us / 1000, fraction = us % 1000 * 4096 / 1000;
	struct id id;
	if (getrandom(id.b, sizeof id.b, 0) != sizeof id.b)
		abort(); /* 16 bytes are never cut short once the pool is ready */
	for (size_t i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.b[6] = (uint8_t)(0x70 | fraction >> 8);
	id.b[7] = (uint8_t)fraction;
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	*ret = id;
}

/* Where the text form has a hyphen: before bytes 4, 6, 8 and 10. */
static bool hyphen_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void id_text(const struct id *id, char ret[static ID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < sizeof id->b; i++) {
		if (hyphen_before(i))
			*ret++ = '-';
		*ret++ = hex[id->b[i] >> 4];
		*ret++ = hex[id->b[i] & 15];
	}
	*ret = '\0';
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int id_parse(struct span text, struct id *ret)
{
	struct id id;
	if (text.n != ID_TEXT - 1)
		return -EPROTO;
	for (size_t i = 0, at = 0; i < sizeof id.b; i++, at += 2) {
		if (hyphen_before(i) && text.p[at++] != '-')
			return -EPROTO;
		int high = hex_digit(text.p[at]), low = hex_digit(text.p[at + 1]);
		if (high < 0 || low < 0)
			return -EPROTO;
		id.b[i] = (uint8_t)(high << 4 | low);
	}
	*ret = id;
	return 0;
}

bool id_eq(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool id_is_zero(const struct id *a)
{
	return id_eq(a, &(struct id){ 0 });
}
