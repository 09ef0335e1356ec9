#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H
#include "gateway/parent/child.h"
#include "gateway/parent/client.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct gw_parent;
/*
 * pool - workers that are ready before a client comes, and the clients that come faster than workers.
 *
 * conf.pool_warm workers wait; a job takes one and another is started.  A job that finds none waits in a queue
 * (bounded by the limits of client.h and 64 probes) and more are started, at most GW_POOL_PARALLEL at a time: more would
 * only slow each other down.  After a failed start the pool rests, 100 ms doubling to 5 s.
 * Terminals of browsers have a pool of the same kind, where one waits and at most GW_POOL_TERMS jobs; of workers for SQL clients one waits, where there
 * is a door for them.
 * Readers are started one for each opening, at most GW_POOL_READERS at once.
 */
enum { GW_POOL_PARALLEL = 4, GW_POOL_READERS = 16, GW_POOL_PROBES = 64, GW_POOL_TERMS = 256 };
LIST_HEAD(gw_children, gw_child);

struct gw_pool {
	struct gw_parent *parent;
	struct gw_children children; /* workers, readers and terminals */
	struct gw_jobs queue;
	uint64_t next_id;
	int64_t backoff_us;
	struct loop_timer rest; /* set: nothing is started before it fires */
};
void gw_pool_init(struct gw_pool *pool, struct gw_parent *p);
void gw_pool_submit(struct gw_pool *pool, struct gw_job *job);   /* takes job */
void gw_pool_read(struct gw_pool *pool, struct gw_job *job);     /* takes job */
void gw_pool_withdraw(struct gw_pool *pool, struct gw_job *job); /* frees a job that still waits */
struct gw_child *gw_pool_find(struct gw_pool *pool, uint64_t id);
void gw_pool_service_ready(struct gw_parent *p, uint8_t role);
void gw_pool_warm(struct gw_pool *pool, struct gw_child *c);     /* it said hello */
void gw_pool_gone(struct gw_pool *pool, bool before_hello);      /* one ended */
bool gw_pool_is_empty(const struct gw_pool *pool);
void gw_pool_renew(struct gw_pool *pool, uint8_t role); /* those that wait for a client leave, others come */
void gw_pool_stop(struct gw_parent *p, const char *reason);
void gw_pool_kill_all(struct gw_pool *pool);
#endif
