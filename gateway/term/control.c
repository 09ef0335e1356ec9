#include "gateway/core/scope.h"
#include "gateway/term/state.h"
#include <string.h>

enum { PARAMETERS = 32 };

/* A control sequence, taken apart: ECMA-48 section 5.4. */
struct csi {
	uint8_t prefix, intermediate, final; /* prefix: one of < = > ?, or 0 */
	uint32_t n;
	uint16_t value[PARAMETERS];
	bool given[PARAMETERS], colon[PARAMETERS]; /* colon: belongs to the parameter before it */
};

/* ---- the cursor ---- */
static uint32_t low_line(const struct term_screen *t)
{
	return t->at.origin ? t->top : 0;
}

static uint32_t high_line(const struct term_screen *t)
{
	return t->at.origin ? t->bottom : t->rows - 1;
}

static void to_column(struct term_screen *t, uint32_t x)
{
	t->at.x = x < t->columns ? x : t->columns - 1;
}

/* y from the origin. */
static void to_line(struct term_screen *t, uint32_t y)
{
	uint32_t line = low_line(t) + y;
	t->at.y = line < high_line(t) ? line : high_line(t);
}

/* Moves stop at the scroll region when they start within it. */
static void move_up(struct term_screen *t, uint32_t n)
{
	uint32_t stop = t->at.y >= t->top ? t->top : 0;
	t->at.y = t->at.y - stop > n ? t->at.y - n : stop;
}

static void move_down(struct term_screen *t, uint32_t n)
{
	uint32_t stop = t->at.y <= t->bottom ? t->bottom : t->rows - 1;
	t->at.y = stop - t->at.y > n ? t->at.y + n : stop;
}

/* A wrap that is due is forgotten by every other movement. */
static uint32_t column(const struct term_screen *t)
{
	return t->at.x < t->columns ? t->at.x : t->columns - 1;
}

static void move_left(struct term_screen *t, uint32_t n)
{
	t->at.x = column(t) > n ? column(t) - n : 0;
}

static bool is_tab(const struct term_screen *t, uint32_t x)
{
	return t->tabs[x / 8] >> (x % 8) & 1;
}

static void tab_forward(struct term_screen *t, uint32_t n)
{
	uint32_t x = column(t);
	for (; n > 0 && x < t->columns - 1; n--)
		do
			x++;
		while (x < t->columns - 1 && !is_tab(t, x));
	t->at.x = x;
}

static void tab_back(struct term_screen *t, uint32_t n)
{
	uint32_t x = column(t);
	for (; n > 0 && x > 0; n--)
		do
			x--;
		while (x > 0 && !is_tab(t, x));
	t->at.x = x;
}

static void reverse_linefeed(struct term_screen *t)
{
	if (t->at.y == t->top)
		term_grid_scroll(t->now, t->top, t->bottom, -1, t->at.pen.bg);
	else if (t->at.y > 0)
		t->at.y--;
}

static void save(struct term_screen *t)
{
	t->saved[t->now == t->alternate] = t->at;
}

static void restore(struct term_screen *t)
{
	t->at = t->saved[t->now == t->alternate];
	if (t->at.y >= t->rows)
		t->at.y = t->rows - 1;
}

/* ---- C0 and ESC ---- */
void term_control_c0(struct term_screen *t, uint8_t c)
{
	switch (c) {
	case '\b':
		move_left(t, 1);
		break;
	case '\t':
		tab_forward(t, 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		term_state_linefeed(t);
		break;
	case '\r':
		t->at.x = 0;
		break;
	case 0x0e:
		t->at.shift = 1;
		break;
	case 0x0f:
		t->at.shift = 0;
		break;
	default:
		break;
	}
}

/* DECALN fills the screen with E. */
static void fill_with_e(struct term_screen *t)
{
	static const struct term_cell plain = { .c = 'E' };
	for (uint32_t y = 0; y < t->rows; y++)
		for (uint32_t x = 0; x < t->columns; x++)
			term_grid_put(t->now, y, x, &plain, 1);
	t->top = 0;
	t->bottom = t->rows - 1;
	t->at.x = t->at.y = 0;
}

static void escape_intermediate(struct term_screen *t, uint8_t first, uint8_t final)
{
	if (first == '(' || first == ')') {
		uint8_t bit = first == '(' ? 1 : 2;
		t->at.graphic = (uint8_t)(final == '0' ? t->at.graphic | bit : t->at.graphic & ~bit);
	} else if (first == '#' && final == '8') {
		fill_with_e(t);
	}
}

void term_control_escape(struct term_screen *t, struct span sequence)
{
	if (sequence.n != 1) {
		if (sequence.n == 2)
			escape_intermediate(t, sequence.p[0], sequence.p[1]);
		return;
	}
	switch (sequence.p[0]) {
	case '7':
		save(t);
		break;
	case '8':
		restore(t);
		break;
	case 'D':
		term_state_linefeed(t);
		break;
	case 'E':
		t->at.x = 0;
		term_state_linefeed(t);
		break;
	case 'H':
		t->tabs[column(t) / 8] |= (uint8_t)(1 << column(t) % 8);
		break;
	case 'M':
		reverse_linefeed(t);
		break;
	case 'c':
		term_state_reset(t);
		break;
	case '=':
	case '>':
		term_state_keyboard(t, TERM_KEYPAD, sequence.p[0] == '=');
		break;
	default:
		break;
	}
}

/* ---- CSI: parameters ---- */
static bool csi_get(struct span s, struct csi *ret)
{
	struct csi c = { 0 };
	size_t i = 0;
	if (s.n > 0 && s.p[0] >= 0x3c && s.p[0] <= 0x3f)
		c.prefix = s.p[i++];
	for (c.n = 1; i < s.n && s.p[i] >= 0x30 && s.p[i] <= 0x3b; i++) {
		uint8_t byte = s.p[i];
		if (byte >= 0x3a) {
			if (c.n == PARAMETERS)
				return false;
			c.colon[c.n++] = byte == ':';
			continue;
		}
		uint32_t v = c.value[c.n - 1] * 10U + (byte - 0x30U);
		c.value[c.n - 1] = (uint16_t)(v > UINT16_MAX ? UINT16_MAX : v);
		c.given[c.n - 1] = true;
	}
	for (; i + 1 < s.n && s.p[i] >= 0x20 && s.p[i] < 0x30; i++)
		c.intermediate = s.p[i];
	if (i + 1 != s.n)
		return false;
	c.final = s.p[i];
	*ret = c;
	return true;
}

/* Parameter i, 1 when missing or 0: what a count is.  Nothing on a screen counts further than its size. */
static uint32_t count(const struct csi *c, uint32_t i)
{
	uint32_t v = i < c->n ? c->value[i] : 0;
	return v == 0 ? 1 : v > TERM_COLUMNS_MAX ? TERM_COLUMNS_MAX : v;
}

static uint32_t value(const struct csi *c, uint32_t i)
{
	return i < c->n ? c->value[i] : 0;
}

/* ---- CSI: looks ---- */
static uint32_t palette(uint32_t index)
{
	return TERM_PALETTE | (index & 255);
}

/*
 * 38 and 48: `38;5;n`, `38;2;r;g;b`, and with colons `38:5:n`, `38:2:r:g:b`, `38:2:space:r:g:b` (ISO 8613-6).
 * Returns the index of the last parameter that belongs to it.
 */
static uint32_t colour(const struct csi *c, uint32_t i, uint32_t *ret)
{
	bool colons = i + 1 < c->n && c->colon[i + 1];
	uint32_t end = i + 1;
	while (end < c->n && c->colon[end])
		end++;
	uint32_t kind = value(c, i + 1), left = colons ? end - i - 1 : c->n - i - 1;
	uint32_t first = i + (colons && kind == 2 && left >= 5 ? 3 : 2);
	if (kind == 5 && left >= 2) {
		*ret = palette(value(c, i + 2));
		return colons ? end - 1 : i + 2;
	}
	if (kind == 2 && left >= 4) {
		*ret = TERM_RGB | (value(c, first) & 255) << 16 | (value(c, first + 1) & 255) << 8 | (value(c, first + 2) & 255);
		return colons ? end - 1 : i + 4;
	}
	return colons ? end - 1 : c->n; /* unknown: with semicolons nobody knows where it ends */
}

static void attribute(struct term_cell *pen, uint16_t v)
{
	static const uint16_t set[] = {
		[1] = TERM_BOLD, [2] = TERM_DIM,     [3] = TERM_ITALIC, [4] = TERM_UNDERLINE, [5] = TERM_BLINK,
		[6] = TERM_BLINK, [7] = TERM_REVERSE, [8] = TERM_HIDDEN, [9] = TERM_STRIKE,   [21] = TERM_UNDERLINE,
	};
	static const uint16_t clear[] = {
		[2] = TERM_BOLD | TERM_DIM, [3] = TERM_ITALIC, [4] = TERM_UNDERLINE, [5] = TERM_BLINK, [7] = TERM_REVERSE,
		[8] = TERM_HIDDEN,          [9] = TERM_STRIKE,
	};
	if (v < COUNT_OF(set))
		pen->attr |= set[v];
	else if (v >= 20 && v - 20U < COUNT_OF(clear))
		pen->attr &= (uint16_t)~clear[v - 20];
	else if (v >= 30 && v <= 37)
		pen->fg = palette(v - 30U);
	else if (v == 39)
		pen->fg = 0;
	else if (v >= 40 && v <= 47)
		pen->bg = palette(v - 40U);
	else if (v == 49)
		pen->bg = 0;
	else if (v >= 90 && v <= 97)
		pen->fg = palette(v - 90U + 8);
	else if (v >= 100 && v <= 107)
		pen->bg = palette(v - 100U + 8);
}

static void sgr(struct term_screen *t, const struct csi *c)
{
	struct term_cell *pen = &t->at.pen;
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t ignored;
		if (c->colon[i])
			continue; /* a detail of the one before, like the shape of an underline */
		if (c->value[i] == 38 || c->value[i] == 48 || c->value[i] == 58)
			i = colour(c, i, c->value[i] == 38 ? &pen->fg : c->value[i] == 48 ? &pen->bg : &ignored);
		else if (c->value[i] == 0)
			*pen = (struct term_cell){ 0 };
		else if (c->value[i] == 4 && i + 1 < c->n && c->colon[i + 1] && c->value[i + 1] == 0)
			pen->attr &= (uint16_t)~TERM_UNDERLINE;
		else
			attribute(pen, c->value[i]);
	}
}

/* ---- CSI: erasing and moving what is there ---- */
static void erase(struct term_screen *t, uint32_t y, uint32_t from, uint32_t to)
{
	term_grid_erase(t->now, y, from, to, t->at.pen.bg);
}

static void erase_line(struct term_screen *t, uint32_t how)
{
	if (how <= 2)
		erase(t, t->at.y, how == 0 ? column(t) : 0, how == 1 ? column(t) + 1 : t->columns);
}

static void erase_display(struct term_screen *t, uint32_t how)
{
	if (how > 2)
		return;
	if (how < 2)
		erase_line(t, how);
	for (uint32_t y = how == 0 ? t->at.y + 1 : 0; y < (how == 1 ? t->at.y : t->rows); y++)
		erase(t, y, 0, t->columns);
}

/* IL and DL: only within the scroll region. */
static void move_lines(struct term_screen *t, int32_t n)
{
	if (t->at.y < t->top || t->at.y > t->bottom)
		return;
	term_grid_scroll(t->now, t->at.y, t->bottom, n, t->at.pen.bg);
	t->at.x = 0;
}

static void erase_characters(struct term_screen *t, uint32_t n)
{
	uint32_t x = column(t);
	erase(t, t->at.y, x, x + n < t->columns ? x + n : t->columns);
}

static void repeat(struct term_screen *t, uint32_t n)
{
	for (uint32_t i = 0; i < n && t->last != 0; i++)
		term_state_put(t, t->last);
}

static void set_region(struct term_screen *t, const struct csi *c)
{
	uint32_t top = value(c, 0) > 0 ? value(c, 0) - 1 : 0;
	uint32_t bottom = value(c, 1) > 0 && value(c, 1) <= t->rows ? value(c, 1) - 1 : t->rows - 1;
	if (top >= bottom)
		return;
	t->top = top;
	t->bottom = bottom;
	to_column(t, 0);
	to_line(t, 0);
}

static void clear_tabs(struct term_screen *t, uint32_t how)
{
	if (how == 0)
		t->tabs[column(t) / 8] &= (uint8_t)~(1 << column(t) % 8);
	else if (how == 3)
		memset(t->tabs, 0, sizeof t->tabs);
}

/* ---- CSI: modes ---- */
static void to_alternate(struct term_screen *t, bool on, bool clear)
{
	if (on && !t->alternate)
		t->alternate = term_grid_new(t->columns, t->rows);
	else if (on && clear && t->now != t->alternate)
		for (uint32_t y = 0; y < t->rows; y++)
			term_grid_erase(t->alternate, y, 0, t->columns, 0);
	t->now = on ? t->alternate : t->main;
}

static void save_and_switch(struct term_screen *t, bool on)
{
	if (on == (t->now == t->alternate && t->alternate))
		return;
	if (on)
		save(t);
	to_alternate(t, on, true);
	if (!on)
		restore(t);
}

static void private_mode(struct term_screen *t, uint16_t mode, bool on)
{
	switch (mode) {
	case 6:
		t->at.origin = on;
		to_column(t, 0);
		to_line(t, 0);
		break;
	case 7:
		t->autowrap = on;
		break;
	case 25:
		t->visible = on;
		break;
	case 47:
	case 1047:
		to_alternate(t, on, mode == 1047);
		break;
	case 1048:
		on ? save(t) : restore(t);
		break;
	case 1049:
		save_and_switch(t, on);
		break;
	default:
		term_state_keyboard(t, mode, on);
		break;
	}
}

static void modes(struct term_screen *t, const struct csi *c, bool on)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->prefix == '?')
			private_mode(t, c->value[i], on);
		else if (c->prefix == 0 && c->value[i] == 4)
			t->insert = on;
	}
}

static void soft_reset(struct term_screen *t)
{
	t->at.pen = (struct term_cell){ 0 };
	t->at.origin = t->insert = false;
	t->at.graphic = t->at.shift = 0;
	t->autowrap = t->visible = true;
	term_state_keyboard(t, TERM_CURSOR_KEYS, false);
	term_state_keyboard(t, TERM_KEYPAD, false);
	t->top = 0;
	t->bottom = t->rows - 1;
	t->saved[t->now == t->alternate] = (struct term_cursor){ 0 };
}

/* ---- CSI: dispatch ---- */
static void cursor(struct term_screen *t, const struct csi *c)
{
	switch (c->final) {
	case 'A':
		move_up(t, count(c, 0));
		break;
	case 'B':
	case 'e':
		move_down(t, count(c, 0));
		break;
	case 'C':
	case 'a':
		to_column(t, column(t) + count(c, 0));
		break;
	case 'D':
		move_left(t, count(c, 0));
		break;
	case 'E':
		move_down(t, count(c, 0));
		t->at.x = 0;
		break;
	case 'F':
		move_up(t, count(c, 0));
		t->at.x = 0;
		break;
	case 'G':
	case '`':
		to_column(t, count(c, 0) - 1);
		break;
	case 'H':
	case 'f':
		to_column(t, count(c, 1) - 1);
		to_line(t, count(c, 0) - 1);
		break;
	case 'd':
		to_line(t, count(c, 0) - 1);
		break;
	case 'I':
		tab_forward(t, count(c, 0));
		break;
	case 'Z':
		tab_back(t, count(c, 0));
		break;
	case 's':
		save(t);
		break;
	case 'u':
		restore(t);
		break;
	default:
		break;
	}
}

static void edit(struct term_screen *t, const struct csi *c)
{
	int32_t n = (int32_t)count(c, 0);
	switch (c->final) {
	case '@':
		t->at.x = column(t);
		term_grid_shift(t->now, t->at.y, t->at.x, n, t->at.pen.bg);
		break;
	case 'P':
		t->at.x = column(t);
		term_grid_shift(t->now, t->at.y, t->at.x, -n, t->at.pen.bg);
		break;
	case 'J':
		erase_display(t, value(c, 0));
		break;
	case 'K':
		erase_line(t, value(c, 0));
		break;
	case 'L':
		move_lines(t, -n);
		break;
	case 'M':
		move_lines(t, n);
		break;
	case 'S':
		term_grid_scroll(t->now, t->top, t->bottom, n, t->at.pen.bg);
		break;
	case 'T':
		term_grid_scroll(t->now, t->top, t->bottom, -n, t->at.pen.bg);
		break;
	case 'X':
		erase_characters(t, (uint32_t)n);
		break;
	case 'b':
		repeat(t, (uint32_t)n);
		break;
	case 'g':
		clear_tabs(t, value(c, 0));
		break;
	case 'm':
		sgr(t, c);
		break;
	case 'r':
		set_region(t, c);
		break;
	default:
		cursor(t, c);
	}
}

void term_control_csi(struct term_screen *t, struct span sequence)
{
	struct csi c;
	if (!csi_get(sequence, &c))
		return;
	if (c.final == 'p' && c.intermediate == '!')
		soft_reset(t);
	else if (c.intermediate == 0 && (c.final == 'h' || c.final == 'l'))
		modes(t, &c, c.final == 'h');
	else if (c.intermediate == 0 && (c.prefix == 0 || (c.prefix == '?' && (c.final == 'J' || c.final == 'K'))))
		edit(t, &c);
}
