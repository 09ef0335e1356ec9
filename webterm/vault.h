#ifndef WEB_VAULT_H
#define WEB_VAULT_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
struct err;
struct web;
struct web_vault;
/*
 * vault - yanmen-web's pair with the vault, of which it may only `use` what was allowed to it: what a person must see who
 * enrols a second factor.
 *
 * Order:   one question at a time, the vault answers in that order.
 * Errors:  -EPIPE: it is away.  `done` is called exactly once otherwise; secret empty = denied or lost.
 * Owns:    the secret is borrowed and wiped behind the call.
 */
struct web_vault *web_vault_new(struct web *web);
struct web_vault *web_vault_free(struct web_vault *v);
int web_vault_open(struct web_vault *v, int sock, struct err *err);
int web_vault_use(struct web_vault *v, const struct id *id, void (*done)(void *ctx, struct span secret), void *ctx);
#endif
