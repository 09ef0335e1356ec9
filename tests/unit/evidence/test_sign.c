#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/path.h"
#include "recorder/evidence/sign.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const uint8_t text[EVIDENCE_SIGN_TEXT] = {
	'y', 'a', 'n', 'm', 'e', 'n', ' ', 'e', 'v', 'i', 'd', 'e', 'n', 'c', 'e', ' ', 'v', '1', 0, /* domain */
	2,                                                                                           /* what */
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,                                       /* id */
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,                                              /* seq */
	0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbb, /* hash */
	0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                                              /* time */
};
static const struct evidence_sign_claim claim = { .what = 2,
	.id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
	.seq = UINT64_C(0x1122334455667788),
	.hash = { [0] = 0xaa, [31] = 0xbb },
	.time_us = -2 };

static void literal_bytes_are_what_is_signed(void **state)
{
	(void)state;
	uint8_t got[EVIDENCE_SIGN_TEXT];
	evidence_sign_text(&claim, got);
	assert_memory_equal(got, text, sizeof text);
}

static void a_signature_holds_for_its_claim_alone(void **state)
{
	(void)state;
	uint8_t public[32], secret[64], sig[64];
	struct err err = { 0 };
	(void)crypto_sign_keypair(public, secret);
	(void)crypto_sign_detached(sig, NULL, text, sizeof text, secret);
	assert_int_equal(evidence_sign_check(&claim, sig, public, &err), 0);
	struct evidence_sign_claim others[] = { claim, claim, claim, claim, claim };
	others[0].what = 1;
	others[1].id.b[15] ^= 1;
	others[2].seq++;
	others[3].hash[7] ^= 1;
	others[4].time_us = 2;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(evidence_sign_check(&others[i], sig, public, &err), -EACCES);
}

static void the_key_file_is_one_line(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	uint8_t key[32] = { 1, 2, 3 }, got[32];
	buf_init(&b, 100);
	evidence_sign_key_put(&b, key);
	assert_string_equal(buf_str(&b), "yanmen-evidence-1 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	assert_int_equal(evidence_sign_key_get(buf_span(&b), got, NULL), 0);
	assert_memory_equal(got, key, 32);
	assert_int_equal(evidence_sign_key_get(span_of(b.data, b.len - 1), got, NULL), 0); /* no line feed: as good */
	for (size_t n = 0; n < b.len - 1; n++)
		assert_int_equal(evidence_sign_key_get(span_of(b.data, n), got, NULL), -EPROTO);
	buf_put(&b, "x", 1);
	assert_int_equal(evidence_sign_key_get(buf_span(&b), got, NULL), -EPROTO);
}

static void a_path_comes_from_the_ids_own_time(void **state)
{
	(void)state;
	struct id id;
	char path[EVIDENCE_PATH];
	assert_int_equal(id_parse(span_str("0193a1b2-c3d4-7000-8000-0123456789ab"), &id), 0);
	evidence_path(&id, path);
	assert_string_equal(path, "2024-12/0193a1b2-c3d4-7000-8000-0123456789ab.ymr");
	evidence_path_open(&id, path);
	assert_string_equal(path, "open/0193a1b2-c3d4-7000-8000-0123456789ab");
	memset(&id, 0xff, sizeof id);
	evidence_path(&id, path); /* the year 10889 does not overflow */
	assert_string_equal(path, "0889-08/ffffffff-ffff-ffff-ffff-ffffffffffff.ymr");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(literal_bytes_are_what_is_signed),
		CASE(a_signature_holds_for_its_claim_alone),
		CASE(the_key_file_is_one_line),
		CASE(a_path_comes_from_the_ids_own_time),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
