#ifndef POLICY_VAULT_KEYS_H
#define POLICY_VAULT_KEYS_H
#include "gateway/core/secret.h"
#include <sodium.h>
#include <stdint.h>
struct err;
/*
 * keys - what the vault derives from the master key at its start; the master key itself is wiped at once.
 *
 * Source:  docs/SECURITY.md, "Keys".  Sub-key n = crypto_kdf_derive_from_key(32 bytes, n, context, master):
 *          1 "ymsign__" Ed25519 seed, signs all evidence      2 "ymseal__" X25519 seed, recording keys are sealed to it
 *          3 "ymcred__" key of sealed credentials             4 "ymca____" Ed25519 seed of the SSH user CA
 *          5 "ymhost__" Ed25519 seed of the gateway's SSH host key
 * Limits:  the key file holds exactly 32 bytes; -EPROTO otherwise.
 * Owns:    one locked mapping; vault_keys_free wipes it.
 */
enum { VAULT_KEYS_MASTER = crypto_kdf_KEYBYTES, VAULT_KEYS_EPOCH = 1 };

struct vault_keys_pair { /* Ed25519; secret holds seed and public half, as libsodium wants them */
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

struct vault_keys {
	struct secret *memory; /* where all this lies */
	struct vault_keys_pair sign, ca, host;
	uint8_t seal_public[crypto_box_PUBLICKEYBYTES], seal_secret[crypto_box_SECRETKEYBYTES];
	uint8_t credential[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

/* Reads the master key from fd (borrowed), to its end. */
int vault_keys_read(int fd, struct vault_keys **ret, struct err *err);
int vault_keys_derive(const uint8_t master[static VAULT_KEYS_MASTER], struct vault_keys **ret, struct err *err);
struct vault_keys *vault_keys_free(struct vault_keys *k); /* returns NULL */
#endif
