#ifndef CORE_PG_H
#define CORE_PG_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct loop;
struct pg_result;
/*
 * pg - one PostgreSQL connection in a loop: libpq in pipeline mode, callbacks, reconnecting.
 *
 * Order:   queries run in the order given, each its own transaction (a sync after each); callbacks come in that order.
 * Failure: when the server goes away every query in flight ends with -EPIPE, one that was never sent with -EAGAIN;
 *          the connection comes back by itself with a back-off of 100 ms to 2 s, `up` tells both changes.
 *          A query given while down ends with -EAGAIN at once (from the loop, never inside pg_query).
 * Deadline: a query without an answer for `deadline_us` (default 10 s) drops the connection.
 * Limits:  at most PG_QUEUE_MAX queries queued: beyond it -EAGAIN.
 * Params:  text format, NULL for SQL null; copied.  Results: text format, borrowed, valid in the callback only.
 */
enum { PG_QUEUE_MAX = 8192 };
struct pg;
typedef void pg_done(void *ctx, int code, const struct pg_result *res, const struct err *err);

int pg_new(struct pg **ret, struct loop *l, const char *conninfo, void (*up)(void *ctx, bool up), void *ctx,
	struct err *err);
struct pg *pg_free(struct pg *pg); /* what is in flight ends with -EPIPE first; may be called from a callback */
bool pg_is_up(const struct pg *pg);
void pg_deadline(struct pg *pg, int64_t deadline_us);
/* code: 0, or by SQLSTATE: YM404 -ENOENT, YM403 -EACCES, YM409 -EEXIST, YM400 -EINVAL, YM401 -EKEYEXPIRED (our own raises: the message is
 * fit for a person and stands in err->say); any other -EIO with the server's message in err->detail only; 53100 -ENOSPC. */
int pg_query(struct pg *pg, const char *sql, int n, const char *const *params, pg_done *done, void *ctx);

int pg_rows(const struct pg_result *r);
const char *pg_text(const struct pg_result *r, int row, int col); /* NULL for SQL null */
struct span pg_span(const struct pg_result *r, int row, int col);
int64_t pg_int(const struct pg_result *r, int row, int col);      /* 0 for null or not a number */
bool pg_bool(const struct pg_result *r, int row, int col);
/* bytea in hex form ("\x...") to bytes appended to `out`; -EPROTO */
int pg_bytea(struct span text, struct buf *out);
void pg_bytea_text(struct span bytes, struct buf *out); /* the other way: a parameter */
/* LISTEN: calls back with the payload of every NOTIFY on the channel; survives reconnects. */
int pg_listen(struct pg *pg, const char *channel, void (*heard)(void *ctx, const char *payload), void *ctx);
#endif
