#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <string.h>

static void says_and_details_stay_apart(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(fault(&err, -EPROTO, "malformed login", "cut at byte %d", 7), -EPROTO);
	assert_int_equal(err.code, -EPROTO);
	assert_string_equal(err.say, "malformed login");
	assert_string_equal(err.detail, "cut at byte 7");
	assert_non_null(strstr(err.at, "test_err.c:"));
}

static void may_be_null(void **state)
{
	(void)state;
	assert_int_equal(fault(NULL, -EPIPE, "gone", "%s", "gone"), -EPIPE);
}

static void keeps_errno_for_the_percent_m(void **state)
{
	(void)state;
	struct err err = { 0 };
	errno = ENOENT;
	assert_int_equal(fault(&err, -errno, "no such file", "open: %m"), -ENOENT);
	assert_string_equal(err.detail, "open: No such file or directory");
	assert_int_equal(errno, ENOENT);
}

static void may_be_raised_again_with_its_own_words(void **state)
{
	(void)state;
	struct err err = { 0 };
	(void)fault(&err, -EIO, "first", "inner");
	assert_int_equal(fault(&err, -EACCES, err.say, "outer: %s", err.detail), -EACCES);
	assert_string_equal(err.say, "first");
	assert_string_equal(err.detail, "outer: inner");
}

static void cuts_long_words(void **state)
{
	(void)state;
	struct err err = { 0 };
	char big[1000];
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	(void)fault(&err, -EIO, big, "%s", big);
	assert_int_equal(strlen(err.say), sizeof err.say - 1);
	assert_int_equal(strlen(err.detail), sizeof err.detail - 1);
}

static void a_cut_leaves_no_piece_of_a_character(void **state)
{
	(void)state;
	static const char *const characters[] = { "\xc3\xa9", "\xe9\x9b\x81", "\xf0\x9f\x98\x80" };
	for (size_t k = 0; k < 3; k++)
		for (size_t shift = 0; shift < 4; shift++) {
			struct err err = { 0 };
			char big[400];
			size_t n = strlen(characters[k]);
			memset(big, 'x', shift);
			for (size_t i = 0; shift + (i + 1) * n < sizeof big; i++)
				memcpy(big + shift + i * n, characters[k], n + 1);
			(void)fault(&err, -EIO, big, "%s", big);
			assert_true(strlen(err.say) >= sizeof err.say - 4);
			assert_int_equal((strlen(err.say) - shift) % n, 0);
			assert_int_equal((strlen(err.detail) - shift) % n, 0);
		}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(says_and_details_stay_apart), CASE(may_be_null), CASE(keeps_errno_for_the_percent_m),
		CASE(may_be_raised_again_with_its_own_words), CASE(cuts_long_words),
		CASE(a_cut_leaves_no_piece_of_a_character),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
