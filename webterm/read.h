#ifndef WEB_READ_H
#define WEB_READ_H
#include "gateway/core/buf.h"
#include "webterm/cookie.h"
#include <stdbool.h>
struct err;
struct web;
struct web_request;
/*
 * read - what a person may see: one function of the database, console.read, which checks the console session and every right
 * by itself (schema/0018).
 *
 * Errors:  as pg.h: -EKEYEXPIRED sign in again, -EACCES, -ENOENT, -EINVAL, -EAGAIN and -EPIPE the database is away.
 * Limits:  64 KiB of a query; the database bounds the rows.
 */
typedef void web_read_done(void *ctx, int code, struct span json, const struct err *err);
int web_read(struct web *web, const struct web_token *token, const char *address, const char *collection,
	struct span query, web_read_done *done, void *ctx);
/* Is somebody signed in with this token?  Without an address: nobody did anything, for the idle clock. */
int web_read_who(struct web *web, const struct web_token *token, web_read_done *done, void *ctx);
void web_read_me(struct web_request *r);
void web_read_list(struct web_request *r);
void web_read_row(struct web_request *r);
void web_read_ticket(struct web_request *r); /* of watch, replay and events: for whoever is signed in */
#endif
