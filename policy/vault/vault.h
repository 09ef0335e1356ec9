#ifndef POLICY_VAULT_VAULT_H
#define POLICY_VAULT_VAULT_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/permit.h"
#include "policy/vault/host.h"
#include "policy/vault/keys.h"
#include "policy/vault/store.h"
#include "policy/vault/stream.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct wire_rekey;
/*
 * vault - the process that holds the master key's children and gives no key away.
 *
 * peer.c    sockets of parent, services and workers; who may ask what (permit tables); one question after the other
 * answer.c  what each question does
 * host.c    the SSH host key: its public half, and signatures of key exchanges
 * rekey.c   a new master key, for the parent
 * Trust:    workers and readers are hostile; recorder and broker are trusted as far as their tables go.
 */
struct vault {
	struct loop *loop;
	const struct vault_keys *keys;
	struct vault_store store;
	struct vault_streams streams;
	struct vault_peer *peers;
	struct loop_io control; /* the parent */
	struct loop_timer sweep;
	struct buf ca_line, host_line, users_line; /* public halves, OpenSSH one-line form */
	struct buf evidence_lines;     /* the public key file */
	uint8_t body[MSG_BODY_MAX];
};

struct vault_peer {
	struct vault *vault;
	struct vault_peer *next;
	uint8_t role;    /* enum wire_role */
	uint64_t worker; /* 0 for a service, but for WIRE_WORKER_WEB */
	int fd;
	struct loop_io io;
	struct msgq *out;
	struct permit permit;
	struct vault_host host;
};

/* control: descriptor of the parent.  Keys are borrowed. */
int vault_peer_start(struct vault *v, const struct vault_keys *keys, int control, struct err *err);
void vault_peer_stop(struct vault *v);

/* Answers one permitted question.  fd is borrowed (-1 = none).  A negative code ends the peer; what the peer may not have
 * or what failed for a reason of the person's is an answer, not a code. */
int vault_answer(struct vault_peer *p, uint16_t type, struct span body, int fd, struct err *err);

/* The next generation's key file into fd (borrowed, empty).  The vault goes on with the keys it has: the parent starts
 * another one. */
int vault_rekey(const struct vault_keys *k, const struct wire_rekey *m, int fd, struct err *err);
#endif
