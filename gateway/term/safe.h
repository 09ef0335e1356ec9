#ifndef TERM_SAFE_H
#define TERM_SAFE_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * safe - what a watcher's or replayer's terminal may be shown: text, colours, cursor and erase, nothing else.
 *
 * Lets through: printable UTF-8 (broken bytes become U+FFFD), CR LF BS HT BEL(no), CSI with final byte in
 * "ABCDEFGHJKLMPSTX@`adefr" or "m" and digits and ; only, CSI ? 25 h/l and ? 1049 h/l, ESC 7, ESC 8, ESC M, ESC D, ESC E.
 * Drops: every OSC, DCS, APC, PM, SOS, reports and queries, keyboard and mouse modes, C1 bytes, character sets.
 * State carries over calls: a sequence may be cut anywhere.  Holds back at most 64 bytes.
 * term_plain: the same, but text only: for `--format text` and search; CR overwrites, BS removes, one line at a time.
 */
struct term_safe {
	uint8_t state, utf8_want, held_n;
	uint8_t held[64];
};
void term_safe_feed(struct term_safe *t, struct span in, struct buf *out);

struct term_plain {
	struct term_safe safe;
	struct buf line; /* cap 16 KiB; term_plain_done frees it */
	uint32_t column;
};
void term_plain_init(struct term_plain *t);
void term_plain_done(struct term_plain *t);
void term_plain_feed(struct term_plain *t, struct span in, struct buf *out);
void term_plain_end(struct term_plain *t, struct buf *out); /* the unfinished last line */
#endif
