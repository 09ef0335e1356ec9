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

static void begin(const char *command)
{
	talk_begin(&t, (struct xfer_config){ .protocol = WIRE_FILE_SCP, .upload = true, .download = true }, command);
}

static void a_file_goes_up(void **state)
{
	(void)state;
	begin("scp -t /tmp/x");
	DOWN("\0");
	UP("C0644 3 abc.txt\n");
	assert_string_equal(t.told, "");
	DOWN("\0");
	assert_string_equal(t.told, "1 upload begun /tmp/x\n");
	UP("ab");
	UP("c\0");
	DOWN("\0");
	assert_string_equal(t.told, "1 upload begun /tmp/x\n1 upload complete /tmp/x 3@0 #ba78\n");
	assert_null(t.lost);
	assert_int_equal(t.passed[XFER_UP].len, 16 + 4);
	assert_int_equal(t.recorded, 16 + 1 + 3); /* all but the data */
	talk_end(&t);
}

static void a_tree_comes_down(void **state)
{
	(void)state;
	begin("scp -r -p -f /srv/www");
	UP("\0");
	DOWN("T1700000000 0 1700000000 0\n");
	UP("\0");
	DOWN("D0755 0 www\n");
	UP("\0");
	DOWN("C0644 0 empty\n");
	UP("\0");
	DOWN("\0");
	UP("\0");
	DOWN("D0755 0 \xe4\xb8\xad\n");
	UP("\0");
	DOWN("C0644 3 a\n");
	UP("\0");
	DOWN("abc\0");
	UP("\0");
	DOWN("E\n");
	UP("\0");
	DOWN("C0644 1 b\n");
	UP("\0");
	DOWN("x\0");
	UP("\0");
	DOWN("E\n");
	UP("\0");
	assert_null(t.lost);
	assert_string_equal(t.told,
		"1 download begun /srv/www/empty\n1 download complete /srv/www/empty #e3b0\n"
		"2 download begun /srv/www/\xe4\xb8\xad/a\n2 download complete /srv/www/\xe4\xb8\xad/a 3@0 #ba78\n"
		"3 download begun /srv/www/b\n3 download complete /srv/www/b 1@0 #2d71\n");
	talk_end(&t);
}

static void a_sender_that_does_not_wait_is_held_until_the_answer(void **state)
{
	(void)state;
	begin("scp -t x");
	UP("C0644 3 a\nabc\0");
	assert_int_equal(t.passed[XFER_UP].len, 0);
	DOWN("\0");
	assert_int_equal(t.passed[XFER_UP].len, 10);
	DOWN("\0");
	assert_int_equal(t.passed[XFER_UP].len, 14);
	DOWN("\0");
	assert_non_null(strstr(t.told, "complete x 3@0 #ba78"));
	talk_end(&t);
}

static void a_file_that_the_receiver_refuses_has_no_data(void **state)
{
	(void)state;
	begin("scp -t /x/");
	DOWN("\0");
	UP("C0644 3 a\n");
	DOWN("\1scp: /x/a: Permission denied\n");
	UP("C0644 1 b\n");
	DOWN("\0");
	UP("x\0");
	DOWN("\0");
	assert_string_equal(t.told, "1 upload failed /x/a\n2 upload begun /x/b\n2 upload complete /x/b 1@0 #2d71\n");
	talk_end(&t);
}

static void an_error_at_the_end_makes_it_partial(void **state)
{
	(void)state;
	begin("scp -t /x");
	DOWN("\0");
	UP("C0644 1 a\n");
	DOWN("\0");
	UP("x\1read error\n");
	DOWN("\0");
	assert_non_null(strstr(t.told, "1 upload partial /x 1@0"));
	talk_end(&t);
}

static void what_is_cut_is_partial_with_what_passed(void **state)
{
	(void)state;
	begin("scp -t /x");
	DOWN("\0");
	UP("C0644 10 a\n");
	DOWN("\0");
	UP("abc");
	xfer_end(t.x, "gone");
	assert_non_null(strstr(t.told, "1 upload partial /x 3@0 #ba78\n"));
	talk_end(&t);
}

static void what_is_no_scp_is_lost(void **state)
{
	static const struct {
		enum xfer_side side;
		const char *text;
	} bad[] = { { XFER_UP, "ls -l\n" }, { XFER_UP, "C0644 x a\n" }, { XFER_UP, "C0644 1 ../a\n" }, { XFER_UP, "C0644 1 ..\n" },
		{ XFER_UP, "C0644 1 \n" }, { XFER_UP, "E\n" }, { XFER_UP, "C0999 1 a\n" }, { XFER_UP, "C0644 99999999999999999999 a\n" },
		{ XFER_UP, "Tnow\n" }, { XFER_UP, "D0755 0 a/b\n" }, { XFER_DOWN, "root:x:0:0" }, { XFER_UP, "C0644\n" } };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin("scp -t /x");
		DOWN("\0");
		talk_say(&t, bad[i].side, bad[i].text, strlen(bad[i].text));
		assert_non_null(t.lost);
		assert_int_equal(t.passed[bad[i].side].len, bad[i].side == XFER_DOWN);
		assert_string_equal(t.told, "1 unreadable failed \n");
		talk_end(&t);
	}
}

static void a_line_without_an_end_is_lost(void **state)
{
	(void)state;
	begin("scp -t /x");
	DOWN("\0");
	for (int i = 0; i < 9000 && !t.lost; i++)
		UP("C");
	assert_non_null(t.lost);
	talk_end(&t);
}

static void the_receiver_may_not_send_a_file(void **state)
{
	(void)state;
	begin("scp -f /x");
	UP("\0");
	UP("C0644 3 a\nabc\0");
	assert_non_null(t.lost);
	assert_int_equal(t.passed[XFER_UP].len, 1);
	talk_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_goes_up),
		cmocka_unit_test(a_tree_comes_down),
		cmocka_unit_test(a_sender_that_does_not_wait_is_held_until_the_answer),
		cmocka_unit_test(a_file_that_the_receiver_refuses_has_no_data),
		cmocka_unit_test(an_error_at_the_end_makes_it_partial),
		cmocka_unit_test(what_is_cut_is_partial_with_what_passed),
		cmocka_unit_test(what_is_no_scp_is_lost),
		cmocka_unit_test(a_line_without_an_end_is_lost),
		cmocka_unit_test(the_receiver_may_not_send_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
