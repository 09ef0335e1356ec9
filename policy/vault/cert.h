#ifndef POLICY_VAULT_CERT_H
#define POLICY_VAULT_CERT_H
#include "gateway/core/buf.h"
#include "policy/vault/keys.h"
#include <stdint.h>
/*
 * cert - a short-lived OpenSSH user certificate, signed by our CA, for one login to one target.
 *
 * Source:  OpenSSH's PROTOCOL.certkeys, ssh-ed25519-cert-v01@openssh.com.
 * Limits:  valid VAULT_CERT_BEFORE_S before now (clocks differ) to VAULT_CERT_AFTER_S after; one principal, the login;
 *          extension permit-pty alone: no forwarding, no agent, no X11, no user rc.
 */
enum { VAULT_CERT_BEFORE_S = 60, VAULT_CERT_AFTER_S = 300, VAULT_CERT_MAX = 2048 };
extern const char vault_cert_algorithm[];
struct vault_cert {
	struct span key;       /* the 32 bytes of the ed25519 key that is certified */
	struct span principal; /* the account's name on the target */
	const char *key_id;    /* stands in the target's log: the session's id */
	int64_t now_us;        /* since 1970 UTC */
};
/* Appends the certificate's blob. */
void vault_cert_put(const struct vault_cert *c, const struct vault_keys_pair *ca, struct buf *out);
#endif
