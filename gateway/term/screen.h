#ifndef TERM_SCREEN_H
#define TERM_SCREEN_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
/*
 * screen - a bounded model of a terminal's screen, fed with the target's bytes.
 *
 * Source:  ECMA-48 and the xterm control sequences in common use; UTF-8, or what core/charset.h reads; wide characters take two cells.
 * Purpose: screen key-frames (join, re-attach, seek).  It decides nothing about security.
 * Speed:   runs of printable ASCII take a fast path; bulk output costs a small fraction of the relay.
 * Limits:  columns 1..TERM_COLUMNS_MAX, rows 1..TERM_ROWS_MAX (clamped); two screens (main and alternate), allocated on
 *          first output; sequences longer than 256 bytes are skipped.
 * Trust:   input hostile; feed never fails.
 */
enum { TERM_COLUMNS_MAX = 512, TERM_ROWS_MAX = 256 };
struct term_screen;
int term_screen_new(uint32_t columns, uint32_t rows, struct term_screen **ret, struct err *err);
/* Before the first feed: the bytes are in this enum charset; without it UTF-8. */
void term_screen_charset(struct term_screen *t, uint8_t charset);
struct term_screen *term_screen_free(struct term_screen *t); /* returns NULL */
void term_screen_feed(struct term_screen *t, struct span bytes);
void term_screen_resize(struct term_screen *t, uint32_t columns, uint32_t rows);
void term_screen_size(const struct term_screen *t, uint32_t *ret_columns, uint32_t *ret_rows);
/* Body of a FRAME_SCREEN: u32le columns, u32le rows, then text, SGR and cursor sequences for a cleared terminal. */
void term_screen_draw(const struct term_screen *t, struct buf *out);
/* What draw leaves out, since nobody who only watches may have it: which reports the program asked of keyboard, mouse and paste. */
void term_screen_modes(const struct term_screen *t, struct buf *out);
/* One row as UTF-8 text without trailing blanks. */
void term_screen_row(const struct term_screen *t, uint32_t row, struct buf *out);
#endif
