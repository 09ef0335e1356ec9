#include "gateway/core/err.h"
#include "policy/vault/make.h"
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static void passwords_hold_every_sort_and_nothing_that_is_read_as_something_else(void **state)
{
	struct secret *s = NULL;
	struct err err = { 0 };

	(void)state;
	for (size_t length = VAULT_MAKE_LEAST; length <= VAULT_MAKE_MOST; length++) {
		unsigned small = 0, capital = 0, digits = 0, others = 0;
		assert_int_equal(vault_make_password(length, &s, &err), 0);
		struct span p = secret_span(s);
		assert_int_equal(p.n, length);
		assert_true(isalpha(p.p[0]));
		for (size_t i = 0; i < p.n; i++) {
			small += islower(p.p[i]) != 0;
			capital += isupper(p.p[i]) != 0;
			digits += isdigit(p.p[i]) != 0;
			others += p.p[i] != 0 && strchr("-_.,+=", p.p[i]) != NULL;
		}
		assert_true(small && capital && digits && others);
		assert_int_equal(small + capital + digits + others, length);
		s = secret_free(s);
	}
}

static void two_passwords_are_never_the_same(void **state)
{
	struct secret *a = NULL, *b = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(vault_make_password(24, &a, &err), 0);
	assert_int_equal(vault_make_password(24, &b, &err), 0);
	assert_memory_not_equal(secret_span(a).p, secret_span(b).p, 24);
	secret_free(a);
	secret_free(b);
}

static void a_length_that_is_too_short_or_too_long_is_refused(void **state)
{
	struct secret *s = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(vault_make_password(VAULT_MAKE_LEAST - 1, &s, &err), -EINVAL);
	assert_int_equal(vault_make_password(VAULT_MAKE_MOST + 1, &s, &err), -EINVAL);
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_hold_every_sort_and_nothing_that_is_read_as_something_else),
		cmocka_unit_test(two_passwords_are_never_the_same),
		cmocka_unit_test(a_length_that_is_too_short_or_too_long_is_refused),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
