#include "gateway/ssh/say.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static void every_text_is_there_in_both_languages_with_the_same_hole(void **state)
{
	(void)state;
	for (int i = 0; i < GW_SSH_SAYS; i++) {
		const char *en = gw_ssh_say(GW_SSH_EN, (enum gw_ssh_say)i),
			   *zh = gw_ssh_say(GW_SSH_ZH, (enum gw_ssh_say)i);
		assert_non_null(en);
		assert_non_null(zh);
		assert_int_equal(strstr(en, "{}") != NULL, strstr(zh, "{}") != NULL);
		assert_null(strpbrk(en, "\r\n"));
		assert_null(strpbrk(zh, "\r\n"));
	}
}

static void an_argument_brings_no_control_character_and_no_end(void **state)
{
	(void)state;
	char arg[2000];
	struct buf out;
	buf_init(&out, 4096);
	gw_ssh_say_put(&out, GW_SSH_EN, GW_SSH_SAY_REFUSED, "a\033[2J\r\nb\xff\xe2\x80\xae");
	assert_string_equal(buf_str(&out), "*** Yanmen: a?[2J??b?? ***");
	buf_clear(&out);
	memset(arg, 'x', sizeof arg - 1);
	arg[sizeof arg - 1] = '\0';
	gw_ssh_say_put(&out, GW_SSH_EN, GW_SSH_SAY_REFUSED, arg);
	assert_in_range(out.len, 300, 330);
	buf_clear(&out);
	gw_ssh_say_put(&out, GW_SSH_ZH, GW_SSH_SAY_LOCKED, NULL);
	assert_string_equal(buf_str(&out), "*** 管理员已锁定输入 ***");
	buf_done(&out);
}

static void the_locale_chooses_the_language(void **state)
{
	(void)state;
	assert_int_equal(gw_ssh_say_lang(span_str("zh_CN.UTF-8")), GW_SSH_ZH);
	assert_int_equal(gw_ssh_say_lang(span_str("zh")), GW_SSH_ZH);
	assert_int_equal(gw_ssh_say_lang(span_str("en_US.UTF-8")), GW_SSH_EN);
	assert_int_equal(gw_ssh_say_lang(span_str("C")), GW_SSH_EN);
	assert_int_equal(gw_ssh_say_lang(span_str("")), GW_SSH_EN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_is_there_in_both_languages_with_the_same_hole),
		cmocka_unit_test(an_argument_brings_no_control_character_and_no_end),
		cmocka_unit_test(the_locale_chooses_the_language),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
