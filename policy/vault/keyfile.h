#ifndef POLICY_VAULT_KEYFILE_H
#define POLICY_VAULT_KEYFILE_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
#include <stdint.h>
struct err;
/*
 * keyfile - the text forms of a private key.
 *
 * Source:  OpenSSH's PROTOCOL.key ("openssh-key-v1"); RFC 7468 / 8017 / 5915 / 8410 PEM, read by libcrypto.
 * Limits:  VAULT_KEYFILE_MAX bytes; one key a file; no passphrase: a key that has one is -ENOKEY.
 * Owns:    *ret_pkey is the caller's.
 * Trust:   input hostile.
 */
enum { VAULT_KEYFILE_MAX = 16384 };
int vault_keyfile_get(struct span text, EVP_PKEY **ret_pkey, struct err *err);
#endif
