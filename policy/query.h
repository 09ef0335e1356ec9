#ifndef POL_QUERY_H
#define POL_QUERY_H
#include "gateway/core/loop.h"
#include "gateway/core/pg.h"
/*
 * query - SQL whose asker may be gone when the answer comes.
 *
 * Order:   `done` is called exactly once, never from inside pol_query, unless pol_query_drop(ctx) came first.
 * Errors:  as gateway/core/pg.h; a queue that is full is -EAGAIN, told in the same way.
 * Owns:    nothing of the caller's; `ctx` must call pol_query_drop before it goes.
 */
struct pol_sql {
	const char *text;
	int n;
	const char *const *params;
};
/* pol_query(q, POL_SQL("select api.x($1, $2)", a, b), done, ctx) */
#define POL_SQL(text, ...)                                                                                             \
	(&(const struct pol_sql){ text,                                                                                \
		(int)(sizeof((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL }) / sizeof(char *)) - 1,          \
		(const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL } })

struct pol_queries {
	struct loop *loop;
	struct pg *pg;
	struct pol_query_waiting *first;
};
void pol_query(struct pol_queries *q, const struct pol_sql *sql, pg_done *done, void *ctx);
void pol_query_drop(struct pol_queries *q, const void *ctx);
#endif
