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

/* length | type | what the name says; the file is /x, its handle H */
#define OPEN_X(flags) UP("\0\0\0\x13\3\0\0\0\1" "\0\0\0\2/x" "\0\0\0" flags "\0\0\0\0")
#define HANDLE DOWN("\0\0\0\xa\x66\0\0\0\1" "\0\0\0\1H")
#define WRITE_3(id, at, text) UP("\0\0\0\x19\6\0\0\0" id "\0\0\0\1H" "\0\0\0\0\0\0\0" at "\0\0\0\3" text)
#define READ_3(id, at) UP("\0\0\0\x16\5\0\0\0" id "\0\0\0\1H" "\0\0\0\0\0\0\0" at "\0\0\0\3")
#define DATA_3(id, text) DOWN("\0\0\0\xc\x67\0\0\0" id "\0\0\0\3" text)
#define STATUS(id, code) DOWN("\0\0\0\x11\x65\0\0\0" id "\0\0\0" code "\0\0\0\0" "\0\0\0\0")
#define CLOSE(id) UP("\0\0\0\xa\4\0\0\0" id "\0\0\0\1H"), STATUS(id, "\0")

static void begin(bool up, bool down, uint64_t most)
{
	talk_begin(&t, (struct xfer_config){ .protocol = WIRE_FILE_SFTP, .upload = true, .download = true,
		.keep = { [XFER_UP] = up, [XFER_DOWN] = down }, .keep_max = most }, "");
	UP("\0\0\0\5\1\0\0\0\3");
	DOWN("\0\0\0\5\2\0\0\0\3");
}

static void is_told(const char *told)
{
	assert_null(t.lost);
	assert_string_equal(t.told, told);
	talk_end(&t);
}

static void contents_come_before_the_end_of_their_file(void **state)
{
	(void)state;
	begin(true, true, 100);
	OPEN_X("\x1a");
	HANDLE;
	WRITE_3("\2", "\0", "abc");
	STATUS("\2", "\0");
	CLOSE("\3");
	is_told("1 upload begun /x\n1: abc at 0\n1 upload complete /x 3@0 kept #ba78\n");
}

static void a_file_opened_both_ways_is_begun_before_its_contents(void **state)
{
	(void)state;
	begin(true, true, 100);
	OPEN_X("\3");
	HANDLE;
	READ_3("\2", "\0");
	DATA_3("\2", "abc");
	CLOSE("\3");
	is_told("1 download begun /x\n1: abc at 0\n1 download partial /x 3@0 kept #ba78\n");
}

static void each_piece_has_its_place_whatever_the_order(void **state)
{
	(void)state;
	begin(true, false, 100);
	t.piece = 2;
	OPEN_X("\x1a");
	HANDLE;
	WRITE_3("\2", "\3", "def");
	WRITE_3("\3", "\0", "abc");
	STATUS("\2", "\0");
	STATUS("\3", "\0");
	CLOSE("\4");
	is_told("1 upload begun /x\n1: de at 3\n1: f at 5\n1: ab at 0\n1: c at 2\n1 upload complete /x 6@0 kept #bef5\n");
}

static void what_is_appended_lies_one_behind_the_other(void **state)
{
	(void)state;
	begin(true, false, 100);
	OPEN_X("\x0e");
	HANDLE;
	WRITE_3("\2", "\0", "abc");
	WRITE_3("\3", "\0", "def");
	STATUS("\2", "\0");
	STATUS("\3", "\0");
	CLOSE("\4");
	is_told("1 upload begun /x\n1: abc at 0\n1: def at 3\n1 upload complete /x 6@0 kept #bef5\n");
}

static void nothing_is_kept_that_was_not_asked_for(void **state)
{
	(void)state;
	begin(false, true, 100);
	OPEN_X("\x1a");
	HANDLE;
	WRITE_3("\2", "\0", "abc");
	STATUS("\2", "\0");
	CLOSE("\3");
	is_told("1 upload begun /x\n1 upload complete /x 3@0 #ba78\n");
}

static void a_file_over_the_limit_is_not_kept_from_there_on(void **state)
{
	(void)state;
	begin(true, false, 5);
	OPEN_X("\x1a");
	HANDLE;
	WRITE_3("\2", "\0", "abc");
	WRITE_3("\3", "\3", "def");
	STATUS("\2", "\0");
	STATUS("\3", "\0");
	CLOSE("\4");
	is_told("1 upload begun /x\n1: abc at 0\n1 upload complete /x 6@0 #bef5\n");
}

static void an_offset_that_no_file_has_is_not_kept(void **state)
{
	(void)state;
	begin(true, false, 100);
	OPEN_X("\x1a");
	HANDLE;
	UP("\0\0\0\x19\6\0\0\0\2" "\0\0\0\1H" "\x7f\xff\xff\xff\xff\xff\xff\xfe" "\0\0\0\3" "abc");
	STATUS("\2", "\0");
	CLOSE("\3");
	assert_null(strstr(t.told, "1: "));
	assert_null(strstr(t.told, "kept"));
	talk_end(&t);
}

static void what_the_target_copies_itself_was_not_kept(void **state)
{
	(void)state;
	begin(true, false, 100);
	OPEN_X("\x1a");
	HANDLE;
	/* copy-data of 8 bytes from H to H */
	UP("\0\0\0\x34\xc8\0\0\0\2" "\0\0\0\x9" "copy-data" "\0\0\0\1H" "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\x8" "\0\0\0\1H"
	   "\0\0\0\0\0\0\0\x8");
	STATUS("\2", "\0");
	CLOSE("\3");
	assert_null(t.lost);
	assert_non_null(strstr(t.told, "1 upload complete /x\n"));
	talk_end(&t);
}

static void scp_is_kept_in_both_directions(void **state)
{
	struct xfer_config both = { .protocol = WIRE_FILE_SCP, .upload = true, .download = true, .keep = { true, true }, .keep_max = 3 };
	(void)state;
	talk_begin(&t, both, "scp -t /x");
	t.piece = 2;
	DOWN("\0");
	UP("C0644 3 a\n");
	DOWN("\0");
	UP("abc\0");
	DOWN("\0");
	is_told("1 upload begun /x\n1: ab at 0\n1: c at 2\n1 upload complete /x 3@0 kept #ba78\n");
	talk_begin(&t, both, "scp -f /y");
	UP("\0");
	DOWN("C0644 3 y\n");
	UP("\0");
	DOWN("abc\0");
	UP("\0");
	is_told("1 download begun /y\n1: abc at 0\n1 download complete /y 3@0 kept #ba78\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_come_before_the_end_of_their_file),
		cmocka_unit_test(a_file_opened_both_ways_is_begun_before_its_contents),
		cmocka_unit_test(each_piece_has_its_place_whatever_the_order),
		cmocka_unit_test(what_is_appended_lies_one_behind_the_other),
		cmocka_unit_test(nothing_is_kept_that_was_not_asked_for),
		cmocka_unit_test(a_file_over_the_limit_is_not_kept_from_there_on),
		cmocka_unit_test(an_offset_that_no_file_has_is_not_kept),
		cmocka_unit_test(what_the_target_copies_itself_was_not_kept),
		cmocka_unit_test(scp_is_kept_in_both_directions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
