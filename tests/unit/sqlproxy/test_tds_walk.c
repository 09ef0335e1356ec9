#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/value.h"
#include "sqlproxy/tds/walk.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define DONE(status, rows) 0xfd, status, 0, 0xc1, 0, rows, 0, 0, 0, 0, 0, 0, 0
#define COLUMN(...) 0, 0, 0, 0, 9, 0, __VA_ARGS__, 1, 'c', 0
#define INT COLUMN(0x26, 4)
#define NVARCHAR_MAX COLUMN(0xe7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34)

/* What came, as text, however it is cut; "!" where the stream cannot be followed. */
static void said(struct span answer, enum tds_rank rank, size_t step, struct buf *out)
{
	struct tds_walk w;
	struct tds_event e;
	int k = 0;
	assert_int_equal(tds_walk_init(&w, rank, NULL), 0);
	for (size_t at = 0; at < answer.n && k >= 0; at += step) {
		struct span in = span_of(answer.p + at, answer.n - at < step ? answer.n - at : step);
		while ((k = tds_walk_next(&w, &in, &e, NULL)) > 0) {
			buf_printf(out, "%d:%u,%u,%lld,%lld ", e.kind, e.code, e.status, (long long)e.rows, (long long)e.number);
			buf_put_span(out, e.text);
		}
	}
	if (k == 0)
		k = tds_walk_end(&w, &e, NULL);
	if (k > 0)
		buf_printf(out, "end:%u,%lld", e.status, (long long)e.rows);
	else
		buf_put(out, "!", 1);
	tds_walk_done(&w);
}

static void reads(struct span answer, enum tds_rank rank, const char *expected)
{
	for (size_t step = 1; step <= answer.n; step++) {
		struct buf out;
		buf_init(&out, 65536);
		said(answer, rank, step, &out);
		assert_string_equal(buf_str(&out), expected);
		buf_done(&out);
	}
}

static void rows_of_every_shape_go_by_and_the_next_token_is_found(void **state)
{
	(void)state;
	reads(BYTES(0x81, 2, 0, INT, NVARCHAR_MAX, /* */
		      0xd1, 4, 0xfd, 0xfd, 0xfd, 0xfd, 4, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0xfd, 0, 0, 1, 0, 0, 0, 0xfd, 0, 0, 0, 0, /* pieces */
		      0xd1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xd2, 3, 0xd2, 1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		      DONE(0x10, 4)),
		TDS_7_4, "10:2,0,0,0 1:0,16,4,0 end:16,4");
	/* text in a row has a pointer; a table's name stands behind its type */
	reads(BYTES(0x81, 1, 0, 0, 0, 0, 0, 9, 0, 0x63, 9, 0, 0, 0, 9, 4, 0xd0, 0, 0x34, 2, 1, 0, 'd', 0, 1, 0, 't', 0, 1, 'c', 0, /* */
		      0xd1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0, 'x', 0, 0xd1, 0, DONE(0x10, 2)),
		TDS_7_4, "10:1,0,0,0 1:0,16,2,0 end:16,2");
	/* variant, xml with a schema, a type of the database's own, a timestamp of no length */
	reads(BYTES(0x81, 3, 0, COLUMN(0x62, 0x49, 0x1f, 0, 0), COLUMN(0xf1, 1, 0, 0, 0, 0), COLUMN(0xf0, 0xff, 0xff, 0, 1, 's', 0, 1, 't', 0, 1, 0, 'a', 0), /* */
		      0xd1, 6, 0, 0, 0, 0x38, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* */
		      0xa9, 2, 0, 1, 0, DONE(0x10, 1)),
		TDS_7_4, "10:3,0,0,0 1:0,16,1,0 end:16,1");
}

static void versions_differ_in_user_types_counts_and_collations(void **state)
{
	(void)state;
	reads(BYTES(0x81, 1, 0, 0, 0, 9, 0, 0xa7, 4, 0, 9, 4, 0xd0, 0, 0x34, 1, 'c', 0, 0xd1, 1, 0, 'x', 0xfd, 0x10, 0, 0, 0, 1, 0, 0, 0), TDS_7_1,
		"10:1,0,0,0 1:0,16,1,0 end:16,1");
	reads(BYTES(0x81, 1, 0, 0, 0, 9, 0, 0xa7, 4, 0, 1, 'c', 0, 0xd1, 1, 0, 'x', 0xfd, 0x10, 0, 0, 0, 1, 0, 0, 0), TDS_7_0,
		"10:1,0,0,0 1:0,16,1,0 end:16,1");
}

static void what_became_of_a_request_is_told(void **state)
{
	(void)state;
	reads(BYTES(0xaa, 16, 0, 0x10, 0x27, 0, 0, 1, 16, 2, 0, 'n', 0, 'o', 0, 0, 0, 9, 0, DONE(2, 0)), TDS_7_4, "3:10000,0,0,0 no1:0,2,0,0 end:2,0");
	reads(BYTES(0xe3, 7, 0, 1, 1, 'm', 0, 1, 'o', 0, DONE(0, 0)), TDS_7_4, "5:0,0,0,0 m1:0,0,0,0 end:0,0");
	reads(BYTES(0xe3, 19, 0, 4, 4, '8', 0, '0', 0, '0', 0, '0', 0, 4, '4', 0, '0', 0, '9', 0, '6', 0, DONE(0, 0)), TDS_7_4,
		"5:0,0,0,8000 80001:0,0,0,0 end:0,0");
	reads(BYTES(0xe3, 14, 0, 20, 9, 0, 0, 0x99, 5, 2, 0, 's', 0, 'q', 0, 0, 0, DONE(0, 0)), TDS_7_4, "5:0,0,0,0 sq1:0,0,0,0 end:0,0");
	reads(BYTES(0x79, 0xff, 0xff, 0xff, 0xff, 0xac, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x26, 4, 4, 42, 0, 0, 0, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), TDS_7_4,
		"8:0,0,0,-1 7:0,0,0,42 2:0,0,0,0 end:0,0");
	reads(BYTES(0xad, 10, 0, 1, 0x74, 0, 0, 4, 0, 16, 0, 0, 0, 0xae, 0x0a, 1, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0xff, 0xe4, 3, 0, 0, 0, 1, 2, 3, DONE(0, 0)), TDS_7_4,
		"6:1946157060,0,0,0 9:10,0,0,0 9:5,0,0,0 1:0,0,0,0 end:0,0");
	reads(BYTES(0xee, 2, 0, 0, 0, 7, 7, DONE(0, 0)), TDS_7_4, "11:238,0,0,0 1:0,0,0,0 end:0,0");
}

static void an_output_of_any_length_is_passed_over(void **state)
{
	(void)state;
	reads(BYTES(0xac, 3, 0, 1, '@', 0, 1, 0, 0, 0, 0, 0, 0, 0xe7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'x', 0, 0, 0, 0, 0,
		      DONE(0, 0)),
		TDS_7_4, "7:0,0,0,0 1:0,0,0,0 end:0,0");
}

static void rows_that_are_not_described_leave_only_the_end(void **state)
{
	(void)state;
	reads(BYTES(0x81, 0xff, 0xff, 0xd1, 1, 2, 3, 0xfd, 9, 9, 9, 9, 9, 9, 9, 9, 9, DONE(0x10, 7)), TDS_7_4, "10:0,0,0,0 end:16,7");
	reads(BYTES(0x81, 0xff, 0xff, 0xd1, 1, 0xfd, 0x10, 0, 0, 0, 7, 0, 0, 0), TDS_7_1, "10:0,0,0,0 end:16,7");
	reads(BYTES(0x81, 0xff, 0xff, 0xd1, 1, 2), TDS_7_4, "10:0,0,0,0 !");
	reads(BYTES(0x81, 0xff, 0xff, DONE(1, 0)), TDS_7_4, "10:0,0,0,0 !");
}

static void a_stream_that_cannot_be_followed_ends_it(void **state)
{
	(void)state;
	const struct {
		struct span bytes;
		const char *expected;
	} rows[] = {
		{ BYTES(0x42), "!" },                                       /* a token of nobody */
		{ BYTES(DONE(1, 0)), "1:0,1,0,0 !" },                       /* more was promised */
		{ BYTES(DONE(0, 0), 0x79, 0, 0, 0, 0), "1:0,0,0,0 8:0,0,0,0 !" }, /* something behind the end */
		{ BYTES(0xd1, 0), "!" },                                     /* a row of no columns */
		{ BYTES(0xaa, 1, 0, 0), "!" },                               /* an error without a word */
		{ BYTES(0xe3, 0, 0), "!" },
		{ BYTES(0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x99), "10:1,0,0,0 !" }, /* a type of nobody */
		{ BYTES(0x81, 0, 0x20), "!" },                               /* 8192 columns */
		{ BYTES(0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0xf3, 0), "10:1,0,0,0 !" }, /* a table in a row */
		{ BYTES(0x81, 1, 0, INT, 0xd1, 4, 1), "10:1,0,0,0 !" },     /* it ends inside a value */
		{ BYTES(0x81, 1, 0, INT), "10:1,0,0,0 !" },                 /* ... behind columns */
		{ BYTES(0xa3, 0), "!" },                                     /* classification, which nobody asked for */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		reads(rows[i].bytes, TDS_7_4, rows[i].expected);
}

static void a_value_of_gigabytes_takes_no_memory(void **state)
{
	(void)state;
	static const uint8_t piece[32768];
	struct tds_walk w;
	struct tds_event e;
	struct span in = BYTES(0x81, 1, 0, NVARCHAR_MAX, 0xd1, 0, 0, 0, 0x00, 1, 0, 0, 0, 0, 0, 0, 0x80);
	assert_int_equal(tds_walk_init(&w, TDS_7_4, NULL), 0);
	assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 1);
	assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 0);
	for (int i = 0; i < 65536; i++) {
		in = span_of(piece, sizeof piece);
		assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 0);
	}
	assert_true(w.held.size < 4096);
	in = BYTES(0, 0, 0, 0, DONE(0x10, 1));
	assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 1);
	assert_int_equal(tds_walk_end(&w, &e, NULL), 1);
	tds_walk_done(&w);
}

static void a_walk_goes_on_to_the_next_answer(void **state)
{
	(void)state;
	struct tds_walk w;
	struct tds_event e;
	assert_int_equal(tds_walk_init(&w, TDS_7_4, NULL), 0);
	for (int i = 0; i < 3; i++) {
		struct span in = BYTES(0x81, 1, 0, INT, 0xd1, 0, DONE(0x10, 1));
		assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 1);
		assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 1);
		assert_int_equal(tds_walk_next(&w, &in, &e, NULL), 0);
		assert_int_equal(tds_walk_end(&w, &e, NULL), 1);
	}
	struct span in = BYTES(0xd1, 0); /* the columns were of the one before */
	assert_int_equal(tds_walk_next(&w, &in, &e, NULL), -EPROTO);
	tds_walk_done(&w);
}

static void value(struct span type_info, struct span bytes, enum tds_value_kind kind, const char *text)
{
	struct tds_type t;
	struct tds_value v;
	struct buf out;
	bool cut = true;
	struct rd r = rd_of(type_info), data = rd_of(bytes);
	buf_init(&out, 256);
	assert_int_equal(tds_type_get(&r, TDS_IN_REQUEST, TDS_7_4, &t, NULL), 0);
	assert_true(rd_done(&r));
	assert_int_equal(tds_type_value(&data, &t, &v, NULL), 0);
	assert_true(rd_done(&data));
	assert_int_equal(tds_value_put(&t, &v, 256, &out, &cut), kind);
	assert_false(cut);
	assert_string_equal(buf_str(&out), text);
	buf_done(&out);
}

static void values_are_said_as_t_sql_says_them(void **state)
{
	(void)state;
	value(BYTES(0x26, 4), BYTES(4, 0xff, 0xff, 0xff, 0xff), TDS_VALUE_NUMBER, "-1");
	value(BYTES(0x26, 1), BYTES(1, 0xff), TDS_VALUE_NUMBER, "255");
	value(BYTES(0x26, 8), BYTES(8, 0, 0, 0, 0, 0, 0, 0, 0x80), TDS_VALUE_NUMBER, "-9223372036854775808");
	value(BYTES(0x26, 4), BYTES(0), TDS_VALUE_NULL, "");
	value(BYTES(0x68, 1), BYTES(1, 1), TDS_VALUE_NUMBER, "1");
	value(BYTES(0x6d, 8), BYTES(8, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f), TDS_VALUE_NUMBER, "1.5");
	value(BYTES(0x6d, 4), BYTES(4, 0, 0, 0xc0, 0x3f), TDS_VALUE_NUMBER, "1.5");
	value(BYTES(0x6e, 8), BYTES(8, 0xff, 0xff, 0xff, 0xff, 0xc7, 0xcf, 0xff, 0xff), TDS_VALUE_NUMBER, "-1.2345");
	value(BYTES(0x6e, 4), BYTES(4, 1, 0, 0, 0), TDS_VALUE_NUMBER, "0.0001");
	value(BYTES(0x6c, 17, 10, 2), BYTES(5, 1, 0x39, 0x30, 0, 0), TDS_VALUE_NUMBER, "123.45");
	value(BYTES(0x6c, 17, 10, 4), BYTES(5, 0, 5, 0, 0, 0), TDS_VALUE_NUMBER, "-0.0005");
	value(BYTES(0x6a, 17, 38, 0), BYTES(17, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), TDS_VALUE_NUMBER,
		"340282366920938463463374607431768211455");
	value(BYTES(0x6f, 8), BYTES(8, 0, 0, 0, 0, 0, 0, 0, 0), TDS_VALUE_WORDS, "1900-01-01T00:00:00.000");
	value(BYTES(0x6f, 8), BYTES(8, 0x5b, 0x95, 0, 0, 0x2c, 1, 0, 0), TDS_VALUE_WORDS, "2004-09-07T00:00:01.000");
	value(BYTES(0x6f, 8), BYTES(8, 0x46, 0x2e, 0xff, 0xff, 0, 0, 0, 0), TDS_VALUE_WORDS, "1753-01-01T00:00:00.000");
	value(BYTES(0x6f, 4), BYTES(4, 1, 0, 61, 0), TDS_VALUE_WORDS, "1900-01-02T01:01:00");
	value(BYTES(0x28), BYTES(3, 0, 0, 0), TDS_VALUE_WORDS, "0001-01-01");
	value(BYTES(0x28), BYTES(3, 0xda, 0xb9, 0x37), TDS_VALUE_WORDS, "9999-12-31");
	value(BYTES(0x28), BYTES(3, 0x42, 0x24, 0x0b), TDS_VALUE_WORDS, "2000-02-29");
	value(BYTES(0x29, 3), BYTES(4, 0xff, 0x5b, 0x26, 5), TDS_VALUE_WORDS, "23:59:59.999");
	value(BYTES(0x2a, 0), BYTES(6, 1, 0, 0, 0x42, 0x24, 0x0b), TDS_VALUE_WORDS, "2000-02-29T00:00:01");
	value(BYTES(0x2b, 0), BYTES(8, 1, 0, 0, 0x42, 0x24, 0x0b, 0xe0, 1), TDS_VALUE_WORDS, "2000-02-29T00:00:01Z (+08:00)");
	value(BYTES(0x24, 16), BYTES(16, 0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff), TDS_VALUE_WORDS,
		"00112233-4455-6677-8899-AABBCCDDEEFF");
	value(BYTES(0xe7, 4, 0, 9, 4, 0xd0, 0, 0x34), BYTES(4, 0, 0x2d, 0x4e, 0x3d, 0xd8), TDS_VALUE_WORDS, "\xe4\xb8\xad\xef\xbf\xbd");
	value(BYTES(0xa7, 4, 0, 4, 8, 0, 0, 0), BYTES(2, 0, 0xd6, 0xd0), TDS_VALUE_WORDS, "\xe4\xb8\xad"); /* GBK */
	value(BYTES(0xa7, 4, 0, 4, 4, 0, 0, 0), BYTES(2, 0, 0xa4, 0xa4), TDS_VALUE_WORDS, "\xe4\xb8\xad"); /* Big5 */
	value(BYTES(0xa7, 4, 0, 9, 4, 0xd0, 4, 0), BYTES(3, 0, 0xe4, 0xb8, 0xad), TDS_VALUE_WORDS, "\xe4\xb8\xad"); /* UTF-8 */
	value(BYTES(0xa7, 4, 0, 9, 4, 0xd0, 0, 0x34), BYTES(1, 0, 0xe9), TDS_VALUE_WORDS, "\xc3\xa9");
	value(BYTES(0xa5, 4, 0), BYTES(2, 0, 0xde, 0xad), TDS_VALUE_BYTES, "0xdead");
	value(BYTES(0x62, 9, 0, 0, 0), BYTES(7, 0, 0, 0, 0x28, 0, 0x42, 0x24, 0x0b, 9, 9), TDS_VALUE_BYTES, "0x42240b0909"); /* no date of 5 bytes */
	value(BYTES(0x62, 9, 0, 0, 0), BYTES(6, 0, 0, 0, 0x38, 0, 5, 0, 0, 0), TDS_VALUE_NUMBER, "5");
	value(BYTES(0x62, 9, 0, 0, 0), BYTES(3, 0, 0, 0, 0x62, 0, 1), TDS_VALUE_BYTES, "0x01");
	value(BYTES(0x26, 4), BYTES(3, 1, 2, 3), TDS_VALUE_BYTES, "0x010203"); /* an int of 3 bytes */
}

static void a_long_value_is_cut_at_a_character(void **state)
{
	(void)state;
	const struct tds_type t = { .id = TDS_NVARCHAR };
	const struct tds_value v = { .bytes = BYTES('a', 0, 0x2d, 0x4e, 0x2d, 0x4e) };
	struct buf out;
	bool cut = false;
	buf_init(&out, 5);
	assert_int_equal(tds_value_put(&t, &v, 256, &out, &cut), TDS_VALUE_WORDS);
	assert_true(cut && out.len == 4);
	buf_clear(&out);
	assert_int_equal(tds_value_put(&t, &v, 2, &out, &cut), TDS_VALUE_WORDS);
	assert_true(cut && span_is(buf_span(&out), "a"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rows_of_every_shape_go_by_and_the_next_token_is_found),
		CASE(versions_differ_in_user_types_counts_and_collations),
		CASE(what_became_of_a_request_is_told),
		CASE(an_output_of_any_length_is_passed_over),
		CASE(rows_that_are_not_described_leave_only_the_end),
		CASE(a_stream_that_cannot_be_followed_ends_it),
		CASE(a_value_of_gigabytes_takes_no_memory),
		CASE(a_walk_goes_on_to_the_next_answer),
		CASE(values_are_said_as_t_sql_says_them),
		CASE(a_long_value_is_cut_at_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
