#ifndef POLICY_VAULT_FACTOR_H
#define POLICY_VAULT_FACTOR_H
#include "gateway/core/buf.h"
struct err;
struct vault_peer;
/*
 * factor - what the broker may ask about second factors: a new one, new recovery codes, is this the code.
 *
 * Purpose: a TOTP secret is made here and never leaves but once, to the worker whose person enrols.  The broker keeps it
 *          sealed, bound to its user, and learns yes or no.
 * Errors:  as vault_answer: a negative code ends the peer; what cannot be done is an answer.
 */
int vault_factor_new(struct vault_peer *p, struct span body, int fd, struct err *err);
int vault_factor_check(struct vault_peer *p, struct span body, int fd, struct err *err);
#endif
