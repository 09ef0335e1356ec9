#include "tests/unit/yanmen/capture.h"
#include "tools/yanmen/table.h"
#include <locale.h>

static const char *shown(struct capture *c, const char *json, const char *columns)
{
	json_t *doc = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(doc);
	capture_begin(c);
	cli_table_show(&(struct cli){ 0 }, doc, columns);
	json_decref(doc);
	return capture_end(c);
}

static void aligns_columns_with_wide_characters(void **state)
{
	struct capture c;

	(void)state;
	assert_string_equal(shown(&c,
				    "[{\"name\":\"web01\",\"group\":\"网络组\",\"n\":1},{\"name\":\"数据库\",\"group\":"
				    "\"g\",\"n\":22}]",
				    NULL),
		"name    group   n\n"
		"web01   网络组  1\n"
		"数据库  g       22\n");
	assert_int_equal(cli_table_width("网络"), 4);
	assert_int_equal(cli_table_width("abc"), 3);
}

static void shows_the_columns_asked_for_and_a_dash_for_nothing(void **state)
{
	struct capture c;

	(void)state;
	assert_string_equal(shown(&c, "[{\"b\":null,\"a\":true,\"c\":\"\"},{\"a\":false}]", "a,b,c,d"),
		"a    b  c  d\n"
		"yes  -  -  -\n"
		"no   -  -  -\n");
}

static void shows_what_lies_deeper_in_one_line(void **state)
{
	struct capture c;

	(void)state;
	assert_string_equal(shown(&c,
				    "[{\"accounts\":[{\"name\":\"cyadmin\",\"auth\":\"key\"},{\"name\":\"root\"}],"
				    "\"nets\":[\"a\",\"b\"],"
				    "\"o\":{\"x\":1,\"y\":\"z\"}}]",
				    NULL),
		"accounts      nets  o\n"
		"cyadmin,root  a,b   x=1 y=z\n");
	assert_string_equal(shown(&c, "{\"name\":\"web01\",\"pinned\":true}", NULL), "name    web01\npinned  yes\n");
	assert_string_equal(shown(&c, "[]", NULL), "");
}

static void lets_no_control_character_through(void **state)
{
	struct capture c;

	(void)state;
	const char *text = shown(&c, "[{\"a\":\"x\\u001b[31m\\u0007\\ny\\u009b2J\"}]", NULL);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_non_null(strstr(text, "x\xef\xbf\xbd[31m"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(aligns_columns_with_wide_characters),
		CASE(shows_the_columns_asked_for_and_a_dash_for_nothing),
		CASE(shows_what_lies_deeper_in_one_line),
		CASE(lets_no_control_character_through),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
