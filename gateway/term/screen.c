#include "gateway/term/screen.h"
#include "gateway/core/err.h"
#include "gateway/term/state.h"
#include "gateway/term/width.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FEED = 4096 }; /* bytes in another character set taken at once */

static uint32_t clamp(uint32_t v, uint32_t max)
{
	return v < 1 ? 1 : v > max ? max : v;
}

static void default_tabs(struct term_screen *t)
{
	memset(t->tabs, 1, sizeof t->tabs); /* each byte is eight columns */
}

/* RIS: everything but the size. */
void term_state_reset(struct term_screen *t)
{
	t->main = term_grid_free(t->main);
	t->alternate = term_grid_free(t->alternate);
	t->main = t->now = term_grid_new(t->columns, t->rows);
	t->at = t->saved[0] = t->saved[1] = (struct term_cursor){ 0 };
	t->top = 0;
	t->bottom = t->rows - 1;
	t->autowrap = t->visible = true;
	t->insert = false;
	t->last = t->keyboard = 0;
	default_tabs(t);
}

int term_screen_new(uint32_t columns, uint32_t rows, struct term_screen **ret, struct err *err)
{
	struct term_screen *t = calloc(1, sizeof *t);
	if (!t)
		return fault(err, -ENOMEM, "internal error", "no memory for a screen");
	t->columns = clamp(columns, TERM_COLUMNS_MAX);
	t->rows = clamp(rows, TERM_ROWS_MAX);
	t->bottom = t->rows - 1;
	t->autowrap = t->visible = true;
	default_tabs(t);
	*ret = t;
	return 0;
}

void term_screen_charset(struct term_screen *t, uint8_t charset)
{
	t->charset = (struct charset_decoder){ .charset = charset };
	buf_init(&t->text, 3 * FEED + 16);
}

struct term_screen *term_screen_free(struct term_screen *t)
{
	if (t) {
		t->main = term_grid_free(t->main);
		t->alternate = term_grid_free(t->alternate);
		buf_done(&t->text);
		free(t);
	}
	return NULL;
}

void term_screen_size(const struct term_screen *t, uint32_t *ret_columns, uint32_t *ret_rows)
{
	*ret_columns = t->columns;
	*ret_rows = t->rows;
}

static void keep_inside(const struct term_screen *t, struct term_cursor *c)
{
	if (c->x > t->columns - 1)
		c->x = t->columns - 1;
	if (c->y > t->rows - 1)
		c->y = t->rows - 1;
}

void term_screen_resize(struct term_screen *t, uint32_t columns, uint32_t rows)
{
	columns = clamp(columns, TERM_COLUMNS_MAX);
	rows = clamp(rows, TERM_ROWS_MAX);
	if (columns == t->columns && rows == t->rows)
		return;
	/* The cursor's line must stay: lines above it go first, as in xterm. */
	uint32_t first = t->at.y >= rows ? t->at.y - rows + 1 : 0;
	if (t->now == t->main && t->main)
		term_grid_resize(t->main, columns, rows, first);
	else if (t->main)
		term_grid_resize(t->main, columns, rows, 0);
	if (t->alternate)
		term_grid_resize(t->alternate, columns, rows, t->now == t->alternate ? first : 0);
	t->at.y -= first;
	t->columns = columns;
	t->rows = rows;
	t->top = 0;
	t->bottom = rows - 1;
	keep_inside(t, &t->at);
	keep_inside(t, &t->saved[0]);
	keep_inside(t, &t->saved[1]);
}

void term_state_linefeed(struct term_screen *t)
{
	if (t->at.y == t->bottom)
		term_grid_scroll(t->now, t->top, t->bottom, 1, t->at.pen.bg);
	else if (t->at.y < t->rows - 1)
		t->at.y++;
}

/* Before a character of this width is written: the wrap that was due. */
static void make_room(struct term_screen *t, unsigned width)
{
	if (t->at.x + width <= t->columns)
		return;
	if (t->autowrap && width <= t->columns) {
		t->at.x = 0;
		term_state_linefeed(t);
	} else {
		t->at.x = width < t->columns ? t->columns - width : 0;
	}
}

void term_state_put(struct term_screen *t, uint32_t c)
{
	unsigned width = term_width(c);
	if (width == 0) {
		if (t->at.x > 0)
			term_grid_mark(t->now, t->at.y, t->at.x - 1, c);
		return;
	}
	if (width > t->columns)
		return; /* a wide character on a terminal of one column */
	make_room(t, width);
	if (t->insert)
		term_grid_shift(t->now, t->at.y, t->at.x, (int32_t)width, t->at.pen.bg);
	struct term_cell cell = t->at.pen;
	cell.c = c;
	term_grid_put(t->now, t->at.y, t->at.x, &cell, width);
	t->at.x += width;
	t->last = c;
}

static bool is_plain(uint8_t c)
{
	return (uint8_t)(c - 0x20) < 0x5f;
}

/* The fast path: printable ASCII in the ground state.  Returns how much was taken. */
static size_t put_run(struct term_screen *t, const uint8_t *p, size_t n)
{
	size_t run = 0;
	while (run < n && is_plain(p[run]))
		run++;
	for (size_t done = 0; done < run;) {
		make_room(t, 1);
		uint32_t room = t->columns - t->at.x, take = run - done < room ? (uint32_t)(run - done) : room;
		term_grid_write(t->now, t->at.y, t->at.x, p + done, take, &t->at.pen);
		t->at.x += take;
		done += take;
	}
	t->last = p[run - 1];
	return run;
}

static bool can_run(const struct term_screen *t)
{
	return t->parse == TERM_GROUND && t->utf8.want == 0 && !t->insert && !(t->at.graphic >> t->at.shift & 1);
}

static void ground(struct term_screen *t, uint8_t byte)
{
	uint32_t c = byte;
	if (t->utf8.want > 0 || byte >= 0x80) {
		enum term_decoded got = term_decode(&t->utf8, byte, &c);
		if (got == TERM_DECODE_MORE)
			return;
		if (got == TERM_DECODE_BROKEN) {
			term_state_put(t, 0xfffd);
			ground(t, byte); /* once: nothing is held now */
			return;
		}
	} else if (byte < 0x20 || byte == 0x7f) {
		term_control_c0(t, byte);
		return;
	} else if (t->at.graphic >> t->at.shift & 1) {
		c = term_decode_graphic(c);
	}
	if (c >= 0xa0 || c < 0x80) /* the C1 controls as characters do nothing, as in UTF-8 terminals */
		term_state_put(t, c);
}

static void start(struct term_screen *t, enum term_parse parse)
{
	t->parse = parse;
	t->n = 0;
}

static void collect(struct term_screen *t, uint8_t byte)
{
	if (t->n < TERM_SEQUENCE_MAX)
		t->sequence[t->n] = byte;
	if (t->n <= TERM_SEQUENCE_MAX)
		t->n++;
}

/* The final byte has come. */
static void finish(struct term_screen *t, void (*act)(struct term_screen *t, struct span sequence))
{
	t->parse = TERM_GROUND;
	if (t->n <= TERM_SEQUENCE_MAX)
		act(t, span_of(t->sequence, t->n));
}

static void escape(struct term_screen *t, uint8_t byte)
{
	collect(t, byte);
	if (byte >= 0x20 && byte < 0x30)
		return; /* intermediate */
	if (t->n > 1) {
		finish(t, term_control_escape);
		return;
	}
	switch (byte) {
	case '[':
		start(t, TERM_CSI);
		break;
	case ']':
		start(t, TERM_OSC);
		break;
	case 'P':
	case 'X':
	case '^':
	case '_':
		start(t, TERM_STRING);
		break;
	default:
		finish(t, term_control_escape);
	}
}

static void csi(struct term_screen *t, uint8_t byte)
{
	if (byte >= 0x80) {
		t->parse = TERM_GROUND;
		ground(t, byte);
		return;
	}
	collect(t, byte);
	if (byte >= 0x40)
		finish(t, term_control_csi);
}

/* One byte on the slow path.  ESC, CAN and SUB end whatever was going on; other C0 controls act inside sequences. */
static void step(struct term_screen *t, uint8_t byte)
{
	if (t->parse == TERM_GROUND && byte != 0x1b) {
		ground(t, byte);
		return;
	}
	if (byte == 0x1b) {
		if (t->utf8.want > 0)
			term_state_put(t, 0xfffd);
		t->utf8.want = 0;
		start(t, TERM_ESCAPE);
	} else if (byte == 0x18 || byte == 0x1a || (byte == 0x07 && t->parse == TERM_OSC)) {
		t->parse = TERM_GROUND;
	} else if (t->parse == TERM_STRING || t->parse == TERM_OSC) {
		return;
	} else if (byte < 0x20) {
		term_control_c0(t, byte);
	} else if (byte == 0x7f) {
		return;
	} else if (t->parse == TERM_ESCAPE) {
		escape(t, byte);
	} else {
		csi(t, byte);
	}
}

static void feed(struct term_screen *t, struct span bytes)
{
	for (size_t i = 0; i < bytes.n;) {
		uint8_t c = bytes.p[i];
		bool fast = can_run(t);
		if (fast && is_plain(c)) {
			i += put_run(t, bytes.p + i, bytes.n - i);
			continue;
		}
		i++;
		if (fast && c == '\r')
			t->at.x = 0;
		else if (fast && c == '\n')
			term_state_linefeed(t);
		else
			step(t, c);
	}
}

void term_screen_feed(struct term_screen *t, struct span bytes)
{
	if (bytes.n > 0 && !t->main)
		t->main = t->now = term_grid_new(t->columns, t->rows);
	if (t->charset.charset == CHARSET_UTF8) {
		feed(t, bytes);
		return;
	}
	while (bytes.n > 0) {
		size_t n = bytes.n < FEED ? bytes.n : FEED;
		buf_clear(&t->text);
		charset_decode(&t->charset, span_of(bytes.p, n), &t->text);
		feed(t, buf_span(&t->text));
		bytes = span_of(bytes.p + n, bytes.n - n);
	}
}
