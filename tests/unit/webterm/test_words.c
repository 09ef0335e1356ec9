#include "webterm/words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const char answer[] = "{\"rows\":[{\"name\":\"banner.text\",\"about\":\"shown before every SSH login\"},"
	"{\"name\":\"x\",\"about\":\"what a person wrote\"},{\"name\":\"y\",\"about\":null},{\"name\":\"z\"}],\"total\":4}";

static void our_own_sentence_is_turned_and_a_persons_is_not(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4096);
	web_words_turn(span_str(answer), true, &b);
	assert_string_equal(buf_str(&b), "{\"rows\":[{\"name\":\"banner.text\",\"about\":\"每次 SSH 登录前显示的文字\"},"
		"{\"name\":\"x\",\"about\":\"what a person wrote\"},{\"name\":\"y\",\"about\":null},{\"name\":\"z\"}],\"total\":4}");
	buf_done(&b);
}

static void an_answer_in_english_goes_as_it_came(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4096);
	web_words_turn(span_str(answer), false, &b);
	web_words_turn(span_str("{\"rows\":[{\"name\":\"x\",\"about\":\"what a person wrote\"}]}"), true, &b);
	web_words_turn(span_str("{\"rows\":[{\"name\":\"x\"}]}"), true, &b);
	assert_int_equal(buf_span(&b).n, 0);
	buf_done(&b);
}

static void what_is_no_list_is_left_alone(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4096);
	static const char *const odd[] = { "", "\"about\"", "{\"about\":", "{\"rows\":\"about\"}", "{\"rows\":[\"about\",7,null]}", "{\"rows\":{\"about\":1}}" };
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		web_words_turn(span_str(odd[i]), true, &b);
	assert_int_equal(buf_span(&b).n, 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_sentence_is_turned_and_a_persons_is_not),
		cmocka_unit_test(an_answer_in_english_goes_as_it_came),
		cmocka_unit_test(what_is_no_list_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
