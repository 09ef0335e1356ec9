#include "tests/unit/vault/bench.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/vault/key.h"
#include "policy/vault/keyfile.h"
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const struct kind {
	const char *type, *bits, *name;
	const char *algorithms[3];
} kinds[] = {
	{ "ed25519", NULL, "ssh-ed25519", { "ssh-ed25519" } },
	{ "rsa", "2048", "ssh-rsa", { "rsa-sha2-256", "rsa-sha2-512" } },
	{ "ecdsa", "256", "ecdsa-sha2-nistp256", { "ecdsa-sha2-nistp256" } },
	{ "ecdsa", "384", "ecdsa-sha2-nistp384", { "ecdsa-sha2-nistp384" } },
	{ "ecdsa", "521", "ecdsa-sha2-nistp521", { "ecdsa-sha2-nistp521" } },
};
static const char *const algorithms[] = { "ssh-ed25519", "ssh-rsa", "rsa-sha2-256", "rsa-sha2-512",
	"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-dss", "", "rsa-sha2-256 " };

struct made {
	struct buf file, public;
	struct vault_key key;
	struct err err;
};

static void made_done(struct made *m)
{
	buf_done(&m->file);
	buf_done(&m->public);
	vault_key_done(&m->key);
}

/* Makes a key with ssh-keygen and reads it. */
static int key_from_keygen(const struct kind *k, const char *passphrase, const char *format, struct made *ret)
{
	struct bench_folder folder;
	char path[128], public[132];

	bench_folder_new(&folder);
	(void)snprintf(path, sizeof path, "%s/key", folder.path);
	(void)snprintf(public, sizeof public, "%s.pub", path);
	bench_keygen(path, k->type, k->bits, passphrase, format);
	bench_file(path, &ret->file);
	bench_file(public, &ret->public);
	bench_folder_done(&folder);
	return vault_key_parse(buf_span(&ret->file), &ret->key, &ret->err);
}

/* The two mpints of an ECDSA signature as libcrypto's DER. */
static size_t der_of(struct span raw, uint8_t *ret)
{
	struct rd r = rd_of(raw);
	struct span x = rd_str32be(&r), y = rd_str32be(&r);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t *p = ret;

	assert_true(rd_done(&r));
	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(x.p, (int)x.n, NULL), BN_bin2bn(y.p, (int)y.n, NULL)), 1);
	int n = i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
	assert_true(n > 0);
	return (size_t)n;
}

/* With libcrypto, from the public half. */
static bool verifies(const struct vault_key *k, const char *algorithm, struct span data, struct span signature)
{
	const EVP_MD *md = strstr(algorithm, "512") || strstr(algorithm, "521") ? EVP_sha512()
			   : strstr(algorithm, "384")                           ? EVP_sha384()
			   : strstr(algorithm, "ed25519")                       ? NULL
										: EVP_sha256();
	struct rd r = rd_of(signature);
	struct span name = rd_str32be(&r), raw = rd_str32be(&r);
	uint8_t der[256];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_true(rd_done(&r));
	assert_true(span_is(name, algorithm));
	if (strncmp(algorithm, "ecdsa", 5) == 0)
		raw = span_of(der, der_of(raw, der));
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, md, NULL, k->pkey), 1);
	bool good = EVP_DigestVerify(ctx, raw.p, raw.n, data.p, data.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static void check_signatures(const struct kind *kind, const struct vault_key *k)
{
	for (size_t i = 0; i < 3 && kind->algorithms[i]; i++) {
		scoped(buf_done) struct buf signature = { 0 };
		buf_init(&signature, VAULT_KEY_SIGNATURE_MAX);
		assert_int_equal(
			vault_key_sign(k, span_str(kind->algorithms[i]), span_str("data"), &signature, NULL), 0);
		assert_true(verifies(k, kind->algorithms[i], span_str("data"), buf_span(&signature)));
		assert_false(verifies(k, kind->algorithms[i], span_str("date"), buf_span(&signature)));
	}
}

static void reads_what_ssh_keygen_writes_and_signs_with_it(void **state)
{
	static const char *const formats[] = { NULL, "PEM", "PKCS8" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		for (size_t f = 0; f < COUNT_OF(formats); f++) {
			scoped(made_done) struct made m = { 0 };
			scoped(buf_done) struct buf line = { 0 };
			assert_int_equal(key_from_keygen(&kinds[i], "", formats[f], &m), 0);
			buf_init(&line, 8192);
			vault_key_line(&m.key, &line);
			assert_string_equal(vault_key_name(&m.key), kinds[i].name);
			/* the line of the .pub file, without its comment */
			assert_memory_equal(m.public.data, line.data, line.len);
			assert_string_equal(buf_str(&m.public) + line.len, " test\n");
			assert_int_equal(vault_key_try(&m.key, NULL), 0);
			check_signatures(&kinds[i], &m.key);
		}
}

static void signs_by_no_algorithm_but_the_keys_own_and_never_by_sha1(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		scoped(made_done) struct made m = { 0 };
		scoped(buf_done) struct buf out = { 0 };
		assert_int_equal(key_from_keygen(&kinds[i], "", NULL, &m), 0);
		buf_init(&out, VAULT_KEY_SIGNATURE_MAX);
		for (size_t a = 0; a < COUNT_OF(algorithms); a++) {
			bool own = false;
			for (size_t o = 0; o < 3 && kinds[i].algorithms[o]; o++)
				own = own || strcmp(kinds[i].algorithms[o], algorithms[a]) == 0;
			if (own)
				continue;
			assert_int_equal(
				vault_key_sign(&m.key, span_str(algorithms[a]), span_str("data"), &out, NULL), -EACCES);
			assert_int_equal(out.len, 0);
		}
	}
}

static void asks_for_a_key_without_passphrase(void **state)
{
	static const char *const formats[] = { NULL, "PEM", "PKCS8" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		for (size_t f = 0; f < COUNT_OF(formats); f++) {
			scoped(made_done) struct made m = { 0 };
			assert_int_equal(key_from_keygen(&kinds[i], "secret", formats[f], &m), -ENOKEY);
			assert_string_equal(m.err.say,
				"the key has a passphrase; give one without, it will be sealed by the vault");
		}
}

static void refuses_weak_and_foreign_keys(void **state)
{
	static const struct kind weak[] = { { "rsa", "1024", "ssh-rsa", { NULL } },
		{ "dsa", NULL, "ssh-dss", { NULL } } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(weak); i++)
		for (int pem = 0; pem < 2; pem++) {
			scoped(made_done) struct made m = { 0 };
			int r = key_from_keygen(&weak[i], "", pem ? "PEM" : NULL, &m);
			assert_true(r == -ENOTSUP || r == -EPROTO);
			assert_true(m.err.say[0] != '\0');
		}
}

static void refuses_every_truncation_of_a_key_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		scoped(made_done) struct made m = { 0 };
		assert_int_equal(key_from_keygen(&kinds[i], "", NULL, &m), 0);
		for (size_t n = 0; n < m.file.len - 34; n += 1 + n / 64) { /* the END line is 34 bytes */
			struct vault_key cut = { 0 };
			assert_int_equal(vault_key_parse(span_of(m.file.data, n), &cut, NULL), -EPROTO);
		}
	}
}

/* Whatever a changed file yields, it is refused or it is a key whose halves belong together. */
static void accepts_no_changed_key_that_does_not_work(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		scoped(made_done) struct made m = { 0 };
		assert_int_equal(key_from_keygen(&kinds[i], "", NULL, &m), 0);
		for (size_t at = 40; at < m.file.len - 40; at += 7) {
			scoped(vault_key_done) struct vault_key k = { 0 };
			uint8_t before = m.file.data[at];
			m.file.data[at] = before == 'A' ? 'B' : 'A';
			if (vault_key_parse(buf_span(&m.file), &k, NULL) == 0 && vault_key_try(&k, NULL) == 0)
				check_signatures(&kinds[i], &k);
			m.file.data[at] = before;
		}
	}
}

static void refuses_what_is_no_key_at_all(void **state)
{
	static const char *const texts[] = { "", "\n", "hello", "ssh-ed25519 AAAA",
		"-----BEGIN OPENSSH PRIVATE KEY-----",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN OPENSSH PRIVATE KEY-----\n!!!!\n-----END OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct vault_key k = { 0 };
		struct err err = { 0 };
		assert_int_equal(vault_key_parse(span_str(texts[i]), &k, &err), -EPROTO);
		assert_string_equal(err.say, "this is not a private key file that can be read");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_ssh_keygen_writes_and_signs_with_it),
		cmocka_unit_test(signs_by_no_algorithm_but_the_keys_own_and_never_by_sha1),
		cmocka_unit_test(asks_for_a_key_without_passphrase),
		cmocka_unit_test(refuses_weak_and_foreign_keys),
		cmocka_unit_test(refuses_every_truncation_of_a_key_file),
		cmocka_unit_test(accepts_no_changed_key_that_does_not_work),
		cmocka_unit_test(refuses_what_is_no_key_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
