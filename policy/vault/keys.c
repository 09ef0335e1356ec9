#include "policy/vault/keys.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "policy/vault/ring.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

void vault_keys_sub(uint64_t id, const char context[static 9], const uint8_t *master, uint8_t ret[static 32])
{
	char ctx[crypto_kdf_CONTEXTBYTES];

	memcpy(ctx, context, sizeof ctx);
	crypto_kdf_derive_from_key(ret, 32, id, ctx, master);
}

static void sign_pair(uint64_t id, const char context[static 9], const uint8_t *master, struct vault_keys_pair *ret)
{
	uint8_t seed[crypto_sign_SEEDBYTES];

	vault_keys_sub(id, context, master, seed);
	crypto_sign_seed_keypair(ret->public, ret->secret, seed);
	secret_wipe(seed, sizeof seed);
}

void vault_keys_derive_own(struct vault_keys *k, const uint8_t *master)
{
	struct vault_keys_opener *o = &k->openers[k->generation - 1];
	uint8_t seed[crypto_box_SEEDBYTES];

	sign_pair(1, "ymsign__", master, &k->sign);
	vault_keys_sub(2, "ymseal__", master, seed);
	crypto_box_seed_keypair(o->seal_public, o->seal_secret, seed);
	secret_wipe(seed, sizeof seed);
	vault_keys_sub(3, "ymcred__", master, o->credential);
}

void vault_keys_derive_ca(struct vault_keys *k, const uint8_t *master)
{
	sign_pair(4, "ymca____", master, &k->ca);
}

void vault_keys_derive_host(struct vault_keys *k, const uint8_t *master)
{
	sign_pair(5, "ymhost__", master, &k->host);
}

void vault_keys_derive_users(struct vault_keys *k, const uint8_t *master)
{
	sign_pair(7, "ymusers_", master, &k->users);
}

const struct vault_keys_opener *vault_keys_now(const struct vault_keys *k)
{
	return &k->openers[k->generation - 1];
}

int vault_keys_new(struct vault_keys **ret, struct err *err)
{
	struct secret *memory = NULL;

	int r = secret_new(sizeof(struct vault_keys), &memory, err);
	if (r < 0)
		return r;
	*ret = (struct vault_keys *)(void *)secret_bytes(memory);
	(*ret)->memory = memory;
	return 0;
}

int vault_keys_derive(const uint8_t master[static VAULT_KEYS_MASTER], struct vault_keys **ret, struct err *err)
{
	struct vault_keys *k = NULL;

	int r = vault_keys_new(&k, err);
	if (r < 0)
		return r;
	k->generation = 1;
	vault_keys_derive_own(k, master);
	vault_keys_derive_ca(k, master);
	vault_keys_derive_host(k, master);
	vault_keys_derive_users(k, master);
	evidence_keys_first(&k->evidence, k->sign.public);
	*ret = k;
	return 0;
}

int vault_keys_read(int fd, struct vault_keys **ret, struct err *err)
{
	scoped(secret_scope) struct secret *file = NULL;
	size_t n = 0;

	/* One byte more than the longest: a longer file is some other file. */
	int r = secret_new(VAULT_RING_MAX + 1, &file, err);
	if (r < 0)
		return r;
	while (n <= VAULT_RING_MAX) {
		ssize_t got = read(fd, secret_bytes(file) + n, VAULT_RING_MAX + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault(err, -errno, "the master key cannot be read", "read of the master key: %m");
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n == VAULT_KEYS_MASTER)
		return vault_keys_derive(secret_bytes(file), ret, err);
	return vault_ring_get(span_of(secret_bytes(file), n), ret, err);
}

struct vault_keys *vault_keys_free(struct vault_keys *k)
{
	if (k)
		secret_free(k->memory);
	return NULL;
}
