#include "gateway/term/grid.h"
#include <stdlib.h>
#include <string.h>

struct term_grid *term_grid_new(uint32_t columns, uint32_t rows)
{
	struct term_grid *g = calloc(1, sizeof *g);
	if (!g)
		abort();
	g->columns = (uint16_t)columns;
	g->rows = (uint16_t)rows;
	for (uint16_t i = 0; i < TERM_ROWS_MAX; i++)
		g->order[i] = i;
	return g;
}

struct term_grid *term_grid_free(struct term_grid *g)
{
	for (uint32_t i = 0; g && i < TERM_ROWS_MAX; i++)
		free(g->row[i].cells);
	free(g);
	return NULL;
}

struct term_row *term_grid_row(struct term_grid *g, uint32_t y)
{
	return &g->row[g->order[y]];
}

struct term_cell term_grid_cell(const struct term_grid *g, uint32_t y, uint32_t x)
{
	const struct term_row *row = &g->row[g->order[y]];
	return x < row->used ? row->cells[x] : (struct term_cell){ .bg = row->fill };
}

/* The row's cells, those before column x really there. */
static struct term_cell *reach(const struct term_grid *g, struct term_row *row, uint32_t x)
{
	if (!row->cells) {
		row->cells = calloc(g->columns, sizeof *row->cells);
		if (!row->cells)
			abort();
	}
	for (; row->used < x; row->used++)
		row->cells[row->used] = (struct term_cell){ .bg = row->fill };
	return row->cells;
}

static void blank(struct term_cell *cell)
{
	cell->c = 0;
	cell->mark = 0;
	cell->attr &= TERM_STYLES;
}

/* Columns from .. to - 1 are about to change: a wide character must not lose one half alone. */
static void cut_wide(struct term_row *row, uint32_t from, uint32_t to)
{
	if (from > 0 && from < row->used && (row->cells[from].attr & TERM_TAIL))
		blank(&row->cells[from - 1]);
	if (to < row->used && (row->cells[to].attr & TERM_TAIL))
		blank(&row->cells[to]);
}

void term_grid_write(struct term_grid *g, uint32_t y, uint32_t x, const uint8_t *p, uint32_t n,
	const struct term_cell *pen)
{
	struct term_row *row = term_grid_row(g, y);
	struct term_cell *cells = reach(g, row, x), cell = *pen;
	cut_wide(row, x, x + n);
	for (uint32_t i = 0; i < n; i++) {
		cell.c = p[i];
		cells[x + i] = cell;
	}
	if (row->used < x + n)
		row->used = (uint16_t)(x + n);
}

void term_grid_put(struct term_grid *g, uint32_t y, uint32_t x, const struct term_cell *cell, unsigned width)
{
	struct term_row *row = term_grid_row(g, y);
	struct term_cell *cells = reach(g, row, x);
	cut_wide(row, x, x + width);
	cells[x] = *cell;
	if (width == 2) {
		cells[x].attr |= TERM_WIDE;
		cells[x + 1] = *cell;
		cells[x + 1].c = 0;
		cells[x + 1].attr |= TERM_TAIL;
	}
	if (row->used < x + width)
		row->used = (uint16_t)(x + width);
}

void term_grid_mark(struct term_grid *g, uint32_t y, uint32_t x, uint32_t mark)
{
	struct term_row *row = term_grid_row(g, y);
	if (x > 0 && x < row->used && (row->cells[x].attr & TERM_TAIL))
		x--;
	if (mark <= UINT16_MAX && x < row->used && row->cells[x].c != 0)
		row->cells[x].mark = (uint16_t)mark;
}

void term_grid_erase(struct term_grid *g, uint32_t y, uint32_t from, uint32_t to, uint32_t bg)
{
	struct term_row *row = term_grid_row(g, y);
	if (from == 0 && to >= g->columns) {
		row->used = 0;
		row->fill = bg;
		return;
	}
	cut_wide(row, from, to);
	if (to >= g->columns && row->fill == bg) {
		if (row->used > from)
			row->used = (uint16_t)from;
		return;
	}
	struct term_cell *cells = reach(g, row, to);
	for (uint32_t x = from; x < to; x++)
		cells[x] = (struct term_cell){ .bg = bg };
}

/* Halves of wide characters that lost the other half become blanks. */
static void mend(struct term_row *row)
{
	for (uint32_t x = 0; x < row->used; x++) {
		struct term_cell *c = &row->cells[x];
		bool whole = x + 1U < row->used && (c[1].attr & TERM_TAIL);
		if ((c->attr & TERM_WIDE) && !whole)
			blank(c);
		else if ((c->attr & TERM_TAIL) && (x == 0 || !(c[-1].attr & TERM_WIDE)))
			blank(c);
	}
}

void term_grid_shift(struct term_grid *g, uint32_t y, uint32_t x, int32_t n, uint32_t bg)
{
	struct term_row *row = term_grid_row(g, y);
	uint32_t room = g->columns - x, by = n < 0 ? (uint32_t)-n : (uint32_t)n;
	if (by > room)
		by = room;
	struct term_cell *cells = reach(g, row, g->columns);
	uint32_t from = n < 0 ? x + room - by : x;
	if (n < 0)
		memmove(cells + x, cells + x + by, (room - by) * sizeof *cells);
	else
		memmove(cells + x + by, cells + x, (room - by) * sizeof *cells);
	for (uint32_t i = 0; i < by; i++)
		cells[from + i] = (struct term_cell){ .bg = bg };
	mend(row);
}

/* order[top..bottom] turned left by n. */
static void turn(uint16_t *order, uint32_t height, uint32_t n)
{
	uint16_t moved[TERM_ROWS_MAX] __attribute__((uninitialized)); /* this is the hot path of all output */
	memcpy(moved, order, n * sizeof *order);
	memmove(order, order + n, (height - n) * sizeof *order);
	memcpy(order + height - n, moved, n * sizeof *order);
}

void term_grid_scroll(struct term_grid *g, uint32_t top, uint32_t bottom, int32_t n, uint32_t bg)
{
	uint32_t height = bottom - top + 1, by = n < 0 ? (uint32_t)-n : (uint32_t)n;
	if (by > height)
		by = height;
	if (n > 0)
		turn(g->order + top, height, by);
	else
		turn(g->order + top, height, height - by);
	uint32_t first = n > 0 ? bottom + 1 - by : top;
	for (uint32_t i = 0; i < by; i++)
		term_grid_erase(g, first + i, 0, g->columns, bg);
}

void term_grid_resize(struct term_grid *g, uint32_t columns, uint32_t rows, uint32_t first)
{
	if (first > 0)
		turn(g->order, TERM_ROWS_MAX, first);
	uint32_t kept = g->rows > first ? g->rows - first : 0;
	for (uint32_t y = 0; y < TERM_ROWS_MAX; y++) {
		struct term_row *row = term_grid_row(g, y);
		if (y >= kept || y >= rows) {
			row->used = 0;
			row->fill = 0;
		}
		if (!row->cells || columns == g->columns)
			continue;
		struct term_cell *cells = realloc(row->cells, columns * sizeof *cells);
		if (!cells)
			abort();
		row->cells = cells;
		if (row->used > columns)
			row->used = (uint16_t)columns;
		mend(row);
	}
	g->columns = (uint16_t)columns;
	g->rows = (uint16_t)rows;
}
