#include "tests/unit/term/common.h"

enum { RED = TERM_PALETTE | 1, BLUE = TERM_PALETTE | 4 };

/* SGR, and the pen after it. */
static void every_look_is_understood(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		struct term_cell pen;
	} table[] = {
		{ "\x1b[1;2;3;4;5;7;8;9m", { .attr = TERM_STYLES } },
		{ "\x1b[1;2;3;4;5;7;8;9;22;23;24;25;27;28;29m", { 0 } },
		{ "\x1b[31;44m", { .fg = RED, .bg = BLUE } },
		{ "\x1b[31;44;39;49m", { 0 } },
		{ "\x1b[91;104m", { .fg = TERM_PALETTE | 9, .bg = TERM_PALETTE | 12 } },
		{ "\x1b[31;1m\x1b[m", { 0 } },
		{ "\x1b[31;1m\x1b[0;4m", { .attr = TERM_UNDERLINE } },
		{ "\x1b[31;;1m", { .attr = TERM_BOLD } },
		{ "\x1b[38;5;200;1m", { .fg = TERM_PALETTE | 200, .attr = TERM_BOLD } },
		{ "\x1b[48;5;16m", { .bg = TERM_PALETTE | 16 } },
		{ "\x1b[38;2;1;2;3;4m", { .fg = TERM_RGB | 0x010203, .attr = TERM_UNDERLINE } },
		{ "\x1b[38:5:200;1m", { .fg = TERM_PALETTE | 200, .attr = TERM_BOLD } },
		{ "\x1b[38:2:1:2:3;1m", { .fg = TERM_RGB | 0x010203, .attr = TERM_BOLD } },
		{ "\x1b[38:2::1:2:3;1m", { .fg = TERM_RGB | 0x010203, .attr = TERM_BOLD } },
		{ "\x1b[48:2:0:255:0:0m", { .bg = TERM_RGB | 0xff0000 } },
		{ "\x1b[58;5;3;1m", { .attr = TERM_BOLD } }, /* the colour of underlines: not kept, but understood */
		{ "\x1b[58:2::1:2:3;1m", { .attr = TERM_BOLD } },
		{ "\x1b[4:3m", { .attr = TERM_UNDERLINE } },
		{ "\x1b[4m\x1b[4:0m", { 0 } },
		{ "\x1b[21m", { .attr = TERM_UNDERLINE } },
		{ "\x1b[38;5m", { 0 } }, /* cut */
		{ "\x1b[38;2;1;2m", { 0 } },
		{ "\x1b[38m", { 0 } },
		{ "\x1b[31;>1m", { 0 } },
		{ "\x1b[>4;2m", { 0 } }, /* not SGR: a keyboard setting of xterm */
		{ "\x1b[?4m", { 0 } },
		{ "\x1b[1 m", { 0 } },
		{ "\x1b[99999999999999999999;1m", { .attr = TERM_BOLD } },
		{ "\x1b[1\x1b[31m", { .fg = RED } },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		scoped(scope_screen) struct term_screen *t = screen_of(10, 2, table[i].in);
		if (!same_cell(t->at.pen, table[i].pen))
			fail_msg("row %zu: fg %x bg %x attr %x", i, t->at.pen.fg, t->at.pen.bg, t->at.pen.attr);
	}
}

static void erased_cells_take_the_background(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(10, 3, "abc\x1b[44m\x1b[K\r\n\x1b[41m\x1b[3;1H\n\x1b[m");
	assert_int_equal(term_grid_cell(t->now, 0, 0).bg, 0); /* scrolled by one: the second line */
	assert_int_equal(term_grid_cell(t->now, 2, 9).bg, RED);
	scoped(scope_screen) struct term_screen *k = screen_of(10, 3, "abc\x1b[44m\x1b[K");
	assert_int_equal(term_grid_cell(k->now, 0, 2).bg, 0);
	assert_int_equal(term_grid_cell(k->now, 0, 3).bg, BLUE);
	assert_int_equal(term_grid_cell(k->now, 0, 9).bg, BLUE);
}

static void the_saved_cursor_keeps_its_look_per_screen(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(10, 3, "\x1b[31m\0337\x1b[m\x1b[?1049h\x1b[32m\0337\x1b[m\0338");
	assert_int_equal(t->at.pen.fg, TERM_PALETTE | 2);
	term_screen_feed(t, span_str("\x1b[?1049l"));
	assert_int_equal(t->at.pen.fg, 0); /* as it was when the screens changed */
}

static void resets_bring_the_modes_back(void **state)
{
	(void)state;
	static const char *const resets[] = { "\x1b[!p", "\033c" };
	for (size_t i = 0; i < COUNT_OF(resets); i++) {
		scoped(scope_screen) struct term_screen *t = screen_of(10, 4, "\x1b[2;3r\x1b[?6h\x1b[?7l\x1b[4h\x1b[?25l\x1b(0\x1b[1m");
		assert_true(t->at.origin && !t->autowrap && t->insert && !t->visible && t->at.graphic && t->top == 1);
		term_screen_feed(t, span_str(resets[i]));
		assert_true(!t->at.origin && t->autowrap && !t->insert && t->visible && !t->at.graphic && t->top == 0);
		assert_int_equal(t->bottom, 3);
		assert_int_equal(t->at.pen.attr, 0);
	}
}

/* A few bytes may not cost more than a screen: counts are cut at its size. */
static void huge_counts_are_cheap(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(80, 24, "x");
	for (int i = 0; i < 20000; i++)
		term_screen_feed(t, span_str("\x1b[65535b\x1b[65535S\x1b[65535@\x1b[65535L\x1b[65535I"));
	assert_int_equal(t->at.y, 23);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_look_is_understood), CASE(erased_cells_take_the_background),
		CASE(the_saved_cursor_keeps_its_look_per_screen), CASE(resets_bring_the_modes_back), CASE(huge_counts_are_cheap),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
