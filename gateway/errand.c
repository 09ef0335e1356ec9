#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/inside.h"
#include "gateway/proto.h"
#include <errno.h>
#include <string.h>

enum { ORDERS_US = 10 * 1000 * 1000 };

/* ---- a look at the host key ---- */

static int probe(struct gw_session *s, const struct gw_proto *proto, void *state, struct gw_ask *ask, struct err *err)
{
	struct wire_probe m;
	int r = wire_probe_get(ask->got_body, &m, err);
	if (r < 0)
		return r;
	scoped(buf_done) struct buf host_key, banner, answer;
	buf_init(&host_key, 16384);
	buf_init(&banner, 1024);
	buf_init(&answer, MSG_BODY_MAX);
	struct err why = { 0 };
	const struct gw_proto_look at = { .fd = ask->got_fd, .pinned = m.pinned, .legacy = m.legacy != 0 };
	r = proto->probe(state, &at, &host_key, &banner, &why);
	wire_probe_answer_put(&answer, &(struct wire_probe_answer){ .ticket = m.ticket,
					       .code = r,
					       .say = span_str(r < 0 ? why.say : ""),
					       .host_key = buf_span(&host_key),
					       .banner = buf_span(&banner) });
	r = gw_link_send(s, GW_BROKER, WIRE_T_probe_answer, buf_span(&answer));
	return r < 0 ? fault(err, r, "", "probe_answer") : 0;
}

/* ---- a password ---- */

struct orders { /* of a `rotate`, whose spans die with the next message */
	uint64_t ticket;
	uint8_t op, means, auth;
	bool legacy;
	struct id secret, fresh;
	char login[65], account[65], host[256];
	uint8_t host_key[2048];
	size_t host_key_n;
};

static int orders_get(struct span body, struct orders *ret, struct err *err)
{
	struct wire_rotate m;
	int r = wire_rotate_get(body, &m, err);
	if (r < 0)
		return r;
	*ret = (struct orders){ .ticket = m.ticket, .op = m.op, .means = m.means, .auth = m.auth, .legacy = m.legacy != 0,
		.secret = m.secret, .fresh = m.fresh };
	if ((m.op != WIRE_ROTATE_CHANGE && m.op != WIRE_ROTATE_TRY) || m.auth < WIRE_AUTH_PASSWORD || m.auth > WIRE_AUTH_CA ||
		m.host_key.n == 0 || m.host_key.n > sizeof ret->host_key || gw_link_text(m.login, ret->login, sizeof ret->login) < 0 ||
		gw_link_text(m.account, ret->account, sizeof ret->account) < 0 || gw_link_text(m.host, ret->host, sizeof ret->host) < 0 ||
		m.means < WIRE_ROTATE_SSH || m.means > WIRE_ROTATE_TDS)
		return fault(err, -EBADMSG, "", "rotate: op %u, auth %u", m.op, m.auth);
	memcpy(ret->host_key, m.host_key.p, m.host_key.n);
	ret->host_key_n = m.host_key.n;
	return 0;
}

static uint8_t rotate_now(struct gw_session *s, const struct gw_proto *proto, void *state, const struct orders *o,
	int fd, bool *ret_sent)
{
	scoped(secret_scope) struct secret *secret = NULL, *fresh = NULL;
	struct err why = { 0 };
	int agent = -1;
	int r = o->auth == WIRE_AUTH_PASSWORD ? gw_session_use_secret_of(s, o->secret, &secret, &why)
					      : gw_session_use_agent_of(s, o->secret, &agent, &why);
	if (r == 0 && o->op == WIRE_ROTATE_CHANGE)
		r = gw_session_use_secret_of(s, o->fresh, &fresh, &why);
	if (r < 0) {
		log_err(LOG_LEVEL_WARN, "rotate.secret", &why);
		scope_close(&agent);
		return WIRE_ROTATE_NO_SECRET;
	}
	const struct gw_proto_rotate job = { .fd = fd,
		.host_key = span_of(o->host_key, o->host_key_n),
		.legacy = o->legacy,
		.login = o->login,
		.secret = secret,
		.agent_fd = agent,
		.account = fresh ? o->account : NULL,
		.fresh = fresh };
	return o->means == WIRE_ROTATE_SSH ? proto->rotate(state, &job, ret_sent)
					   : gw_errand_database(&job, o->means, o->host, ret_sent);
}

static int rotate(struct gw_session *s, const struct gw_proto *proto, void *state, struct gw_ask *ask, struct err *err)
{
	scoped(buf_done) struct buf answer;
	struct orders o;
	bool sent = false;
	int r = orders_get(ask->got_body, &o, err);
	if (r < 0)
		return r;
	uint8_t how = rotate_now(s, proto, state, &o, ask->got_fd, &sent);
	log_ev(LOG_LEVEL_INFO, "rotate.done", LOG_N("op", o.op), LOG_N("how", how), LOG_N("sent", sent));
	buf_init(&answer, 64);
	wire_rotate_answer_put(&answer, &(struct wire_rotate_answer){ .ticket = o.ticket, .how = how, .sent = sent });
	r = gw_link_send(s, GW_BROKER, WIRE_T_rotate_answer, buf_span(&answer));
	return r < 0 ? fault(err, r, "", "rotate_answer") : 0;
}

int gw_errand(struct gw_session *s, const struct gw_proto *proto, void *state, struct err *err)
{
	struct gw_ask ask = { .to = GW_BROKER, .wait_us = ORDERS_US, .answers = { WIRE_T_probe, WIRE_T_rotate } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	scoped(scope_close) int fd = ask.got_fd;
	ask.got_fd = fd;
	return ask.got == WIRE_T_probe ? probe(s, proto, state, &ask, err) : rotate(s, proto, state, &ask, err);
}
