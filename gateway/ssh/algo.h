#ifndef GATEWAY_SSH_ALGO_H
#define GATEWAY_SSH_ALGO_H
#include "gateway/core/buf.h"
#include <libssh/libssh.h>
#include <libssh/server.h>
/*
 * algo - the algorithms that we agree to, on either side, and what every SSH session of ours is told.
 *
 * Towards users: current ones only.  Towards targets also the SHA-2 Diffie-Hellman groups and plain SHA-2 MACs that older
 * servers need.  Nothing with SHA-1, CBC, DSA or compression.
 */
extern const char gw_ssh_algo_user_keys[]; /* that users may log in with */
int gw_ssh_algo_server(ssh_bind bind);
/* A client session on a connected descriptor that opens no file.  host_keys: algorithms, in the order wanted.
 * user: the account.  NULL on failure. */
ssh_session gw_ssh_algo_client(int fd, const char *user, const char *host_keys);
/* The host key algorithms for a pinned key's blob, "" for a type that we do not speak. */
const char *gw_ssh_algo_of_blob(struct span blob);
extern const char gw_ssh_algo_any_host_key[]; /* ed25519 first, then ecdsa, then rsa */
/* The key that the server proved, as the blob of RFC 4253 section 6.6. */
int gw_ssh_algo_server_key(ssh_session s, struct buf *ret_blob);
/* Any public key as its blob. */
int gw_ssh_algo_blob(ssh_key key, struct buf *ret_blob);
#endif
