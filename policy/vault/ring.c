#include "policy/vault/ring.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

static const char magic[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'K', '2' };
enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES };

static void keys_scope(struct vault_keys **k)
{
	*k = vault_keys_free(*k);
}

static size_t body_size(uint32_t generation)
{
	return VAULT_RING_SEEDS + (size_t)(generation - 1) * VAULT_RING_OPENER + (size_t)generation * VAULT_RING_EVIDENCE;
}

static void ring_key(const uint8_t *master, uint8_t ret[static 32])
{
	vault_keys_sub(6, "ymring__", master, ret);
}

/* ---- reading ---- */

static int broken(struct err *err, const char *why)
{
	return fault(err, -EACCES, "the master key file is damaged: put a backup of it back", "ring: %s", why);
}

static void pair_of(struct span seed, struct vault_keys_pair *ret)
{
	crypto_sign_seed_keypair(ret->public, ret->secret, seed.p);
}

static int get_evidence(struct rd *r, struct vault_keys *k, struct err *err)
{
	for (uint32_t g = 1; g <= k->generation; g++) {
		struct evidence_keys_one one = { 0 };
		memcpy(one.key, rd_bytes(r, sizeof one.key).p, sizeof one.key);
		one.since_us = (int64_t)rd_u64le(r);
		memcpy(one.signature, rd_bytes(r, sizeof one.signature).p, sizeof one.signature);
		if (g == 1)
			evidence_keys_first(&k->evidence, one.key);
		else if (evidence_keys_add(&k->evidence, &one, err) < 0)
			return broken(err, "the chain of evidence keys");
	}
	const struct evidence_keys_one *last = &k->evidence.k[k->evidence.n - 1];
	return memcmp(last->key, k->sign.public, sizeof last->key) == 0 ? 0 : broken(err, "another evidence key");
}

/* body has exactly body_size(k->generation) bytes. */
static int get_body(struct span body, struct vault_keys *k, struct err *err)
{
	struct rd r = rd_of(body);

	pair_of(rd_bytes(&r, 32), &k->ca);
	pair_of(rd_bytes(&r, 32), &k->host);
	pair_of(rd_bytes(&r, 32), &k->users);
	for (uint32_t g = 1; g < k->generation; g++) {
		struct vault_keys_opener *o = &k->openers[g - 1];
		memcpy(o->seal_secret, rd_bytes(&r, sizeof o->seal_secret).p, sizeof o->seal_secret);
		crypto_scalarmult_base(o->seal_public, o->seal_secret);
		memcpy(o->credential, rd_bytes(&r, sizeof o->credential).p, sizeof o->credential);
	}
	int code = get_evidence(&r, k, err);
	assert(rd_done(&r));
	return code;
}

int vault_ring_get(struct span file, struct vault_keys **ret, struct err *err)
{
	scoped(keys_scope) struct vault_keys *k = NULL;
	scoped(secret_scope) struct secret *body = NULL;
	struct rd r = rd_of(file);
	uint8_t key[32];

	bool ours = span_eq(rd_bytes(&r, sizeof magic), span_of(magic, sizeof magic));
	uint32_t generation = rd_u32le(&r);
	struct span master = rd_bytes(&r, VAULT_KEYS_MASTER), nonce = rd_bytes(&r, NONCE);
	if (r.bad || !ours || generation < 2 || generation > EVIDENCE_KEYS_MAX || r.n != body_size(generation) + TAG)
		return fault(err, -EPROTO, "the master key file must hold exactly 32 bytes, or what `key rotate` made of it",
			"a master key file of %zu bytes", file.n);
	int code = secret_new(body_size(generation), &body, err);
	if (code == 0)
		code = vault_keys_new(&k, err);
	if (code < 0)
		return code;
	ring_key(master.p, key);
	int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
		secret_bytes(body), NULL, NULL, r.p, r.n, file.p, VAULT_RING_HEAD, nonce.p, key);
	secret_wipe(key, sizeof key);
	if (bad)
		return broken(err, "it does not open");
	k->generation = generation;
	vault_keys_derive_own(k, master.p);
	code = get_body(secret_span(body), k, err);
	if (code == 0)
		*ret = take(k);
	return code;
}

/* ---- making ---- */

/* The keys of the next generation, in memory. */
static int next_keys(const struct vault_keys *k, const struct vault_ring_wish *w, struct vault_keys **ret, struct err *err)
{
	scoped(keys_scope) struct vault_keys *n = NULL;
	struct evidence_sign_claim claim;
	uint8_t text[EVIDENCE_SIGN_TEXT];

	if (k->generation >= EVIDENCE_KEYS_MAX)
		return fault(err, -EMSGSIZE, "the master key cannot be rotated any more", "%u generations", k->generation);
	int r = vault_keys_new(&n, err);
	if (r < 0)
		return r;
	struct secret *memory = n->memory;
	*n = *k;
	n->memory = memory;
	n->generation = k->generation + 1;
	vault_keys_derive_own(n, w->master);
	if (w->ca)
		vault_keys_derive_ca(n, w->master);
	if (w->host)
		vault_keys_derive_host(n, w->master);
	if (w->users)
		vault_keys_derive_users(n, w->master);
	int64_t after_us = k->evidence.k[k->evidence.n - 1].since_us;
	struct evidence_keys_one one = { .since_us = w->now_us > after_us ? w->now_us : after_us + 1 };
	memcpy(one.key, n->sign.public, sizeof one.key);
	evidence_keys_claim(&k->evidence, &one, &claim);
	evidence_sign_text(&claim, text);
	crypto_sign_detached(one.signature, NULL, text, sizeof text, k->sign.secret);
	r = evidence_keys_add(&n->evidence, &one, err);
	if (r == 0)
		*ret = take(n);
	return r;
}

static void put(uint8_t **at, const void *p, size_t n)
{
	memcpy(*at, p, n);
	*at += n;
}

static void put_le(uint8_t **at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(*at)++ = (uint8_t)(v >> 8 * i);
}

static void put_body(uint8_t *at, const struct vault_keys *n)
{
	put(&at, n->ca.secret, 32); /* libsodium's secret form begins with the seed */
	put(&at, n->host.secret, 32);
	put(&at, n->users.secret, 32);
	for (uint32_t g = 1; g < n->generation; g++) {
		put(&at, n->openers[g - 1].seal_secret, 32);
		put(&at, n->openers[g - 1].credential, 32);
	}
	for (size_t i = 0; i < n->evidence.n; i++) {
		put(&at, n->evidence.k[i].key, EVIDENCE_KEY);
		put_le(&at, (uint64_t)n->evidence.k[i].since_us, 8);
		put(&at, n->evidence.k[i].signature, EVIDENCE_SIGNATURE);
	}
}

int vault_ring_next(const struct vault_keys *k, const struct vault_ring_wish *w, struct secret **ret, struct err *err)
{
	scoped(keys_scope) struct vault_keys *n = NULL;
	scoped(secret_scope) struct secret *body = NULL, *file = NULL;
	uint8_t key[32];

	int r = next_keys(k, w, &n, err);
	if (r < 0)
		return r;
	size_t size = body_size(n->generation);
	r = secret_new(size, &body, err);
	if (r == 0)
		r = secret_new(VAULT_RING_HEAD + size + TAG, &file, err);
	if (r < 0)
		return r;
	put_body(secret_bytes(body), n);
	uint8_t *at = secret_bytes(file);
	put(&at, magic, sizeof magic);
	put_le(&at, n->generation, 4);
	put(&at, w->master, VAULT_KEYS_MASTER);
	randombytes_buf(at, NONCE);
	at += NONCE;
	ring_key(w->master, key);
	crypto_aead_xchacha20poly1305_ietf_encrypt(at, NULL, secret_span(body).p, size, secret_bytes(file), VAULT_RING_HEAD,
		NULL, at - NONCE, key);
	secret_wipe(key, sizeof key);
	*ret = take(file);
	return 0;
}
