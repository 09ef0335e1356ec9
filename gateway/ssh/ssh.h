#ifndef GATEWAY_SSH_SSH_H
#define GATEWAY_SSH_SSH_H
#include "gateway/proto.h"
/*
 * ssh - SSH for the worker harness (RFC 4251 to 4254), on both sides by libssh: login, `session` channels with shell,
 * exec and the sftp subsystem.  Everything else that SSH can open is refused.
 */
extern const struct gw_proto gw_ssh_proto;
#endif
