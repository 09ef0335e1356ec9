#ifndef POLICY_VAULT_KEY_H
#define POLICY_VAULT_KEY_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * key - a private SSH key: ed25519, RSA (2048..8192 bits: more would hold up the loop) or ECDSA on a NIST curve, and what it signs.
 *
 * Source:  RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8332, RFC 8709 (blobs and signatures).
 * Shape:   blob = string type | fields;  signature = string algorithm | string signature.
 * Safety:  rsa-sha2-256 and rsa-sha2-512 for RSA; SHA-1 only where `sha1` says so.
 * Owns:    vault_key_done frees (and libcrypto wipes) the private half; accepts a zeroed one.
 */
struct vault_key_type;
struct vault_key {
	EVP_PKEY *pkey;
	const struct vault_key_type *type;
	struct buf blob; /* the public key */
	bool sha1;       /* RSA: "ssh-rsa" as well, for a target that an admin has marked legacy */
};
enum { VAULT_KEY_BLOB_MAX = 4096, VAULT_KEY_SIGNATURE_MAX = 4096 };

/* A private key file: OpenSSH's own form, or PEM (PKCS#8, PKCS#1, SEC 1).  -ENOKEY: it has a passphrase; -EPROTO;
 * -ENOTSUP: a kind of key that we do not use.  err->say is for the person who gave the file. */
int vault_key_parse(struct span text, struct vault_key *ret, struct err *err);
int vault_key_ed25519(const uint8_t seed[static 32], struct vault_key *ret, struct err *err);
/* Takes over pkey, also when it fails. */
int vault_key_of(EVP_PKEY *pkey, struct vault_key *ret, struct err *err);
void vault_key_done(struct vault_key *k);

const char *vault_key_name(const struct vault_key *k);           /* "ssh-ed25519" */
void vault_key_line(const struct vault_key *k, struct buf *out); /* "ssh-ed25519 AAAA...", no newline */
/* Appends the signature over data.  -EACCES: not an algorithm of this key that we use. */
int vault_key_sign(
	const struct vault_key *k, struct span algorithm, struct span data, struct buf *out, struct err *err);
/* Signs and verifies a word: the halves belong together.  -EPROTO */
int vault_key_try(const struct vault_key *k, struct err *err);
#endif
