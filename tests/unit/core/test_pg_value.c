#include "tests/unit/core/unit.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <libpq-fe.h>
#include <string.h>

/* A result as libpq gives it, without a server. */
static PGresult *row_of(const char *const *values, int n)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc columns[8] = { 0 };
	char name[] = "c";
	assert_non_null(r);
	for (int i = 0; i < n; i++)
		columns[i].name = name;
	assert_int_equal(PQsetResultAttrs(r, n, columns), 1);
	for (int i = 0; i < n; i++) {
		char copy[64] = "";
		(void)strncat(copy, values[i] ? values[i] : "", sizeof copy - 1);
		assert_int_equal(PQsetvalue(r, 0, i, values[i] ? copy : NULL, values[i] ? (int)strlen(copy) : -1), 1);
	}
	return r;
}

static void values_are_read_by_kind(void **state)
{
	(void)state;
	static const char *const values[] = { "text", NULL, "-42", "9223372036854775808", "12x", "t", "f", "" };
	PGresult *lib = row_of(values, 8);
	const struct pg_result *r = (const struct pg_result *)lib;
	assert_int_equal(pg_rows(r), 1);
	assert_string_equal(pg_text(r, 0, 0), "text");
	assert_true(span_is(pg_span(r, 0, 0), "text"));
	assert_null(pg_text(r, 0, 1));
	assert_int_equal(pg_span(r, 0, 1).n, 0);
	assert_int_equal(pg_int(r, 0, 1), 0);
	assert_false(pg_bool(r, 0, 1));
	assert_int_equal(pg_int(r, 0, 2), -42);
	assert_int_equal(pg_int(r, 0, 3), 0); /* does not fit */
	assert_int_equal(pg_int(r, 0, 4), 0);
	assert_true(pg_bool(r, 0, 5));
	assert_false(pg_bool(r, 0, 6));
	assert_int_equal(pg_int(r, 0, 7), 0);
	PQclear(lib);
}

static void bytea_goes_there_and_back(void **state)
{
	(void)state;
	uint8_t all[256];
	scoped(buf_done) struct buf text, bytes;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	buf_init(&text, 1000);
	buf_init(&bytes, 256);
	pg_bytea_text(span_of(all, sizeof all), &text);
	assert_int_equal(text.len, 514);
	assert_memory_equal(text.data, "\\x000102", 8);
	assert_int_equal(pg_bytea(buf_span(&text), &bytes), 0);
	assert_memory_equal(bytes.data, all, sizeof all);
	assert_int_equal(pg_bytea(span_str("\\x"), &bytes), 0);
	assert_int_equal(pg_bytea(span_str("\\xAB"), &bytes), -EMSGSIZE); /* over the cap of 256 */
	buf_clear(&bytes);
	assert_int_equal(pg_bytea(span_str("\\xAb"), &bytes), 0);
	assert_int_equal(bytes.data[0], 0xab);
}

static void other_texts_are_no_bytea(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "\\", "x00", "\\x0", "\\x0g", "\\X00", "00", "\\x 0" };
	scoped(buf_done) struct buf out;
	buf_init(&out, 10);
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(pg_bytea(span_str(wrong[i]), &out), -EPROTO);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(values_are_read_by_kind), CASE(bytea_goes_there_and_back), CASE(other_texts_are_no_bytea),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
