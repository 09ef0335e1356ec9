#ifndef TERM_SAFE_H
#define TERM_SAFE_H
#include "gateway/core/buf.h"
#include "gateway/term/decode.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * safe - what a watcher's or replayer's terminal may be shown: text, colours, cursor and erase, nothing else.
 *
 * Lets through: printable UTF-8 (broken bytes become U+FFFD, line drawing of the DEC set becomes Unicode), CR LF BS HT,
 *          ESC 7 8 D E M, CSI with one of the final bytes in safe.c's table and digits and ; only (SGR also :), and of
 *          the modes 4 (insert), ?6 (origin), ?7 (wrap), ?25 (cursor), ?47 ?1047 ?1048 ?1049 (alternate screen).
 * Drops:   every OSC, DCS, APC, PM and SOS, BEL, reports and queries, keyboard, paste and mouse modes, C1 controls,
 *          bidirectional overrides.  A sequence of more than 64 bytes is dropped whole.
 * State:   carries over calls, a sequence may be cut anywhere; a zeroed struct is the start.
 * Limits:  at most 3 bytes of output a byte of input, and 64 more.
 * Trust:   input hostile.
 */
struct term_safe {
	struct term_decode utf8;
	uint8_t state;
	uint8_t graphic, shift; /* as in a terminal: which of G0 and G1 draws lines, which is in use */
	uint8_t held_n;
	uint8_t held[64];
};
void term_safe_feed(struct term_safe *t, struct span in, struct buf *out);

/*
 * The same, but text only, for `--format text` and search: CR overwrites, BS removes, CSI K cuts, a line comes out when
 * its LF has come.  Lines over 16 Ki characters come out in pieces.
 */
struct term_plain {
	struct term_safe safe;
	struct buf line;  /* u32 characters; term_plain_done frees it */
	uint32_t column;  /* characters */
};
void term_plain_init(struct term_plain *t);
void term_plain_done(struct term_plain *t);
void term_plain_feed(struct term_plain *t, struct span in, struct buf *out);
void term_plain_end(struct term_plain *t, struct buf *out); /* the unfinished last line, without a line feed */
#endif
