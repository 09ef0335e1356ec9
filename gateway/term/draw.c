#include "gateway/core/frame.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "gateway/term/state.h"

/* What the cursor, the pen and the modes may take at the end of a drawing. */
enum { TAIL_ROOM = 512, LINE_ROOM = TERM_COLUMNS_MAX * 64, BODY_MAX = FRAME_BODY_MAX };

static bool same_look(const struct term_cell *a, const struct term_cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && (a->attr & TERM_STYLES) == (b->attr & TERM_STYLES);
}

static bool is_blank(const struct term_cell *c)
{
	return c->c == 0 && !(c->attr & TERM_TAIL) && c->bg == 0 && !(c->attr & TERM_STYLES);
}

static void put_colour(struct buf *out, uint32_t colour, int base)
{
	uint32_t index = colour & 255;
	if (colour == 0)
		return;
	if (colour & TERM_RGB)
		buf_printf(out, ";%d;2;%u;%u;%u", base + 8, colour >> 16 & 255, colour >> 8 & 255, index);
	else if (index < 8)
		buf_printf(out, ";%u", (unsigned)base + index);
	else if (index < 16)
		buf_printf(out, ";%u", (unsigned)base + 52 + index);
	else
		buf_printf(out, ";%d;5;%u", base + 8, index);
}

static void put_look(struct buf *out, const struct term_cell *look)
{
	static const uint8_t codes[] = { 1, 2, 3, 4, 5, 7, 8, 9 }; /* in the order of the attribute bits */
	buf_printf(out, "\x1b[0");
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (look->attr >> i & 1)
			buf_printf(out, ";%u", codes[i]);
	put_colour(out, look->fg, 30);
	put_colour(out, look->bg, 40);
	buf_put(out, "m", 1);
}

static void put_character(struct buf *out, uint32_t c)
{
	uint8_t bytes[4];
	buf_put(out, bytes, utf8_put(c, bytes));
}

static void put_cell(struct buf *out, const struct term_cell *cell)
{
	if (cell->attr & TERM_TAIL)
		return;
	put_character(out, cell->c ? cell->c : ' ');
	if (cell->mark)
		put_character(out, cell->mark);
}

/* The columns of line y up to the last that is not blank. */
static uint32_t drawn(const struct term_grid *g, uint32_t y)
{
	const struct term_row *row = &g->row[g->order[y]];
	uint32_t n = row->fill != 0 ? g->columns : row->used;
	while (n > 0) {
		struct term_cell cell = term_grid_cell(g, y, n - 1);
		if (!is_blank(&cell))
			break;
		n--;
	}
	return n;
}

static void draw_line(const struct term_grid *g, uint32_t y, bool colours, struct buf *out)
{
	struct term_cell look = { 0 };
	uint32_t n = drawn(g, y);
	if (n == 0)
		return;
	buf_printf(out, "\x1b[%uH", y + 1);
	for (uint32_t x = 0; x < n; x++) {
		struct term_cell cell = term_grid_cell(g, y, x);
		if (colours && !same_look(&cell, &look)) {
			put_look(out, &cell);
			look = cell;
		}
		put_cell(out, &cell);
	}
	if (!same_look(&look, &(struct term_cell){ 0 }))
		buf_printf(out, "\x1b[m");
}

/* Lines that do not fit the room lose their colours first, then are left out: a key-frame is bounded. */
static void draw_grid(const struct term_grid *g, size_t room, struct buf *out)
{
	scoped(buf_done) struct buf line;
	size_t start = out->len;
	buf_init(&line, LINE_ROOM);
	for (uint32_t y = 0; y < g->rows; y++) {
		for (int colours = 1; colours >= 0; colours--) {
			buf_clear(&line);
			draw_line(g, y, colours, &line);
			if (line.failed || out->len - start + line.len > room)
				continue;
			buf_put_span(out, buf_span(&line));
			break;
		}
	}
}

static void draw_position(uint32_t y, uint32_t x, struct buf *out)
{
	buf_printf(out, "\x1b[%u;%uH", y + 1, x + 1);
}

/* A due wrap cannot be said, only done: the last cell is written once more. */
static void draw_cursor(const struct term_screen *t, const struct term_cursor *c, struct buf *out)
{
	uint32_t x = c->x < t->columns ? c->x : t->columns - 1;
	struct term_cell cell = term_grid_cell(t->now, c->y, x);
	if (c->x >= t->columns && (cell.attr & TERM_TAIL) && x > 0)
		cell = term_grid_cell(t->now, c->y, --x);
	draw_position(c->y, x, out);
	if (c->x >= t->columns) {
		put_look(out, &cell);
		put_cell(out, &cell);
	}
	put_look(out, &c->pen);
}

static void draw_saved(const struct term_screen *t, const struct term_cursor *c, struct buf *out)
{
	draw_position(c->y, c->x < t->columns ? c->x : t->columns - 1, out);
	put_look(out, &c->pen);
	buf_printf(out, "\0337\x1b[m");
}

void term_screen_draw(const struct term_screen *t, struct buf *out)
{
	size_t room = BODY_MAX - 8 - TAIL_ROOM;
	wr_le(out, t->columns, 4);
	wr_le(out, t->rows, 4);
	if (!t->main)
		return;
	bool alternate = t->now == t->alternate;
	size_t start = out->len;
	draw_grid(t->main, alternate ? room / 4 : room, out);
	draw_saved(t, &t->saved[0], out);
	if (alternate) {
		draw_position(t->saved[0].y, t->saved[0].x < t->columns ? t->saved[0].x : t->columns - 1, out);
		put_look(out, &t->saved[0].pen);
		buf_printf(out, "\x1b[?1049h\x1b[m");
		draw_grid(t->alternate, room - (out->len - start), out);
		draw_saved(t, &t->saved[1], out);
	}
	if (t->top != 0 || t->bottom != t->rows - 1)
		buf_printf(out, "\x1b[%u;%ur", t->top + 1, t->bottom + 1);
	draw_cursor(t, &t->at, out);
	if (!t->visible)
		buf_printf(out, "\x1b[?25l");
}

void term_screen_row(const struct term_screen *t, uint32_t row, struct buf *out)
{
	if (!t->main || row >= t->rows)
		return;
	uint32_t n = t->columns;
	for (; n > 0; n--) {
		struct term_cell cell = term_grid_cell(t->now, row, n - 1);
		if ((cell.c != 0 && cell.c != ' ') || (cell.attr & TERM_TAIL))
			break;
	}
	for (uint32_t x = 0; x < n; x++) {
		struct term_cell cell = term_grid_cell(t->now, row, x);
		put_cell(out, &cell);
	}
}
