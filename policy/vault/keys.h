#ifndef POLICY_VAULT_KEYS_H
#define POLICY_VAULT_KEYS_H
#include "gateway/core/secret.h"
#include "recorder/evidence/keys.h"
#include <sodium.h>
#include <stdint.h>
struct err;
/*
 * keys - what the vault derives from the master key at its start; the master key itself is wiped at once.
 *
 * Source:  docs/RECORDING.md, "Keys and signatures".  Sub-key n = crypto_kdf_derive_from_key(32 bytes, n, context, master):
 *          1 "ymsign__" Ed25519 seed, signs all evidence      2 "ymseal__" X25519 seed, recording keys are sealed to it
 *          3 "ymcred__" key of sealed credentials             4 "ymca____" Ed25519 seed of the SSH CA that targets trust
 *          5 "ymhost__" Ed25519 seed of the gateway's SSH host key     6 "ymring__" key of the ring (policy/vault/ring.h)
 *          7 "ymusers_" Ed25519 seed of the CA whose certificates users log in with here
 * Shape:   generation 1 is a file of the 32 bytes alone; a later one is a ring, which brings what opens older things.
 * Limits:  EVIDENCE_KEYS_MAX generations.
 * Owns:    one locked mapping; vault_keys_free wipes it.
 */
enum { VAULT_KEYS_MASTER = crypto_kdf_KEYBYTES };

struct vault_keys_pair { /* Ed25519; secret holds seed and public half, as libsodium wants them */
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
};
struct vault_keys_opener { /* of one generation: what opens its recordings and credentials */
	uint8_t seal_public[crypto_box_PUBLICKEYBYTES], seal_secret[crypto_box_SECRETKEYBYTES];
	uint8_t credential[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

struct vault_keys {
	struct secret *memory; /* where all this lies */
	uint32_t generation;   /* of the master key: 1 is the first */
	struct vault_keys_pair sign, ca, host, users;
	struct evidence_keys evidence;                       /* public: one for each generation */
	struct vault_keys_opener openers[EVIDENCE_KEYS_MAX]; /* by generation - 1 */
};
const struct vault_keys_opener *vault_keys_now(const struct vault_keys *k);

/* Reads the key file from fd (borrowed), to its end.  -EPROTO: no key file, -EACCES: a damaged one. */
int vault_keys_read(int fd, struct vault_keys **ret, struct err *err);
/* Generation 1. */
int vault_keys_derive(const uint8_t master[static VAULT_KEYS_MASTER], struct vault_keys **ret, struct err *err);
struct vault_keys *vault_keys_free(struct vault_keys *k); /* returns NULL */

/* ---- for ring.c ---- */
int vault_keys_new(struct vault_keys **ret, struct err *err); /* zeroed */
void vault_keys_sub(uint64_t id, const char context[static 9], const uint8_t *master, uint8_t ret[static 32]);
/* Derives sign and the opener of k->generation; the rest stays as it is. */
void vault_keys_derive_own(struct vault_keys *k, const uint8_t *master);
void vault_keys_derive_ca(struct vault_keys *k, const uint8_t *master);
void vault_keys_derive_host(struct vault_keys *k, const uint8_t *master);
void vault_keys_derive_users(struct vault_keys *k, const uint8_t *master);
#endif
