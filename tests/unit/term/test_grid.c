#include "tests/unit/term/common.h"

static const struct term_cell pen = { .fg = 1 };

static const char *line(struct term_grid *g, uint32_t y)
{
	static char text[TERM_COLUMNS_MAX + 1];
	for (uint32_t x = 0; x < g->columns; x++) {
		struct term_cell c = term_grid_cell(g, y, x);
		text[x] = c.attr & TERM_TAIL ? '_' : c.c == 0 ? '.' : c.c < 0x80 ? (char)c.c : '#';
	}
	text[g->columns] = '\0';
	return text;
}

static void put_text(struct term_grid *g, uint32_t y, uint32_t x, const char *s)
{
	term_grid_write(g, y, x, (const uint8_t *)s, (uint32_t)strlen(s), &pen);
}

static void writing_erasing_and_shifting(void **state)
{
	(void)state;
	struct term_grid *g = term_grid_new(8, 2);
	assert_string_equal(line(g, 0), "........");
	put_text(g, 0, 2, "abcd");
	assert_string_equal(line(g, 0), "..abcd..");
	term_grid_shift(g, 0, 3, 2, 0);
	assert_string_equal(line(g, 0), "..a..bcd");
	term_grid_shift(g, 0, 0, -3, 7);
	assert_string_equal(line(g, 0), "..bcd...");
	assert_int_equal(term_grid_cell(g, 0, 7).bg, 7);
	assert_int_equal(term_grid_cell(g, 0, 4).bg, 0);
	term_grid_shift(g, 0, 2, 100, 0);
	assert_string_equal(line(g, 0), "........");
	put_text(g, 0, 0, "abcdefgh");
	term_grid_erase(g, 0, 2, 4, 5);
	assert_string_equal(line(g, 0), "ab..efgh");
	assert_int_equal(term_grid_cell(g, 0, 3).bg, 5);
	term_grid_erase(g, 0, 6, 8, 0);
	assert_string_equal(line(g, 0), "ab..ef..");
	term_grid_erase(g, 0, 7, 8, 9);
	assert_int_equal(term_grid_cell(g, 0, 6).bg, 0);
	assert_int_equal(term_grid_cell(g, 0, 7).bg, 9);
	g = term_grid_free(g);
}

static void wide_characters_never_lose_one_half(void **state)
{
	(void)state;
	struct term_grid *g = term_grid_new(8, 1);
	struct term_cell wide = { .c = 0x4e2d };
	term_grid_put(g, 0, 0, &wide, 2);
	term_grid_put(g, 0, 2, &wide, 2);
	term_grid_put(g, 0, 4, &wide, 2);
	assert_string_equal(line(g, 0), "#_#_#_..");
	put_text(g, 0, 3, "x");
	assert_string_equal(line(g, 0), "#_.x#_..");
	put_text(g, 0, 4, "y");
	assert_string_equal(line(g, 0), "#_.xy...");
	term_grid_shift(g, 0, 1, 1, 0);
	assert_string_equal(line(g, 0), "....xy..");
	term_grid_put(g, 0, 6, &wide, 2);
	term_grid_shift(g, 0, 0, 1, 0);
	assert_string_equal(line(g, 0), ".....xy.");
	term_grid_put(g, 0, 6, &wide, 2);
	term_grid_resize(g, 7, 1, 0);
	assert_string_equal(line(g, 0), ".....x.");
	g = term_grid_free(g);
}

static void scrolling_moves_lines_within_the_region(void **state)
{
	(void)state;
	struct term_grid *g = term_grid_new(1, 5);
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	for (uint32_t y = 0; y < 5; y++)
		put_text(g, y, 0, names[y]);
	char all[6] = { 0 };
#define ALL() (all[0] = *line(g, 0), all[1] = *line(g, 1), all[2] = *line(g, 2), all[3] = *line(g, 3), all[4] = *line(g, 4), all)
	term_grid_scroll(g, 1, 3, 1, 0);
	assert_string_equal(ALL(), "acd.e");
	term_grid_scroll(g, 1, 3, -2, 4);
	assert_string_equal(ALL(), "a..ce");
	assert_int_equal(term_grid_cell(g, 1, 0).bg, 4);
	term_grid_scroll(g, 0, 4, 99, 0);
	assert_string_equal(ALL(), ".....");
	g = term_grid_free(g);
}

static void resizing_keeps_the_lines_from_the_first_on(void **state)
{
	(void)state;
	struct term_grid *g = term_grid_new(4, 4);
	put_text(g, 0, 0, "aaaa");
	put_text(g, 1, 0, "bbbb");
	put_text(g, 2, 0, "cccc");
	term_grid_resize(g, 2, 2, 1);
	assert_string_equal(line(g, 0), "bb");
	assert_string_equal(line(g, 1), "cc");
	term_grid_resize(g, 6, 4, 0);
	assert_string_equal(line(g, 0), "bb....");
	assert_string_equal(line(g, 2), "......"); /* what was cut off does not come back */
	assert_string_equal(line(g, 3), "......");
	g = term_grid_free(g);
}

static void marks_join_the_character_before(void **state)
{
	(void)state;
	struct term_grid *g = term_grid_new(4, 1);
	struct term_cell wide = { .c = 0x4e2d };
	put_text(g, 0, 0, "e");
	term_grid_mark(g, 0, 0, 0x301);
	assert_int_equal(term_grid_cell(g, 0, 0).mark, 0x301);
	term_grid_put(g, 0, 1, &wide, 2);
	term_grid_mark(g, 0, 2, 0x302);
	assert_int_equal(term_grid_cell(g, 0, 1).mark, 0x302);
	term_grid_mark(g, 0, 3, 0x303); /* nothing stands there */
	assert_int_equal(term_grid_cell(g, 0, 3).mark, 0);
	g = term_grid_free(g);
	assert_null(term_grid_free(NULL));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(writing_erasing_and_shifting), CASE(wide_characters_never_lose_one_half),
		CASE(scrolling_moves_lines_within_the_region), CASE(resizing_keeps_the_lines_from_the_first_on),
		CASE(marks_join_the_character_before),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
