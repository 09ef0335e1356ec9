#include "policy/sql/diff.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The diff as text: a line each, with ' ', '-' or '+' before it. */
static void diff_is(const char *before, const char *after, const char *json)
{
	struct buf out;
	struct json j;

	buf_init(&out, 1 << 20);
	json_open(&j, &out);
	json_obj(&j, NULL);
	pol_sql_diff(&j, "d", span_str(before), span_str(after));
	json_end(&j);
	assert_string_equal(buf_str(&out), json);
	buf_done(&out);
}

#define SAME(t) "{\"op\":\"same\",\"text\":\"" t "\"}"
#define OUT(t) "{\"op\":\"out\",\"text\":\"" t "\"}"
#define IN(t) "{\"op\":\"in\",\"text\":\"" t "\"}"

static void texts_that_are_the_same_have_no_difference(void **state)
{
	(void)state;
	diff_is("", "", "{\"d\":[]}");
	diff_is("a\nb\n", "a\nb\n", "{\"d\":[" SAME("a") "," SAME("b") "]}");
	diff_is("a\r\nb", "a\nb\n", "{\"d\":[" SAME("a") "," SAME("b") "]}"); /* ends of lines are none */
}

static void lines_come_and_go_in_their_order(void **state)
{
	(void)state;
	diff_is("", "a\n", "{\"d\":[" IN("a") "]}");
	diff_is("a\n", "", "{\"d\":[" OUT("a") "]}");
	diff_is("a\nb\nc\n", "a\nx\nc\n", "{\"d\":[" SAME("a") "," OUT("b") "," IN("x") "," SAME("c") "]}");
	diff_is("a\nb\n", "b\na\n", "{\"d\":[" OUT("a") "," SAME("b") "," IN("a") "]}");
	diff_is("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", "{\"d\":[" OUT("a") "," OUT("b") "," SAME("c") "," IN("b") "," SAME("a") "," SAME("b") "," OUT("b") ","
		SAME("a") "," IN("c") "]}"); /* the example of the paper: five differences */
}

static char *lines_of(const char *word, size_t n)
{
	struct buf text;
	char *copy;

	buf_init(&text, n * 16 + 1);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%zu\n", word, i);
	assert_int_equal(span_dup(buf_span(&text), n * 16, &copy), 0);
	buf_done(&text);
	return copy;
}

static size_t count(const char *in, const char *word)
{
	size_t n = 0;

	for (const char *p = in; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static void put(struct buf *out, const char *before, const char *after)
{
	struct json j;

	buf_init(out, 16 << 20);
	json_open(&j, out);
	json_obj(&j, NULL);
	pol_sql_diff(&j, "d", span_str(before), span_str(after));
	json_end(&j);
	assert_false(out->failed);
}

static void too_many_differences_are_all_of_it(void **state)
{
	char *a = lines_of("a", POL_SQL_DIFF_MOST), *b = lines_of("b", POL_SQL_DIFF_MOST);
	struct buf out;

	(void)state;
	put(&out, a, b);
	assert_int_equal(count(buf_str(&out), "\"out\""), POL_SQL_DIFF_MOST);
	assert_int_equal(count(buf_str(&out), "\"in\""), POL_SQL_DIFF_MOST);
	buf_done(&out);
	free(a);
	free(b);
}

static void a_text_of_too_many_lines_loses_none(void **state)
{
	char *a = lines_of("a", POL_SQL_DIFF_LINES + 2), *b = lines_of("a", POL_SQL_DIFF_LINES + 3);
	struct buf out;

	(void)state;
	put(&out, a, a);
	assert_int_equal(count(buf_str(&out), "\"same\""), POL_SQL_DIFF_LINES + 1);
	assert_int_equal(count(buf_str(&out), "\"in\"") + count(buf_str(&out), "\"out\""), 0);
	buf_done(&out);
	put(&out, a, b);
	assert_int_equal(count(buf_str(&out), "\"out\""), 1);
	assert_int_equal(count(buf_str(&out), "\"in\""), 1);
	assert_int_equal(count(buf_str(&out), "a20002"), 1);
	buf_done(&out);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_the_same_have_no_difference),
		cmocka_unit_test(lines_come_and_go_in_their_order),
		cmocka_unit_test(too_many_differences_are_all_of_it),
		cmocka_unit_test(a_text_of_too_many_lines_loses_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
