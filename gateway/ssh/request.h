#ifndef GATEWAY_SSH_REQUEST_H
#define GATEWAY_SSH_REQUEST_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * request - what a channel request is, in the words of a grant.  Pure.
 *
 * gw_ssh_request_exec: WIRE_FEATURE_SCP for the old scp protocol's remote half (`scp` with -t or -f and nothing in
 *   the line that a shell would act upon), else WIRE_FEATURE_EXEC: when in doubt it is a command.
 * gw_ssh_request_subsystem: WIRE_FEATURE_SFTP, or 0 for one that we do not relay.
 * gw_ssh_request_env: may this variable pass?  allow: names, comma-separated, blanks ignored, * at the end of one matches
 *   any tail.  Names other than [A-Za-z_][A-Za-z0-9_]* never pass.
 * Trust: input hostile.
 */
uint32_t gw_ssh_request_exec(struct span command);
uint32_t gw_ssh_request_subsystem(struct span name);
bool gw_ssh_request_env(const char *allow, struct span name);
#endif
