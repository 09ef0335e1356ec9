#include "tests/unit/notify/note.h"

static void what_a_server_says_is_kept_without_what_moves_or_hides(void **state)
{
	struct notify_job j;
	char lots[3000];
	(void)state;
	note_init(&j, "test", "en");
	notify_job_say(&j, NOTIFY_SENT, span_str("250 ok\r\n"));
	assert_string_equal(j.said, "250 ok");
	assert_int_equal(j.result, NOTIFY_SENT);
	notify_job_say(&j, NOTIFY_DEAD, span_of("a\0b\xff\xe2\x80\xae" "c甲", 11));
	assert_string_equal(j.said, "a b  c甲");
	memset(lots, 'x', sizeof lots);
	notify_job_say(&j, NOTIFY_FAILED, span_of(lots, sizeof lots));
	assert_true(strlen(j.said) < NOTIFY_SAID);
	notify_job_say(&j, NOTIFY_FAILED, (struct span){ 0 });
	assert_string_equal(j.said, "");
}

static void kinds_are_told_apart(void **state)
{
	struct notify_job j;
	(void)state;
	note_init(&j, "test", "en");
	note_set(&j, NOTIFY_VIA, "mail");
	assert_true(notify_job_is_mail(&j) && !notify_job_is_robot(&j));
	note_set(&j, NOTIFY_VIA, "dingtalk");
	assert_true(!notify_job_is_mail(&j) && notify_job_is_robot(&j));
	note_set(&j, NOTIFY_VIA, "webhook");
	assert_false(notify_job_is_mail(&j) || notify_job_is_robot(&j));
}

int main(void)
{
	const struct CMUnitTest cases[] = { CASE(what_a_server_says_is_kept_without_what_moves_or_hides), CASE(kinds_are_told_apart) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
