#include "tests/unit/term/common.h"
#include "gateway/term/safe.h"

static const struct {
	const char *in, *out;
} table[] = {
	{ "plain text\r\n\t\b", "plain text\r\n\t\b" },
	{ "\x07\x01\x7f\x05", "" },
	{ "\v\f", "\n\n" },
	{ "\xe9\x9b\x81 \xc3\xa9 \xf0\x9f\x98\x80", "\xe9\x9b\x81 \xc3\xa9 \xf0\x9f\x98\x80" },
	{ "\xff\xe9\x9b!", "\xef\xbf\xbd\xef\xbf\xbd!" },
	{ "\xc2\x9b" "31m\xc2\x85\x9b\x90", "31m\xef\xbf\xbd\xef\xbf\xbd" },       /* C1, coded and raw */
	{ "\xe2\x80\xae" "abc\xe2\x81\xa6\xe2\x80\xa8", "abc" },                     /* bidi overrides, line separator */
	{ "\x1b[31;1mred\x1b[m", "\x1b[31;1mred\x1b[m" },
	{ "\x1b[38:2::1:2:3m\x1b[1:2H", "\x1b[38:2::1:2:3m" },                       /* colons only in looks */
	{ "\x1b[2J\x1b[H\x1b[3;4H\x1b[K\x1b[5b", "\x1b[2J\x1b[H\x1b[3;4H\x1b[K\x1b[5b" },
	{ "\0337\0338\x1bM\033D\033E", "\0337\0338\x1bM\033D\033E" },
	{ "\x1b[?25l\x1b[?1049h\x1b[?7l\x1b[4h", "\x1b[?25l\x1b[?1049h\x1b[?7l\x1b[4h" },
	{ "\x1b[?1;25;2004;1000;1006h", "\x1b[?25h" },
	{ "\x1b[?1h\x1b[?1000h\x1b[?2004h\x1b[20h\x1b[2h\x1b[?66h", "" },
	{ "\x1b]0;title\x07x\x1b]52;c;aGk=\x1b\\y", "xy" },
	{ "\x1bPq#0;2;0;0;0\x1b\\\x1b_G\x1b\\\x1b^x\x1b\\\x1bXsos\x1b\\z", "z" },
	{ "\x1b[6n\x1b[c\x1b[>c\x1b[0x\x1b[18t\x1b[?6n\x1b[5i\x1b[2 q\x1b[!p\x1b[?5$p", "" },
	{ "\033c\x1b=\x1b>\x1bN\x1bO\x1bZ\x1b#8\x1b%G\x1b(A", "" },
	{ "\x1b(0lqk\x1b(Blqk", "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90lqk" },
	{ "\x1b)0\x0eq\x0fq", "\xe2\x94\x80q" },
	{ "\x1b(0\033cq", "q" },
	{ "\x1b[31\x18mx", "mx" },
	{ "\x1b[31\x1b[1mx", "\x1b[1mx" },
	{ "\x1b[3\r\n1mx", "\r\n\x1b[31mx" },
	{ "\x1b[123456Hx\x1b[<1m\x1b[=1m\x1b[1!m", "x" },
	{ "\x1b[1\xff" "2mx", "\xef\xbf\xbd" "2mx" },
	{ "\x1b[11111111111111111111111111111111111111111111111111111111111111111111111111111111mx", "x" },
	{ "\x1b]0;never ends", "" },
	{ "\x1b\x1b\x1b[mx\x1b", "\x1b[mx" },
};

static void every_row_comes_out_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct term_safe t = { 0 };
		scoped(buf_done) struct buf out;
		buf_init(&out, 10000);
		term_safe_feed(&t, span_str(table[i].in), &out);
		if (strcmp(buf_str(&out), table[i].out) != 0)
			fail_msg("row %zu: \"%s\"", i, buf_str(&out));
	}
}

static void the_result_does_not_depend_on_the_split(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int round = 0; round < 300; round++) {
		uint8_t bytes[500];
		size_t n = soup(&seed, bytes, sizeof bytes);
		struct term_safe whole = { 0 }, single = { 0 };
		scoped(buf_done) struct buf a, b;
		buf_init(&a, 100000);
		buf_init(&b, 100000);
		term_safe_feed(&whole, span_of(bytes, n), &a);
		for (size_t i = 0; i < n; i++)
			term_safe_feed(&single, span_of(bytes + i, 1), &b);
		assert_true(span_eq(buf_span(&a), buf_span(&b)));
	}
}

/* A watcher's terminal shows what the target's terminal would: the model agrees before and behind the filter. */
static void the_screen_behind_the_filter_is_the_same(void **state)
{
	(void)state;
	static const char *const inputs[] = {
		"\x1b[2J\x1b[1;1Hmenu\x1b[3;3H\x1b(0lqqk\x1b(B\x1b[7mx\x1b[m\x1b]0;t\x07\x1b[?2004h$ ", "a\x1b[10b\x1b[2;3r\x1b[3;1H\n\nz",
		"\x1b[?1049h\x1b[4hvi\x1b[4l\x1b[?1049lback", "\x1b[?7l0123456789abc\x1b[?7h",
	};
	for (size_t i = 0; i < COUNT_OF(inputs); i++) {
		struct term_safe f = { 0 };
		scoped(buf_done) struct buf out;
		buf_init(&out, 10000);
		term_safe_feed(&f, span_str(inputs[i]), &out);
		scoped(scope_screen) struct term_screen *direct = screen_of(10, 4, inputs[i]);
		scoped(scope_screen) struct term_screen *filtered = screen_of(10, 4, buf_str(&out));
		assert_true(same_grid(direct->now, filtered->now));
		assert_int_equal(direct->at.x, filtered->at.x);
		assert_int_equal(direct->at.y, filtered->at.y);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_row_comes_out_as_it_should), CASE(the_result_does_not_depend_on_the_split),
		CASE(the_screen_behind_the_filter_is_the_same),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
