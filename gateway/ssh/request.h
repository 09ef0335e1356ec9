#ifndef GATEWAY_SSH_REQUEST_H
#define GATEWAY_SSH_REQUEST_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct xfer_command;
/*
 * request - what a channel request is, in the words of a grant.  Pure.
 *
 * gw_ssh_request_exec: the features that an exec string needs, all of them: WIRE_FEATURE_SCP and a direction for the old scp
 *   protocol's remote half, WIRE_FEATURE_EXEC and a direction for rsync's, WIRE_FEATURE_SFTP for an sftp-server, else
 *   WIRE_FEATURE_EXEC.  ret_moves, yours to release, is what gateway/xfer/command.h makes of it.
 * gw_ssh_request_subsystem: WIRE_FEATURE_SFTP, or 0 for one that we do not relay.
 * gw_ssh_request_env: may this variable pass?  allow: names, comma-separated, blanks ignored, * at the end of one matches
 *   any tail.  Names other than [A-Za-z_][A-Za-z0-9_]* never pass.
 * gw_ssh_request_refusal: why a peer (who: "target", "client") opened no channel, out of libssh's words for it.
 * Trust: input hostile.
 */
uint32_t gw_ssh_request_exec(struct span command, struct xfer_command *ret_moves);
uint32_t gw_ssh_request_subsystem(struct span name);
bool gw_ssh_request_env(const char *allow, struct span name);
void gw_ssh_request_refusal(const char *who, const char *error, char *ret, size_t ret_n);
#endif
