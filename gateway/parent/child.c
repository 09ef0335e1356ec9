#include "gateway/parent/child.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/parent/parent.h"
#include "gateway/parent/start.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

enum {
	HELLO_US = 15 * 1000 * 1000,
	END_US = 1000 * 1000,
	PROBE_US = 60 * 1000 * 1000,
	RECORDER_SNDBUF = 1024 * 1024, /* of the worker's end: small frames cost the kernel about 768 bytes each */
};

enum { BEFORE, AFTER }; /* its hello */
static const struct permit_rule from_child[] = {
	{ WIRE_T_hello, PERMIT_IN(BEFORE), AFTER, 1 },
	{ WIRE_T_authenticated, PERMIT_IN(AFTER), AFTER, 1 },
};

static const struct {
	enum gw_roles_gift gift;
	uint8_t role;
	bool at_start; /* given before there is a job */
	bool replaced; /* a restarted one gets a new socket; without a recorder a session ends */
} links[] = {
	{ GW_GIFT_VAULT, WIRE_VAULT, true, true },
	{ GW_GIFT_RECORDER, WIRE_RECORDER, false, false },
	{ GW_GIFT_BROKER, WIRE_BROKER, false, true },
};

void gw_child_kill(struct gw_child *c)
{
	c->state = GW_CHILD_ENDING;
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

/* A child that does not take a small message at once is lost: the parent never blocks on it. */
static void tell(struct gw_child *c, uint16_t type, const struct buf *body, int fd)
{
	int r = body->failed ? -EMSGSIZE : msg_send_now(c->sock.fd, type, buf_span(body), fd);
	if (r < 0) {
		log_ev(LOG_LEVEL_WARN, "worker.not_told", LOG_N("worker", c->id),
			LOG_S("message", wire_type_name(type)), LOG_N("code", r));
		gw_child_kill(c);
	}
}

/* ---- services ---- */

static void attach(struct gw_child *c, struct gw_service *service, int fd, bool resumed)
{
	const struct gw_job *job = c->job;
	struct wire_attach m = {
		.worker = c->id,
		.role = c->row->role,
		.job = job ? job->job : WIRE_JOB_SESSION,
		.ticket = job ? job->ticket : 0,
		.address = span_str(job ? job->address : ""),
		.port = job ? job->port : 0,
		.resumed = resumed,
		.outer = job ? job->outer : 0,
		.target = span_str(job ? job->target : ""),
	};
	gw_service_sent(service, wire_attach_queue(service->q, &m, fd));
}

/* Who serves SSH to a client may have the vault's signature for that; who waits, looks at a target or carries bytes may not. */
static void vouch(struct gw_child *c, struct gw_service *vault)
{
	const struct gw_job *job = c->job;
	if (c->row->role == WIRE_SSH && job && job->job == WIRE_JOB_SESSION && job->door != WIRE_DOOR_FORWARD)
		gw_service_sent(vault, wire_serves_queue(vault->q, &(struct wire_serves){ .worker = c->id }, -1));
}

static void replace(struct gw_child *c, struct gw_service *service)
{
	int sv[2];
	if (msg_pair(sv) < 0) {
		gw_child_kill(c);
		return;
	}
	scoped(scope_close) int theirs = sv[0];
	scoped(scope_close) int childs = sv[1];
	scoped(buf_done) struct buf b;
	buf_init(&b, 64);
	wire_replace_put(&b, &(struct wire_replace){ .role = service->row->role });
	attach(c, service, theirs, true);
	tell(c, WIRE_T_replace, &b, childs);
}

void gw_child_service_ready(struct gw_child *c, uint8_t role)
{
	struct gw_service *service = gw_service_of(c->parent, role);
	for (size_t i = 0; i < COUNT_OF(links) && service && c->state != GW_CHILD_ENDING; i++) {
		enum gw_roles_gift gift = links[i].gift;
		if (links[i].role != role || (!links[i].at_start && !c->job))
			continue;
		if (c->held[gift] >= 0) {
			attach(c, service, c->held[gift], false);
			scope_close(&c->held[gift]);
			c->given[gift] = true;
		} else if (c->given[gift] && c->job && c->job->job != WIRE_JOB_SESSION) {
			gw_child_kill(c); /* the one who wanted it is gone */
		} else if (c->given[gift] && links[i].replaced) {
			replace(c, service);
		}
		if (role == WIRE_VAULT)
			vouch(c, service);
	}
}

/* ---- its job ---- */

void gw_child_work(struct gw_child *c, struct gw_job *job)
{
	assert(!c->job && c->state != GW_CHILD_ENDING);
	c->job = job;
	job->child = c;
	c->state = GW_CHILD_BUSY;
	/* Recorder and broker learn who it is before it learns that it has a client. */
	for (size_t i = 0; i < COUNT_OF(links); i++)
		if (!c->given[links[i].gift])
			gw_child_service_ready(c, links[i].role);
	struct gw_service *vault = gw_service_of(c->parent, WIRE_VAULT);
	if (vault && c->given[GW_GIFT_VAULT])
		vouch(c, vault);
	if (job->job == WIRE_JOB_READ)
		return;
	scoped(buf_done) struct buf b;
	buf_init(&b, 1024);
	wire_client_put(&b, &(struct wire_client){ .worker = c->id,
				    .job = job->job,
				    .address = span_str(job->address),
				    .port = job->port,
				    .door = job->door,
				    .target = span_str(job->target),
				    .plain = c->parent->conf.sql_plain != 0 });
	tell(c, WIRE_T_client, &b, job->fd);
	scope_close(&job->fd);
	if (job->job == WIRE_JOB_PROBE)
		loop_timer_set(c->parent->loop, &c->timer, PROBE_US);
}

void gw_child_control(struct gw_child *c, uint8_t op, struct span reason)
{
	enum { REASON_MAX = 512 };
	scoped(buf_done) struct buf b;
	buf_init(&b, 1024);
	if (reason.n > REASON_MAX)
		reason.n = REASON_MAX;
	wire_control_put(&b, &(struct wire_control){ .worker = c->id, .op = op, .reason = reason });
	tell(c, WIRE_T_control, &b, -1);
}

void gw_child_end(struct gw_child *c, struct span reason)
{
	if (c->state != GW_CHILD_BUSY) {
		gw_child_kill(c);
		return;
	}
	c->state = GW_CHILD_ENDING;
	loop_timer_set(c->parent->loop, &c->timer, END_US);
	gw_child_control(c, WIRE_END_SESSION, reason);
}

void gw_child_await(struct gw_child *c)
{
	enum { LAST_WORDS_US = END_US + END_US / 2 };
	c->state = GW_CHILD_ENDING;
	loop_timer_set(c->parent->loop, &c->timer, LAST_WORDS_US);
}

void gw_child_leave(struct gw_child *c)
{
	static const struct buf empty;
	if (c->state != GW_CHILD_WARM) {
		gw_child_kill(c);
		return;
	}
	c->state = GW_CHILD_ENDING;
	loop_timer_set(c->parent->loop, &c->timer, END_US);
	tell(c, WIRE_T_stop, &empty, -1);
}

static void on_timer(void *ctx)
{
	struct gw_child *c = ctx;
	log_ev(LOG_LEVEL_WARN, "worker.killed", LOG_N("worker", c->id), LOG_N("state", c->state));
	gw_child_kill(c);
}

/* ---- what it says ---- */

static int take_message(struct gw_child *c, uint16_t type, struct span body, struct err *err)
{
	if (permit_step(&c->permit, type) < 0)
		return fault(err, -EPERM, "", "%s is not allowed now", wire_type_name(type));
	if (type == WIRE_T_authenticated) {
		if (body.n || !c->job)
			return fault(err, -EPERM, "", "authenticated without a client");
		gw_client_authenticated(c->job);
		return 0;
	}
	int r = gw_start_hello(c->row->role, body, err);
	if (r < 0 || c->state == GW_CHILD_ENDING)
		return r;
	loop_timer_del(&c->timer);
	if (c->state == GW_CHILD_BUSY) /* a reader had its job from the start */
		return 0;
	c->state = GW_CHILD_WARM;
	gw_pool_warm(&c->parent->pool, c);
	return 0;
}

static void on_sock(void *ctx, uint32_t events)
{
	struct gw_child *c = ctx;
	uint8_t body[512];
	struct err err = { 0 };
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	(void)events;
	int n = msg_recv_now(c->sock.fd, &type, body, sizeof body, &fd, &err);
	if (n == -EAGAIN)
		return;
	int r = n < 0 ? n : fd >= 0 ? -EPERM : take_message(c, type, span_of(body, (size_t)n), &err);
	if (r == 0)
		return;
	if (r != -EPIPE) /* that one is leaving */
		log_ev(LOG_LEVEL_ERROR, "worker.overstepped", LOG_N("worker", c->id),
			LOG_S("why", err.detail[0] ? err.detail : "unexpected descriptor"));
	gw_child_kill(c);
}

/* ---- its life ---- */

static void child_free(struct gw_child *c)
{
	loop_timer_del(&c->timer);
	for (size_t i = 0; i < COUNT_OF(c->held); i++)
		scope_close(&c->held[i]);
	c->job = gw_client_free(c->job);
	free(c);
}

static void on_process(void *ctx, uint32_t events)
{
	struct gw_child *c = ctx;
	struct gw_parent *p = c->parent;
	int status;
	(void)events;
	if (!gw_start_reap(&c->process, &c->sock, &status))
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		gw_start_log_end("worker.ended", c->row->role, c->pid, status);
	struct gw_service *broker = gw_service_of(p, WIRE_BROKER);
	if (broker && c->given[GW_GIFT_BROKER])
		gw_service_sent(broker,
			wire_gone_queue(broker->q, &(struct wire_gone){ .worker = c->id, .status = status }, -1));
	bool early = c->permit.state == BEFORE;
	LIST_REMOVE(c, link);
	child_free(c);
	gw_pool_gone(&p->pool, early);
}

/* The ends of its pairs: its own into fds, ours into held. */
static int make_pairs(struct gw_child *c, int *fds, size_t *ret_n, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(c->row->gifts) && c->row->gifts[i] != GW_GIFT_NONE; i++) {
		enum gw_roles_gift gift = c->row->gifts[i];
		int sv[2];
		int r;
		if (gift < GW_GIFT_BROKER) {
			r = gw_files_lend(&c->parent->files, gift, &sv[1], err);
			if (r < 0)
				return r;
		} else {
			r = msg_pair(sv);
			if (r < 0)
				return fault(err, r, "", "socketpair");
			c->held[gift] = sv[0];
		}
		if (gift == GW_GIFT_RECORDER)
			msg_sndbuf(sv[1], RECORDER_SNDBUF);
		fds[(*ret_n)++] = sv[1];
	}
	return 0;
}

static int launch(struct gw_child *c, struct err *err)
{
	struct gw_parent *p = c->parent;
	int fds[1 + COUNT_OF(c->row->gifts)], sv[2], pidfd = -1;
	size_t n = 1;
	int r = msg_pair(sv);
	if (r < 0)
		return fault(err, r, "", "socketpair");
	fds[0] = sv[1];
	c->sock.fd = sv[0];
	r = make_pairs(c, fds, &n, err);
	if (r == 0)
		r = gw_start_process(p, c->row, fds, n, &c->pid, &pidfd, err);
	for (size_t i = 0; i < n; i++)
		scope_close(&fds[i]);
	if (r < 0)
		return r;
	c->process.fd = pidfd;
	r = loop_add(p->loop, &c->process, EPOLLIN, err);
	return r < 0 ? r : loop_add(p->loop, &c->sock, EPOLLIN, err);
}

int gw_child_start(struct gw_parent *p, uint8_t role, uint64_t id, struct gw_child **ret, struct err *err)
{
	struct gw_child *c = calloc(1, sizeof *c);
	if (!c)
		return fault(err, -ENOMEM, "", "no memory for a worker");
	*c = (struct gw_child){
		.parent = p,
		.row = gw_roles_of(role),
		.id = id,
		.process = { .fd = -1, .ready = on_process, .ctx = c },
		.sock = { .fd = -1, .ready = on_sock, .ctx = c },
		.permit = { .rules = from_child, .n = COUNT_OF(from_child), .state = BEFORE },
		.timer = { .fire = on_timer, .ctx = c },
	};
	for (size_t i = 0; i < COUNT_OF(c->held); i++)
		c->held[i] = -1;
	int r = launch(c, err);
	if (r < 0) {
		gw_start_abandon(&c->process, &c->sock, &c->pid);
		child_free(c);
		return r;
	}
	loop_timer_set(p->loop, &c->timer, HELLO_US);
	*ret = c;
	return 0;
}
