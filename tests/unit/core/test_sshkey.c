#include "tests/unit/core/unit.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/sshkey.h"
#include <errno.h>
#include <string.h>

/* RFC 4251 section 5. */
static void mpint_put(struct buf *b, const char *bytes, size_t n, size_t zeros)
{
	wr_be(b, n + zeros, 4);
	buf_put(b, bytes, n);
	for (size_t i = 0; i < zeros; i++)
		buf_put(b, i + 1 == zeros ? "\1" : "", 1);
}

/* The modulus: `head`, then zeros, the last byte 1. */
static int rsa(const char *e, size_t e_n, const char *head, size_t head_n, size_t zeros)
{
	scoped(buf_done) struct buf b = { 0 };
	struct sshkey key;

	buf_init(&b, 8192);
	wr_str32be(&b, span_str("ssh-rsa"));
	wr_str32be(&b, span_of(e, e_n));
	mpint_put(&b, head, head_n, zeros);
	return sshkey_get(buf_span(&b), &key, NULL);
}
#define RSA(e, head, zeros) rsa(e, sizeof e - 1, head, sizeof head - 1, zeros)

static void an_rsa_key_has_at_least_2048_bits(void **state)
{
	(void)state;
	assert_int_equal(RSA("\1\0\1", "\0\x80", 255), 0);
	assert_int_equal(RSA("\3", "\0\x80", 255), 0);
	assert_int_equal(RSA("\1\0\1", "\x7f", 255), -EPROTO); /* 2047 */
	assert_int_equal(RSA("\1\0\1", "\1", 256), 0);         /* 2049 */
	assert_int_equal(RSA("\1\0\1", "\0\x80", 127), -EPROTO);
	assert_int_equal(RSA("\1\0\1", "\0\x80", 2047), 0);
	assert_int_equal(RSA("\1\0\1", "\1", 2048), -EPROTO); /* 16385 */
}

static void an_rsa_key_has_sound_numbers(void **state)
{
	(void)state;
	assert_int_equal(RSA("", "\0\x80", 255), -EPROTO);
	assert_int_equal(RSA("\1", "\0\x80", 255), -EPROTO);
	assert_int_equal(RSA("\2", "\0\x80", 255), -EPROTO);
	assert_int_equal(RSA("\xff", "\0\x80", 255), -EPROTO);               /* negative */
	assert_int_equal(RSA("\0\3", "\0\x80", 255), -EPROTO);               /* a byte too many */
	assert_int_equal(RSA("\0\xff\1\1\1\1\1\1\1", "\0\x80", 255), 0);     /* 64 bits */
	assert_int_equal(RSA("\1\1\1\1\1\1\1\1\1", "\0\x80", 255), -EPROTO); /* 65 */
	assert_int_equal(RSA("\1\0\1", "\x80", 255), -EPROTO);               /* negative */
	assert_int_equal(RSA("\1\0\1", "\0\0\x80", 255), -EPROTO);
	assert_int_equal(RSA("\1\0\1", "\0\x80", 0), -EPROTO);
	assert_int_equal(RSA("\1\0\1", "", 0), -EPROTO);
}

static void an_ec_key_is_a_whole_point_on_its_curve(void **state)
{
	static const struct {
		const char *type, *curve;
		size_t bytes;
	} kinds[] = { { "ecdsa-sha2-nistp256", "nistp256", 65 }, { "ecdsa-sha2-nistp384", "nistp384", 97 },
		{ "ecdsa-sha2-nistp521", "nistp521", 133 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		for (size_t k = 0; k < COUNT_OF(kinds); k++)
			for (size_t more = 0; more < 3; more++)
				for (uint8_t first = 2; first < 6; first++) {
					scoped(buf_done) struct buf b = { 0 };
					uint8_t point[135] = { first };
					struct sshkey key;
					buf_init(&b, 1024);
					wr_str32be(&b, span_str(kinds[i].type));
					wr_str32be(&b, span_str(kinds[k].curve));
					wr_str32be(&b, span_of(point, kinds[i].bytes + 1 - more));
					assert_int_equal(sshkey_get(buf_span(&b), &key, NULL),
						i == k && more == 1 && first == 4 ? 0 : -EPROTO);
				}
}

static void nothing_stands_behind_a_key_and_nothing_is_missing(void **state)
{
	uint8_t blob[52] = "\0\0\0\13ssh-ed25519\0\0\0 ";
	struct sshkey key;

	(void)state;
	assert_int_equal(sshkey_get(span_of(blob, 51), &key, NULL), 0);
	assert_string_equal(key.kind->certificate, "ssh-ed25519-cert-v01@openssh.com");
	assert_ptr_equal(key.fields.p, blob + 15);
	assert_int_equal(key.fields.n, 36);
	assert_int_equal(sshkey_get(span_of(blob, 52), &key, NULL), -EPROTO);
	for (size_t n = 0; n < 51; n++)
		assert_int_equal(sshkey_get(span_of(blob, n), &key, NULL), n < 15 ? -ENOTSUP : -EPROTO);
	blob[18] = 31;
	assert_int_equal(sshkey_get(span_of(blob, 50), &key, NULL), -EPROTO);
}

static void other_kinds_are_not_taken(void **state)
{
	static const char *const types[] = { "ssh-dss", "ssh-ed448", "sk-ssh-ed25519@openssh.com",
		"ssh-ed25519-cert-v01@openssh.com", "" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		scoped(buf_done) struct buf b = { 0 };
		uint8_t bytes[32] = { 1 };
		struct sshkey key;
		buf_init(&b, 256);
		wr_str32be(&b, span_str(types[i]));
		wr_str32be(&b, span_of(bytes, sizeof bytes));
		assert_int_equal(sshkey_get(buf_span(&b), &key, NULL), -ENOTSUP);
	}
	assert_null(sshkey_certified(span_str("ssh-ed25519")));
	assert_null(sshkey_certified(span_str("ssh-dss-cert-v01@openssh.com")));
	assert_string_equal(sshkey_certified(span_str("ssh-rsa-cert-v01@openssh.com"))->name, "ssh-rsa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_rsa_key_has_at_least_2048_bits),
		CASE(an_rsa_key_has_sound_numbers),
		CASE(an_ec_key_is_a_whole_point_on_its_curve),
		CASE(nothing_stands_behind_a_key_and_nothing_is_missing),
		CASE(other_kinds_are_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
