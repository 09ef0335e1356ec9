#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <sys/epoll.h>

#define STOP_US (3 * REC_SECOND)

/* ---- the end ---- */
/* Everything open is sealed as crashed, if the vault is still there to sign it: else the next start does it. */
static void stop_look(void *ctx)
{
	struct recorder *r = ctx;
	bool waiting = false;
	for (const struct rec *rec = r->recs; rec; rec = rec->next)
		waiting |= rec->state != REC_UNTOLD && rec->state != REC_REMOVING && (rec->state != REC_SIGNING || r->vault_out);
	if (!waiting || clock_mono_us() >= r->stop_by_us)
		loop_stop(r->loop, 0);
	else
		loop_timer_set(r->loop, &r->stop_timer, REC_SECOND / 50);
}

void rec_parent_stop(struct recorder *r)
{
	if (r->stopping)
		return;
	r->stopping = true;
	r->stop_by_us = clock_mono_us() + STOP_US;
	while (r->workers)
		rec_worker_last(r->workers);
	stop_look(r);
}

/* ---- what it says ---- */
static int from_parent(struct recorder *r, uint16_t type, struct span body, int *fd, struct err *err)
{
	struct wire_peer p;
	struct wire_attach a;
	int rc;
	switch (type) {
	case WIRE_T_peer:
		if ((rc = wire_peer_get(body, &p, err)) < 0)
			return rc;
		return *fd < 0 ? fault(err, -EBADMSG, "internal error", "peer without a socket") :
				 rec_peer_set(r, p.role, take_fd(*fd), err);
	case WIRE_T_attach:
		if ((rc = wire_attach_get(body, &a, err)) < 0)
			return rc;
		if (*fd < 0)
			return fault(err, -EBADMSG, "internal error", "attach without a socket");
		return r->stopping ? 0 : rec_worker_add(r, a.worker, take_fd(*fd), err);
	case WIRE_T_stop:
		rec_parent_stop(r);
		return 0;
	default:
		return fault(err, -EPERM, "internal error", "%s from the parent", wire_type_name(type));
	}
}

static bool parent_one(struct recorder *r)
{
	static uint8_t body[MSG_BODY_MAX];
	struct err err = { 0 };
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	if (r->parent.fd < 0)
		return false;
	int n = msg_recv_now(r->parent.fd, &type, body, sizeof body, &fd, &err);
	if (n >= 0)
		n = from_parent(r, type, span_of(body, (size_t)n), &fd, &err);
	if (n >= 0)
		return true;
	if (n == -EPIPE) {
		loop_del(&r->parent);
		rec_parent_stop(r);
	} else if (n != -EAGAIN) {
		log_err(LOG_LEVEL_ERROR, "parent.broken", &err);
	}
	return false;
}

void rec_parent_read(struct recorder *r)
{
	while (parent_one(r))
		;
}

static void parent_ready(void *ctx, uint32_t events)
{
	(void)events;
	(void)parent_one(ctx);
}

int rec_parent_init(struct recorder *r, int sock, struct err *err)
{
	r->stop_timer = (struct loop_timer){ .fire = stop_look, .ctx = r };
	r->parent = (struct loop_io){ .fd = sock, .ready = parent_ready, .ctx = r };
	return loop_add(r->loop, &r->parent, EPOLLIN, err);
}
