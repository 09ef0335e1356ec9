#include "gateway/parent/service.h"
#include "gateway/parent/control.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/parent/parent.h"
#include "gateway/parent/start.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	BACKOFF_MIN_US = 100 * 1000,
	BACKOFF_MAX_US = 5 * 1000 * 1000,
	STEADY_US = 10 * 1000 * 1000, /* having lived so long, it begins anew with the shortest back-off */
	HELLO_US = 30 * 1000 * 1000,
	FAILING_US = 30 * 1000 * 1000,
	QUEUE_MAX = 4 * 1024 * 1024,
	BURST = 64,
};

enum { BEFORE, AFTER }; /* its hello */
static const struct permit_rule from_service[] = {
	{ WIRE_T_hello, PERMIT_IN(BEFORE), AFTER, 1 },
};
static const struct permit_rule from_vault[] = {
	{ WIRE_T_hello, PERMIT_IN(BEFORE), AFTER, 1 },
	{ WIRE_T_control, PERMIT_IN(AFTER), AFTER, 0 },
	{ WIRE_T_rekey_answer, PERMIT_IN(AFTER), AFTER, 0 },
};
static const struct permit_rule from_broker[] = {
	{ WIRE_T_hello, PERMIT_IN(BEFORE), AFTER, 1 },
	{ WIRE_T_control, PERMIT_IN(AFTER), AFTER, 0 },
	{ WIRE_T_want, PERMIT_IN(AFTER), AFTER, 0 },
	{ WIRE_T_rekey, PERMIT_IN(AFTER), AFTER, 0 },
};

static struct permit permit_of(uint8_t role)
{
	switch (role) {
	case WIRE_BROKER:
		return (struct permit){ .rules = from_broker, .n = COUNT_OF(from_broker), .state = BEFORE };
	case WIRE_VAULT:
		return (struct permit){ .rules = from_vault, .n = COUNT_OF(from_vault), .state = BEFORE };
	default:
		return (struct permit){ .rules = from_service, .n = COUNT_OF(from_service), .state = BEFORE };
	}
}

static void end_it(struct gw_service *s, const char *why)
{
	log_ev(LOG_LEVEL_ERROR, "service.ended_by_us", LOG_S("service", wire_role_name(s->row->role)),
		LOG_N("child", s->pid), LOG_S("why", why));
	(void)kill(s->pid, SIGKILL);
}

void gw_service_sent(struct gw_service *s, int result)
{
	if (result < 0 && s->state == GW_SERVICE_READY)
		end_it(s, result == -EPIPE ? "it closed its socket" : "it does not read");
}

/* ---- wiring ---- */

static void wire_pair(struct gw_service *a, struct gw_service *b)
{
	int sv[2];
	int r = msg_pair(sv);
	if (r < 0) { /* out of descriptors: neither could work */
		end_it(a, "no socket pair");
		return;
	}
	scoped(scope_close) int to_a = sv[0];
	scoped(scope_close) int to_b = sv[1];
	gw_service_sent(a, wire_peer_queue(a->q, &(struct wire_peer){ .role = b->row->role }, to_a));
	gw_service_sent(b, wire_peer_queue(b->q, &(struct wire_peer){ .role = a->row->role }, to_b));
}

static bool are_wired(uint8_t a, uint8_t b)
{
	for (size_t i = 0; i < gw_roles_pairs_n; i++)
		if ((gw_roles_pairs[i].a == a && gw_roles_pairs[i].b == b) ||
			(gw_roles_pairs[i].a == b && gw_roles_pairs[i].b == a))
			return true;
	return false;
}

static void on_hello(struct gw_service *s)
{
	struct gw_parent *p = s->parent;
	s->state = GW_SERVICE_READY;
	s->ready_us = clock_mono_us();
	loop_timer_del(&s->timer);
	log_ev(LOG_LEVEL_INFO, "service.ready", LOG_S("service", wire_role_name(s->row->role)), LOG_N("child", s->pid));
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++) {
		struct gw_service *other = &p->services[i];
		if (other != s && other->state == GW_SERVICE_READY && are_wired(s->row->role, other->row->role))
			wire_pair(s, other);
	}
	if (s->row->role == WIRE_BROKER)
		gw_service_sent(s, wire_peer_queue(s->q, &(struct wire_peer){ .role = WIRE_CLI }, p->files.cli));
	if (s->row->role == WIRE_WEB)
		gw_service_sent(s, wire_peer_queue(s->q, &(struct wire_peer){ .role = WIRE_BROWSER }, p->browsers));
	gw_pool_service_ready(p, s->row->role);
	if (s->row->role == WIRE_VAULT)
		gw_rekey_vault_ready(p);
	if (s->row->role == WIRE_BROKER)
		gw_service_sent(s, wire_synced_queue(s->q, &(struct wire_synced){ 0 }, -1));
	if (s->stale)
		gw_service_sent(s, wire_stop_queue(s->q, &(struct wire_stop){ 0 }, -1));
}

/* ---- what it says ---- */

static int take_hello(struct gw_service *s, struct span body, struct err *err)
{
	int r = gw_start_hello(s->row->role, body, err);
	if (r == 0)
		on_hello(s);
	return r;
}

/* A descriptor comes with `want` alone, and not with each. */
static int take_message(struct gw_service *s, uint16_t type, struct span body, int *fd, struct err *err)
{
	if (permit_step(&s->permit, type) < 0 || (*fd >= 0 && type != WIRE_T_want))
		return fault(err, -EPERM, "", "%s%s is not allowed now", wire_type_name(type),
			*fd >= 0 ? " with a descriptor" : "");
	switch (type) {
	case WIRE_T_hello:
		return take_hello(s, body, err);
	case WIRE_T_control:
		return gw_control_taken(s->parent, body, err);
	case WIRE_T_want:
		return gw_control_wanted(s->parent, body, fd, err);
	case WIRE_T_rekey:
		return gw_rekey_asked(s->parent, body, err);
	case WIRE_T_rekey_answer:
		return gw_rekey_answered(s->parent, body, err);
	default:
		return fault(err, -EPERM, "", "no rule for %u", type);
	}
}

static void on_sock(void *ctx, uint32_t events)
{
	struct gw_service *s = ctx;
	uint8_t body[1024];
	(void)events;
	for (int i = 0; i < BURST; i++) {
		struct err err = { 0 };
		uint16_t type = 0;
		scoped(scope_close) int fd = -1;
		int n = msg_recv_now(s->sock.fd, &type, body, sizeof body, &fd, &err);
		if (n == -EAGAIN)
			return;
		if (n == -EPIPE) { /* it is leaving; a process without its parent is of no use */
			(void)kill(s->pid, SIGKILL);
			return;
		}
		int r = n < 0 ? n : take_message(s, type, span_of(body, (size_t)n), &fd, &err);
		if (r < 0) {
			end_it(s, err.detail);
			return;
		}
	}
}

/* ---- its life ---- */

static void start(struct gw_service *s);

static void start_later(struct gw_service *s)
{
	int64_t now = clock_mono_us();
	if (s->ready_us && now - s->ready_us > STEADY_US)
		s->backoff_us = 0;
	s->ready_us = 0;
	s->backoff_us = s->backoff_us ? s->backoff_us * 2 : BACKOFF_MIN_US;
	if (s->backoff_us > BACKOFF_MAX_US)
		s->backoff_us = BACKOFF_MAX_US;
	int64_t *slot = &s->failures_us[s->failures++ % GW_SERVICE_FAILURES];
	if (*slot && now - *slot < FAILING_US)
		log_ev(LOG_LEVEL_ERROR, "service.failing", LOG_S("service", wire_role_name(s->row->role)),
			LOG_N("times", s->failures));
	*slot = now;
	loop_timer_set(s->parent->loop, &s->timer, s->backoff_us);
}

static void on_child(void *ctx, uint32_t events)
{
	struct gw_service *s = ctx;
	int status;
	(void)events;
	if (!gw_start_reap(&s->child, &s->sock, &status))
		return;
	s->q = msgq_free(s->q);
	s->state = GW_SERVICE_DOWN;
	loop_timer_del(&s->timer);
	gw_start_log_end("service.ended", s->row->role, s->pid, status);
	s->pid = 0;
	if (s->row->role == WIRE_VAULT)
		gw_rekey_vault_gone(s->parent);
	if (gw_stop_is_on(s->parent))
		gw_stop_service_gone(s->parent);
	else
		start_later(s);
}

static void on_timer(void *ctx)
{
	struct gw_service *s = ctx;
	if (s->state == GW_SERVICE_DOWN && !gw_stop_is_on(s->parent))
		start(s);
	else if (s->state == GW_SERVICE_STARTING)
		end_it(s, "no hello");
}

/* Its descriptors in order: its socket to us, then what its row gives it. */
static int try_process(struct gw_service *s, int sock, int *ret_pidfd, struct err *err)
{
	int fds[1 + COUNT_OF(s->row->gifts)] = { sock };
	size_t n = 1;
	int r = 0;
	for (; r == 0 && n <= COUNT_OF(s->row->gifts) && s->row->gifts[n - 1] != GW_GIFT_NONE; n += r == 0)
		r = gw_files_lend(&s->parent->files, s->row->gifts[n - 1], &fds[n], err);
	if (r == 0)
		r = gw_start_process(s->parent, s->row, fds, n, &s->pid, ret_pidfd, err);
	while (n-- > 1)
		scope_close(&fds[n]);
	return r;
}

static int try_start(struct gw_service *s, struct err *err)
{
	struct gw_parent *p = s->parent;
	int sv[2], pidfd = -1;
	int r = msg_pair(sv);
	if (r < 0)
		return fault(err, r, "", "socketpair");
	scoped(scope_close) int ours = sv[0];
	scoped(scope_close) int theirs = sv[1];
	r = try_process(s, theirs, &pidfd, err);
	if (r < 0)
		return r;
	s->state = GW_SERVICE_STARTING;
	s->stale = false;
	s->permit = permit_of(s->row->role);
	s->child = (struct loop_io){ .fd = pidfd, .ready = on_child, .ctx = s };
	s->sock = (struct loop_io){ .fd = take_fd(ours), .ready = on_sock, .ctx = s };
	loop_timer_set(p->loop, &s->timer, HELLO_US);
	r = loop_add(p->loop, &s->child, EPOLLIN, err);
	if (r == 0)
		r = loop_add(p->loop, &s->sock, EPOLLIN, err);
	return r < 0 ? r : msgq_new(&s->q, p->loop, s->sock.fd, QUEUE_MAX, err);
}

static void start(struct gw_service *s)
{
	struct err err = { 0 };
	int r = try_start(s, &err);
	if (r == 0)
		return;
	log_err(LOG_LEVEL_ERROR, "service.not_started", &err);
	gw_start_abandon(&s->child, &s->sock, &s->pid);
	s->state = GW_SERVICE_DOWN;
	start_later(s);
}

void gw_service_start_all(struct gw_parent *p)
{
	size_t n = 0;
	for (size_t i = 0; i < gw_roles_n; i++)
		for (unsigned k = 0; k < gw_roles[i].count; k++) {
			struct gw_service *s = &p->services[n++];
			*s = (struct gw_service){ .parent = p,
				.row = &gw_roles[i],
				.child.fd = -1,
				.sock.fd = -1,
				.timer = { .fire = on_timer, .ctx = s } };
			if (gw_roles_is_used(s->row, &p->conf))
				start(s);
		}
}

struct gw_service *gw_service_of(struct gw_parent *p, uint8_t role)
{
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++)
		if (p->services[i].row->role == role && p->services[i].state == GW_SERVICE_READY)
			return &p->services[i];
	return NULL;
}

void gw_service_renew(struct gw_parent *p, uint8_t role)
{
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++) {
		struct gw_service *s = &p->services[i];
		if (s->row->role != role)
			continue;
		s->stale = s->state == GW_SERVICE_STARTING;
		if (s->state == GW_SERVICE_READY)
			gw_service_sent(s, wire_stop_queue(s->q, &(struct wire_stop){ 0 }, -1));
	}
}

/* ---- stopping ---- */

unsigned gw_service_alive(const struct gw_parent *p, uint8_t role)
{
	unsigned n = 0;
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++)
		n += p->services[i].row->role == role && p->services[i].pid > 0;
	return n;
}

unsigned gw_service_stop(struct gw_parent *p, uint8_t role)
{
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++) {
		struct gw_service *s = &p->services[i];
		if (s->row->role != role)
			continue;
		if (s->state == GW_SERVICE_READY)
			gw_service_sent(s, wire_stop_queue(s->q, &(struct wire_stop){ 0 }, -1));
		else if (s->pid > 0)
			(void)kill(s->pid, SIGKILL); /* nothing depends on it yet */
		else
			loop_timer_del(&s->timer);
	}
	return gw_service_alive(p, role);
}

void gw_service_kill_all(struct gw_parent *p)
{
	for (size_t i = 0; i < GW_ROLES_SERVICES; i++)
		if (p->services[i].pid > 0)
			(void)kill(p->services[i].pid, SIGKILL);
}
