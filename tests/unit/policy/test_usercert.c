#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/login/usercert.h"
#include "policy/vault/cert.h"
#include "tests/unit/policy/usercert_samples.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { NOW_S = SAMPLE_AFTER_S + 3600, MALFORMED = -1 };
static uint8_t ca_public[crypto_sign_PUBLICKEYBYTES], ca_secret[crypto_sign_SECRETKEYBYTES];

static int prepare(void **state)
{
	(void)state;
	return crypto_sign_seed_keypair(ca_public, ca_secret, sample_ca_seed);
}

static void bytes_of(const char *base64, struct buf *out)
{
	size_t n = 0;

	buf_init(out, 8192);
	uint8_t *room = buf_room(out, 4096);
	assert_int_equal(
		sodium_base642bin(room, 4096, base64, strlen(base64), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL),
		0);
	buf_grew(out, n);
}

/* An enum pol_usercert_verdict, or MALFORMED. */
static int judged_as(struct span blob, const char *user, const char *address, int64_t now_s)
{
	struct pol_usercert c;

	if (pol_usercert_get(blob, &c) < 0)
		return MALFORMED;
	return (int)pol_usercert_judge(
		&c, &(struct pol_usercert_ask){ .ca = ca_public, .user = user, .address = address, .now_s = now_s });
}

static int judged(struct span blob)
{
	return judged_as(blob, "alice", "192.0.2.7", NOW_S);
}

static int sample_as(const char *base64, const char *user, const char *address, int64_t now_s)
{
	scoped(buf_done) struct buf blob = { 0 };

	bytes_of(base64, &blob);
	return judged_as(buf_span(&blob), user, address, now_s);
}

static int sample(const char *base64)
{
	return sample_as(base64, "alice", "192.0.2.7", NOW_S);
}

static void takes_every_kind_of_key_that_our_ca_certified(void **state)
{
	static const char *const good[] = { sample_ed25519, sample_rsa, sample_ecdsa256, sample_ecdsa384,
		sample_ecdsa521, sample_for_ever, sample_clear };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_int_equal(sample(good[i]), POL_USERCERT_GOOD);
}

static void reads_what_stands_in_it(void **state)
{
	scoped(buf_done) struct buf blob = { 0 };
	struct pol_usercert c;

	(void)state;
	bytes_of(sample_sources, &blob);
	assert_true(pol_usercert_is(buf_span(&blob)));
	assert_int_equal(pol_usercert_get(buf_span(&blob), &c), 0);
	assert_string_equal(c.key.kind->name, "ssh-ed25519");
	assert_int_equal(c.serial, 17);
	assert_int_equal(c.kind, 1);
	assert_true(span_is(c.key_id, "alice 17"));
	assert_int_equal(c.after_s, SAMPLE_AFTER_S);
	assert_int_equal(c.before_s, SAMPLE_BEFORE_S);
	assert_true(span_eq(c.principals, span_of("\0\0\0\5alice", 9)));
	assert_memory_equal(c.critical.p, "\0\0\0\16source-address", 18);
	assert_memory_equal(c.extensions.p, "\0\0\0\25permit-X11-forwarding", 25);
}

static void a_key_is_no_certificate(void **state)
{
	(void)state;
	assert_false(pol_usercert_is(span_of("\0\0\0\13ssh-ed25519\0\0\0\1x", 20)));
	assert_false(pol_usercert_is(span_of("\0\0\0\25-cert-v01@openssh.com", 25)));
	assert_false(pol_usercert_is(span_of("\0\0\0\40ssh-ed25519-cert-v01@openssh.com", 35)));
	assert_false(pol_usercert_is((struct span){ 0 }));
	assert_true(pol_usercert_is(span_of("\0\0\0\34ssh-dss-cert-v01@openssh.com", 32)));
	assert_int_equal(judged(span_of("\0\0\0\34ssh-dss-cert-v01@openssh.com", 32)), MALFORMED);
}

static void a_certificate_of_another_ca_is_not_ours(void **state)
{
	static const char *const others[] = { sample_other_ca, sample_rsa_ca, sample_ecdsa_ca };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_int_equal(sample(others[i]), POL_USERCERT_OTHER_CA);
	assert_false(pol_usercert_is_ours(POL_USERCERT_OTHER_CA) || pol_usercert_is_ours(POL_USERCERT_SIGNATURE));
	assert_true(pol_usercert_is_ours(POL_USERCERT_KIND) && pol_usercert_is_ours(POL_USERCERT_GOOD));
}

static void a_weak_key_and_a_hosts_certificate_are_refused(void **state)
{
	(void)state;
	assert_int_equal(sample(sample_small), MALFORMED);
	assert_int_equal(sample(sample_host), POL_USERCERT_KIND);
}

static void it_is_for_exactly_one_user(void **state)
{
	(void)state;
	assert_int_equal(sample(sample_bob), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample(sample_two), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample(sample_nobody), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample_as(sample_bob, "bob", "::1", NOW_S), POL_USERCERT_GOOD);
	assert_int_equal(sample_as(sample_ed25519, "alic", "::1", NOW_S), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample_as(sample_ed25519, "alicee", "::1", NOW_S), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample_as(sample_ed25519, "", "::1", NOW_S), POL_USERCERT_PRINCIPAL);
	assert_int_equal(sample_as(sample_nobody, "", "::1", NOW_S), POL_USERCERT_PRINCIPAL);
}

static void it_is_good_from_its_first_second_to_before_its_last(void **state)
{
	static const struct {
		int64_t now_s;
		int verdict;
	} moments[] = { { SAMPLE_AFTER_S - 1, POL_USERCERT_EARLY }, { SAMPLE_AFTER_S, POL_USERCERT_GOOD },
		{ SAMPLE_BEFORE_S - 1, POL_USERCERT_GOOD }, { SAMPLE_BEFORE_S, POL_USERCERT_EXPIRED },
		{ INT64_MAX, POL_USERCERT_EXPIRED }, { 0, POL_USERCERT_EARLY }, { -1, POL_USERCERT_EARLY } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(moments); i++)
		assert_int_equal(sample_as(sample_ed25519, "alice", "::1", moments[i].now_s), moments[i].verdict);
	assert_int_equal(sample_as(sample_for_ever, "alice", "::1", INT64_MAX), POL_USERCERT_GOOD);
}

static void it_is_good_from_its_networks_alone(void **state)
{
	static const struct {
		const char *address;
		int verdict;
	} from[] = { { "10.1.2.3", POL_USERCERT_GOOD }, { "::ffff:10.1.2.3", POL_USERCERT_GOOD },
		{ "fd12::1", POL_USERCERT_GOOD }, { "11.1.2.3", POL_USERCERT_SOURCE },
		{ "fe80::1", POL_USERCERT_SOURCE }, { "", POL_USERCERT_SOURCE }, { "gate", POL_USERCERT_SOURCE } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(from); i++)
		assert_int_equal(sample_as(sample_sources, "alice", from[i].address, NOW_S), from[i].verdict);
}

static void what_is_critical_and_not_known_refuses_it_and_an_extension_does_not(void **state)
{
	static const char *const critical[] = { sample_forced, sample_both, sample_unknown, sample_verify };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(critical); i++)
		assert_int_equal(sample_as(critical[i], "alice", "10.1.2.3", NOW_S), POL_USERCERT_OPTION);
	assert_int_equal(sample(sample_extension), POL_USERCERT_GOOD);
}

static void every_cut_and_every_byte_more_is_refused(void **state)
{
	static const char *const all[] = { sample_ed25519, sample_rsa, sample_ecdsa256, sample_sources };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		scoped(buf_done) struct buf blob = { 0 };
		bytes_of(all[i], &blob);
		for (size_t n = 0; n < blob.len; n++)
			assert_int_equal(judged(span_of(blob.data, n)), MALFORMED);
		buf_put(&blob, "", 1);
		assert_int_equal(judged(buf_span(&blob)), MALFORMED);
	}
}

static void every_changed_bit_is_refused(void **state)
{
	static const char *const all[] = { sample_ed25519, sample_rsa, sample_ecdsa521, sample_clear };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		scoped(buf_done) struct buf blob = { 0 };
		bytes_of(all[i], &blob);
		for (size_t bit = 0; bit < 8 * blob.len; bit++) {
			blob.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			int verdict = judged(buf_span(&blob));
			assert_true(verdict == MALFORMED || verdict == POL_USERCERT_OTHER_CA ||
				    verdict == POL_USERCERT_SIGNATURE);
			blob.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void a_certificate_that_is_too_long_is_none(void **state)
{
	scoped(buf_done) struct buf small = { 0 }, large = { 0 };
	static uint8_t reserved[POL_USERCERT_MAX];
	struct pol_usercert c;

	(void)state;
	bytes_of(sample_ed25519, &small);
	assert_int_equal(pol_usercert_get(buf_span(&small), &c), 0);
	size_t before = (size_t)(c.extensions.p + c.extensions.n - small.data), behind = small.len - before - 4;
	for (size_t more = 0; more < 2; more++) {
		buf_done(&large);
		buf_init(&large, 2 * POL_USERCERT_MAX);
		buf_put(&large, small.data, before);
		wr_str32be(&large, span_of(reserved, POL_USERCERT_MAX - small.len + more));
		buf_put(&large, small.data + before + 4, behind);
		assert_int_equal(judged(buf_span(&large)), more ? MALFORMED : POL_USERCERT_SIGNATURE);
	}
}

/* ---- what ssh-keygen does not make, signed by our CA all the same ---- */

struct odd { /* NULL: as it should be */
	const char *critical, *principals, *ca_type, *signature_type;
	size_t critical_n, principals_n, signature_more;
	bool nested; /* the CA's key is a certificate */
};

static void ed25519_put(const char *type, struct span bytes, struct buf *out)
{
	size_t n = strlen(type);

	wr_be(out, 4 + n + 4 + bytes.n, 4);
	wr_str32be(out, span_str(type));
	wr_str32be(out, bytes);
}

static int judged_odd(const struct odd *o)
{
	scoped(buf_done) struct buf from = { 0 }, odd = { 0 };
	uint8_t signature[crypto_sign_BYTES + 1] = { 0 };
	struct pol_usercert c;

	bytes_of(sample_ed25519, &from);
	assert_int_equal(pol_usercert_get(buf_span(&from), &c), 0);
	buf_init(&odd, 8192);
	/* all up to the principals stays: type 36, nonce 36, key 36, serial 8, kind 4, key id 12 */
	buf_put(&odd, from.data, 132);
	wr_str32be(&odd, o->principals ? span_of(o->principals, o->principals_n) : c.principals);
	wr_be(&odd, c.after_s, 8);
	wr_be(&odd, c.before_s, 8);
	wr_str32be(&odd, span_of(o->critical, o->critical_n));
	wr_str32be(&odd, c.extensions);
	wr_str32be(&odd, span_str(""));
	if (o->nested)
		wr_str32be(&odd, buf_span(&from));
	else
		ed25519_put(o->ca_type ? o->ca_type : "ssh-ed25519", span_of(ca_public, sizeof ca_public), &odd);
	crypto_sign_detached(signature, NULL, odd.data, odd.len, ca_secret);
	ed25519_put(o->signature_type ? o->signature_type : "ssh-ed25519",
		span_of(signature, crypto_sign_BYTES + o->signature_more), &odd);
	return judged(buf_span(&odd));
}

static void a_signature_is_an_ed25519_one_by_a_plain_key(void **state)
{
	(void)state;
	assert_int_equal(judged_odd(&(struct odd){ 0 }), POL_USERCERT_GOOD);
	assert_int_equal(judged_odd(&(struct odd){ .signature_type = "ssh-rsa" }), POL_USERCERT_SIGNATURE);
	assert_int_equal(judged_odd(&(struct odd){ .signature_type = "" }), POL_USERCERT_SIGNATURE);
	assert_int_equal(judged_odd(&(struct odd){ .signature_more = 1 }), POL_USERCERT_SIGNATURE);
	assert_int_equal(judged_odd(&(struct odd){ .ca_type = "ssh-ed448" }), POL_USERCERT_OTHER_CA);
	assert_int_equal(
		judged_odd(&(struct odd){ .ca_type = "ssh-ed25519-cert-v01@openssh.com" }), POL_USERCERT_OTHER_CA);
	assert_int_equal(judged_odd(&(struct odd){ .nested = true }), POL_USERCERT_OTHER_CA);
}

#define ODD(field, bytes) (&(struct odd){ .field = bytes, .field##_n = sizeof bytes - 1 })

static void malformed_principals_are_nobodys(void **state)
{
	(void)state;
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\5alice")), POL_USERCERT_GOOD);
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\5alice\0")), POL_USERCERT_PRINCIPAL);
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\5alice\0\0\0\0")), POL_USERCERT_PRINCIPAL);
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\5alice\0\0\0\5alice")), POL_USERCERT_PRINCIPAL);
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\6alice\0")), POL_USERCERT_PRINCIPAL);
	assert_int_equal(judged_odd(ODD(principals, "\0\0\0\6alice")), POL_USERCERT_PRINCIPAL);
	assert_int_equal(judged_odd(ODD(principals, "alice")), POL_USERCERT_PRINCIPAL);
}

#define SOURCE "\0\0\0\016source-address"

static void malformed_options_refuse(void **state)
{
	(void)state;
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\16\0\0\0\12192.0.2.0/24")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\20\0\0\0\014192.0.2.0/24")), POL_USERCERT_GOOD);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\20\0\0\0\014192.0.2.0/33")), POL_USERCERT_SOURCE);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\20\0\0\0\014192.0.2.0/24\0")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\21\0\0\0\014192.0.2.0/24\0")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\014192.0.2.0/24")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\4\0\0\0\0")), POL_USERCERT_SOURCE);
	assert_int_equal(judged_odd(ODD(critical, SOURCE "\0\0\0\0")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, SOURCE)), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical,
				 SOURCE "\0\0\0\020\0\0\0\014192.0.2.0/24" SOURCE "\0\0\0\020\0\0\0\014192.0.2.0/24")),
		POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, "\0\0\0\0\0\0\0\0")), POL_USERCERT_OPTION);
	assert_int_equal(judged_odd(ODD(critical, "x")), POL_USERCERT_OPTION);
}

/* ---- the vault's two CAs ---- */

static void certify(const struct vault_keys_pair *ca, struct buf *out)
{
	static const char *const extensions[] = { "permit-pty", NULL };
	static const uint8_t fields[36] = { 0, 0, 0, 32, 7 };
	const struct vault_cert c = { .key = { sshkey_certified(span_str("ssh-ed25519-cert-v01@openssh.com")),
					      span_of(fields, sizeof fields) },
		.serial = 3,
		.key_id = span_str("alice 3"),
		.principal = span_str("alice"),
		.sources = span_str("192.0.2.0/24"),
		.after_s = NOW_S - 1,
		.before_s = NOW_S + 1,
		.extensions = extensions };

	buf_init(out, VAULT_CERT_MAX);
	vault_cert_put(&c, ca, out);
	assert_false(out->failed);
}

static void what_the_ca_of_targets_signed_is_not_for_the_door(void **state)
{
	static const uint8_t master[VAULT_KEYS_MASTER] = { 1, 2, 3 };
	scoped(buf_done) struct buf door = { 0 }, target = { 0 };
	struct vault_keys *keys = NULL;
	struct pol_usercert c;

	(void)state;
	assert_int_equal(vault_keys_derive(master, &keys, NULL), 0);
	struct pol_usercert_ask ask = {
		.ca = keys->users.public, .user = "alice", .address = "192.0.2.7", .now_s = NOW_S
	};
	certify(&keys->users, &door);
	assert_int_equal(pol_usercert_get(buf_span(&door), &c), 0);
	assert_int_equal(pol_usercert_judge(&c, &ask), POL_USERCERT_GOOD);
	certify(&keys->ca, &target);
	assert_int_equal(pol_usercert_get(buf_span(&target), &c), 0);
	assert_int_equal(pol_usercert_judge(&c, &ask), POL_USERCERT_OTHER_CA);
	vault_keys_free(keys);
}

static void reads_the_cas_key_from_its_line(void **state)
{
	char base64[128], line[256];
	uint8_t blob[51] = "\0\0\0\13ssh-ed25519\0\0\0 ", key[32] = { 0 };

	(void)state;
	memcpy(blob + 19, ca_public, 32);
	sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(line, sizeof line, "ssh-ed25519 %s", base64);
	assert_int_equal(pol_usercert_ca(span_str(line), key), 0);
	assert_memory_equal(key, ca_public, 32);
	memset(key, 0, sizeof key);
	line[strlen(line) - 8] = '\0';
	assert_int_equal(pol_usercert_ca(span_str(line), key), -EPROTO);
	assert_int_equal(pol_usercert_ca(span_str(""), key), -EPROTO);
	assert_memory_equal(key, (uint8_t[32]){ 0 }, 32);
}

static void every_verdict_has_its_words(void **state)
{
	(void)state;
	for (int v = POL_USERCERT_GOOD; v < POL_USERCERT_VERDICTS; v++)
		assert_int_equal(pol_usercert_why((enum pol_usercert_verdict)v)[0] == '\0', v == POL_USERCERT_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_kind_of_key_that_our_ca_certified),
		cmocka_unit_test(reads_what_stands_in_it),
		cmocka_unit_test(a_key_is_no_certificate),
		cmocka_unit_test(a_certificate_of_another_ca_is_not_ours),
		cmocka_unit_test(a_weak_key_and_a_hosts_certificate_are_refused),
		cmocka_unit_test(it_is_for_exactly_one_user),
		cmocka_unit_test(it_is_good_from_its_first_second_to_before_its_last),
		cmocka_unit_test(it_is_good_from_its_networks_alone),
		cmocka_unit_test(what_is_critical_and_not_known_refuses_it_and_an_extension_does_not),
		cmocka_unit_test(every_cut_and_every_byte_more_is_refused),
		cmocka_unit_test(every_changed_bit_is_refused),
		cmocka_unit_test(a_certificate_that_is_too_long_is_none),
		cmocka_unit_test(a_signature_is_an_ed25519_one_by_a_plain_key),
		cmocka_unit_test(malformed_principals_are_nobodys),
		cmocka_unit_test(malformed_options_refuse),
		cmocka_unit_test(what_the_ca_of_targets_signed_is_not_for_the_door),
		cmocka_unit_test(reads_the_cas_key_from_its_line),
		cmocka_unit_test(every_verdict_has_its_words),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
