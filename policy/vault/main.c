/*
 * yanmen-vault: reads the master key, goes into its sandbox, answers.
 * Descriptors: 3 the parent, 4 the master key file.
 */
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/key.h"
#include "policy/vault/totp.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { CONTROL = 3, KEY_FILE = 4, KEY_ARENA = 4 << 20 };
#define MEMLOCK_ENOUGH (UINT64_C(256) << 20)

static struct vault vault;

/*
 * libcrypto keeps private keys in a locked arena of its own (about 2 KiB for each agent stream that is open).  All the
 * rest is locked too where the limit leaves room to grow.
 */
static void lock_memory(void)
{
	struct rlimit limit;

	if (CRYPTO_secure_malloc_init(KEY_ARENA, 16) != 1)
		log_ev(LOG_LEVEL_WARN, "vault.unlocked",
			LOG_S("detail", "mlock failed: keys in use could be swapped out"));
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur >= MEMLOCK_ENOUGH &&
		mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
		return;
	log_ev(LOG_LEVEL_INFO, "vault.memory",
		LOG_S("detail", "RLIMIT_MEMLOCK is below 256 MiB: secrets and keys are locked, working memory is not"));
}

/* What libcrypto does lazily (providers, decoders, random numbers) happens now: later no file can be opened. */
static int warm_up(struct err *err)
{
	EVP_PKEY *made = EVP_EC_gen("P-256");
	BIO *text = BIO_new(BIO_s_mem());
	scoped(vault_key_done) struct vault_key key = { 0 };
	char *p = NULL;
	int r = -ENOMEM;

	if (made && text && PEM_write_bio_PrivateKey(text, made, NULL, NULL, 0, NULL, NULL) == 1) {
		long n = BIO_get_mem_data(text, &p);
		r = vault_key_parse(span_of(p, (size_t)n), &key, err);
	}
	EVP_PKEY_free(made);
	(void)BIO_free(text);
	if (r == 0 && vault_totp_code((const uint8_t[VAULT_TOTP_SECRET]){ 0 }, 0) == UINT32_MAX)
		r = -EIO;
	return r < 0 ? fault(err, r, "internal error", "libcrypto does not work") : vault_key_try(&key, err);
}

static int start(struct vault_keys **keys, struct err *err)
{
	scoped(scope_close) int key_file = KEY_FILE;

	if (sodium_init() < 0)
		return fault(err, -EIO, "internal error", "sodium_init");
	lock_memory();
	int r = vault_keys_read(key_file, keys, err);
	scope_close(&key_file);
	if (r == 0)
		r = warm_up(err);
	if (r == 0)
		r = vault_peer_start(&vault, *keys, CONTROL, err);
	if (r == 0)
		r = sandbox_enter(SANDBOX_VAULT, err);
	if (r < 0)
		return r;
	struct wire_hello hello = { .role = WIRE_VAULT, .build = span_str(wire_build) };
	r = wire_hello_send(CONTROL, &hello, -1);
	return r < 0 ? fault(err, r, "internal error", "no hello to the parent") : 0;
}

int main(void)
{
	struct vault_keys *keys = NULL;
	struct err err = { 0 };
	int code = 1;

	log_context("role", "vault");
	if (start(&keys, &err) == 0)
		code = loop_run(vault.loop);
	else
		log_err(LOG_LEVEL_ERROR, "vault.start", &err);
	vault_peer_stop(&vault);
	vault_keys_free(keys);
	return code;
}
