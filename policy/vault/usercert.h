#ifndef POLICY_VAULT_USERCERT_H
#define POLICY_VAULT_USERCERT_H
#include "gateway/core/buf.h"
struct err;
struct vault_peer;
/*
 * usercert - the broker may have a user's key certified for logins to the gateway.
 *
 * Purpose: the users' CA key stays here, and signs nothing but certificates of this one form: of type user, for one user's
 *          name, over a key that is nothing but a key (gateway/core/sshkey.h), for a bounded time.
 * Limits:  valid for at most VAULT_USERCERT_TERM_S, and until no later than so long from now.
 * Errors:  as vault_answer: a negative code ends the peer; what cannot be certified is an answer.
 */
enum { VAULT_USERCERT_TERM_S = 366 * 24 * 3600 };
int vault_usercert_certify(struct vault_peer *p, struct span body, int fd, struct err *err);
#endif
