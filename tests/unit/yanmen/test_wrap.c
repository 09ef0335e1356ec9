#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/wrap.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char key_file[] = "thirty-two bytes of a master key";

/* Cheap figures stand in the file, so the test makes one of its own for the many tries. */
static void wrapped(struct buf *out)
{
	buf_init(out, CLI_WRAP_MAX);
	assert_int_equal(cli_wrap_passphrase_put(span_str(key_file), span_str("correct horse"), out, NULL), 0);
}

static int open_with(struct span in, const char *passphrase)
{
	scoped(secret_scope) struct secret *s = NULL;
	int r = cli_wrap_passphrase_get(in, span_str(passphrase), &s, NULL);
	if (r == 0)
		assert_true(span_is(secret_span(s), key_file));
	return r;
}

static void a_passphrase_opens_what_it_wrapped_and_no_other(void **state)
{
	scoped(buf_done) struct buf b;
	(void)state;
	wrapped(&b);
	assert_null(memmem(b.data, b.len, key_file, sizeof key_file - 1));
	assert_int_equal(open_with(buf_span(&b), "correct horse"), 0);
	assert_int_equal(open_with(buf_span(&b), "wrong horse"), -EACCES);
	b.data[b.len - 1] ^= 1;
	assert_int_equal(open_with(buf_span(&b), "correct horse"), -EACCES);
}

static void figures_that_would_eat_the_machine_are_refused(void **state)
{
	scoped(buf_done) struct buf b;
	(void)state;
	wrapped(&b);
	b.data[8 + 8 + 5] = 1; /* 2^40 bytes */
	assert_int_equal(open_with(buf_span(&b), "correct horse"), -EPROTO);
	b.data[8 + 8 + 5] = 0;
	b.data[9] = 1; /* 256 passes and more */
	assert_int_equal(open_with(buf_span(&b), "correct horse"), -EPROTO);
}

static void every_cut_is_refused(void **state)
{
	scoped(buf_done) struct buf b;
	(void)state;
	wrapped(&b);
	for (size_t n = 0; n < 8 + 16 + 16 + 24 + 16; n++)
		assert_int_equal(open_with(span_of(b.data, n), "correct horse"), -EPROTO);
}

static void the_auditors_key_opens_what_was_sealed_to_it_and_no_other(void **state)
{
	scoped(buf_done) struct buf b;
	scoped(secret_scope) struct secret *s = NULL;
	uint8_t public[32], secret[32], stranger[32], other[32];
	struct secret *none = NULL;
	(void)state;
	crypto_box_keypair(public, secret);
	crypto_box_keypair(stranger, other);
	buf_init(&b, CLI_WRAP_MAX);
	assert_int_equal(cli_wrap_sealed_put(span_str(key_file), public, &b, NULL), 0);
	assert_int_equal(cli_wrap_sealed_get(buf_span(&b), secret, &s, NULL), 0);
	assert_true(span_is(secret_span(s), key_file));
	assert_int_equal(cli_wrap_sealed_get(buf_span(&b), other, &none, NULL), -EACCES);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		assert_true(cli_wrap_sealed_get(buf_span(&b), secret, &none, NULL) < 0);
		b.data[i] ^= 1;
		assert_true(cli_wrap_sealed_get(span_of(b.data, i), secret, &none, NULL) < 0);
	}
	assert_null(none);
}

static void an_empty_or_a_huge_key_file_is_none(void **state)
{
	static const uint8_t big[CLI_WRAP_KEY_MAX + 1];
	scoped(buf_done) struct buf b;
	(void)state;
	buf_init(&b, CLI_WRAP_MAX);
	assert_int_equal(cli_wrap_passphrase_put(span_str(""), span_str("correct horse"), &b, NULL), -EMSGSIZE);
	assert_int_equal(cli_wrap_passphrase_put(span_of(big, sizeof big), span_str("correct horse"), &b, NULL), -EMSGSIZE);
	assert_int_equal(cli_wrap_sealed_put(span_of(big, sizeof big), big, &b, NULL), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_passphrase_opens_what_it_wrapped_and_no_other),
		cmocka_unit_test(figures_that_would_eat_the_machine_are_refused),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(the_auditors_key_opens_what_was_sealed_to_it_and_no_other),
		cmocka_unit_test(an_empty_or_a_huge_key_file_is_none),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
