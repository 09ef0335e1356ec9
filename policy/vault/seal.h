#ifndef POLICY_VAULT_SEAL_H
#define POLICY_VAULT_SEAL_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
struct secret;
struct vault_keys;
/*
 * seal - a credential as the database keeps it: only the vault can open it, and only for the binding it was made for.
 *
 * Shape:   u8 version = 1 | u8 kind (enum wire_secret) | u32le generation of the master key | nonce 24 | ciphertext, tag 16 behind it.
 *          XChaCha20-Poly1305; associated data = "yanmen credential\0" | the 6 bytes before the nonce | bound text.
 * Limits:  1 .. VAULT_SEAL_MAX bytes of secret (a CA account seals the word VAULT_SEAL_CA: only its binding matters).
 * Errors:  -EPROTO not of this shape; -ENOKEY a generation that is not there; -EACCES changed, another kind or another binding.
 * Trust:   input hostile: whoever can write to the database can try any bytes.
 */
#define VAULT_SEAL_CA "ca"
enum { VAULT_SEAL_MAX = 16384, VAULT_SEAL_HEAD = 6 + 24, VAULT_SEAL_TAG = 16 };
struct vault_seal {
	uint8_t kind;
	uint32_t generation;
	struct span nonce, ciphertext;
};
int vault_seal_get(struct span in, struct vault_seal *ret, struct err *err);
int vault_seal_kind_is_known(uint8_t kind); /* may it be sealed as a credential? */

struct vault_seal_what {
	uint8_t kind;
	struct span bound, secret;
};
/* With the newest generation's key.  Appends to out; -EMSGSIZE. */
int vault_seal_close(
	const struct vault_keys *k, const struct vault_seal_what *what, struct buf *out, struct err *err);
/* Opens what it says it is: vault_seal_get tells the kind. */
int vault_seal_open(
	const struct vault_keys *k, struct span sealed, struct span bound, struct secret **ret, struct err *err);
#endif
