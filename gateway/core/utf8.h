#ifndef CORE_UTF8_H
#define CORE_UTF8_H
#include "gateway/core/buf.h"
#include <stdint.h>
/*
 * utf8 - one character at the front of a text.
 *
 * Source:  RFC 3629, and Unicode table 3-7: shortest form only, no surrogates, nothing above U+10FFFF.
 * Returns: its length, 1 to 4; 0 when the text is empty, or cut, or starts with no character (take one byte as broken).
 * Trust:   input hostile.
 */
static inline size_t utf8_get(struct span s, uint32_t *ret)
{
	if (s.n == 0)
		return 0;
	uint8_t c = s.p[0];
	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	size_t n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
	if (n == 0 || n > s.n)
		return 0;
	uint32_t v = c & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.p[i] & 0x3fU);
	}
	if ((n == 3 && (v < 0x800 || (v >= 0xd800 && v <= 0xdfff))) || (n == 4 && (v < 0x10000 || v > 0x10ffff)))
		return 0;
	*ret = v;
	return n;
}

/* Writes v, a character that utf8_get could have given, and returns its length. */
static inline size_t utf8_put(uint32_t v, uint8_t ret[static 4])
{
	if (v < 0x80) {
		ret[0] = (uint8_t)v;
		return 1;
	}
	size_t n = v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
	for (size_t i = n; --i > 0; v >>= 6)
		ret[i] = (uint8_t)(0x80 | (v & 0x3f));
	ret[0] = (uint8_t)((0xf00U >> n) | v);
	return n;
}

/* Characters that move, hide or reorder what stands around them: C0, DEL, C1, line separators, bidi overrides. */
static inline bool utf8_is_control(uint32_t v)
{
	return v < 0x20 || (v >= 0x7f && v < 0xa0) || v == 0x200e || v == 0x200f || (v >= 0x2028 && v <= 0x202e) ||
	       (v >= 0x2066 && v <= 0x2069) || v == 0xfeff;
}
#endif
