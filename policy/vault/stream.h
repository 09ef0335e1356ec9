#ifndef POLICY_VAULT_STREAM_H
#define POLICY_VAULT_STREAM_H
#include "gateway/core/loop.h"
#include "policy/vault/keys.h"
#include "policy/vault/store.h"
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * stream - the agent streams that workers hold: a socket pair each, one end served here.
 *
 * Order:   open -> the peer asks (policy/vault/agent.h) -> closed by the peer, after garbage, after a refused signature,
 *          by `forget`, or after VAULT_STREAM_LIFE_US.
 * Safety:  never blocks; at most one request and one answer are held; while an answer waits, nothing is read.
 */
enum {
	VAULT_STREAM_LIFE_US = 120 * 1000 * 1000,
	VAULT_STREAM_CERT_S = 300, /* how long a CA account's certificate is good */
	VAULT_STREAM_MAX = 4096
};
struct vault_stream;
struct vault_streams {
	struct loop *loop;
	const struct vault_keys *keys; /* borrowed: the CA's half */
	struct vault_stream *first;
	size_t n;
};
/* For a KEY or CA that was allowed (borrowed; everything needed is copied).  *ret_fd is the worker's end, the caller's. */
int vault_stream_open(struct vault_streams *s, const struct vault_allowed *a, int *ret_fd, struct err *err);
void vault_stream_forget(struct vault_streams *s, uint64_t worker);
void vault_stream_expire(struct vault_streams *s, int64_t now_us);
void vault_stream_done(struct vault_streams *s);
#endif
