#ifndef TOOLS_YANMEN_SSH_CONFIG_H
#define TOOLS_YANMEN_SSH_CONFIG_H
#include "tools/yanmen/cli.h"
/*
 * ssh_config - `ssh-config`: a client configuration for a user, ready to be included.
 *
 * Source:  ssh_config(5): Host, ProxyJump, HostKeyAlias; sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
 * Shape:   the gateway as host yanmen-gate, and each granted Linux target through it.  All have the gateway's host key, since
 *          each login ends there: one alias, so that nobody meets a changed key.  The line for known_hosts is a comment.
 * Trust:   names of targets are checked before they stand in a file that OpenSSH reads.
 */
int cli_ssh_config(const struct cli *cli, struct cli_call *call);
#endif
