#include "policy/parent.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/command/cli.h"
#include "policy/console/console.h"
#include "policy/keep/reconcile.h"
#include "policy/keep/sealer.h"
#include "policy/login/hashing.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>

enum { WANT_US = 10 * 1000 * 1000, REKEY_US = 60 * 1000 * 1000 };

static void stop_now(void *ctx)
{
	struct pol_broker *b = ctx;

	loop_stop(b->loop, 0);
}

static void stop_drained(void *ctx)
{
	struct pol_broker *b = ctx;

	pol_sealer_finish(b->sealer, stop_now, b);
}

static void got_stop(struct pol_broker *b)
{
	log_ev(LOG_LEVEL_INFO, "broker.stopping", LOG_N("spooled", pol_spool_bytes(b->spool)));
	b->stop = (struct loop_timer){ .fire = stop_now, .ctx = b };
	loop_timer_set(b->loop, &b->stop, POL_PARENT_STOP_US);
	pol_facts_when_drained(&b->facts, stop_drained, b);
}

static int got_peer(struct pol_broker *b, struct link_msg *m)
{
	struct wire_peer p;
	struct err err = { 0 };
	int r = wire_peer_get(m->body, &p, &err);

	if (r < 0 || m->fd < 0)
		return -EBADMSG;
	switch (p.role) {
	case WIRE_VAULT:
	case WIRE_RECORDER:
		pol_peers_open(b, p.role, take_fd(m->fd));
		break;
	case WIRE_PWHASH:
		r = pol_hashing_helper(b->hashing, take_fd(m->fd), &err);
		break;
	case WIRE_WEB:
		pol_console_open(b->console, take_fd(m->fd));
		break;
	case WIRE_CLI:
		r = pol_cli_listen(b->cli, take_fd(m->fd), &err);
		break;
	default:
		return -EBADMSG;
	}
	if (r < 0)
		log_err(LOG_LEVEL_ERROR, "peer.open", &err);
	return 0;
}

static int got_attach(struct pol_broker *b, struct link_msg *m)
{
	struct wire_attach a;

	if (wire_attach_get(m->body, &a, NULL) < 0 || m->fd < 0 || a.job < WIRE_JOB_SESSION || a.job > WIRE_JOB_READ)
		return -EBADMSG;
	pol_worker_attach(b, &a, take_fd(m->fd));
	return 0;
}

static int got_gone(struct pol_broker *b, struct link_msg *m)
{
	struct wire_gone g;

	if (wire_gone_get(m->body, &g, NULL) < 0)
		return -EBADMSG;
	pol_worker_gone(b, &g);
	return 0;
}

static int got_rekey(struct pol_broker *b, struct link_msg *m)
{
	union pol_reply r;

	if (wire_rekey_answer_get(m->body, &r.rekey, NULL) < 0)
		return -EBADMSG;
	(void)pol_ask_answer(&b->asks, m->type, r.rekey.ticket, &r);
	return 0;
}

static void parent_got(void *ctx, struct link_msg *m)
{
	struct pol_broker *b = ctx;
	int r = 0;

	switch (m->type) {
	case WIRE_T_peer:
		r = got_peer(b, m);
		break;
	case WIRE_T_attach:
		r = got_attach(b, m);
		break;
	case WIRE_T_gone:
		r = got_gone(b, m);
		break;
	case WIRE_T_rekey_answer:
		r = got_rekey(b, m);
		break;
	case WIRE_T_synced:
		pol_reconcile_start(b->reconcile);
		break;
	case WIRE_T_stop:
		got_stop(b);
		break;
	default:
		r = -EBADMSG;
	}
	if (r < 0)
		log_ev(LOG_LEVEL_ERROR, "parent.nonsense", LOG_S("type", wire_type_name(m->type)));
}

static void parent_lost(void *ctx, const struct err *why)
{
	struct pol_broker *b = ctx;

	log_err(LOG_LEVEL_ERROR, "parent.lost", why);
	loop_stop(b->loop, 1);
}

int pol_parent_open(struct pol_broker *b, int fd, struct err *err)
{
	b->parent = (struct link){ .got = parent_got, .lost = parent_lost, .ctx = b };
	return link_open(&b->parent, b->loop, fd, LINK_QUEUE, err);
}

int pol_parent_hello(struct pol_broker *b)
{
	struct wire_hello m = { .role = WIRE_BROKER, .build = span_str(wire_build) };

	return link_sent(&b->parent, wire_hello_queue(b->parent.q, &m, -1));
}

void pol_parent_want(struct pol_broker *b, struct wire_want *m, int fd, const struct pol_ask *ask)
{
	struct pol_ask a = *ask;

	a.role = WIRE_PARENT;
	a.answer = WIRE_T_attach;
	a.within_us = WANT_US;
	m->ticket = pol_ask_add(&b->asks, &a);
	if (link_is_open(&b->parent))
		(void)link_sent(&b->parent, wire_want_queue(b->parent.q, m, fd));
}

void pol_parent_want_term(struct pol_broker *b, int sock)
{
	struct wire_want m = { .job = WIRE_JOB_TERM, .role = WIRE_TERM };

	if (link_is_open(&b->parent))
		(void)link_sent(&b->parent, wire_want_queue(b->parent.q, &m, sock));
}

void pol_parent_rekey(struct pol_broker *b, struct wire_rekey *m, const struct pol_ask *ask)
{
	struct pol_ask a = *ask;

	a.role = WIRE_PARENT;
	a.answer = WIRE_T_rekey_answer;
	a.within_us = REKEY_US;
	m->ticket = pol_ask_add(&b->asks, &a);
	if (link_is_open(&b->parent))
		(void)link_sent(&b->parent, wire_rekey_queue(b->parent.q, m, -1));
}
