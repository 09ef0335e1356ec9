#ifndef POLICY_VAULT_HOST_H
#define POLICY_VAULT_HOST_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
struct vault_peer;
/*
 * host - the gateway's SSH host key: its public half for every worker, signatures of key exchanges for those that serve.
 *
 * Source:  RFC 4253 section 8 (what a server signs), RFC 8709 (Ed25519); docs/decisions/0013-host-key-signs-in-the-vault.md.
 * Safety:  signed is a text of exactly the length of SHA-256, SHA-384 or SHA-512, nothing else: whatever else SSH signs
 *          with a key (logins, certificates, SSHSIG) is longer, so no signature made here passes for one of these.
 *          A question before the parent said `serves` waits for it: two sockets have no order.  At most VAULT_HOST_BURST at once
 *          and then one each VAULT_HOST_EVERY_US: what is asked faster is answered later.
 * Limits:  one open question a worker.
 * Errors:  another length, or a second question before the answer: -EPERM; the peer ends, and with it the connection.
 * Trust:   hostile.  What is hashed nobody here can know: see docs/SECURITY.md, "Known limits".
 */
enum { VAULT_HOST_HASH_MAX = 64, VAULT_HOST_BURST = 256, VAULT_HOST_EVERY_US = 125 * 1000 };
struct vault_host {
	bool serves, slowed;
	uint8_t hash[VAULT_HOST_HASH_MAX];
	size_t hash_n;    /* of the open question; 0 = none */
	int64_t spent_us; /* when all that was signed will be paid for; clock_mono_us */
	struct loop_timer due;
};
void vault_host_init(struct vault_peer *p);
void vault_host_serves(struct vault_peer *p); /* the parent's word: it has a client */
void vault_host_done(struct vault_peer *p);

/* As vault_answer. */
int vault_host_key(struct vault_peer *p, struct span body, int fd, struct err *err);
int vault_host_sign(struct vault_peer *p, struct span body, int fd, struct err *err);
#endif
