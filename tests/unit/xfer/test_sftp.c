#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the standard headers */
#include <cmocka.h>
/* after cmocka */
#include "tests/unit/xfer/talk.h"

static struct talk t;
#define UP(text) talk_say(&t, XFER_UP, text, sizeof text - 1)
#define DOWN(text) talk_say(&t, XFER_DOWN, text, sizeof text - 1)

/* length | type | what the name says */
#define INIT UP("\0\0\0\5\1\0\0\0\3")
#define VERSION DOWN("\0\0\0\5\2\0\0\0\3")
#define OPEN_X(flags) UP("\0\0\0\x13\3\0\0\0\1" "\0\0\0\2/x" "\0\0\0" flags "\0\0\0\0")
#define STATUS(id, code) DOWN("\0\0\0\x11\x65\0\0\0" id "\0\0\0" code "\0\0\0\0" "\0\0\0\0")
#define CLOSE_H(id) UP("\0\0\0\xa\4\0\0\0" id "\0\0\0\1H")
#define WRITE_ABC UP("\0\0\0\x19\6\0\0\0\2" "\0\0\0\1H" "\0\0\0\0\0\0\0\0" "\0\0\0\3" "abc")
#define READ_3 UP("\0\0\0\x16\5\0\0\0\2" "\0\0\0\1H" "\0\0\0\0\0\0\0\0" "\0\0\0\3")
#define DATA_ABC DOWN("\0\0\0\xc\x67\0\0\0\2" "\0\0\0\3" "abc")

static void handle(void)
{
	DOWN("\0\0\0\xa\x66\0\0\0\1" "\0\0\0\1H");
}

static void begin(bool upload, bool download)
{
	talk_begin(&t, (struct xfer_config){ .protocol = WIRE_FILE_SFTP, .upload = upload, .download = download }, "");
	INIT;
	VERSION;
	assert_null(t.lost);
}

static void a_file_goes_up(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\x1a");
	assert_string_equal(t.told, "");
	handle();
	assert_string_equal(t.told, "1 upload begun /x\n");
	size_t recorded = t.recorded;
	WRITE_ABC;
	STATUS("\2", "\0");
	assert_int_equal(t.recorded, recorded); /* neither the write nor its good answer */
	CLOSE_H("\3");
	STATUS("\3", "\0");
	assert_string_equal(t.told, "1 upload begun /x\n1 upload complete /x 3@0 #ba78\n");
	assert_null(t.lost);
	assert_int_equal(t.waits[XFER_UP].len + t.waits[XFER_DOWN].len, 0);
	talk_end(&t);
}

static void bytes_one_by_one_are_read_the_same(void **state)
{
	static const char up[] = "\0\0\0\x13\3\0\0\0\1" "\0\0\0\2/x" "\0\0\0\x1a" "\0\0\0\0"
				 "\0\0\0\x19\6\0\0\0\2" "\0\0\0\1H" "\0\0\0\0\0\0\0\0" "\0\0\0\3" "abc" "\0\0\0\xa\4\0\0\0\3" "\0\0\0\1H";
	static const char down[] = "\0\0\0\xa\x66\0\0\0\1" "\0\0\0\1H" "\0\0\0\x11\x65\0\0\0\2" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0"
				   "\0\0\0\x11\x65\0\0\0\3" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0";
	(void)state;
	begin(true, true);
	for (size_t i = 0; i < 23; i++)
		talk_say(&t, XFER_UP, up + i, 1);
	for (size_t i = 0; i < 14; i++)
		talk_say(&t, XFER_DOWN, down + i, 1);
	for (size_t i = 23; i < sizeof up - 1; i++)
		talk_say(&t, XFER_UP, up + i, 1);
	for (size_t i = 14; i < sizeof down - 1; i++)
		talk_say(&t, XFER_DOWN, down + i, 1);
	assert_null(t.lost);
	assert_string_equal(t.told, "1 upload begun /x\n1 upload complete /x 3@0 #ba78\n");
	assert_int_equal(t.passed[XFER_UP].len, 9 + sizeof up - 1);
	assert_memory_equal(t.passed[XFER_UP].data + 9, up, sizeof up - 1);
	assert_memory_equal(t.passed[XFER_DOWN].data + 9, down, sizeof down - 1);
	talk_end(&t);
}

static void a_file_comes_down_to_its_end(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	handle();
	READ_3;
	DATA_ABC;
	UP("\0\0\0\x16\5\0\0\0\3" "\0\0\0\1H" "\0\0\0\0\0\0\0\3" "\0\0\0\3");
	STATUS("\3", "\1");
	CLOSE_H("\4");
	STATUS("\4", "\0");
	assert_string_equal(t.told, "1 download begun /x\n1 download complete /x 3@0 #ba78\n");
	talk_end(&t);
}

static void a_download_closed_before_its_end_is_partial(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	handle();
	READ_3;
	DATA_ABC;
	CLOSE_H("\4");
	STATUS("\4", "\0");
	assert_non_null(strstr(t.told, "1 download partial /x 3@0 #ba78\n"));
	talk_end(&t);
}

static void a_file_is_told_when_the_answer_to_its_close_and_all_before_it_are_there(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	handle();
	READ_3;
	CLOSE_H("\4");
	STATUS("\4", "\0");
	assert_null(strstr(t.told, "partial"));
	DATA_ABC;
	assert_non_null(strstr(t.told, "1 download partial /x 3@0 #ba78\n"));
	assert_null(t.lost);
	talk_end(&t);
}

static void a_write_that_the_target_refuses_makes_it_partial(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\x1a");
	handle();
	WRITE_ABC;
	STATUS("\2", "\4");
	CLOSE_H("\3");
	STATUS("\3", "\0");
	assert_non_null(strstr(t.told, "1 upload partial /x 3@0"));
	talk_end(&t);
}

static void an_open_that_the_target_refuses_is_no_file(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	STATUS("\1", "\2");
	assert_string_equal(t.told, "");
	talk_end(&t);
}

static void changes_are_told_with_how_they_went(void **state)
{
	(void)state;
	begin(true, true);
	UP("\0\0\0\x11\x12\0\0\0\1" "\0\0\0\2/a" "\0\0\0\2/b");
	UP("\0\0\0\xb\xd\0\0\0\2" "\0\0\0\2/c");
	STATUS("\2", "\2");
	STATUS("\1", "\0");
	UP("\0\0\0\x2d\xc8\0\0\0\3" "\0\0\0\x18posix-rename@openssh.com" "\0\0\0\2/d" "\0\0\0\2/e");
	STATUS("\3", "\0");
	assert_string_equal(t.told, "1 remove failed /c\n2 rename complete /a -> /b\n3 rename complete /d -> /e\n");
	talk_end(&t);
}

static void a_refused_upload_is_answered_and_does_not_pass(void **state)
{
	(void)state;
	begin(false, true);
	size_t passed = t.passed[XFER_UP].len;
	OPEN_X("\x1a");
	assert_int_equal(t.passed[XFER_UP].len, passed);
	assert_int_equal(t.dropped, 23);
	assert_string_equal(t.told, "1 upload refused /x\n");
	struct span answer = xfer_answer(t.x);
	assert_true(answer.n > 21);
	assert_memory_equal(answer.p + 4, "\x65\0\0\0\1\0\0\0\3", 9);
	xfer_answered(t.x);
	assert_int_equal(xfer_answer(t.x).n, 0);
	OPEN_X("\1");
	handle();
	assert_non_null(strstr(t.told, "2 download begun /x\n"));
	talk_end(&t);
}

static void a_write_without_the_right_is_dropped_to_its_last_byte(void **state)
{
	(void)state;
	begin(false, true);
	OPEN_X("\1");
	handle();
	size_t passed = t.passed[XFER_UP].len;
	WRITE_ABC;
	assert_int_equal(t.dropped, 29);
	assert_int_equal(t.passed[XFER_UP].len, passed);
	assert_memory_equal(xfer_answer(t.x).p + 4, "\x65\0\0\0\2\0\0\0\3", 9);
	talk_end(&t);
}

static void an_answer_of_ours_waits_for_the_end_of_a_packet(void **state)
{
	(void)state;
	begin(true, false);
	UP("\0\0\0\xb\xb\0\0\0\7" "\0\0\0\2/d"); /* opendir */
	DOWN("\0\0\0\x21\x68\0\0\0\7" "\0\0\0\1" "half"); /* a name packet, not whole */
	OPEN_X("\1");
	assert_int_equal(xfer_answer(t.x).n, 0);
	DOWN("the other half of it");
	assert_int_equal(t.waits[XFER_DOWN].len, 0);
	assert_true(xfer_answer(t.x).n > 0);
	talk_end(&t);
}

static void a_file_for_both_needs_both_rights(void **state)
{
	(void)state;
	begin(true, false);
	OPEN_X("\3");
	assert_non_null(strstr(t.told, "refused"));
	talk_end(&t);
	begin(false, true);
	OPEN_X("\3");
	assert_non_null(strstr(t.told, "refused"));
	talk_end(&t);
}

static void unknown_extensions_pass_only_without_rules(void **state)
{
	(void)state;
	begin(true, true);
	UP("\0\0\0\xa\xc8\0\0\0\1" "\0\0\0\1?");
	DOWN("\0\0\0\x9\xc9\0\0\0\1" "blob");
	assert_null(t.lost);
	assert_int_equal(t.dropped, 0);
	talk_end(&t);
	begin(true, false);
	UP("\0\0\0\xa\xc8\0\0\0\1" "\0\0\0\1?");
	assert_int_equal(t.dropped, 14);
	assert_memory_equal(xfer_answer(t.x).p + 4, "\x65\0\0\0\1\0\0\0\x8", 9);
	talk_end(&t);
}

static void a_later_version_is_offered_as_the_third(void **state)
{
	(void)state;
	talk_begin(&t, (struct xfer_config){ .protocol = WIRE_FILE_SFTP, .upload = true, .download = true }, "");
	UP("\0\0\0\5\1\0\0\0\6");
	assert_memory_equal(t.passed[XFER_UP].data, "\0\0\0\5\1\0\0\0\3", 9);
	DOWN("\0\0\0\5\2\0\0\0\6");
	assert_non_null(t.lost);
	talk_end(&t);
}

static void what_is_no_sftp_is_lost(void **state)
{
	static const struct {
		enum xfer_side side;
		char text[32];
		size_t n;
	} bad[] = {
		{ XFER_UP, "\0\0\0\5\1\0\0\0\3", 9 },                        /* a second greeting */
		{ XFER_UP, "\0\0\0\0\0\0\0\0\0", 9 },                        /* length 0 */
		{ XFER_UP, "\x7f\0\0\0\3\0\0\0\1", 9 },                      /* length beyond all */
		{ XFER_UP, "\0\0\0\x9\x16\0\0\0\1" "\0\0\0\0", 13 },           /* version 6's block */
		{ XFER_UP, "\0\0\0\xa\6\0\0\0\1" "\0\0\0\1?", 14 },            /* a write that is cut */
		{ XFER_UP, "\0\0\0\x16\5\0\0\0\2\0\0\0\1?12345678abcd", 26 }, /* a read of no open file */
		{ XFER_DOWN, "\0\0\0\x9\x65\0\0\0\1" "\0\0\0\0", 13 },         /* a status to no request */
		{ XFER_DOWN, "hello world", 11 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin(true, true);
		talk_say(&t, bad[i].side, bad[i].text, bad[i].n);
		if (!t.lost)
			talk_say(&t, bad[i].side, "\0\0\0\0\0\0\0\0", 8);
		assert_non_null(t.lost);
		assert_non_null(strstr(t.told, "unreadable failed"));
		talk_end(&t);
	}
}

static void the_same_number_twice_in_flight_is_lost(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	OPEN_X("\1");
	assert_non_null(t.lost);
	talk_end(&t);
}

static void more_data_than_was_asked_for_is_lost(void **state)
{
	(void)state;
	begin(true, true);
	OPEN_X("\1");
	handle();
	READ_3;
	DOWN("\0\0\0\xd\x67\0\0\0\2" "\0\0\0\4" "abcd");
	assert_non_null(t.lost);
	assert_non_null(strstr(t.told, "1 download partial /x"));
	talk_end(&t);
}

static void requests_beyond_the_bound_wait_for_answers(void **state)
{
	(void)state;
	begin(true, true);
	for (uint32_t id = 1; id <= XFER_REQUESTS + 1; id++) {
		const uint8_t q[] = { 0, 0, 0, 11, 17, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id, 0, 0,
			0, 2, '/', 'x' };
		talk_say(&t, XFER_UP, q, sizeof q);
	}
	assert_null(t.lost);
	assert_int_equal(t.waits[XFER_UP].len, 15);
	STATUS("\1", "\2");
	assert_int_equal(t.waits[XFER_UP].len, 0);
	talk_end(&t);
}

static void more_files_than_the_bound_are_lost(void **state)
{
	(void)state;
	begin(true, true);
	for (unsigned i = 0; i <= XFER_FILES && !t.lost; i++) {
		const uint8_t h[] = { 0, 0, 0, 11, 0x66, 0, 0, 0, 1, 0, 0, 0, 2, (uint8_t)(i >> 8), (uint8_t)i };
		OPEN_X("\1");
		talk_say(&t, XFER_DOWN, h, sizeof h);
		assert_int_equal(t.lost != NULL, i == XFER_FILES);
	}
	assert_non_null(t.lost);
	talk_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_goes_up),
		cmocka_unit_test(bytes_one_by_one_are_read_the_same),
		cmocka_unit_test(a_file_comes_down_to_its_end),
		cmocka_unit_test(a_download_closed_before_its_end_is_partial),
		cmocka_unit_test(a_file_is_told_when_the_answer_to_its_close_and_all_before_it_are_there),
		cmocka_unit_test(a_write_that_the_target_refuses_makes_it_partial),
		cmocka_unit_test(an_open_that_the_target_refuses_is_no_file),
		cmocka_unit_test(changes_are_told_with_how_they_went),
		cmocka_unit_test(a_refused_upload_is_answered_and_does_not_pass),
		cmocka_unit_test(a_write_without_the_right_is_dropped_to_its_last_byte),
		cmocka_unit_test(an_answer_of_ours_waits_for_the_end_of_a_packet),
		cmocka_unit_test(a_file_for_both_needs_both_rights),
		cmocka_unit_test(unknown_extensions_pass_only_without_rules),
		cmocka_unit_test(a_later_version_is_offered_as_the_third),
		cmocka_unit_test(what_is_no_sftp_is_lost),
		cmocka_unit_test(the_same_number_twice_in_flight_is_lost),
		cmocka_unit_test(more_data_than_was_asked_for_is_lost),
		cmocka_unit_test(requests_beyond_the_bound_wait_for_answers),
		cmocka_unit_test(more_files_than_the_bound_are_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
