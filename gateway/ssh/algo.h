#ifndef GATEWAY_SSH_ALGO_H
#define GATEWAY_SSH_ALGO_H
#include "gateway/core/buf.h"
#include <libssh/libssh.h>
#include <libssh/server.h>
/*
 * algo - the algorithms that we agree to, on either side, and what every SSH session of ours is told.
 *
 * Towards users: current ones only.  Towards targets also the SHA-2 Diffie-Hellman groups and plain SHA-2 MACs that older
 * servers need.  SHA-1, CBC and 1024-bit groups only towards a target that an admin has marked legacy, behind all else; DSA
 * and compression never.
 */
int gw_ssh_algo_server(ssh_bind bind);
struct gw_ssh_algo_to {
	int fd; /* connected */
	const char *user;
	struct span pinned;  /* host key: empty = any */
	bool only_pinned;    /* no host key of another type; else that type is preferred */
	bool legacy;
};
/* A client session that opens no file.  NULL on failure. */
ssh_session gw_ssh_algo_client(const struct gw_ssh_algo_to *to);
/* The handshake failed: has the server no host key of the pinned type any more, or only what a legacy target may have? */
enum gw_ssh_algo_why { GW_SSH_ALGO_OTHER, GW_SSH_ALGO_HOST_KEY, GW_SSH_ALGO_OLD };
enum gw_ssh_algo_why gw_ssh_algo_why(const struct gw_ssh_algo_to *to, const char *error);
/* The key that the server proved, as the blob of RFC 4253 section 6.6. */
int gw_ssh_algo_server_key(ssh_session s, struct buf *ret_blob);
/* Any public key as its blob. */
int gw_ssh_algo_blob(ssh_key key, struct buf *ret_blob);
#endif
