#ifndef POL_PUBKEY_H
#define POL_PUBKEY_H
#include "gateway/core/buf.h"
struct err;
/*
 * pubkey - a user's public key as OpenSSH writes it in one line.
 *
 * Source:  RFC 4253 section 6.6 (the blob), OpenSSH's sshd(8) "AUTHORIZED_KEYS FILE FORMAT" (the line, without options).
 * Shape:   type, blank, base64 of the blob, then blank and a comment or nothing.
 * Limits:  a blob of at most 16 KiB; ssh-ed25519, ecdsa-sha2-nistp*, ssh-rsa and the sk- forms of the first two.
 * Errors:  -EINVAL with one line.
 * Trust:   input from an admin's file.
 */
int pol_pubkey_get(struct span line, struct buf *ret_blob, struct err *err);
#endif
