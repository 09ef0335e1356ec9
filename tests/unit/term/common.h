#ifndef UNIT_TERM_COMMON_H
#define UNIT_TERM_COMMON_H
#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "gateway/term/screen.h"
#include "gateway/term/state.h"
#include <stdio.h>
#include <string.h>
/* common - what the terminal tests share. */

static inline void scope_screen(struct term_screen **t)
{
	*t = term_screen_free(*t);
}

static inline struct term_screen *screen_of(uint32_t columns, uint32_t rows, const char *text)
{
	struct term_screen *t = NULL;
	assert_int_equal(term_screen_new(columns, rows, &t, NULL), 0);
	term_screen_feed(t, span_str(text));
	return t;
}

/* All rows as text, joined by '|'. */
static inline const char *shown(const struct term_screen *t)
{
	static struct buf b;
	buf_done(&b);
	buf_init(&b, 1 << 20);
	for (uint32_t y = 0; y < t->rows; y++) {
		if (y > 0)
			buf_put(&b, "|", 1);
		term_screen_row(t, y, &b);
	}
	return buf_str(&b);
}

static inline bool same_cell(struct term_cell a, struct term_cell b)
{
	uint32_t ac = a.c ? a.c : ' ', bc = b.c ? b.c : ' ';
	bool tail = (a.attr & TERM_TAIL) != 0;
	return (tail || ac == bc) && a.fg == b.fg && a.bg == b.bg && a.attr == b.attr && a.mark == b.mark;
}

static inline bool same_grid(const struct term_grid *a, const struct term_grid *b)
{
	for (uint32_t y = 0; y < a->rows; y++)
		for (uint32_t x = 0; x < a->columns; x++)
			if (!same_cell(term_grid_cell(a, y, x), term_grid_cell(b, y, x)))
				return false;
	return a->rows == b->rows && a->columns == b->columns;
}

/* Everything that decides how the next byte shows. */
static inline bool same_screen(const struct term_screen *a, const struct term_screen *b)
{
	bool alternate = a->now == a->alternate;
	return same_grid(a->now, b->now) && alternate == (b->now == b->alternate) && a->at.x == b->at.x &&
	       a->at.y == b->at.y && same_cell(a->at.pen, b->at.pen) && a->top == b->top && a->bottom == b->bottom &&
	       a->at.origin == b->at.origin && a->at.graphic == b->at.graphic && a->at.shift == b->at.shift &&
	       a->autowrap == b->autowrap && a->insert == b->insert && a->visible == b->visible && a->parse == b->parse &&
	       a->utf8.want == b->utf8.want && a->last == b->last && memcmp(a->tabs, b->tabs, sizeof a->tabs) == 0;
}

/* A repeatable source of hostile terminal input: sequences, text, broken pieces. */
static inline size_t soup(uint32_t *seed, uint8_t *out, size_t n)
{
	static const char *const pieces[] = {
		"\x1b[", "\x1b]0;title\x07", "\x1b]52;c;x\x1b\\", "\x1bP1$q\x1b\\", "\x1b", "\r\n", "\n", "\r", "\b", "\t", "\x0e", "\x0f",
		"\x1b(0", "\x1b(B", "\x1b)0", "\0337", "\0338", "\x1bM", "\033D", "\x1b[?1049h", "\x1b[?1049l", "\x1b[2J", "\x1b[K", "\x1b[1;5r",
		"\x1b[r", "\x1b[3@", "\x1b[2P", "\x1b[L", "\x1b[2M", "\x1b[38;5;200m", "\x1b[48;2;1;2;3m", "\x1b[1;4;7m", "\x1b[m",
		"\x1b[44m", "\x1b[5;70H", "\x1b[A", "\x1b[99C", "\x1b[?7l", "\x1b[?7h", "\x1b[4h", "\x1b[4l", "\x1b[?6h", "\x1b[?6l", "\x1b[9b",
		"\x1b[3X", "\x1b[2S", "\x1b[T", "\x1b[1K", "\x1b[1J", "hello world ", "lqqk", "\xe9\x9b\x81\xe9\x97\xa8", "e\xcc\x81", "\xff", "\xe9",
		"\xf0\x9f\x98\x80", "\xc2\x9b", "\x18", "\x1b[?25l", "\x1b[?25h", "\x1b#8", "\x1bH", "\x1b[3g", "0123456789", "\x7f", "\x1b[4:3m",
		"\x1b[38:2::9:8:7m", "\x1b[>c", "\x1b[!p", "\x1b[6n", "\x1b[?47h", "\x1b[?47l", "\x1b[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;m", "\x1b[s", "\x1b[u",
	};
	size_t used = 0;
	while (used < n) {
		*seed = *seed * 1103515245 + 12345;
		const char *piece = pieces[(*seed >> 16) % COUNT_OF(pieces)];
		size_t length = strlen(piece);
		if (length > n - used)
			length = n - used;
		memcpy(out + used, piece, length);
		used += length;
	}
	return used;
}
#endif
