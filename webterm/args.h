#ifndef WEB_ARGS_H
#define WEB_ARGS_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
struct secret;
/*
 * args - the JSON object of a request as the arguments of a command.
 *
 * Shape:   {"name": "web01", "port": 22, "key": ["one", "two"]}: strings, whole numbers, true and false become text; an
 *          array of them is a repeated argument; null is left out.  The keys "secret" and "sql" are none of them: they are taken apart.
 * Limits:  256 values in all; `put` of MSG_BODY_MAX less what the message around it needs.  Arrays hold no arrays, objects
 *          no objects.
 * Errors:  -EPROTO no JSON object of that shape, a key twice; -EMSGSIZE.
 * Owns:    web_args_done frees and wipes.
 * Trust:   input hostile; what the arguments mean is the broker's to check.
 */
struct web_args {
	uint32_t count;
	struct buf put;        /* count times { STR key, STR value } */
	struct secret *secret; /* NULL = none */
	struct buf sql;        /* what is to run on a database: longer than an argument may be */
	bool has_sql;
};
int web_args_get(struct span body, struct web_args *ret, struct err *err);
void web_args_done(struct web_args *a);
#endif
