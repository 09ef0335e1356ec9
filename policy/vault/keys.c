#include "policy/vault/keys.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void sub_key(uint64_t id, const char context[static 9], const uint8_t *master, uint8_t ret[static 32])
{
	char ctx[crypto_kdf_CONTEXTBYTES];

	memcpy(ctx, context, sizeof ctx);
	crypto_kdf_derive_from_key(ret, 32, id, ctx, master);
}

static void sign_pair(uint64_t id, const char context[static 9], const uint8_t *master, struct vault_keys_pair *ret)
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	sub_key(id, context, master, seed);
	crypto_sign_seed_keypair(ret->public, ret->secret, seed);
	secret_wipe(seed, sizeof seed);
}

int vault_keys_derive(const uint8_t master[static VAULT_KEYS_MASTER], struct vault_keys **ret, struct err *err)
{
	struct secret *memory = NULL;
	uint8_t seed[crypto_box_SEEDBYTES];

	int r = secret_new(sizeof(struct vault_keys), &memory, err);
	if (r < 0)
		return r;
	struct vault_keys *k = (struct vault_keys *)(void *)secret_bytes(memory);
	k->memory = memory;
	sign_pair(1, "ymsign__", master, &k->sign);
	sub_key(2, "ymseal__", master, seed);
	crypto_box_seed_keypair(k->seal_public, k->seal_secret, seed);
	secret_wipe(seed, sizeof seed);
	sub_key(3, "ymcred__", master, k->credential);
	sign_pair(4, "ymca____", master, &k->ca);
	sign_pair(5, "ymhost__", master, &k->host);
	*ret = k;
	return 0;
}

int vault_keys_read(int fd, struct vault_keys **ret, struct err *err)
{
	scoped(secret_scope) struct secret *master = NULL;
	size_t n = 0;

	/* One byte more than a key: a longer file is some other file. */
	int r = secret_new(VAULT_KEYS_MASTER + 1, &master, err);
	if (r < 0)
		return r;
	while (n <= VAULT_KEYS_MASTER) {
		ssize_t got = read(fd, secret_bytes(master) + n, VAULT_KEYS_MASTER + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault(err, -errno, "the master key cannot be read", "read of the master key: %m");
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n != VAULT_KEYS_MASTER)
		return fault(err, -EPROTO, "the master key file must hold exactly 32 bytes",
			"the master key file holds %s bytes than %d", n < VAULT_KEYS_MASTER ? "fewer" : "more",
			VAULT_KEYS_MASTER);
	return vault_keys_derive(secret_bytes(master), ret, err);
}

struct vault_keys *vault_keys_free(struct vault_keys *k)
{
	if (k)
		secret_free(k->memory);
	return NULL;
}
