#ifndef TERM_GRID_H
#define TERM_GRID_H
#include "gateway/core/buf.h"
#include "gateway/term/screen.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * grid - rows of cells: what the screen model writes into.
 *
 * Speed:   scrolling turns an array of row numbers; a cleared row is `used = 0`, its cells are not touched.
 * Limits:  callers pass columns and rows within the limits of screen.h and positions within them.
 * Owns:    a row's cells, allocated when it is first written; out of memory aborts the process.
 */
enum {
	TERM_BOLD = 1 << 0,
	TERM_DIM = 1 << 1,
	TERM_ITALIC = 1 << 2,
	TERM_UNDERLINE = 1 << 3,
	TERM_BLINK = 1 << 4,
	TERM_REVERSE = 1 << 5,
	TERM_HIDDEN = 1 << 6,
	TERM_STRIKE = 1 << 7,
	TERM_STYLES = (1 << 8) - 1,
	TERM_WIDE = 1 << 8, /* the left half of a wide character */
	TERM_TAIL = 1 << 9, /* the right half */
};
enum { TERM_PALETTE = 1 << 24, TERM_RGB = 2 << 24 }; /* a colour: 0 default, PALETTE | index, RGB | 0xrrggbb */

struct term_cell {
	uint32_t c;      /* 0 = blank */
	uint32_t fg, bg;
	uint16_t attr;
	uint16_t mark;   /* one combining character, 0 = none */
};

struct term_row {
	struct term_cell *cells; /* NULL until written */
	uint32_t fill;           /* background of the cells from `used` on */
	uint16_t used;
};

struct term_grid {
	uint16_t columns, rows;
	uint16_t order[TERM_ROWS_MAX]; /* line y of the screen is row[order[y]] */
	struct term_row row[TERM_ROWS_MAX];
};

struct term_grid *term_grid_new(uint32_t columns, uint32_t rows);
struct term_grid *term_grid_free(struct term_grid *g);
struct term_row *term_grid_row(struct term_grid *g, uint32_t y);
/* The cell as it shows, also beyond `used`. */
struct term_cell term_grid_cell(const struct term_grid *g, uint32_t y, uint32_t x);
/* n printable ASCII bytes from column x on, all within the row; the pen is their look. */
void term_grid_write(struct term_grid *g, uint32_t y, uint32_t x, const uint8_t *p, uint32_t n,
	const struct term_cell *pen);
/* One character of the given width (1 or 2), within the row. */
void term_grid_put(struct term_grid *g, uint32_t y, uint32_t x, const struct term_cell *cell, unsigned width);
void term_grid_mark(struct term_grid *g, uint32_t y, uint32_t x, uint32_t mark);
/* Columns from .. to - 1 become blank with background bg. */
void term_grid_erase(struct term_grid *g, uint32_t y, uint32_t from, uint32_t to, uint32_t bg);
/* Moves what stands from column x on to the right (n > 0) or left (n < 0). */
void term_grid_shift(struct term_grid *g, uint32_t y, uint32_t x, int32_t n, uint32_t bg);
/* Lines top .. bottom move up (n > 0) or down (n < 0); new lines are blank with background bg. */
void term_grid_scroll(struct term_grid *g, uint32_t top, uint32_t bottom, int32_t n, uint32_t bg);
/* Keeps the lines from `first` on and the left of each. */
void term_grid_resize(struct term_grid *g, uint32_t columns, uint32_t rows, uint32_t first);
#endif
