#ifndef CORE_SSHKEY_H
#define CORE_SSHKEY_H
#include "gateway/core/buf.h"
#include <stdbool.h>
struct err;
struct rd;
/*
 * sshkey - a person's public key in SSH's form, and nothing but one.
 *
 * Source:  RFC 4253 section 6.6 (RSA), RFC 5656 section 3.1 (ECDSA), RFC 8709 (ed25519); the names of certificates over
 *          them: OpenSSH's PROTOCOL.certkeys.
 * Shape:   string type | fields.   ed25519: string key;  ECDSA: string curve, string point;  RSA: mpint e, mpint n.
 *          In a certificate the same fields stand behind its type and nonce.
 * Safety:  exact: lengths are those of the kind, nothing stands behind the last field.  Whoever signs over the fields needs that:
 *          what is a field too many here would be read as the next one there.
 * Limits:  RSA 2048 to 16384 bits, an odd exponent above 1 of at most 64 bits.
 * Errors:  -EPROTO; a kind that we do not take is -ENOTSUP.
 * Trust:   input hostile.  Owns: nothing; spans point into the input.
 */
struct sshkey_kind {
	const char *name, *certificate; /* "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com" */
	const char *curve;              /* ECDSA alone */
	size_t bytes;                   /* of the ed25519 key, of the ECDSA point; 0 = RSA */
};
struct sshkey {
	const struct sshkey_kind *kind;
	struct span fields;
};
int sshkey_get(struct span blob, struct sshkey *ret, struct err *err);
/* The kind whose certificates have this type, or NULL. */
const struct sshkey_kind *sshkey_certified(struct span type);
/* Reads the fields of such a key off r; false when they are none. */
bool sshkey_fields(struct rd *r, const struct sshkey_kind *kind, struct span *ret_fields);
#endif
