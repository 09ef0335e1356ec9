#ifndef TERM_DECODE_H
#define TERM_DECODE_H
#include <stdbool.h>
#include <stdint.h>
/*
 * decode - UTF-8 one byte at a time, so that a character may be cut anywhere.
 *
 * Source:  Unicode table 3-7; a broken sequence gives one U+FFFD for its longest valid beginning (section 3.9).
 * Trust:   input hostile.
 */
struct term_decode {
	uint32_t value;
	uint8_t want, low, high; /* bytes to come; what the next may be */
};

enum term_decoded {
	TERM_DECODE_MORE,
	TERM_DECODE_DONE,  /* *ret holds a character */
	TERM_DECODE_BROKEN /* what was held is broken: it stands for U+FFFD.  The byte itself was not taken. */
};

/* byte >= 0x80, or anything while `want` is not 0. */
static inline enum term_decoded term_decode(struct term_decode *d, uint8_t byte, uint32_t *ret)
{
	if (d->want == 0) {
		*d = (struct term_decode){ .low = 0x80, .high = 0xbf };
		if (byte >= 0xc2 && byte <= 0xdf) {
			d->want = 1;
			d->value = byte & 0x1f;
		} else if ((byte & 0xf0) == 0xe0) {
			d->want = 2;
			d->value = byte & 0x0f;
			d->low = byte == 0xe0 ? 0xa0 : 0x80;
			d->high = byte == 0xed ? 0x9f : 0xbf;
		} else if (byte >= 0xf0 && byte <= 0xf4) {
			d->want = 3;
			d->value = byte & 0x07;
			d->low = byte == 0xf0 ? 0x90 : 0x80;
			d->high = byte == 0xf4 ? 0x8f : 0xbf;
		} else {
			*ret = 0xfffd;
			return TERM_DECODE_DONE;
		}
		return TERM_DECODE_MORE;
	}
	if (byte < d->low || byte > d->high) {
		d->want = 0;
		return TERM_DECODE_BROKEN;
	}
	d->low = 0x80;
	d->high = 0xbf;
	d->value = d->value << 6 | (byte & 0x3fU);
	if (--d->want > 0)
		return TERM_DECODE_MORE;
	*ret = d->value;
	return TERM_DECODE_DONE;
}

/* The DEC special graphics set (VT100 User Guide, table 3-9): what ` to ~ stand for. */
static inline uint32_t term_decode_graphic(uint32_t c)
{
	static const uint16_t graphics[] = {
		0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514,
		0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0,
		0x2260, 0x00a3, 0x00b7,
	};
	return c >= 0x60 && c <= 0x7e ? graphics[c - 0x60] : c;
}
#endif
