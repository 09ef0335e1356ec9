#include "gateway/parent/pool.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/parent/parent.h"

enum { BACKOFF_MIN_US = 100 * 1000, BACKOFF_MAX_US = 5 * 1000 * 1000 };

static void fill(struct gw_pool *pool);

static void on_rested(void *ctx)
{
	fill(ctx);
}

void gw_pool_init(struct gw_pool *pool, struct gw_parent *p)
{
	*pool = (struct gw_pool){
		.parent = p,
		.next_id = (uint64_t)clock_wall_us(), /* unique for ever: no one starts a worker a microsecond */
		.rest = { .fire = on_rested, .ctx = pool },
	};
	LIST_INIT(&pool->children);
	TAILQ_INIT(&pool->queue);
}

static int64_t count(const struct gw_pool *pool, uint8_t role, enum gw_child_state state)
{
	int64_t n = 0;
	const struct gw_child *c;
	LIST_FOREACH (c, &pool->children, link)
		n += c->row->role == role && c->state == state;
	return n;
}

static int64_t queued(const struct gw_pool *pool, uint8_t role, uint8_t kind)
{
	int64_t n = 0;
	const struct gw_job *job;
	TAILQ_FOREACH (job, &pool->queue, queue)
		n += job->role == role && job->job == kind;
	return n;
}

static void rest(struct gw_pool *pool)
{
	if (pool->rest.at_us)
		return; /* those that were started together fail together */
	pool->backoff_us = pool->backoff_us ? pool->backoff_us * 2 : BACKOFF_MIN_US;
	if (pool->backoff_us > BACKOFF_MAX_US)
		pool->backoff_us = BACKOFF_MAX_US;
	loop_timer_set(pool->parent->loop, &pool->rest, pool->backoff_us);
}

static struct gw_child *start(struct gw_pool *pool, uint8_t role)
{
	struct gw_child *c = NULL;
	struct err err = { 0 };
	if (gw_child_start(pool->parent, role, pool->next_id++, &c, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "worker.not_started", &err);
		rest(pool);
		return NULL;
	}
	LIST_INSERT_HEAD(&pool->children, c, link);
	return c;
}

static void fill_role(struct gw_pool *pool, uint8_t role, int64_t wanted)
{
	wanted += queued(pool, role, WIRE_JOB_SESSION) + queued(pool, role, WIRE_JOB_PROBE) + queued(pool, role, WIRE_JOB_TERM);
	int64_t starting = count(pool, role, GW_CHILD_STARTING);
	wanted -= count(pool, role, GW_CHILD_WARM) + starting;
	for (; wanted > 0 && starting < GW_POOL_PARALLEL; wanted--, starting++) {
		struct gw_child *c = start(pool, role);
		if (!c)
			return;
		gw_child_service_ready(c, WIRE_VAULT);
	}
}

/* Starts what is missing, as far as that is useful now; called again at every hello and every end. */
static void fill(struct gw_pool *pool)
{
	struct gw_parent *p = pool->parent;
	if (gw_stop_is_on(p) || pool->rest.at_us || !gw_service_of(p, WIRE_VAULT))
		return; /* a worker's first question goes to the vault */
	static const uint8_t others[] = { WIRE_TERM, WIRE_MYSQL, WIRE_TDS };
	fill_role(pool, WIRE_SSH, p->conf.pool_warm);
	for (size_t i = 0; i < COUNT_OF(others) && !pool->rest.at_us; i++)
		if (gw_roles_is_used(gw_roles_of(others[i]), &p->conf))
			fill_role(pool, others[i], 1);
}

/* A client waits, however long the queue is: it was counted.  Of others the broker's own deadline tells the person. */
static bool is_too_many(const struct gw_pool *pool, const struct gw_job *job)
{
	return (job->job == WIRE_JOB_PROBE && queued(pool, job->role, WIRE_JOB_PROBE) >= GW_POOL_PROBES) ||
	       (job->job == WIRE_JOB_TERM && queued(pool, job->role, WIRE_JOB_TERM) >= GW_POOL_TERMS);
}

void gw_pool_submit(struct gw_pool *pool, struct gw_job *job)
{
	struct gw_child *c;
	LIST_FOREACH (c, &pool->children, link)
		if (c->row->role == job->role && c->state == GW_CHILD_WARM)
			break;
	if (c) {
		gw_child_work(c, job);
	} else if (is_too_many(pool, job)) {
		log_ev(LOG_LEVEL_WARN, "job.dropped", LOG_N("job", job->job));
		gw_client_free(job);
	} else {
		TAILQ_INSERT_TAIL(&pool->queue, job, queue);
	}
	fill(pool);
}

void gw_pool_read(struct gw_pool *pool, struct gw_job *job)
{
	int64_t n = count(pool, WIRE_READER, GW_CHILD_BUSY) + count(pool, WIRE_READER, GW_CHILD_ENDING);
	struct gw_child *c = n < GW_POOL_READERS ? start(pool, WIRE_READER) : NULL;
	if (!c) {
		log_ev(LOG_LEVEL_WARN, "reader.dropped");
		gw_client_free(job);
		return;
	}
	gw_child_work(c, job);
}

void gw_pool_withdraw(struct gw_pool *pool, struct gw_job *job)
{
	TAILQ_REMOVE(&pool->queue, job, queue);
	gw_client_free(job);
}

struct gw_child *gw_pool_find(struct gw_pool *pool, uint64_t id)
{
	struct gw_child *c;
	LIST_FOREACH (c, &pool->children, link)
		if (c->id == id)
			return c;
	return NULL;
}

void gw_pool_service_ready(struct gw_parent *p, uint8_t role)
{
	struct gw_child *c;
	LIST_FOREACH (c, &p->pool.children, link)
		gw_child_service_ready(c, role);
	fill(&p->pool);
}

void gw_pool_warm(struct gw_pool *pool, struct gw_child *c)
{
	pool->backoff_us = 0;
	struct gw_job *job;
	TAILQ_FOREACH (job, &pool->queue, queue)
		if (job->role == c->row->role)
			break;
	if (job) {
		TAILQ_REMOVE(&pool->queue, job, queue);
		gw_child_work(c, job);
	}
	fill(pool);
}

void gw_pool_gone(struct gw_pool *pool, bool before_hello)
{
	if (gw_stop_is_on(pool->parent)) {
		gw_stop_child_gone(pool->parent);
		return;
	}
	if (before_hello)
		rest(pool);
	fill(pool);
}

bool gw_pool_is_empty(const struct gw_pool *pool)
{
	return LIST_EMPTY(&pool->children);
}

void gw_pool_renew(struct gw_pool *pool, uint8_t role)
{
	struct gw_child *c;
	LIST_FOREACH (c, &pool->children, link)
		if (c->row->role == role && (c->state == GW_CHILD_WARM || c->state == GW_CHILD_STARTING))
			gw_child_leave(c);
}

void gw_pool_stop(struct gw_parent *p, const char *reason)
{
	struct gw_pool *pool = &p->pool;
	struct gw_child *c;
	loop_timer_del(&pool->rest);
	while (!TAILQ_EMPTY(&pool->queue))
		gw_pool_withdraw(pool, TAILQ_FIRST(&pool->queue));
	LIST_FOREACH (c, &pool->children, link)
		if (c->job && c->job->job == WIRE_JOB_SESSION)
			gw_child_end(c, span_str(reason));
		else if (c->job && c->job->job == WIRE_JOB_TERM)
			gw_child_await(c);
		else
			gw_child_leave(c);
}

void gw_pool_kill_all(struct gw_pool *pool)
{
	struct gw_child *c;
	LIST_FOREACH (c, &pool->children, link)
		gw_child_kill(c);
}
