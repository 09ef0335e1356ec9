#include "policy/peers.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/keep/reconcile.h"
#include "policy/keep/rekey.h"
#include "policy/login/usercert.h"
#include "policy/session.h"
#include <errno.h>
#include <string.h>

enum { PUBLICS_US = 10 * 1000 * 1000 };

/* ---- questions ---- */

static uint64_t add(struct pol_broker *b, const struct pol_ask *ask, uint8_t role, uint16_t answer)
{
	struct pol_ask a = *ask;

	a.role = role;
	a.answer = answer;
	return pol_ask_add(&b->asks, &a);
}

/* QUEUE is a wire_<name>_queue call; a link that is closed has no queue. */
#define SEND(b, link, ticket, QUEUE)                                                                                   \
	do {                                                                                                           \
		int r_ = link_is_open(link) ? link_sent(link, QUEUE) : -EPIPE;                                 \
		if (r_ < 0)                                                                                            \
			pol_ask_fail(&(b)->asks, ticket, r_);                                                          \
	} while (0)

void pol_peers_allow(struct pol_broker *b, struct wire_allow *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_allow_answer);
	SEND(b, &b->vault, m->ticket, wire_allow_queue(b->vault.q, m, -1));
}

void pol_peers_forget(struct pol_broker *b, uint64_t worker)
{
	struct wire_forget m = { .worker = worker };

	if (link_is_open(&b->vault))
		(void)link_sent(&b->vault, wire_forget_queue(b->vault.q, &m, -1));
}

void pol_peers_seal(struct pol_broker *b, struct wire_seal *m, int fd, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_sealed);
	SEND(b, &b->vault, m->ticket, wire_seal_queue(b->vault.q, m, fd));
}

void pol_peers_make(struct pol_broker *b, struct wire_make *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_sealed);
	SEND(b, &b->vault, m->ticket, wire_make_queue(b->vault.q, m, -1));
}

void pol_peers_rebind(struct pol_broker *b, struct wire_rebind *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_sealed);
	SEND(b, &b->vault, m->ticket, wire_rebind_queue(b->vault.q, m, -1));
}

void pol_peers_publics(struct pol_broker *b, const struct pol_ask *ask)
{
	uint64_t ticket = add(b, ask, WIRE_VAULT, WIRE_T_publics_answer);
	struct wire_publics m = { 0 };

	SEND(b, &b->vault, ticket, wire_publics_queue(b->vault.q, &m, -1));
}

void pol_peers_sign(struct pol_broker *b, struct wire_sign *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_sign_answer);
	SEND(b, &b->vault, m->ticket, wire_sign_queue(b->vault.q, m, -1));
}

void pol_peers_factor_new(struct pol_broker *b, struct wire_factor_new *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_factor_made);
	SEND(b, &b->vault, m->ticket, wire_factor_new_queue(b->vault.q, m, -1));
}

void pol_peers_factor_check(struct pol_broker *b, struct wire_factor_check *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_factor_checked);
	SEND(b, &b->vault, m->ticket, wire_factor_check_queue(b->vault.q, m, -1));
}

void pol_peers_certify(struct pol_broker *b, struct wire_certify *m, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_VAULT, WIRE_T_certified);
	SEND(b, &b->vault, m->ticket, wire_certify_queue(b->vault.q, m, -1));
}

void pol_peers_begin(struct pol_broker *b, const struct wire_begin *m, const struct pol_ask *ask)
{
	uint64_t ticket = add(b, ask, WIRE_RECORDER, WIRE_T_begin_answer);

	SEND(b, &b->recorder, ticket, wire_begin_queue(b->recorder.q, m, -1));
}

void pol_peers_watch(struct pol_broker *b, struct wire_watch *m, int fd, const struct pol_ask *ask)
{
	m->ticket = add(b, ask, WIRE_RECORDER, WIRE_T_watch_answer);
	SEND(b, &b->recorder, m->ticket, wire_watch_queue(b->recorder.q, m, fd));
}

void pol_peers_remove(struct pol_broker *b, const struct wire_remove *m, const struct pol_ask *ask)
{
	struct pol_ask a = *ask;

	a.id = m->id;
	uint64_t ticket = add(b, &a, WIRE_RECORDER, WIRE_T_removed);
	SEND(b, &b->recorder, ticket, wire_remove_queue(b->recorder.q, m, -1));
}

void pol_peers_recording(struct pol_broker *b, const struct id *id, const struct pol_ask *ask)
{
	struct pol_ask a = *ask;
	struct wire_recording m = { .id = *id };

	a.id = *id;
	uint64_t ticket = add(b, &a, WIRE_RECORDER, WIRE_T_recording_answer);
	SEND(b, &b->recorder, ticket, wire_recording_queue(b->recorder.q, &m, -1));
}

/* ---- answers ---- */

static void vault_got(void *ctx, struct link_msg *m)
{
	struct pol_broker *b = ctx;
	union pol_reply r;
	uint64_t ticket = 0;
	int code = -EBADMSG;

	if (m->type == WIRE_T_allow_answer && (code = wire_allow_answer_get(m->body, &r.allow, NULL)) == 0)
		ticket = r.allow.ticket;
	else if (m->type == WIRE_T_sealed && (code = wire_sealed_get(m->body, &r.sealed, NULL)) == 0)
		ticket = r.sealed.ticket;
	else if (m->type == WIRE_T_sign_answer && (code = wire_sign_answer_get(m->body, &r.sign, NULL)) == 0)
		ticket = r.sign.ticket;
	else if (m->type == WIRE_T_factor_made && (code = wire_factor_made_get(m->body, &r.factor_made, NULL)) == 0)
		ticket = r.factor_made.ticket;
	else if (m->type == WIRE_T_factor_checked &&
		 (code = wire_factor_checked_get(m->body, &r.factor_checked, NULL)) == 0)
		ticket = r.factor_checked.ticket;
	else if (m->type == WIRE_T_certified && (code = wire_certified_get(m->body, &r.certified, NULL)) == 0)
		ticket = r.certified.ticket;
	else if (m->type == WIRE_T_publics_answer && (code = wire_publics_answer_get(m->body, &r.publics, NULL)) == 0) {
		b->users_ca.known = pol_usercert_ca(r.publics.users, b->users_ca.key) == 0;
		/* It carries no ticket: the vault answers in order and the answer is always the same. */
		(void)pol_ask_answer_id(&b->asks, m->type, &(struct id){ 0 }, &r);
		return;
	}
	if (code < 0)
		log_ev(LOG_LEVEL_ERROR, "vault.nonsense", LOG_S("type", wire_type_name(m->type)));
	else
		(void)pol_ask_answer(&b->asks, m->type, ticket, &r);
}

static const char *space_name(uint8_t state)
{
	switch (state) {
	case WIRE_SPACE_WARN:
		return "space.warn";
	case WIRE_SPACE_LOW:
		return "space.low";
	case WIRE_SPACE_OVER:
		return "space.over";
	default:
		return "space.ok";
	}
}

static void got_space(struct pol_broker *b, const struct wire_space *m)
{
	bool same = m->state == b->space_state || (!b->space_state && m->state == WIRE_SPACE_OK);
	bool bad = m->state == WIRE_SPACE_LOW || m->state == WIRE_SPACE_OVER;
	struct pol_fact f;
	struct err err;

	b->space_free = m->free_bytes;
	b->space_total = m->total_bytes;
	b->space_floor = m->floor_bytes;
	b->space_state = m->state;
	if (same)
		return;
	log_ev(bad ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, space_name(m->state), LOG_N("free", m->free_bytes));
	pol_fact_open(&f);
	pol_fact_num(&f, "free_bytes", (int64_t)(m->free_bytes & INT64_MAX));
	pol_fact_num(&f, "total_bytes", (int64_t)(m->total_bytes & INT64_MAX));
	pol_fact_num(&f, "floor_bytes", (int64_t)(m->floor_bytes & INT64_MAX));
	if (pol_facts_put(&b->facts, space_name(m->state), &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

static void recorder_got(void *ctx, struct link_msg *m)
{
	struct pol_broker *b = ctx;
	union pol_reply r;
	struct wire_space space;
	int code = -EBADMSG;

	if (m->type == WIRE_T_begin_answer && (code = wire_begin_answer_get(m->body, &r.begin, NULL)) == 0) {
		(void)pol_ask_answer_id(&b->asks, m->type, &r.begin.id, &r);
	} else if (m->type == WIRE_T_watch_answer && (code = wire_watch_answer_get(m->body, &r.watch, NULL)) == 0) {
		(void)pol_ask_answer(&b->asks, m->type, r.watch.ticket, &r);
	} else if (m->type == WIRE_T_recording_answer &&
		   (code = wire_recording_answer_get(m->body, &r.recording, NULL)) == 0) {
		/* Asked or not: a state that is final goes into the audit (once: the same state again changes nothing). */
		bool asked = pol_ask_answer_id(&b->asks, m->type, &r.recording.id, &r);
		if (!asked || r.recording.state != WIRE_RECORDING_OPEN)
			pol_session_recording(&b->facts, &r.recording);
	} else if (m->type == WIRE_T_removed && (code = wire_removed_get(m->body, &r.removed, NULL)) == 0) {
		(void)pol_ask_answer_id(&b->asks, m->type, &r.removed.id, &r);
	} else if (m->type == WIRE_T_space && (code = wire_space_get(m->body, &space, NULL)) == 0) {
		got_space(b, &space);
	}
	if (code < 0)
		log_ev(LOG_LEVEL_ERROR, "recorder.nonsense", LOG_S("type", wire_type_name(m->type)));
}

static void peer_lost(struct pol_broker *b, uint8_t role, const struct err *why)
{
	log_err(LOG_LEVEL_WARN, role == WIRE_VAULT ? "vault.lost" : "recorder.lost", why);
	pol_ask_lost(&b->asks, role);
}

static void vault_lost(void *ctx, const struct err *why)
{
	peer_lost(ctx, WIRE_VAULT, why);
}

static void recorder_lost(void *ctx, const struct err *why)
{
	peer_lost(ctx, WIRE_RECORDER, why);
}

void pol_peers_init(struct pol_broker *b)
{
	b->vault = (struct link){ .got = vault_got, .lost = vault_lost, .ctx = b };
	b->recorder = (struct link){ .got = recorder_got, .lost = recorder_lost, .ctx = b };
}

void pol_peers_restarted(struct pol_broker *b, uint8_t role)
{
	struct pol_fact f;
	struct err err;

	pol_fact_open(&f);
	pol_fact_text(&f, "process", span_str(wire_role_name(role)));
	if (pol_facts_put(&b->facts, "process.restarted", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

/* Whose certificates users log in with is kept when it comes (vault_got): asked for at once, so that nobody is sent away. */
static void told_publics(void *ctx, int code, const union pol_reply *reply)
{
	(void)ctx, (void)code, (void)reply;
}

void pol_peers_open(struct pol_broker *b, uint8_t role, int fd)
{
	struct link *l = role == WIRE_VAULT ? &b->vault : &b->recorder;
	struct err err = { 0 };

	if (l->loop) {
		link_drain(l);
		link_close(l);
		pol_ask_lost(&b->asks, role);
		pol_peers_restarted(b, role);
	}
	if (link_open(l, b->loop, fd, LINK_QUEUE, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "peer.open", &err);
	else if (role == WIRE_RECORDER)
		pol_reconcile_recordings(b->reconcile);
	if (role == WIRE_VAULT && link_is_open(l)) {
		pol_peers_publics(b, &(struct pol_ask){ .within_us = PUBLICS_US, .done = told_publics, .ctx = l });
		pol_rekey_look(b->rekey);
	}
}
