#include "tests/unit/term/common.h"
#include "gateway/core/frame.h"
#include "gateway/term/safe.h"

/* Draws t and feeds the drawing to a new screen, through what a watcher's terminal may be shown. */
static struct term_screen *redrawn(const struct term_screen *t, bool through_safe)
{
	scoped(buf_done) struct buf body, safe;
	struct term_safe filter = { 0 };
	struct term_screen *again = NULL;
	buf_init(&body, FRAME_BODY_MAX);
	buf_init(&safe, 1 << 20);
	term_screen_draw(t, &body);
	assert_false(body.failed);
	assert_true(body.len >= 8);
	assert_int_equal(term_screen_new(body.data[0] | (uint32_t)body.data[1] << 8, body.data[4] | (uint32_t)body.data[5] << 8,
		&again, NULL), 0);
	struct span text = { body.data + 8, body.len - 8 };
	term_safe_feed(&filter, text, &safe);
	assert_false(safe.failed);
	if (through_safe)
		assert_true(span_eq(text, buf_span(&safe))); /* nothing of it is dropped */
	term_screen_feed(again, text);
	return again;
}

static void a_drawing_brings_the_screen_back(void **state)
{
	(void)state;
	static const char *const inputs[] = {
		"hello", "a\r\n\r\nb", "\x1b[31;1mred\x1b[m plain\x1b[44m\x1b[K\x1b[3;3H", "\xe9\x9b\x81\xe9\x97\xa8 e\xcc\x81",
		"0123456789", "\x1b[38;5;200mx\x1b[48;2;1;2;3my\x1b[95mz", "01234567\xe9\x9b\x81", "\x1b[2;3r\x1b[2;2Hx",
		"main\x1b[?1049h\x1b[7malt", "\x1b[?25lx", "a\x1b[3;4H\x1b[1m\0337\x1b[m\x1b[Hb",
		"\x1b[44m\x1b[2J\x1b[Hx\x1b[m", "\x1b[10Gx\r\n\x1b[10Gy",
	};
	for (size_t i = 0; i < COUNT_OF(inputs); i++) {
		scoped(scope_screen) struct term_screen *t = screen_of(10, 4, inputs[i]);
		scoped(scope_screen) struct term_screen *again = redrawn(t, true);
		again->last = t->last;
		if (!same_screen(t, again))
			fail_msg("input %zu: \"%s\" at %u,%u, drawn \"%s\" at %u,%u", i, shown(t), t->at.x, t->at.y, shown(again),
				again->at.x, again->at.y);
	}
}

static void what_follows_a_drawing_shows_the_same(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(10, 4, "one\x1b[?1049h\x1b[2;3r\x1b[33mtwo");
	scoped(scope_screen) struct term_screen *again = redrawn(t, true);
	static const char *const more = "x\n\n\ny\x1b[?1049lz";
	term_screen_feed(t, span_str(more));
	term_screen_feed(again, span_str(more));
	again->last = t->last;
	assert_true(same_screen(t, again));
}

static void any_screen_comes_back_cell_by_cell(void **state)
{
	(void)state;
	uint32_t seed = 7;
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[700];
		size_t n = soup(&seed, bytes, sizeof bytes);
		scoped(scope_screen) struct term_screen *t = screen_of(20, 6, "");
		term_screen_feed(t, span_of(bytes, n));
		scoped(scope_screen) struct term_screen *again = redrawn(t, true);
		assert_true(same_grid(t->now, again->now));
		assert_int_equal(t->at.x, again->at.x);
		assert_int_equal(t->at.y, again->at.y);
		assert_true(same_cell(t->at.pen, again->at.pen));
	}
}

static void the_largest_screen_fits_a_frame(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(TERM_COLUMNS_MAX, TERM_ROWS_MAX, "\x1b[?1049h");
	for (uint32_t i = 0; i < TERM_COLUMNS_MAX * TERM_ROWS_MAX; i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "\x1b[1;4;38;2;%u;%u;%um%c", i & 255, i >> 8 & 255, i % 251, 'a' + (int)(i % 26));
		term_screen_feed(t, span_str(text));
	}
	scoped(scope_screen) struct term_screen *again = redrawn(t, true); /* asserts that it fitted */
	assert_int_equal(term_grid_cell(again->now, 0, 5).c, term_grid_cell(t->now, 0, 5).c);
	assert_int_equal(again->at.x, t->at.x);
	assert_int_equal(again->at.y, t->at.y);
}

static void literal_bytes_of_a_small_screen(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(3, 2, "a\x1b[31mb");
	scoped(buf_done) struct buf b;
	buf_init(&b, 1000);
	term_screen_draw(t, &b);
	static const char want[] = "\3\0\0\0\2\0\0\0\x1b[1Ha\x1b[0;31mb\x1b[m\x1b[1;1H\x1b[0m\0337\x1b[m\x1b[1;3H\x1b[0;31m";
	assert_int_equal(b.len, sizeof want - 1);
	assert_memory_equal(b.data, want, sizeof want - 1);
}

static void modes_of_keyboard_mouse_and_paste_come_back_apart_from_the_drawing(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(3, 2, "\x1b[?1;1002;1006;2004h\x1b[?1000h\x1b[?1002l\x1b=\x1b[?12345h");
	scoped(buf_done) struct buf b;
	buf_init(&b, 1000);
	term_screen_modes(t, &b);
	assert_string_equal(buf_str(&b), "\x1b[?9l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1015l"
					 "\x1b[?1h\x1b[?66h\x1b[?1000h\x1b[?1006h\x1b[?2004h");
	buf_clear(&b);
	term_screen_draw(t, &b);
	assert_null(memmem(b.data, b.len, "1000h", 5)); /* who watches must not get them */
	term_screen_feed(t, span_str("\x1b[!p"));
	buf_clear(&b);
	term_screen_modes(t, &b);
	assert_non_null(strstr(buf_str(&b), "\x1b[?1l"));
	assert_non_null(strstr(buf_str(&b), "\x1b[?2004h"));
	term_screen_feed(t, span_str("\x1b" "c"));
	buf_clear(&b);
	term_screen_modes(t, &b);
	assert_null(strchr(buf_str(&b), 'h'));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_drawing_brings_the_screen_back), CASE(what_follows_a_drawing_shows_the_same),
		CASE(any_screen_comes_back_cell_by_cell), CASE(the_largest_screen_fits_a_frame),
		CASE(literal_bytes_of_a_small_screen), CASE(modes_of_keyboard_mouse_and_paste_come_back_apart_from_the_drawing),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
