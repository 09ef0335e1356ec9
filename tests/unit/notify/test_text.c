#include "tests/unit/notify/note.h"
#include "gateway/core/scope.h"
#include "notify/text.h"

static void expect(const struct notify_job *j, const char *subject, const char *text)
{
	struct buf s, t;
	notify_text_put(j, &s, &t);
	assert_string_equal(buf_str(&s), subject);
	if (text)
		assert_string_equal(buf_str(&t), text);
	buf_done(&s);
	buf_done(&t);
}

static void each_event_is_told_in_both_languages(void **state)
{
	static const struct {
		const char *kind, *extends, *en, *zh;
	} table[] = {
		{ "request.asked", "", "Request 12: alice asks for access to web01", "申请 12：alice 申请访问 web01" },
		{ "request.asked", "7", "Request 12: alice asks for more time on web01", "申请 12：alice 申请延长对 web01 的访问" },
		{ "request.nobody", "", "Request 12: nobody may approve it (alice, web01)", "申请 12：无人有权审批（alice，web01）" },
		{ "request.approved", "", "Request 12 was approved: web01", "申请 12 已批准：web01" },
		{ "request.refused", "", "Request 12 was refused: web01", "申请 12 被拒绝：web01" },
		{ "request.ending", "", "Access to web01 ends at noon", "对 web01 的访问将于 noon 到期" },
		{ "request.ended", "", "Access to web01 has ended", "对 web01 的访问已结束" },
		{ "sql.asked", "", "SQL request 12: alice asks to run SQL on web01", "SQL 申请 12：alice 申请在 web01 上执行 SQL" },
		{ "sql.nobody", "", "SQL request 12: nobody may approve it (alice, web01)", "SQL 申请 12：无人有权审批（alice，web01）" },
		{ "sql.approved", "", "SQL request 12 was approved: web01", "SQL 申请 12 已批准：web01" },
		{ "sql.refused", "", "SQL request 12 was refused: web01", "SQL 申请 12 被拒绝：web01" },
		{ "sql.ended", "", "SQL request 12 on web01: space.low", "SQL 申请 12（web01）：space.low" },
		{ "session.ended", "", "bob ended your session on web01", "bob 结束了您在 web01 上的会话" },
		{ "alert", "", "Yanmen alert: space.low", "雁门告警：space.low" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		for (int zh = 0; zh < 2; zh++) {
			struct notify_job j;
			note_init(&j, table[i].kind, zh ? "zh" : "en");
			note_set(&j, NOTIFY_NUMBER, "12");
			note_set(&j, NOTIFY_WHO, "alice");
			note_set(&j, NOTIFY_TARGETS, "web01");
			note_set(&j, NOTIFY_UNTIL, "noon");
			note_set(&j, NOTIFY_BY, "bob");
			note_set(&j, NOTIFY_WHAT, "space.low");
			note_set(&j, NOTIFY_EXTENDS, table[i].extends);
			expect(&j, zh ? table[i].zh : table[i].en, NULL);
		}
}

static void facts_follow_and_the_link_is_last(void **state)
{
	struct notify_job j;
	(void)state;
	note_init(&j, "request.refused", "en");
	note_set(&j, NOTIFY_NUMBER, "12");
	note_set(&j, NOTIFY_TARGETS, "web01");
	note_set(&j, NOTIFY_REASON, "line 1\nline 2");
	note_set(&j, NOTIFY_ANSWER, "no\x1b[31m");
	note_set(&j, NOTIFY_LINK, "https://y/requests");
	expect(&j, "Request 12 was refused: web01",
		"Request 12 was refused: web01\n\nTargets: web01\nReason: line 1\nline 2\nAnswer: no [31m\n\nhttps://y/requests\n");
}

static void a_subject_is_one_line_and_has_an_end(void **state)
{
	struct notify_job j;
	char targets[2000];
	struct buf s, t;
	(void)state;
	memset(targets, 'x', sizeof targets - 1);
	targets[sizeof targets - 1] = '\0';
	note_init(&j, "request.ended", "en");
	note_set(&j, NOTIFY_TARGETS, "a\r\nBcc: b");
	expect(&j, "Access to a  Bcc: b has ended", NULL);
	note_set(&j, NOTIFY_TARGETS, targets);
	notify_text_put(&j, &s, &t);
	assert_int_equal(s.len, NOTIFY_TEXT_SUBJECT);
	assert_false(s.failed || t.failed);
	buf_done(&s);
	buf_done(&t);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(each_event_is_told_in_both_languages), CASE(facts_follow_and_the_link_is_last), CASE(a_subject_is_one_line_and_has_an_end),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
