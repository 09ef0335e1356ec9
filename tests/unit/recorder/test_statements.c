/* What the readers make of the statements of a database. */
#include "tests/unit/core/unit.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/told.h"
#include "recorder/reader/format.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BEGUN 1763823600000000ULL
#define HEAD \
	"number,time,kind,database,verdict,rule,sql,params,classes,flags,tables,fingerprint,sha256,ok,rows,code,state,words,microseconds\r\n"

struct rig {
	const struct reader_format *format;
	struct reader_out out;
	void *state;
};

static void rig_init(struct rig *g, const struct reader_format *format)
{
	g->format = format;
	reader_out_init(&g->out, memfd_create("statements", MFD_CLOEXEC), -1);
	assert_int_equal(reader_format_begin(format, &g->out, 0, &g->state), 0);
}

static int feed(struct rig *g, uint8_t type, const char *json)
{
	return g->format->frame(g->state, &(struct frame){ BEGUN, type, 1, span_str(json) });
}

static char *text_of(struct rig *g)
{
	enum { MOST = 1 << 20 };
	char *text = calloc(1, MOST);
	assert_non_null(text);
	assert_int_equal(g->format->end(g->state), 0);
	assert_true(pread(g->out.fd, text, MOST - 1, 0) >= 0);
	reader_format_done(g->format, g->state);
	(void)close(g->out.fd);
	reader_out_done(&g->out);
	return text;
}

static void a_row_is_a_statement_and_how_it_ended(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_csv);
	assert_int_equal(feed(&g, FRAME_STATEMENT,
				 "{\"n\":1,\"kind\":\"query\",\"sql\":\"select \\\"a\\\", 1\\nfrom t\",\"sha256\":\"ab\",\"fingerprint\":\"cd\","
				 "\"classes\":[\"SELECT\"],\"flags\":[],\"tables\":[\"s.t\",\"u\"],\"database\":\"shop\",\"verdict\":\"alert\",\"rule\":7}"), 0);
	assert_int_equal(feed(&g, FRAME_OUTCOME, "{\"n\":1,\"ok\":true,\"rows\":5,\"code\":null,\"state\":null,\"words\":null,\"us\":1200}"), 0);
	scoped(scope_free) char *text = text_of(&g);
	assert_string_equal(text,
		HEAD "1,2025-11-22T15:00:00.000000Z,\"query\",\"shop\",\"alert\",7,\"select \"\"a\"\", 1\nfrom t\",,\"SELECT\",\"\",\"s.t u\",\"cd\",\"ab\","
		     "\"true\",5,,,,1200\r\n");
}

static void rows_wait_for_their_outcome_and_are_written_without_one_at_the_end(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_csv);
	(void)feed(&g, FRAME_STATEMENT, "{\"n\":1,\"sql\":\"first\"}");
	(void)feed(&g, FRAME_STATEMENT, "{\"n\":2,\"sql\":\"second\"}");
	(void)feed(&g, FRAME_OUTCOME, "{\"n\":2,\"ok\":false,\"code\":1064,\"state\":\"42000\",\"words\":\"no\"}");
	(void)feed(&g, FRAME_OUTCOME, "{\"n\":9,\"ok\":true}");
	scoped(scope_free) char *text = text_of(&g);
	const char *second = strstr(text, "2,2025"), *first = strstr(text, "1,2025");
	assert_true(second && first && second < first);
	assert_non_null(strstr(text, "\"false\",,1064,\"42000\",\"no\",\r\n"));
	assert_non_null(strstr(first, "\"first\",,\"\",\"\",\"\",,,,,,,,\r\n"));
}

static void of_many_that_wait_the_oldest_is_written(void **state)
{
	struct rig g;
	char json[64];
	(void)state, rig_init(&g, &reader_csv);
	for (int i = 1; i <= 65; i++) {
		snprintf(json, sizeof json, "{\"n\":%d,\"sql\":\"s%d\"}", i, i);
		assert_int_equal(feed(&g, FRAME_STATEMENT, json), 0);
	}
	(void)feed(&g, FRAME_OUTCOME, "{\"n\":1,\"ok\":true}");
	scoped(scope_free) char *text = text_of(&g);
	assert_int_equal(strncmp(strchr(text, '\n') + 1, "1,2025", 6), 0);
	assert_null(strstr(text, "\"true\""));
	unsigned rows = 0;
	for (const char *at = text; (at = strstr(at, "\r\n")); at++)
		rows++;
	assert_int_equal(rows, 66);
}

static void no_cell_is_a_formula(void **state)
{
	static const char *const bad[] = { "=1+1", "+1", "-1", "@x", "\\tx", "\\rx" };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct rig g;
		char json[64];
		rig_init(&g, &reader_csv);
		snprintf(json, sizeof json, "{\"n\":1,\"sql\":\"%s\"}", bad[i]);
		(void)feed(&g, FRAME_STATEMENT, json);
		scoped(scope_free) char *text = text_of(&g);
		assert_non_null(strstr(text, ",\"'"));
	}
}

static void what_is_no_json_is_no_row(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_csv);
	(void)feed(&g, FRAME_STATEMENT, "{\"n\":");
	(void)feed(&g, FRAME_STATEMENT, "[1]");
	(void)feed(&g, FRAME_OUTCOME, "");
	scoped(scope_free) char *text = text_of(&g);
	assert_string_equal(text, HEAD);
}

static void as_text_it_is_a_line_each_without_control_characters(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_text);
	(void)feed(&g, FRAME_STATEMENT, "{\"n\":3,\"sql\":\"select ?\\n\\u001b[2J\",\"params\":[\"a\",5],\"database\":\"shop\",\"verdict\":\"deny\",\"rule\":7}");
	(void)feed(&g, FRAME_OUTCOME, "{\"n\":3,\"ok\":false,\"code\":1142,\"state\":\"42000\",\"words\":\"not here\",\"us\":12}");
	(void)feed(&g, FRAME_OUTCOME, "{\"n\":4,\"ok\":true,\"rows\":2,\"us\":7}");
	scoped(scope_free) char *text = text_of(&g);
	assert_string_equal(text, "#3 shop> select ? ?[2J [\"a\",5] (deny, rule 7)\n#3 failed 1142 42000: not here, 12 us\n#4 ok, 2 rows, 7 us\n");
}

static void an_asciicast_of_it_there_is_not(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_asciicast);
	assert_int_equal(feed(&g, FRAME_STATEMENT, "{\"n\":1,\"sql\":\"select 1\"}"), -ENOTSUP);
	scoped(scope_free) char *text = text_of(&g);
	assert_non_null(text);
}

static void the_index_marks_statements(void **state)
{
	struct rig g;
	(void)state, rig_init(&g, &reader_index);
	(void)feed(&g, FRAME_STATEMENT, "{\"n\":1,\"sql\":\"select 1\",\"database\":\"\"}");
	scoped(scope_free) char *text = text_of(&g);
	assert_non_null(strstr(text, "\"kind\":\"statement\",\"channel\":1,\"text\":\"#1 > select 1\""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_a_statement_and_how_it_ended),
		cmocka_unit_test(rows_wait_for_their_outcome_and_are_written_without_one_at_the_end),
		cmocka_unit_test(of_many_that_wait_the_oldest_is_written),
		cmocka_unit_test(no_cell_is_a_formula),
		cmocka_unit_test(what_is_no_json_is_no_row),
		cmocka_unit_test(as_text_it_is_a_line_each_without_control_characters),
		cmocka_unit_test(an_asciicast_of_it_there_is_not),
		cmocka_unit_test(the_index_marks_statements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
