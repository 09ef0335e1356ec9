#ifndef POLICY_VAULT_CHANNEL_H
#define POLICY_VAULT_CHANNEL_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct secret;
struct vault_peer;
/*
 * channel - how a channel of messages is reached: the secrets that yanmen-notify may have, and no others.
 *
 * Purpose: the URL of a webhook or robot holds its key, so it is a secret as a whole; the console shows its host alone.
 * Shape:   a HOOK is an https URL and, behind a line feed or a space, the key to sign with (or none); a MAIL is a password.
 * Limits:  VAULT_CHANNEL_MAX bytes; printable ASCII.
 * Errors:  as vault_answer: a negative code ends the peer; what it may not have is an answer.
 */
enum { VAULT_CHANNEL_MAX = 4096 };
bool vault_channel_is(uint8_t kind);
/* From the descriptor (borrowed, -1 = none).  https://host[:port] is appended to host. */
int vault_channel_read(int fd, struct secret **ret, struct buf *host, struct err *err);
int vault_channel_unseal(struct vault_peer *p, struct span body, int fd, struct err *err);
#endif
