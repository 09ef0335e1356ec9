#include "webterm/problem.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void a_problem_is_told_in_the_language_asked_for(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1024);
	web_problem_put(&b, WEB_PROBLEM_SIGNED_OUT, (struct span){ 0 }, false);
	assert_string_equal(buf_str(&b), "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,"
		"\"detail\":\"sign in again\",\"code\":\"signed_out\"}");
	buf_clear(&b);
	web_problem_put(&b, WEB_PROBLEM_NOT_FOUND, span_str("sign in again"), true);
	assert_string_equal(buf_str(&b), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
		"\"detail\":\"请重新登录\",\"code\":\"not_found\"}");
	buf_clear(&b);
	web_problem_say(&b, span_str("Login refused. / 登录被拒绝。"), true);
	assert_string_equal(buf_str(&b), "登录被拒绝。");
	buf_clear(&b);
	web_problem_say(&b, span_str("Login refused. / 登录被拒绝。"), false);
	assert_string_equal(buf_str(&b), "Login refused.");
	buf_clear(&b);
	web_problem_put(&b, WEB_PROBLEM_USAGE, span_str("no \"row\" has this"), true);
	assert_non_null(strstr(buf_str(&b), "no \\\"row\\\" has this"));
	buf_done(&b);
}

static void exit_codes_and_errors_are_statuses(void **state)
{
	(void)state;
	static const int of_exit[] = { 200, 409, 400, 404, 403, 401, 409 };
	for (int i = 0; i < 7; i++)
		assert_int_equal(web_problem_status(web_problem_of_exit(i)), of_exit[i]);
	assert_int_equal(web_problem_status(web_problem_of_exit(-1)), 409);
	static const struct {
		int code, status;
	} table[] = { { 0, 200 }, { -EKEYEXPIRED, 401 }, { -EACCES, 403 }, { -ENOENT, 404 }, { -EINVAL, 400 }, { -EEXIST, 409 },
		{ -EAGAIN, 503 }, { -EPIPE, 503 }, { -EIO, 503 } };
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(web_problem_status(web_problem_of_code(table[i].code)), table[i].status);
}

static void every_status_has_its_words(void **state)
{
	(void)state;
	for (int p = 0; p < WEB_PROBLEMS; p++) {
		struct buf b;
		buf_init(&b, 1024);
		assert_string_not_equal(web_problem_reason(web_problem_status((enum web_problem)p)), "?");
		web_problem_put(&b, (enum web_problem)p, (struct span){ 0 }, true);
		if (p > 0) {
			assert_string_not_equal(web_problem_code((enum web_problem)p), "");
			assert_non_null(memmem(b.data, b.len, "\xe8", 1) ? b.data : memmem(b.data, b.len, "\xe6", 1)); /* Chinese */
		}
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(a_problem_is_told_in_the_language_asked_for),
		cmocka_unit_test(exit_codes_and_errors_are_statuses),
		cmocka_unit_test(every_status_has_its_words),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
