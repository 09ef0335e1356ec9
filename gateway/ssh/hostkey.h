#ifndef GATEWAY_SSH_HOSTKEY_H
#define GATEWAY_SSH_HOSTKEY_H
#include "gateway/core/buf.h"
#include <libssh/server.h>
struct err;
struct gw_session;
/*
 * hostkey - the gateway's host key as libssh wants it, without its private half.
 *
 * Source:  OpenSSH's PROTOCOL.key (the form of the key file); docs/decisions/0013-host-key-signs-in-the-vault.md.
 * How:     libssh is given a key of the true public half and a private half of zeros.  When it signs a key exchange with it,
 *          the function of libcrypto that it calls is ours: EVP_DigestSign, which asks the vault.  Nothing else in a worker
 *          signs; what asks for it with another key is refused.
 * Errors:  where libssh would not come to us (another build of it), giving the key is -ENOSYS: no worker starts.
 * Owns:    bind owns the key.
 */
/* public: 32 bytes, Ed25519.  s is who asks the vault; it lives as long as the process. */
int gw_ssh_hostkey_give(ssh_bind bind, struct gw_session *s, struct span public, struct err *err);
#endif
