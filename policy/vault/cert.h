#ifndef POLICY_VAULT_CERT_H
#define POLICY_VAULT_CERT_H
#include "gateway/core/buf.h"
#include "gateway/core/sshkey.h"
#include "policy/vault/keys.h"
#include <stdint.h>
/*
 * cert - the text of an OpenSSH user certificate, signed by one of our two CAs.
 *
 * Source:  OpenSSH's PROTOCOL.certkeys.
 * Use:     stream.c certifies a fresh key for one login to one target, with `ca`; usercert.c a person's key for logins to
 *          the gateway, with `users`.  Neither CA is believed where the other one is.
 * Limits:  one principal.  VAULT_CERT_MAX holds the largest: an RSA key of 16384 bits, and a long list of networks.
 */
enum { VAULT_CERT_BEFORE_S = 60 /* clocks differ */, VAULT_CERT_MAX = 16384 };
struct vault_cert {
	struct sshkey key;                  /* what is certified */
	uint64_t serial, after_s, before_s; /* the last two: since 1970 UTC */
	struct span key_id, principal;
	struct span sources;           /* networks with commas between, for source-address; empty = from anywhere */
	const char *const *extensions; /* in the order of their bytes; ends with NULL */
};
/* Appends the certificate's blob. */
void vault_cert_put(const struct vault_cert *c, const struct vault_keys_pair *ca, struct buf *out);
#endif
