#ifndef CORE_CHARSET_H
#define CORE_CHARSET_H
#include "gateway/core/buf.h"
#include <stdint.h>
/*
 * charset - text of old targets as UTF-8, and our own words as theirs.
 *
 * Purpose: search, export, replay and rules see UTF-8 while the bytes that pass and are recorded stay as they are.  Tables of
 *          our own: iconv(3) loads modules from disk, which no sandbox of ours allows.
 * Source:  GB 18030-2022; Big5 as code page 950, with HKSCS-2004 where that has nothing.  GBK is read as GB18030, which holds
 *          it, as browsers do (WHATWG Encoding, section 10.2).
 * Shape:   incremental: a character may be cut anywhere.  A broken one becomes U+FFFD, and an ASCII byte is never eaten
 *          with it: no broken character can hide an escape or a line end.
 * Limits:  at most 3 bytes of output a byte of input, and 3 more.
 * UTF-8:   passes unchanged, broken bytes too: whoever takes it apart meets them anyway.
 * Trust:   input hostile.
 */
enum charset { CHARSET_UTF8, CHARSET_GBK, CHARSET_GB18030, CHARSET_BIG5, CHARSETS };

/* "utf-8", "gbk", "gb18030", "big5" (small or capital letters); -ENOENT. */
int charset_of(struct span name);
const char *charset_name(uint8_t charset); /* the small form; "?" */

struct charset_decoder {
	uint8_t charset; /* enum charset; a zeroed struct passes UTF-8 */
	uint8_t held_n;
	uint8_t held[3]; /* the beginning of a character */
};
/* Appends to `out`. */
void charset_decode(struct charset_decoder *d, struct span in, struct buf *out);
void charset_decode_end(struct charset_decoder *d, struct buf *out); /* what is held is broken now */

/* Both ways for a whole text.  encode: what the set has not becomes '?'; slow, for lines of our own. */
void charset_to_utf8(uint8_t charset, struct span in, struct buf *out);
void charset_from_utf8(uint8_t charset, struct span utf8, struct buf *out);
#endif
