#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "sqlproxy/mysql/command.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define HEAD(flags) 0x17, 9, 0, 0, 0, flags, 1, 0, 0, 0

static void a_query_is_all_behind_its_byte(void **state)
{
	(void)state;
	struct span text;
	assert_int_equal(mysql_command_query(BYTES(3, 'd', 'o', ' ', '1'), false, &text, NULL), 0);
	assert_true(span_is(text, "do 1"));
}

static void attributes_stand_before_the_text(void **state)
{
	(void)state;
	struct span text;
	assert_int_equal(mysql_command_query(BYTES(3, 0, 1, 'd', 'o'), true, &text, NULL), 0);
	assert_true(span_is(text, "do"));
	/* two of them: a LONGLONG named n, a NULL */
	assert_int_equal(mysql_command_query(BYTES(3, 2, 1, 2, 1, 8, 0, 1, 'n', 6, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'd', 'o'), true, &text, NULL), 0);
	assert_true(span_is(text, "do"));
}

static void attributes_that_nobody_can_read_are_refused(void **state)
{
	(void)state;
	struct span text;
	assert_int_equal(mysql_command_query(BYTES(3, 1, 2, 'd', 'o'), true, &text, NULL), -EPROTO);                    /* two sets */
	assert_int_equal(mysql_command_query(BYTES(3, 1, 1, 0, 0, 'd', 'o'), true, &text, NULL), -EPROTO);              /* without types */
	assert_int_equal(mysql_command_query(BYTES(3, 1, 1, 0, 1, 99, 0, 0, 'd', 'o'), true, &text, NULL), -EPROTO);    /* of no type */
	assert_int_equal(mysql_command_query(BYTES(3, 1, 1, 0, 1, 253, 0, 0, 200, 'd', 'o'), true, &text, NULL), -EPROTO); /* cut */
	assert_int_equal(mysql_command_query(BYTES(3, 0xfe, 255, 255, 255, 255, 255, 255, 255, 127, 1), true, &text, NULL), -EPROTO);
}

static int run(struct span payload, const struct mysql_command_bind *bind, bool attributes, struct mysql_param_type *types, struct buf *out)
{
	struct json j;
	bool named = false;
	json_open(&j, out);
	json_arr(&j, NULL);
	int r = mysql_command_execute(payload, attributes, bind, types, &named, &j, NULL);
	json_end(&j);
	return r < 0 ? r : named;
}

static void values_of_every_kind_are_shown(void **state)
{
	(void)state;
	struct buf out;
	struct mysql_param_type types[8];
	const struct mysql_command_bind bind = { .params = 8 };
	buf_init(&out, 1024);
	assert_int_equal(run(BYTES(HEAD(0), 0x04, 1, 1, 0, 2, 0x80, 3, 0, 8, 0x80, 5, 0, 253, 0, 12, 0, 11, 0, /* the third is NULL */
		0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 3, 'a', '"', 'b',
		11, 0xea, 0x07, 11, 23, 17, 40, 5, 0x40, 0xe2, 1, 0, 8, 1, 1, 0, 0, 0, 2, 3, 4), &bind, false, types, &out), 1);
	assert_string_equal(buf_str(&out),
		"[-1,65535,null,\"9223372036854775809\",\"1.5\",\"a\\\"b\",\"2026-11-23 17:40:05.123456\",\"-26:03:04\"]");
	assert_int_equal(types[5].type, 253);
	assert_true(types[1].is_unsigned);
	buf_done(&out);
}

static void types_are_kept_from_before(void **state)
{
	(void)state;
	struct buf out;
	const struct mysql_param_type kept[] = { { .type = 3 } };
	const struct mysql_command_bind bind = { .params = 1, .types = kept };
	buf_init(&out, 256);
	assert_int_equal(run(BYTES(HEAD(0), 0, 0, 7, 0, 0, 0), &bind, false, NULL, &out), 0);
	assert_string_equal(buf_str(&out), "[7]");
	buf_done(&out);
}

static void values_without_a_type_are_refused(void **state)
{
	(void)state;
	struct buf out;
	const struct mysql_command_bind bind = { .params = 1 };
	buf_init(&out, 256);
	assert_int_equal(run(BYTES(HEAD(0), 0, 0, 7, 0, 0, 0), &bind, false, NULL, &out), -EPROTO);
	assert_int_equal(run(BYTES(HEAD(0), 0, 1, 99, 0, 7), &bind, false, NULL, &out), -EPROTO);
	buf_done(&out);
}

static void long_data_has_no_value_in_the_packet(void **state)
{
	(void)state;
	struct buf out;
	const uint8_t sent[] = { 1, 0 };
	const struct mysql_command_bind bind = { .params = 2, .sent = sent };
	buf_init(&out, 256);
	assert_int_equal(run(BYTES(HEAD(0), 0, 1, 252, 0, 1, 0, 5), &bind, false, NULL, &out), 1);
	assert_string_equal(buf_str(&out), "[\"(long data)\",5]");
	buf_done(&out);
}

static void attributes_come_behind_the_parameters(void **state)
{
	(void)state;
	struct buf out;
	const struct mysql_command_bind bind = { .params = 1 };
	buf_init(&out, 256);
	assert_int_equal(run(BYTES(HEAD(8), 2, 0, 1, 1, 0, 0, 253, 0, 1, 'k', 5, 1, 'v'), &bind, true, NULL, &out), 1);
	assert_string_equal(buf_str(&out), "[5]");
	assert_int_equal(run(BYTES(HEAD(8), 0, 0, 1), &bind, true, NULL, &out), -EPROTO); /* fewer than it has */
	buf_done(&out);
}

static void what_is_cut_is_refused_at_every_byte(void **state)
{
	(void)state;
	struct buf out;
	const struct mysql_command_bind bind = { .params = 2 };
	struct span whole = BYTES(HEAD(0), 0, 1, 3, 0, 253, 0, 1, 0, 0, 0, 2, 'a', 'b');
	buf_init(&out, 1 << 16);
	assert_int_equal(run(whole, &bind, false, NULL, &out), 1);
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(run(span_of(whole.p, n), &bind, false, NULL, &out), -EPROTO);
	buf_done(&out);
}

static void more_than_one_round_is_refused(void **state)
{
	(void)state;
	struct mysql_command_execute e;
	assert_int_equal(mysql_command_execute_head(BYTES(0x17, 9, 0, 0, 0, 0, 2, 0, 0, 0), &e, NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_all_behind_its_byte),
		cmocka_unit_test(attributes_stand_before_the_text),
		cmocka_unit_test(attributes_that_nobody_can_read_are_refused),
		cmocka_unit_test(values_of_every_kind_are_shown),
		cmocka_unit_test(types_are_kept_from_before),
		cmocka_unit_test(values_without_a_type_are_refused),
		cmocka_unit_test(long_data_has_no_value_in_the_packet),
		cmocka_unit_test(attributes_come_behind_the_parameters),
		cmocka_unit_test(what_is_cut_is_refused_at_every_byte),
		cmocka_unit_test(more_than_one_round_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
