#ifndef POLICY_VAULT_RING_H
#define POLICY_VAULT_RING_H
#include "gateway/core/buf.h"
#include "policy/vault/keys.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct secret;
/*
 * ring - the key file of generation 2 and later: the new master key, and what older generations sealed can still be
 *        opened with, wrapped by it.
 *
 * Source:  docs/RECORDING.md, "Keys and signatures"; docs/decisions/0006-key-rotation.md.
 * Shape:   "yanmenK2" | u32le generation g | master 32 | nonce 24 | XChaCha20-Poly1305 of the body, 16 bytes tag
 *          (key: sub-key 6 "ymring__" of that master; associated data: everything before the ciphertext)
 *          body: CA seed 32 | host seed 32 | users' CA seed 32 | for 1 .. g-1: X25519 secret 32, credential key 32
 *                | for 1 .. g: evidence public key 32, i64le since_us, signature 64 (both zero for 1)
 *          An older evidence key's secret half is in no file any more: nothing can be signed with it.
 * Limits:  2 .. EVIDENCE_KEYS_MAX generations; exact length, VAULT_RING_MAX at most.
 * Errors:  -EPROTO not of this shape; -EACCES changed, or a chain of evidence keys that does not hold.
 * Trust:   the file is ours, read hostile all the same.
 */
enum {
	VAULT_RING_HEAD = 8 + 4 + VAULT_KEYS_MASTER + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	VAULT_RING_SEEDS = 3 * 32,
	VAULT_RING_OPENER = 64,
	VAULT_RING_EVIDENCE = 32 + 8 + 64,
	VAULT_RING_BODY_MAX = VAULT_RING_SEEDS + EVIDENCE_KEYS_MAX * (VAULT_RING_OPENER + VAULT_RING_EVIDENCE),
	VAULT_RING_MAX = VAULT_RING_HEAD + VAULT_RING_BODY_MAX + crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
int vault_ring_get(struct span file, struct vault_keys **ret, struct err *err);

struct vault_ring_wish {
	const uint8_t *master; /* the new one, VAULT_KEYS_MASTER bytes */
	bool ca, host, users;  /* these change too */
	int64_t now_us;
};
/* The file of the generation behind k's.  *ret is exactly the file. */
int vault_ring_next(const struct vault_keys *k, const struct vault_ring_wish *w, struct secret **ret, struct err *err);
#endif
