#include "gateway/core/err.h"
#include "policy/sql/check.h"
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char facts_text[] =
	"{\"dialect\":\"mysql\",\"default\":\"allow\",\"approval\":true,\"user\":\"alice\",\"role\":\"engineer\",\"database\":\"shop\",\"approvers\":[\"dora\"],"
	"\"approvers_group\":null,\"rules\":["
	"{\"id\":7,\"name\":\"no rights\",\"action\":\"deny\",\"classes\":[\"GRANT\"],\"flags\":[],\"without\":[],\"from\":[],\"hours\":\"\"},"
	"{\"id\":9,\"name\":\"deletes\",\"action\":\"approve\",\"classes\":[\"DELETE\",\"UNPARSED\"],\"flags\":[],\"without\":[],\"from\":[],\"hours\":\"\"}]}";

static json_t *check(const char *facts, struct span text, int code, const char *say)
{
	json_t *in = json_loads(facts, 0, NULL), *out = NULL;
	struct err err = { 0 };
	struct buf found;

	assert_non_null(in);
	buf_init(&found, POL_SQL_CHECK_ANSWER);
	assert_int_equal(pol_sql_check(in, text, "10.0.0.9", 1700000000000000, &found, &err), code);
	if (code == 0) {
		out = json_loadb((const char *)found.data, found.len, 0, NULL);
		assert_non_null(out);
	} else {
		assert_string_equal(err.say, say);
	}
	buf_done(&found);
	json_decref(in);
	return out;
}

static json_t *judged(const char *text)
{
	return check(facts_text, span_str(text), 0, NULL);
}

static const char *word(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_t *statement(const json_t *found, size_t i)
{
	return json_array_get(json_object_get(found, "statements"), i);
}

static bool has(const json_t *o, const char *key, const char *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(o, key), i, one)
		if (strcmp(json_string_value(one), wanted) == 0)
			return true;
	return false;
}

static void sum_of(struct span bytes, char hex[65])
{
	uint8_t sum[32];

	(void)crypto_hash_sha256(sum, bytes.p, bytes.n);
	sodium_bin2hex(hex, 65, sum, sizeof sum);
}

static void digest_is(const json_t *o, struct span bytes)
{
	char hex[65];

	sum_of(bytes, hex);
	assert_string_equal(word(o, "digest"), hex);
}

static void the_severest_of_the_statements_is_the_verdict(void **state)
{
	json_t *f = judged("SELECT 1; DELETE FROM t WHERE a = 1");

	(void)state;
	assert_string_equal(word(f, "verdict"), "approve");
	assert_int_equal(json_integer_value(json_object_get(f, "rule")), 9);
	assert_string_equal(word(f, "rule_name"), "deletes");
	assert_string_equal(word(statement(f, 0), "verdict"), "allow");
	assert_true(json_is_null(json_object_get(statement(f, 0), "rule")));
	assert_string_equal(word(statement(f, 1), "verdict"), "approve");
	assert_true(has(f, "classes", "SELECT") && has(f, "classes", "DELETE") && has(f, "tables", "t") && has(f, "approvers", "dora"));
	json_decref(f);
	f = judged("DELETE FROM t; GRANT ALL ON *.* TO a");
	assert_string_equal(word(f, "verdict"), "deny");
	json_decref(f);
}

static void what_cannot_be_read_is_unparsed_and_no_dead_end(void **state)
{
	json_t *f = judged("SELECT 'open");

	(void)state;
	assert_true(has(f, "classes", "UNPARSED"));
	assert_string_equal(word(f, "verdict"), "approve");
	json_decref(f);
}

static void digests_are_of_the_bytes_without_what_stands_around(void **state)
{
	json_t *f = judged(" \n DELETE FROM a WHERE i=1 ;\n UPDATE b SET c=1 WHERE d=2;\n");

	(void)state;
	digest_is(f, span_str("DELETE FROM a WHERE i=1 ;\n UPDATE b SET c=1 WHERE d=2"));
	digest_is(statement(f, 0), span_str("DELETE FROM a WHERE i=1"));
	digest_is(statement(f, 1), span_str("UPDATE b SET c=1 WHERE d=2"));
	json_decref(f);
}

static void of_sql_server_they_are_of_what_its_clients_send(void **state)
{
	json_t *f = check("{\"dialect\":\"tsql\",\"default\":\"approve\",\"approval\":true,\"rules\":[]}", span_str("SELECT 1"), 0, NULL);

	(void)state;
	digest_is(f, span_of("S\0E\0L\0E\0C\0T\0 \0" "1\0", 16));
	assert_string_equal(word(f, "verdict"), "approve");
	json_decref(f);
}

static void passwords_are_not_shown(void **state)
{
	json_t *f = judged("ALTER USER a IDENTIFIED BY 'hunter2'");
	char *all = json_dumps(f, 0);

	(void)state;
	assert_null(strstr(all, "hunter2"));
	free(all);
	json_decref(f);
}

static void a_long_statement_is_cut_between_characters(void **state)
{
	enum { N = 8 + 3 * POL_SQL_CHECK_TEXT };
	char *text = malloc(N + 16);

	(void)state;
	assert_non_null(text);
	memcpy(text, "SELECT '", 8);
	for (size_t i = 8; i < N; i += 3)
		memcpy(text + i, "\xe4\xb8\xad'", 5);
	json_t *f = judged(text);
	size_t n = json_string_length(json_object_get(statement(f, 0), "text"));
	assert_in_range(n, POL_SQL_CHECK_TEXT - 3, POL_SQL_CHECK_TEXT);
	assert_memory_equal(word(statement(f, 0), "text") + n - 3, "\xe4\xb8\xad", 3);
	json_decref(f);
	free(text);
}

static void what_is_no_text_is_refused(void **state)
{
	char *long_ = malloc(POL_SQL_CHECK_MAX + 1);

	(void)state;
	assert_non_null(long_);
	memset(long_, 'x', POL_SQL_CHECK_MAX + 1);
	check(facts_text, span_str(""), -EINVAL, "there is no SQL in this");
	check(facts_text, span_of("a\0b", 3), -EINVAL, "the SQL is not UTF-8");
	check(facts_text, span_str("\xff"), -EINVAL, "the SQL is not UTF-8");
	check(facts_text, span_of(long_, POL_SQL_CHECK_MAX + 1), -EINVAL, "the SQL is longer than 1 MiB");
	json_decref(check(facts_text, span_of(long_, POL_SQL_CHECK_MAX), 0, NULL));
	free(long_);
}

static void rules_that_nobody_can_read_let_nothing_pass(void **state)
{
	static const char *const facts[] = { "{\"dialect\":\"mysql\",\"default\":\"allow\",\"rules\":[{\"id\":1,\"action\":\"nod\"}]}",
		"{\"dialect\":\"mysql\",\"default\":\"allow\",\"rules\":[{\"id\":1,\"action\":\"deny\",\"hours\":\"never ever\"}]}",
		"{\"dialect\":\"mysql\",\"default\":\"shrug\",\"rules\":[]}" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		check(facts[i], span_str("SELECT 1"), -EPROTO, "internal error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_severest_of_the_statements_is_the_verdict),
		cmocka_unit_test(what_cannot_be_read_is_unparsed_and_no_dead_end),
		cmocka_unit_test(digests_are_of_the_bytes_without_what_stands_around),
		cmocka_unit_test(of_sql_server_they_are_of_what_its_clients_send),
		cmocka_unit_test(passwords_are_not_shown),
		cmocka_unit_test(a_long_statement_is_cut_between_characters),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(rules_that_nobody_can_read_let_nothing_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
