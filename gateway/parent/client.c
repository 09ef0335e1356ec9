#include "gateway/parent/client.h"
#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/parent/parent.h"
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { LOG_EVERY_US = 1000 * 1000 };

static const char too_slow[] = "The login took too long. 登录超时。";

void gw_clients_init(struct gw_clients *c)
{
	TAILQ_INIT(&c->waiting);
}

static void source_of(const char *address, uint8_t ret[static 16])
{
	memset(ret, 0, 16);
	if (inet_pton(AF_INET6, address, ret) == 1)
		memset(ret + 8, 0, 8); /* a /64 is one customer */
	else
		(void)inet_pton(AF_INET, address, ret + 12); /* ::a.b.c.d, which no client has */
}

static int64_t waiting_from(const struct gw_clients *c, const uint8_t source[static 16])
{
	int64_t n = 0;
	const struct gw_job *job;
	TAILQ_FOREACH (job, &c->waiting, waiting)
		n += memcmp(job->source, source, 16) == 0;
	return n;
}

/* Which limit stands against one more; NULL: none. */
static const char *limit(const struct gw_parent *p, const uint8_t source[static 16])
{
	const struct gw_clients *c = &p->clients;
	if (c->all >= p->conf.sessions_max)
		return "sessions";
	if (c->before_login >= p->conf.unauth_max)
		return "unauthenticated";
	if (waiting_from(c, source) >= p->conf.unauth_source_max)
		return "unauthenticated_source";
	return NULL;
}

/* At most one line a second, however many come. */
static void log_refused(struct gw_clients *c, const char *why, const char *address)
{
	int64_t now = clock_mono_us();
	c->refused++;
	if (c->logged_us && now - c->logged_us < LOG_EVERY_US)
		return;
	log_ev(LOG_LEVEL_WARN, "client.refused", LOG_S("limit", why), LOG_S("from", address),
		LOG_N("count", c->refused));
	c->refused = 0;
	c->logged_us = now;
}

static void on_grace_over(void *ctx)
{
	struct gw_job *job = ctx;
	log_ev(LOG_LEVEL_INFO, "client.too_slow", LOG_S("from", job->address));
	if (job->child)
		gw_child_end(job->child, span_str(too_slow));
	else
		gw_pool_withdraw(&job->parent->pool, job);
}

static struct gw_job *job_new(struct gw_parent *p, uint8_t kind, uint8_t role)
{
	struct gw_job *job = calloc(1, sizeof *job);
	if (job)
		*job = (struct gw_job){
			.parent = p, .job = kind, .role = role, .fd = -1, .grace = { .fire = on_grace_over, .ctx = job }
		};
	return job;
}

struct gw_job *gw_client_probe(struct gw_parent *p, uint64_t ticket, uint8_t kind, uint8_t role)
{
	struct gw_job *job = job_new(p, kind, role);
	if (job)
		job->ticket = ticket;
	return job;
}

void gw_clients_accept(struct gw_parent *p, int fd, const struct gw_door *door, const char *address, uint16_t port)
{
	scoped(scope_close) int client = fd;
	struct gw_clients *c = &p->clients;
	uint8_t source[16];
	source_of(address, source);
	const char *why = limit(p, source);
	struct gw_job *job = why ? NULL : job_new(p, WIRE_JOB_SESSION, door->role);
	if (!job) {
		log_refused(c, why ? why : "memory", address);
		return;
	}
	job->fd = take_fd(client);
	job->port = port;
	job->before_login = true;
	snprintf(job->target, sizeof job->target, "%s", door->target);
	snprintf(job->address, sizeof job->address, "%s", address);
	memcpy(job->source, source, sizeof source);
	TAILQ_INSERT_TAIL(&c->waiting, job, waiting);
	c->before_login++;
	c->all++;
	loop_timer_set(p->loop, &job->grace, p->conf.login_grace_s * 1000 * 1000);
	gw_pool_submit(&p->pool, job);
}

bool gw_client_is_address(struct span text)
{
	char copy[GW_LISTEN_ADDRESS];
	uint8_t bytes[16];
	if (text.n >= sizeof copy || memchr(text.p, 0, text.n))
		return false;
	snprintf(copy, sizeof copy, "%.*s", (int)text.n, (const char *)text.p);
	return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

void gw_clients_inner(struct gw_parent *p, const struct wire_want *m, int fd)
{
	scoped(scope_close) int client = fd;
	char address[GW_LISTEN_ADDRESS];
	const struct gw_child *outer = m->outer ? gw_pool_find(&p->pool, m->outer) : NULL;
	if (m->outer && (!outer || outer->state != GW_CHILD_BUSY || !outer->job || outer->job->job != WIRE_JOB_SESSION))
		return; /* it has just left */
	if (outer)
		memcpy(address, outer->job->address, sizeof address);
	else
		snprintf(address, sizeof address, "%.*s", (int)m->address.n, (const char *)m->address.p);
	bool full = p->clients.all >= p->conf.sessions_max;
	struct gw_job *job = full ? NULL : job_new(p, WIRE_JOB_SESSION, m->role);
	if (!job) {
		log_refused(&p->clients, full ? "sessions" : "memory", address);
		return;
	}
	job->fd = take_fd(client);
	job->ticket = m->ticket;
	job->outer = m->outer;
	job->door = m->door;
	job->port = outer ? outer->job->port : m->port;
	memcpy(job->address, address, sizeof job->address);
	source_of(address, job->source);
	p->clients.all++;
	gw_pool_submit(&p->pool, job);
}

void gw_client_authenticated(struct gw_job *job)
{
	struct gw_clients *c = &job->parent->clients;
	if (!job->before_login)
		return;
	job->before_login = false;
	loop_timer_del(&job->grace);
	TAILQ_REMOVE(&c->waiting, job, waiting);
	c->before_login--;
}

struct gw_job *gw_client_free(struct gw_job *job)
{
	if (!job)
		return NULL;
	gw_client_authenticated(job);
	if (job->job == WIRE_JOB_SESSION)
		job->parent->clients.all--;
	assert(job->parent->clients.all >= 0 && job->parent->clients.before_login >= 0);
	scope_close(&job->fd);
	free(job);
	return NULL;
}
