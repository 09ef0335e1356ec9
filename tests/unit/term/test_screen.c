#include "tests/unit/term/common.h"

/* Input and what then shows, on a screen of 10 x 4. */
static const struct {
	const char *in, *out;
	uint32_t x, y;
} table[] = {
	{ "", "|||", 0, 0 },
	{ "hi", "hi|||", 2, 0 },
	{ "a\r\nb\nc", "a|b| c|", 2, 2 },
	/* wrapping: the tenth character waits, the eleventh wraps */
	{ "0123456789", "0123456789|||", 10, 0 },
	{ "0123456789x", "0123456789|x||", 1, 1 },
	{ "0123456789\rx", "x123456789|||", 1, 0 },
	{ "0123456789\b\bx", "0123456x89|||", 8, 0 },
	{ "0123456789\x1b[Kx", "012345678|x||", 1, 1 },
	{ "\x1b[?7l0123456789abc", "012345678c|||", 10, 0 },
	{ "0123456789012345678901234567890123456789", "0123456789|0123456789|0123456789|0123456789", 10, 3 },
	{ "0123456789012345678901234567890123456789x", "0123456789|0123456789|0123456789|x", 1, 3 },
	/* scrolling */
	{ "1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5", 1, 3 },
	{ "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\nX", "1|3|X|4", 1, 2 },
	{ "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2;1H\x1bMX", "1|X|2|4", 1, 1 },
	{ "1\r\n2\r\n3\r\n4\x1b[2S", "3|4||", 1, 3 },
	{ "1\r\n2\r\n3\r\n4\x1b[T", "|1|2|3", 1, 3 },
	{ "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[L", "1||2|3", 0, 1 },
	{ "1\r\n2\r\n3\r\n4\x1b[2;1H\x1b[M", "1|3|4|", 0, 1 },
	{ "1\r\n2\r\n3\r\n4\x1b[1;2r\x1b[4;1H\x1b[L", "1|2|3|4", 0, 3 }, /* outside the region: nothing */
	/* the cursor */
	{ "\x1b[3;4Hx", "||   x|", 4, 2 },
	{ "\x1b[99;99Hx", "|||         x", 10, 3 },
	{ "\x1b[Hx", "x|||", 1, 0 },
	{ "\x1b[2;3fx\x1b[Ay\x1b[2Bz", "   y|  x|    z|", 5, 2 },
	{ "abc\x1b[2Dx", "axc|||", 2, 0 },
	{ "abc\x1b[99Dx", "xbc|||", 1, 0 },
	{ "\x1b[3Cx\x1b[Gy\x1b[5`z\x1b[3dw", "y  xz||     w|", 6, 2 },
	{ "\x1b[2Ea\x1b[Fb", "|b|a|", 1, 1 },
	{ "ab\0337\r\ncd\0338x", "abx|cd||", 3, 0 },
	{ "ab\x1b[scd\x1b[ux", "abxd|||", 3, 0 },
	{ "\x1b[2;3r\x1b[?6h\x1b[9;1Hx\x1b[1;1Hy", "|y|x|", 1, 1 },
	{ "\x1b[2;3r\x1b[?6hx\x1b[?6ly", "y|x||", 1, 0 },
	/* tabulators */
	{ "\tx\ty", "        xy|||", 10, 0 },
	{ "\x1b[3g\x1b[4G\x1bH\r\tx\tx", "   x     x|||", 10, 0 },
	{ "\x1b[10G\x1b[Zx", "        x|||", 9, 0 },
	{ "\x1b[3g\tx", "         x|||", 10, 0 },
	/* erasing */
	{ "abcdef\x1b[3D\x1b[K", "abc|||", 3, 0 },
	{ "abcdef\x1b[3D\x1b[1K", "    ef|||", 3, 0 },
	{ "abcdef\x1b[2K", "|||", 6, 0 },
	{ "a\r\nb\r\nc\x1b[2;1H\x1b[J", "a|||", 0, 1 },
	{ "a\r\nb\r\nc\x1b[2;1H\x1b[1J", "||c|", 0, 1 },
	{ "a\r\nb\x1b[2Jx", "| x||", 2, 1 },
	{ "abcdef\x1b[2G\x1b[2Xx", "ax def|||", 2, 0 },
	{ "a\r\nb\033cx", "x|||", 1, 0 },
	{ "\x1b#8\x1b[2;2H\x1b[J", "EEEEEEEEEE|E||", 1, 1 },
	/* inserting and deleting */
	{ "abcd\x1b[2G\x1b[2@x", "ax bcd|||", 2, 0 },
	{ "abcd\x1b[2G\x1b[P", "acd|||", 1, 0 },
	{ "0123456789\x1b[2G\x1b[3@", "0   123456|||", 1, 0 },
	{ "abcd\x1b[2G\x1b[4hxy\x1b[4lz", "axyzcd|||", 4, 0 },
	{ "ab\x1b[3b", "abbbb|||", 5, 0 },
	/* the alternate screen */
	{ "main\x1b[?1049h\x1b[Halt", "alt|||", 3, 0 },
	{ "main\x1b[?1049h\x1b[Halt\x1b[?1049lx", "mainx|||", 5, 0 },
	{ "a\x1b[?47hb\x1b[?47lc", "a c|||", 3, 0 },
	{ "\x1b[?1049hx\x1b[?1049l\x1b[?1049hy", "y|||", 1, 0 }, /* it starts empty each time */
	/* UTF-8 and widths */
	{ "\xe9\x9b\x81\xe9\x97\xa8x", "\xe9\x9b\x81\xe9\x97\xa8x|||", 5, 0 },
	{ "012345678\xe9\x9b\x81", "012345678|\xe9\x9b\x81||", 2, 1 },
	{ "e\xcc\x81x", "e\xcc\x81x|||", 2, 0 },
	{ "\xff" "a\xc3(\xe9\x9b", "\xef\xbf\xbd" "a\xef\xbf\xbd(|||", 4, 0 },
	{ "\xe9\x9b\x1b[mx", "\xef\xbf\xbdx|||", 2, 0 },
	{ "\xc2\x9b" "31mx", "31mx|||", 4, 0 },
	/* line drawing */
	{ "\x1b(0lqk\x1b(Blqk", "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90lqk|||", 6, 0 },
	{ "\x1b)0a\x0eq\x0fq", "a\xe2\x94\x80q|||", 3, 0 },
	/* what is skipped */
	{ "\x1b]0;title\x07x", "x|||", 1, 0 },
	{ "\x1b]52;c;aGk=\x1b\\x", "x|||", 1, 0 },
	{ "\x1bP+q544e\x1b\\\x1b_app\x1b\\\x1b^pm\x1b\\x", "x|||", 1, 0 },
	{ "\x1bPa\x07y\x1b\\x", "x|||", 1, 0 }, /* BEL does not end a DCS */
	{ "\x1b[6n\x1b[c\x1b[>c\x1b[?2004h\x1b[?1000h\x1b=x", "x|||", 1, 0 },
	{ "\x1b[3\x18zx\x1b[1\x1ay", "zxy|||", 3, 0 },
	{ "\x1b[2\r\nCx", "|  x||", 3, 1 }, /* controls act inside a sequence */
	{ "\x1b[1\x1b[Cx", " x|||", 2, 0 },
	{ "\x1b[3;x", "|||", 0, 0 },
};

static void every_row_shows_what_a_terminal_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		scoped(scope_screen) struct term_screen *t = screen_of(10, 4, table[i].in);
		if (strcmp(shown(t), table[i].out) != 0 || t->at.x != table[i].x || t->at.y != table[i].y)
			fail_msg("row %zu: \"%s\" at %u,%u, want \"%s\" at %u,%u", i, shown(t), t->at.x, t->at.y, table[i].out,
				table[i].x, table[i].y);
	}
}

static void the_result_does_not_depend_on_the_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		scoped(scope_screen) struct term_screen *whole = screen_of(10, 4, table[i].in);
		for (size_t cut = 0; cut <= strlen(table[i].in); cut++) {
			scoped(scope_screen) struct term_screen *t = screen_of(10, 4, "");
			term_screen_feed(t, span_of(table[i].in, cut));
			term_screen_feed(t, span_str(table[i].in + cut));
			if (t->main)
				assert_true(same_screen(whole, t));
		}
	}
	uint32_t seed = 42;
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[600];
		size_t n = soup(&seed, bytes, sizeof bytes);
		scoped(scope_screen) struct term_screen *whole = screen_of(20, 6, "");
		scoped(scope_screen) struct term_screen *single = screen_of(20, 6, "");
		term_screen_feed(whole, span_of(bytes, n));
		for (size_t i = 0; i < n; i++)
			term_screen_feed(single, span_of(bytes + i, 1));
		assert_true(same_screen(whole, single));
	}
}

static void a_sequence_over_256_bytes_is_skipped(void **state)
{
	(void)state;
	char text[400] = "\x1b[";
	memset(text + 2, '1', 300);
	(void)strncat(text, "Hx", 3);
	scoped(scope_screen) struct term_screen *t = screen_of(10, 4, text);
	assert_string_equal(shown(t), "x|||");
}

static void sizes_are_clamped(void **state)
{
	(void)state;
	uint32_t columns, rows;
	scoped(scope_screen) struct term_screen *t = screen_of(0, 100000, "abc\r\nd");
	term_screen_size(t, &columns, &rows);
	assert_int_equal(columns, 1);
	assert_int_equal(rows, TERM_ROWS_MAX);
	assert_memory_equal(shown(t), "a|b|c|d|", 8);
	term_screen_feed(t, span_str("\xe9\x9b\x81")); /* a wide character in one column: nothing to show it in */
	term_screen_resize(t, 100000, 0);
	term_screen_size(t, &columns, &rows);
	assert_int_equal(columns, TERM_COLUMNS_MAX);
	assert_int_equal(rows, 1);
	assert_string_equal(shown(t), "d");
}

static void resizing_keeps_the_cursor_line(void **state)
{
	(void)state;
	scoped(scope_screen) struct term_screen *t = screen_of(10, 4, "1\r\n2\r\n3\r\nfour\x1b[2;3r\x1b[4;5H");
	term_screen_resize(t, 3, 2);
	assert_string_equal(shown(t), "3|fou");
	assert_int_equal(t->at.x, 2);
	assert_int_equal(t->at.y, 1);
	assert_int_equal(t->bottom, 1);
	term_screen_feed(t, span_str("\r\nx"));
	assert_string_equal(shown(t), "fou|x");
	term_screen_resize(t, 5, 3);
	assert_string_equal(shown(t), "fou|x|");
	scoped(scope_screen) struct term_screen *alt = screen_of(10, 4, "main\x1b[?1049h1\r\n2\r\n3\r\n4");
	term_screen_resize(alt, 10, 2);
	assert_string_equal(shown(alt), "3|4");
	term_screen_feed(alt, span_str("\x1b[?1049l"));
	assert_string_equal(shown(alt), "main|");
}

static void before_any_output_nothing_is_allocated(void **state)
{
	(void)state;
	struct term_screen *t = NULL;
	assert_int_equal(term_screen_new(80, 24, &t, NULL), 0);
	assert_null(t->main);
	struct buf b;
	buf_init(&b, 100);
	term_screen_draw(t, &b);
	assert_int_equal(b.len, 8);
	term_screen_row(t, 0, &b);
	assert_int_equal(b.len, 8);
	buf_done(&b);
	term_screen_resize(t, 10, 10);
	t = term_screen_free(t);
	assert_null(term_screen_free(NULL));
}

static void reads_another_character_set(void **state)
{
	(void)state;
	static const char bytes[] = "\x1b[1;3H\xd6\xd0\xd1\x1b[2;1H\x81\x30\x84\x36|";
	for (size_t cut = 0; cut < sizeof bytes; cut++) {
		struct term_screen *t = NULL;
		scoped(buf_done) struct buf first, second;
		buf_init(&first, 1024);
		buf_init(&second, 1024);
		assert_int_equal(term_screen_new(20, 4, &t, NULL), 0);
		term_screen_charset(t, CHARSET_GB18030);
		term_screen_feed(t, span_of(bytes, cut));
		term_screen_feed(t, span_of(bytes + cut, sizeof bytes - 1 - cut));
		term_screen_row(t, 0, &first);
		term_screen_row(t, 1, &second);
		t = term_screen_free(t);
		assert_string_equal(buf_str(&first), "  中\xef\xbf\xbd");
		assert_string_equal(buf_str(&second), "¥|");
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_row_shows_what_a_terminal_shows), CASE(the_result_does_not_depend_on_the_split),
		CASE(a_sequence_over_256_bytes_is_skipped), CASE(sizes_are_clamped), CASE(resizing_keeps_the_cursor_line),
		CASE(before_any_output_nothing_is_allocated), CASE(reads_another_character_set),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
