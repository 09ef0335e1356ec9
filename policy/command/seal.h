#ifndef POL_SEAL_H
#define POL_SEAL_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct json;
union pol_reply;
struct pol_call;
/*
 * seal - the secret that came with a command is sealed by the vault, bound to what it is for, before it is written down.
 *
 * Shape:   pol_seal_run calls the command's function with its arguments and `sealed` (hex), `bound`, and in_clear, when that is given: what the
 *          vault tells of the secret to everybody (a public key, a host).
 * Units:   kind: enum wire_secret.
 * Errors:  the vault's words, or that it does not answer; each ends the call.
 * Owns:    the call's state; bound is copied.
 */
void pol_seal_run(struct pol_call *c, uint8_t kind, const char *bound, const char *in_clear);
/* The steps, for a command that seals several times: ask, then put what was sealed into its own arguments. */
void pol_seal_ask(struct pol_call *c, uint8_t kind, const char *bound, void (*done)(void *ctx, int code, const union pol_reply *reply));
void pol_seal_put(struct json *j, struct span sealed);
#endif
