#ifndef GATEWAY_PROTO_H
#define GATEWAY_PROTO_H
#include "gateway/core/buf.h"
#include "gateway/core/sandbox.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct gw_session;
struct secret;
/*
 * proto - what a protocol gives the worker harness: the seam between `gateway/` and a protocol's folder.
 *
 * One worker process serves one client connection.  The harness (gateway/worker.c) owns descriptors, the sandbox,
 * recording and the talk with broker, vault and recorder (gateway/session.h); a protocol only moves bytes and asks.
 * A protocol may keep state in the struct it makes in `warm` and needs no locks.
 *
 * Order:   warm -> sandbox -> (a client comes) serve | (a target is to be looked at) probe | (or its password changed) rotate -> exit.
 */
struct gw_proto_look {
	int fd;             /* of the target; borrowed */
	struct span pinned; /* the known host key, whose type is preferred, or empty */
	bool legacy;        /* old algorithms will do */
};

/* A password to be changed on a target, or to be tried. */
struct gw_proto_rotate {
	int fd;                     /* of the target; borrowed */
	struct span host_key;       /* pinned: no other will do */
	bool legacy;
	const char *login;          /* who logs in ... */
	const struct secret *secret; /* ... with this password, */
	int agent_fd;               /* or (secret NULL) with what this key agent signs; taken */
	const char *account;        /* whose password is changed; NULL: a login that works is all */
	const struct secret *fresh; /* to this one */
};

struct gw_proto {
	const char *name; /* "ssh": log field, database enum */
	uint8_t role;     /* enum wire_role */
	enum sandbox_role sandbox;
	bool tls; /* of a SQL door: it has the console's certificate and key, by gw_session_tls, and no SSH host key */
	/* Everything a library does lazily with files or forbidden calls happens here.  host_key: the public half of the gateway's
	 * Ed25519 SSH host key, borrowed; gw_session_host_sign has the vault sign with it. */
	int (*warm)(struct gw_session *s, struct span host_key, void **ret_state, struct err *err);
	/* Serves the connection to its end; owns client_fd.  The return code ends up in the log only. */
	int (*serve)(void *state, int client_fd, struct err *err);
	/* Reads the target's host key (and banner line) without logging in; within 8 s. */
	int (*probe)(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner,
		struct err *err);
	/* Returns enum wire_rotate_how; within 30 s.  *ret_sent: the target may have the fresh password, whatever is returned.  What
	 * the target says is hostile (it has seen passwords): none of it leaves the worker. */
	uint8_t (*rotate)(void *state, const struct gw_proto_rotate *job, bool *ret_sent);
};

/* main() of every worker binary. */
int gw_worker_main(const struct gw_proto *proto);
#endif
