#include "gateway/session.h"
#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/inside.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* How long a question may wait, a restart of the service included. */
enum {
	LOGIN_US = 40 * 1000 * 1000,
	TARGET_US = 30 * 1000 * 1000,
	USE_US = 10 * 1000 * 1000,
	OPEN_US = 20 * 1000 * 1000,
	END_US = 1000 * 1000,
	BANNER_US = 1000 * 1000,
};

static const char internal[] = "The gateway cannot go on, please log in again. 网关内部错误，请重新登录。";

void gw_session_init(struct gw_session *s, int first)
{
	s->tap.credit = GW_TAP_CREDIT;
	for (int l = 0; l < GW_LINKS; l++)
		s->fd[l] = first + l;
	buf_init(&s->unsent, MSG_BODY_MAX);
	buf_init(&s->tap.out, MSG_BODY_MAX);
	gw_ledger_init(s);
	gw_sql_init(s);
	for (size_t i = 0; i < COUNT_OF(s->opens); i++)
		buf_init(&s->opens[i].question, MSG_BODY_MAX);
}

void gw_session_done(struct gw_session *s)
{
	for (int l = 0; l < GW_LINKS; l++)
		scope_close(&s->fd[l]);
	buf_done(&s->unsent);
	buf_done(&s->tap.out);
	gw_ledger_done(s);
	gw_sql_done(s);
	for (size_t i = 0; i < COUNT_OF(s->opens); i++)
		buf_done(&s->opens[i].question);
}

const char *gw_session_client_address(const struct gw_session *s)
{
	return s->address;
}

const char *gw_session_banner(struct gw_session *s)
{
	int64_t due = clock_mono_us() + BANNER_US;
	for (int64_t left = BANNER_US; !s->welcomed && left > 0; left = due - clock_mono_us())
		if (s->end_reason[0] || s->fd[GW_CONTROL] < 0 || gw_link_turn(s, 0, left, NULL) < 0)
			break;
	s->welcomed = true; /* or given up: asking again does not wait again */
	return s->banner;
}

int gw_session_authenticated(struct gw_session *s)
{
	if (s->authenticated)
		return 0;
	s->authenticated = true;
	return gw_link_send(s, GW_CONTROL, WIRE_T_authenticated, (struct span){ 0 });
}

uint8_t gw_session_door(const struct gw_session *s)
{
	return s->door;
}

static int bad(struct gw_session *s, const char *what, struct err *err)
{
	s->failed = -EBADMSG;
	return fault(err, -EBADMSG, internal, "%s", what);
}

/* A refusal by a service: its code where that is one, its line for the person. */
static int denied(int64_t code, struct span say, struct err *err)
{
	char line[160];
	gw_link_line(say, line, sizeof line);
	return fault(err, code < 0 && code > -4096 ? (int)code : -EACCES, line, "refused");
}

/* ---- before the target is known ---- */

/* q: the question, which is wiped. */
static int login(struct gw_session *s, uint16_t type, struct buf *q, struct gw_login *ret, struct err *err)
{
	if (q->failed)
		return fault(err, -EMSGSIZE, "That login is too long. 登录信息过长。", "login of more than %zu bytes", q->len);
	struct gw_ask ask = { .to = GW_BROKER,
		.type = type,
		.body = buf_span(q),
		.wait_us = LOGIN_US,
		.answers = { WIRE_T_login_answer } };
	int r = gw_ask(s, &ask, err);
	secret_wipe(q->data, q->len);
	if (r < 0)
		return r;

	struct wire_login_answer m;
	struct gw_login l = { 0 };
	if (wire_login_answer_get(ask.got_body, &m, NULL) < 0 || m.verdict < WIRE_LOGIN_OK ||
		m.verdict > WIRE_LOGIN_FACTOR || gw_link_text(m.user, l.user, sizeof l.user) < 0 ||
		gw_link_text(m.target, l.target, sizeof l.target) < 0 ||
		gw_link_text(m.account, l.account, sizeof l.account) < 0)
		return bad(s, "login_answer", err);
	gw_link_line(m.say, l.say, sizeof l.say);
	l.verdict = m.verdict;
	if (l.verdict == WIRE_LOGIN_OK)
		(void)gw_session_authenticated(s); /* fails where the parent is gone: the next pump says so */
	*ret = l;
	return 0;
}

int gw_session_login(struct gw_session *s, uint8_t method, const char *user, struct span proof, struct gw_login *ret,
	struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_login_put(&q, &(struct wire_login){ .method = method, .user = span_str(user), .proof = proof });
	return login(s, WIRE_T_login, &q, ret, err);
}

int gw_session_login_scramble(struct gw_session *s, uint8_t plugin, const char *user, struct span challenge, struct span answer,
	struct gw_login *ret, struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_login_scramble_put(&q,
		&(struct wire_login_scramble){ .plugin = plugin, .user = span_str(user), .challenge = challenge, .answer = answer });
	return login(s, WIRE_T_login_scramble, &q, ret, err);
}

int gw_session_targets(struct gw_session *s, const char *search, uint32_t offset, uint32_t *ret_count,
	uint32_t *ret_total, struct buf *rows, struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_targets_put(&q, &(struct wire_targets){ .search = span_str(search), .offset = offset });
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_targets,
		.body = buf_span(&q),
		.wait_us = LOGIN_US,
		.answers = { WIRE_T_targets_answer } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	struct wire_targets_answer m;
	if (wire_targets_answer_get(ask.got_body, &m, NULL) < 0)
		return bad(s, "targets_answer", err);
	if (m.say.n > 0)
		return denied(-EAGAIN, m.say, err);
	buf_put_span(rows, m.rows);
	if (rows->failed)
		return fault(err, -EMSGSIZE, internal, "menu page of %zu bytes", m.rows.n);
	*ret_count = m.count;
	*ret_total = m.total;
	return 0;
}

/* ---- the target ---- */

static int grant_get(const struct gw_session *s, const struct wire_grant *m, struct gw_grant *ret)
{
	struct gw_grant g = { .session = m->session,
		.auth = m->auth,
		.features = m->features,
		.idle_s = m->idle_s,
		.total_s = m->total_s,
		.stream_max = m->stream_max,
		.keep_max = m->keep_max,
		.charset = m->charset,
		.legacy = m->legacy != 0,
		.host_key_n = m->host_key.n };
	if (id_is_zero(&m->session) || m->auth < WIRE_AUTH_PASSWORD || m->auth > WIRE_AUTH_NONE ||
		(m->auth == WIRE_AUTH_NONE && m->host_key.n > 0) || (m->auth != WIRE_AUTH_NONE && m->host_key.n == 0 && !s->is_sql) ||
		m->host_key.n > sizeof g.host_key || m->charset >= CHARSETS ||
		gw_link_text(m->target, g.target, sizeof g.target) < 0 ||
		gw_link_text(m->account, g.account, sizeof g.account) < 0 ||
		gw_link_text(m->cluster, g.cluster, sizeof g.cluster) < 0 ||
		gw_link_text(m->rule, g.rule, sizeof g.rule) < 0 ||
		gw_link_text(m->database, g.database, sizeof g.database) < 0 ||
		gw_link_text(m->env_allow, g.env_allow, sizeof g.env_allow) < 0)
		return -EBADMSG;
	if (m->host_key.n)
		memcpy(g.host_key, m->host_key.p, m->host_key.n);
	*ret = g;
	return 0;
}

int gw_session_target(struct gw_session *s, const char *target, const char *account, struct gw_grant *ret,
	int *ret_target_fd, struct err *err)
{
	assert(!s->granted); /* one target, one session, one recording a worker */
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_target_put(&q, &(struct wire_target){ .target = span_str(target), .account = span_str(account) });
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_target,
		.body = buf_span(&q),
		.wait_us = TARGET_US,
		.answers = { WIRE_T_grant, WIRE_T_deny } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;

	scoped(scope_close) int fd = ask.got_fd;
	if (ask.got == WIRE_T_deny) {
		struct wire_deny d;
		return wire_deny_get(ask.got_body, &d, NULL) < 0 ? bad(s, "deny", err) : denied(d.code, d.say, err);
	}
	struct wire_grant m;
	if (wire_grant_get(ask.got_body, &m, NULL) < 0 || grant_get(s, &m, ret) < 0)
		return bad(s, "grant", err);
	s->granted = true;
	s->id = m.session;
	gw_tap_begin(s);
	*ret_target_fd = take_fd(fd);
	return 0;
}

/* Asks the vault for the secret of this session; answer is what the protocol can use. */
static int use(struct gw_session *s, struct id id, uint16_t answer, struct gw_ask *ask, struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, 64);
	wire_use_put(&q, &(struct wire_use){ .id = id });
	*ask = (struct gw_ask){ .to = GW_VAULT,
		.type = WIRE_T_use,
		.body = buf_span(&q),
		.wait_us = USE_US,
		.answers = { answer, WIRE_T_use_denied } };
	int r = gw_ask(s, ask, err);
	ask->body = (struct span){ 0 };
	if (r < 0 || ask->got == answer)
		return r;
	struct wire_use_denied d;
	return wire_use_denied_get(ask->got_body, &d, NULL) < 0 ? bad(s, "use_denied", err)
								: denied(d.code, d.say, err);
}

static int use_secret(struct gw_session *s, struct id id, struct secret **ret, struct err *err)
{
	struct gw_ask ask;
	struct wire_use_secret m;
	int r = use(s, id, WIRE_T_use_secret, &ask, err);
	if (r < 0)
		return r;
	r = wire_use_secret_get(ask.got_body, &m, NULL) < 0 ? bad(s, "use_secret", err) : secret_of(m.text, ret, err);
	secret_wipe(s->in, ask.got_body.n);
	return r;
}

int gw_session_use_secret_of(struct gw_session *s, struct id id, struct secret **ret, struct err *err)
{
	return use_secret(s, id, ret, err);
}

int gw_session_use_password(struct gw_session *s, struct secret **ret, struct err *err)
{
	assert(s->granted);
	return use_secret(s, s->id, ret, err);
}

static int factor_get(const struct wire_factor_answer *m, struct gw_factor *ret)
{
	struct gw_factor f = { .step = m->step };
	if (m->step < WIRE_FACTOR_CODE || m->step > WIRE_FACTOR_UNAVAILABLE ||
		gw_link_text(m->user, f.who.user, sizeof f.who.user) < 0 ||
		gw_link_text(m->target, f.who.target, sizeof f.who.target) < 0 ||
		gw_link_text(m->account, f.who.account, sizeof f.who.account) < 0)
		return -EBADMSG;
	memcpy(f.user, f.who.user, sizeof f.user);
	gw_link_line(m->say, f.say, sizeof f.say);
	f.who.verdict = m->step == WIRE_FACTOR_OK ? WIRE_LOGIN_OK : WIRE_LOGIN_DENIED;
	*ret = f;
	return 0;
}

int gw_session_factor(struct gw_session *s, bool begin, const char *typed, struct gw_factor *ret, struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_factor_put(&q, &(struct wire_factor){ .begin = begin, .answer = span_str(typed) });
	if (q.failed)
		return fault(err, -EMSGSIZE, "That is too long. 输入过长。", "factor of %zu bytes", strlen(typed));
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_factor,
		.body = buf_span(&q),
		.wait_us = LOGIN_US,
		.answers = { WIRE_T_factor_answer } };
	int r = gw_ask(s, &ask, err);
	secret_wipe(q.data, q.len);
	if (r < 0)
		return r;
	struct wire_factor_answer m;
	if (wire_factor_answer_get(ask.got_body, &m, NULL) < 0 || factor_get(&m, ret) < 0)
		return bad(s, "factor_answer", err);
	if (ret->step == WIRE_FACTOR_OK)
		(void)gw_session_authenticated(s); /* as at a login */
	return ret->step == WIRE_FACTOR_ENROL && !id_is_zero(&m.id) ? use_secret(s, m.id, &ret->show, err) : 0;
}

int gw_session_use_agent_of(struct gw_session *s, struct id id, int *ret_stream_fd, struct err *err)
{
	struct gw_ask ask;
	int r = use(s, id, WIRE_T_use_agent, &ask, err);
	if (r < 0)
		return r;
	*ret_stream_fd = ask.got_fd;
	return 0;
}

int gw_session_use_agent(struct gw_session *s, int *ret_stream_fd, struct err *err)
{
	assert(s->granted);
	return gw_session_use_agent_of(s, s->id, ret_stream_fd, err);
}

int gw_session_reached(
	struct gw_session *s, uint8_t outcome, const char *detail, struct span presented, struct err *err)
{
	assert(s->granted);
	wire_reached_put(&s->unsent,
		&(struct wire_reached){ .outcome = outcome, .detail = span_str(detail), .presented = presented });
	if (s->unsent.failed)
		return fault(err, -EMSGSIZE, internal, "reached of %zu bytes", presented.n);
	gw_ask_pending(s); /* or after the broker came back */
	return 0;
}

int gw_session_open(struct gw_session *s, uint32_t channel, uint32_t request, struct span text, struct err *err)
{
	struct gw_open *o = s->opens;
	while (o < s->opens + COUNT_OF(s->opens) && o->state != GW_OPEN_FREE)
		o++;
	if (o == s->opens + COUNT_OF(s->opens))
		return fault(
			err, -EAGAIN, "Too many requests at once. 同时请求过多。", "%u opens wait", GW_SESSION_OPENS);
	buf_clear(&o->question);
	wire_open_put(&o->question, &(struct wire_open){ .channel = channel, .request = request, .text = text });
	if (o->question.failed) {
		buf_done(&o->question);
		buf_init(&o->question, MSG_BODY_MAX);
		return fault(err, -EMSGSIZE, "That command is too long. 命令过长。", "open of %zu bytes", text.n);
	}
	o->state = GW_OPEN_ASKED;
	o->sent = false;
	o->channel = channel;
	o->request = request;
	o->due_us = clock_mono_us() + OPEN_US;
	gw_ask_pending(s);
	return 0;
}

void gw_session_end(struct gw_session *s, const char *reason)
{
	assert(!s->ended);
	s->ended = true;
	if (!s->granted)
		return;
	s->unrecorded = s->fd[GW_CONTROL] < 0 || gw_tap_finish(s, reason) < 0;
	if (s->unrecorded)
		return;
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_end_put(
		&q, &(struct wire_end){
			    .reason = span_str(reason), .in_bytes = s->tap.in_bytes, .out_bytes = s->tap.out_bytes });
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_end,
		.body = buf_span(&q),
		.wait_us = END_US,
		.answers = { WIRE_T_end_answer },
		.to_the_end = true };
	(void)gw_ask(s, &ask, NULL); /* a broker that is away learns it from the recorder's seal */
}
