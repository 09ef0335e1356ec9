#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/key.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { QUEUE_MAX = 1 << 20, SWEEP_US = 1000 * 1000, PUBLIC_LINE = 256, TURN_MAX = 32 };

/* ---- who may ask what: one state each, the rest is a matter of the store ---- */
enum { ANY };
/* clang-format off */
#define ALWAYS(message) { .type = WIRE_T_##message, .from = PERMIT_IN(ANY), .to = ANY }
#define ONCE(message) { .type = WIRE_T_##message, .from = PERMIT_IN(ANY), .to = ANY, .once = 1 }
/* clang-format on */
static const struct permit_rule worker_rules[] = { ONCE(host_key), ALWAYS(host_sign), ALWAYS(use) };
static const struct permit_rule sql_rules[] = { ALWAYS(use) };
static const struct permit_rule reader_rules[] = { ONCE(use), ONCE(publics) /* to verify */ };
static const struct permit_rule web_rules[] = { ALWAYS(use) }; /* what a browser's person sees when he enrols */
static const struct permit_rule notify_rules[] = { ALWAYS(unseal) };
static const struct permit_rule recorder_rules[] = { ALWAYS(sign), ALWAYS(publics) };
static const struct permit_rule broker_rules[] = { ALWAYS(allow), ALWAYS(forget), ALWAYS(seal), ALWAYS(make), ALWAYS(rebind),
	ALWAYS(publics), ALWAYS(sign), ALWAYS(factor_new), ALWAYS(factor_check),
	ALWAYS(certify) };

static const struct role {
	uint8_t role;
	bool is_service; /* one at a time, wired by `peer`; others by `attach` */
	const struct permit_rule *rules;
	size_t n;
} roles[] = {
	{ WIRE_SSH, false, worker_rules, COUNT_OF(worker_rules) },
	{ WIRE_MYSQL, false, sql_rules, COUNT_OF(sql_rules) },
	{ WIRE_TDS, false, sql_rules, COUNT_OF(sql_rules) },
	{ WIRE_READER, false, reader_rules, COUNT_OF(reader_rules) },
	{ WIRE_RECORDER, true, recorder_rules, COUNT_OF(recorder_rules) },
	{ WIRE_BROKER, true, broker_rules, COUNT_OF(broker_rules) },
	{ WIRE_WEB, true, web_rules, COUNT_OF(web_rules) },
	{ WIRE_NOTIFY, true, notify_rules, COUNT_OF(notify_rules) },
};

static void peer_free(struct vault_peer *p)
{
	vault_host_done(p);
	loop_del(&p->io);
	p->out = msgq_free(p->out);
	scope_close(&p->fd);
	free(p);
}

static void peer_scope(struct vault_peer **p)
{
	if (*p)
		peer_free(*p);
}

/* A worker that is gone takes with it what it was allowed, and its agent streams. */
static void peer_end(struct vault_peer *p)
{
	struct vault *v = p->vault;
	struct vault_peer **at = &v->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (p->worker != 0) {
		vault_store_forget(&v->store, p->worker);
		vault_stream_forget(&v->streams, p->worker);
	}
	peer_free(p);
}

static void report(const struct vault_peer *p, const struct err *err)
{
	log_ev(LOG_LEVEL_WARN, "peer.refused", LOG_S("peer", wire_role_name(p->role)), LOG_N("worker", p->worker),
		LOG_S("detail", err->detail), LOG_S("at", err->at));
}

/* A worker that asks what it may not is not ours any more: its connection is ended too, by the parent. */
static void denounce(const struct vault_peer *p)
{
	scoped(buf_done) struct buf b = { 0 };
	struct wire_control m = { .worker = p->worker,
		.op = WIRE_END_SESSION,
		.reason = span_str("This connection broke the gateway's rules. / 连接违反网关规则。") };

	buf_init(&b, 256);
	wire_control_put(&b, &m);
	if (p->worker != 0 && msg_send_now(p->vault->control.fd, WIRE_T_control, buf_span(&b), -1) < 0)
		log_ev(LOG_LEVEL_ERROR, "peer.not_ended", LOG_N("worker", p->worker));
}

/* One question.  -EAGAIN: none is waiting. */
static int ask(struct vault_peer *p, struct err *err)
{
	struct vault *v = p->vault;
	scoped(scope_close) int fd = -1;
	uint16_t type = 0;

	int n = msg_recv_now(p->fd, &type, v->body, sizeof v->body, &fd, err);
	if (n < 0)
		return n;
	if (permit_step(&p->permit, type) < 0)
		return fault(err, -EPERM, "internal error", "%s (%04x) is not for a %s, or not again",
			wire_type_name(type), type, wire_role_name(p->role));
	return vault_answer(p, type, span_of(v->body, (size_t)n), fd, err);
}

static void peer_ready(void *ctx, uint32_t events)
{
	struct vault_peer *p = ctx;
	struct err err = { 0 };
	int r = 0;

	(void)events;
	for (int i = 0; r >= 0 && i < TURN_MAX; i++)
		r = ask(p, &err);
	if (r >= 0 || r == -EAGAIN)
		return;
	if (r != -EPIPE) {
		report(p, &err);
		denounce(p);
	}
	peer_end(p);
}

static const struct role *role_of(uint8_t role, bool is_service)
{
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (roles[i].role == role && roles[i].is_service == is_service)
			return &roles[i];
	return NULL;
}

static void replace_older(struct vault *v, const struct vault_peer *by)
{
	for (struct vault_peer *p = v->peers; p; p = p->next)
		if (p != by && p->role == by->role && p->worker == by->worker) {
			peer_end(p);
			return;
		}
}

/* Takes over *fd. */
static int peer_new(struct vault *v, const struct role *role, uint64_t worker, int *fd, struct err *err)
{
	scoped(peer_scope) struct vault_peer *p = calloc(1, sizeof *p);

	if (!p)
		return fault(err, -ENOMEM, "internal error", "no memory for a peer");
	*p = (struct vault_peer){ .vault = v, .role = role->role, .worker = worker, .fd = take_fd(*fd) };
	p->io = (struct loop_io){ .fd = p->fd, .ready = peer_ready, .ctx = p };
	p->permit = (struct permit){ .rules = role->rules, .n = role->n, .state = ANY };
	vault_host_init(p);
	int r = msgq_new(&p->out, v->loop, p->fd, QUEUE_MAX, err);
	if (r < 0)
		return r;
	r = loop_add(v->loop, &p->io, EPOLLIN, err);
	if (r < 0)
		return r;
	replace_older(v, p);
	p->next = v->peers;
	v->peers = take(p);
	return 0;
}

/* The parent waits for the answer and does nothing else with this socket meanwhile. */
static int control_rekey(struct vault *v, struct span body, int fd, struct err *err)
{
	struct err why = { 0 };
	struct wire_rekey m;

	int r = wire_rekey_get(body, &m, err);
	if (r < 0)
		return r;
	int code = fd < 0 ? fault(&why, -EBADMSG, "internal error", "rekey without a file") : vault_rekey(v->keys, &m, fd, &why);
	if (code < 0)
		log_err(LOG_LEVEL_ERROR, "vault.rekey", &why);
	struct wire_rekey_answer a = { .ticket = m.ticket, .code = code, .say = span_str(code < 0 ? why.say : "") };
	r = wire_rekey_answer_send(v->control.fd, &a, -1);
	return r == -EPIPE ? r : r < 0 ? fault(err, r, "internal error", "no answer to the parent") : 0;
}

/* One that has ended meanwhile is no error. */
static int control_serves(struct vault *v, struct span body, struct err *err)
{
	struct wire_serves m;

	int r = wire_serves_get(body, &m, err);
	for (struct vault_peer *p = v->peers; r == 0 && p; p = p->next)
		if (p->role == WIRE_SSH && p->worker == m.worker) {
			vault_host_serves(p);
			break;
		}
	return r;
}

static int control_message(struct vault *v, uint16_t type, struct span body, int *fd, struct err *err)
{
	struct wire_peer peer;
	struct wire_attach attach = { 0 };
	bool is_service = type == WIRE_T_peer;

	if (type == WIRE_T_stop) {
		loop_stop(v->loop, 0);
		return 0;
	}
	if (type == WIRE_T_rekey)
		return control_rekey(v, body, *fd, err);
	if (type == WIRE_T_serves)
		return control_serves(v, body, err);
	if (type != WIRE_T_peer && type != WIRE_T_attach)
		return fault(err, -EBADMSG, "internal error", "%s from the parent", wire_type_name(type));
	int r = is_service ? wire_peer_get(body, &peer, err) : wire_attach_get(body, &attach, err);
	if (r < 0)
		return r;
	const struct role *role = role_of(is_service ? peer.role : attach.role, is_service);
	if (!role || *fd < 0 || (!is_service && attach.worker == 0))
		return fault(err, -EBADMSG, "internal error", "%s of role %u with%s a descriptor", wire_type_name(type),
			is_service ? peer.role : attach.role, *fd < 0 ? "out" : "");
	return peer_new(v, role, role->role == WIRE_WEB ? WIRE_WORKER_WEB : attach.worker, fd, err);
}

/* Without its parent the vault has nobody to serve: the end of the socket is the end of the process. */
static void control_ready(void *ctx, uint32_t events)
{
	struct vault *v = ctx;
	struct err err = { 0 };
	scoped(scope_close) int fd = -1;
	uint16_t type = 0;

	(void)events;
	int r = msg_recv_now(v->control.fd, &type, v->body, sizeof v->body, &fd, &err);
	if (r >= 0)
		r = control_message(v, type, span_of(v->body, (size_t)r), &fd, &err);
	if (r >= 0 || r == -EAGAIN)
		return;
	if (r != -EPIPE)
		log_err(LOG_LEVEL_ERROR, "vault.control", &err);
	if (r == -EPIPE || r == -EBADMSG)
		loop_stop(v->loop, r == -EPIPE ? 0 : 1);
}

static void sweep(void *ctx)
{
	struct vault *v = ctx;
	int64_t now_us = clock_mono_us();

	vault_store_expire(&v->store, now_us);
	vault_stream_expire(&v->streams, now_us);
	loop_timer_set(v->loop, &v->sweep, SWEEP_US);
}

static int public_line(const struct vault_keys_pair *pair, struct buf *out, struct err *err)
{
	scoped(vault_key_done) struct vault_key key = { 0 };

	buf_init(out, PUBLIC_LINE);
	int r = vault_key_ed25519(pair->secret, &key, err); /* libsodium's secret form begins with the seed */
	if (r == 0)
		vault_key_line(&key, out);
	return r;
}

int vault_peer_start(struct vault *v, const struct vault_keys *keys, int control, struct err *err)
{
	*v = (struct vault){ .keys = keys };
	int r = loop_new(&v->loop, err);
	if (r == 0)
		r = public_line(&keys->ca, &v->ca_line, err);
	if (r == 0)
		r = public_line(&keys->host, &v->host_line, err);
	if (r == 0)
		r = public_line(&keys->users, &v->users_line, err);
	if (r < 0)
		return r;
	buf_init(&v->evidence_lines, EVIDENCE_KEYS_TEXT);
	evidence_keys_put(&v->evidence_lines, &keys->evidence);
	v->streams = (struct vault_streams){ .loop = v->loop, .keys = keys };
	v->sweep = (struct loop_timer){ .fire = sweep, .ctx = v };
	v->control = (struct loop_io){ .fd = control, .ready = control_ready, .ctx = v };
	r = loop_add(v->loop, &v->control, EPOLLIN, err);
	if (r == 0)
		loop_timer_set(v->loop, &v->sweep, SWEEP_US);
	return r;
}

void vault_peer_stop(struct vault *v)
{
	while (v->peers)
		peer_end(v->peers);
	vault_stream_done(&v->streams);
	vault_store_done(&v->store);
	loop_timer_del(&v->sweep);
	loop_del(&v->control);
	buf_done(&v->ca_line);
	buf_done(&v->host_line);
	buf_done(&v->users_line);
	buf_done(&v->evidence_lines);
	v->loop = loop_free(v->loop);
}
