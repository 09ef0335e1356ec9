#include "tests/unit/core/unit.h"
#include "webterm/term/say.h"

static void each_text_is_there_in_both_languages(void **state)
{
	(void)state;
	for (int i = 0; i < WEB_TERM_SAYS; i++)
		for (int zh = 0; zh < 2; zh++)
			assert_true(web_term_say(zh, (enum web_term_say)i) && *web_term_say(zh, (enum web_term_say)i));
}

static void words(const char *tail, const char *want)
{
	struct span s = web_term_say_worker(span_str(tail));
	assert_true(span_is(s, want));
}

static void the_workers_words_are_those_of_the_last_line(void **state)
{
	(void)state;
	words("$ \r\n*** Yanmen: session ended: too late ***\r\n", "too late");
	words("\r\n*** 雁门：会话已结束：超时 ***\r\n", "超时");
	words("*** Yanmen: no such target ***\n", "no such target");
	words("*** Yanmen: x ***\r\n$ ", "");
	words("*** input locked ***\r\n", "");
	words("*** Yanmen: cut", "");
	words("***", "");
	words("", "");
}

static void a_line_in_two_languages_is_halved(void **state)
{
	(void)state;
	struct span both = span_str("no upload. / 不允许上传。");
	assert_true(span_is(web_term_say_half(both, false), "no upload."));
	assert_true(span_is(web_term_say_half(both, true), "不允许上传。"));
	assert_true(span_is(web_term_say_half(span_str("one"), true), "one"));
	assert_int_equal(web_term_say_half((struct span){ 0 }, true).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(each_text_is_there_in_both_languages), CASE(the_workers_words_are_those_of_the_last_line),
		CASE(a_line_in_two_languages_is_halved) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
