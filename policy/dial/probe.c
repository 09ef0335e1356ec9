#include "policy/dial/probe.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/parent.h"
#include "policy/worker.h"
#include <errno.h>
#include <stdio.h>

enum { ANSWER_US = 12 * 1000 * 1000 };

void pol_probe_drop(struct pol_probe *p)
{
	if (!p->on)
		return;
	p->on = false;
	pol_dial_drop(p->b->dialler, p);
	pol_ask_drop(&p->b->asks, p);
	scope_close(&p->fd);
	buf_done(&p->pinned);
}

static void probe_finish(struct pol_probe *p, const struct pol_probe_result *r)
{
	pol_probe_drop(p);
	p->done(p->ctx, r);
}

static void probe_fail(struct pol_probe *p, int code, const char *say)
{
	probe_finish(p, &(struct pol_probe_result){ .code = code, .say = say });
}

static void answered(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_probe *p = ctx;
	char say[200];

	if (code < 0) {
		probe_fail(p, code, "the probe did not answer");
		return;
	}
	(void)snprintf(say, sizeof say, "%.*s", (int)(reply->probe.say.n < 190 ? reply->probe.say.n : 190),
		(const char *)reply->probe.say.p);
	if (reply->probe.code < 0)
		probe_fail(p, -EIO, say[0] ? say : "the target's key could not be read");
	else if (reply->probe.host_key.n == 0 || reply->probe.host_key.n > 2048)
		probe_fail(p, -EPROTO, "the target shows no usable key");
	else
		probe_finish(p, &(struct pol_probe_result){
					.say = say, .host_key = reply->probe.host_key, .banner = reply->probe.banner });
}

static void came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_probe *p = ctx;

	if (code < 0 || !link_is_open(&reply->worker->link)) {
		probe_fail(p, code < 0 ? code : -EPIPE, "no probe can be started just now; try again");
		return;
	}
	struct pol_worker *w = reply->worker;
	struct wire_probe m = { .pinned = buf_span(&p->pinned), .legacy = p->legacy };
	m.ticket = pol_ask_add(&p->b->asks, &(struct pol_ask){ .role = WIRE_SSH,
						    .answer = WIRE_T_probe_answer,
						    .within_us = ANSWER_US,
						    .done = answered,
						    .ctx = p });
	w->owes = m.ticket;
	(void)link_sent(&w->link, wire_probe_queue(w->link.q, &m, p->fd));
	scope_close(&p->fd);
}

static void dialled(void *ctx, int code, int fd, const struct err *err)
{
	struct pol_probe *p = ctx;

	if (code < 0) {
		probe_fail(p, code, err->say);
		return;
	}
	p->fd = fd;
	pol_parent_want(
		p->b, &(struct wire_want){ .job = WIRE_JOB_PROBE, .role = p->role }, -1, &(struct pol_ask){ .done = came, .ctx = p });
}

void pol_probe_start(struct pol_probe *p, struct pol_broker *b, const struct pol_probe_to *to)
{
	p->b = b;
	p->on = true;
	p->fd = -1;
	buf_init(&p->pinned, 4096);
	p->legacy = to->legacy;
	p->role = to->role;
	buf_put_span(&p->pinned, to->pinned);
	pol_dial(b->dialler, &to->dial, dialled, p);
}
