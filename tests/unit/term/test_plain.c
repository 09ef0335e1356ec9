#include "tests/unit/term/common.h"
#include "gateway/term/safe.h"

static const struct {
	const char *in, *out;
} table[] = {
	{ "one\r\ntwo\r\nthree", "one\ntwo\nthree" },
	{ "\x1b[31mred\x1b[m \x1b]0;t\x07plain\n", "red plain\n" },
	{ "progress 10%\rprogress 99%\n", "progress 99%\n" },
	{ "longer line\rshort\n", "shortr line\n" },
	{ "longer line\rshort\x1b[K\n", "short\n" },
	{ "lss\b \b -l\n", "ls -l\n" },
	{ "abc\b\b\bx\n", "x\n" },
	{ "\b\bx\n", "x\n" },
	{ "a\tb\n", "a\tb\n" },
	{ "\xe9\x9b\x81\xe9\x97\xa8\rx\xff\n", "x\xef\xbf\xbd\n" },
	{ "\x1b(0q\x1b(B\x1b[2J\x1b[H\n", "\xe2\x94\x80\n" },
	{ "a\033Eb\n\n", "a\nb\n\n" },
};

static void every_line_comes_out_as_it_was_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		for (size_t cut = 0; cut <= strlen(table[i].in); cut++) {
			struct term_plain t;
			scoped(buf_done) struct buf out;
			buf_init(&out, 10000);
			term_plain_init(&t);
			term_plain_feed(&t, span_of(table[i].in, cut), &out);
			term_plain_feed(&t, span_str(table[i].in + cut), &out);
			term_plain_end(&t, &out);
			term_plain_done(&t);
			if (strcmp(buf_str(&out), table[i].out) != 0)
				fail_msg("row %zu: \"%s\"", i, buf_str(&out));
		}
}

static void a_line_without_end_comes_out_in_pieces(void **state)
{
	(void)state;
	struct term_plain t;
	scoped(buf_done) struct buf out;
	buf_init(&out, 1 << 20);
	term_plain_init(&t);
	for (int i = 0; i < 20000; i++)
		term_plain_feed(&t, span_str("abcde"), &out);
	assert_true(out.len >= 80000);
	term_plain_feed(&t, span_str("\n"), &out);
	term_plain_end(&t, &out);
	term_plain_done(&t);
	assert_int_equal(out.len, 100001);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(out.data[i], 'a' + (int)(i % 5));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_line_comes_out_as_it_was_read), CASE(a_line_without_end_comes_out_in_pieces),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
