#include "policy/dial/target.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/decide/name.h"
#include "policy/decide/rule.h"
#include "policy/dial/again.h"
#include "policy/dial/choice.h"
#include "policy/dial/dial.h"
#include "policy/ends.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SIGNATURES = 4, PEER_US = 5 * 1000 * 1000 };

struct pol_attempt {
	struct pol_worker *w;
	char target[256], account[65]; /* as asked */
	struct id id;
	int64_t started_us;
	uint64_t generation; /* pol_ends, when the facts were asked */
	struct pol_choice choice;
	bool row;     /* a session row may stand */
	bool allowed; /* the vault may have been told */
	int fd;       /* the connection to the target */
	struct loop_timer late;
};

static void attempt_free(struct pol_attempt *a)
{
	struct pol_broker *b = a->w->b;

	loop_timer_del(&a->late);
	pol_query_drop(&b->sql, a);
	pol_ask_drop(&b->asks, a);
	pol_dial_drop(b->dialler, a);
	scope_close(&a->fd);
	pol_choice_done(&a->choice);
	a->w->attempt = NULL;
	free(a);
}

/* Takes back what stands. */
static void attempt_unwind(struct pol_attempt *a, const char *reason)
{
	struct pol_broker *b = a->w->b;
	struct pol_session s = { .on = a->row, .id = a->id };

	if (a->allowed)
		pol_peers_forget(b, a->w->id);
	pol_session_end(&b->facts, &s, &(struct pol_session_end){ .state = "closed", .reason = span_str(reason) });
}

static void attempt_audit(const struct pol_attempt *a, const char *reason)
{
	const struct pol_worker *w = a->w;
	struct pol_fact f;
	struct err err;
	char id[ID_TEXT];

	pol_fact_open(&f);
	pol_fact_text(&f, "user", span_str(w->user));
	pol_fact_text(&f, "target", span_str(a->target));
	if (a->account[0])
		pol_fact_text(&f, "account", span_str(a->account));
	pol_fact_text(&f, "address", span_str(w->address));
	pol_fact_text(&f, "reason", span_str(reason));
	if (a->choice.rule[0])
		pol_fact_text(&f, "rule", span_str(a->choice.rule));
	if (a->row) {
		id_text(&a->id, id);
		pol_fact_text(&f, "session", span_str(id));
	}
	if (pol_facts_put(&w->b->facts, "session.denied", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

struct refusal {
	int code;
	const char *en, *zh; /* for the person */
	const char *reason;  /* for the audit; NULL = en */
};

static void attempt_deny(struct pol_attempt *a, const struct refusal *r)
{
	struct pol_worker *w = a->w;
	const char *reason = r->reason ? r->reason : r->en;
	char say[256];

	(void)snprintf(say, sizeof say, "%s%s%s", r->en, r->zh ? " / " : "", r->zh ? r->zh : "");
	log_ev(LOG_LEVEL_INFO, "session.denied", LOG_S("user", w->user), LOG_S("target", a->target),
		LOG_S("reason", reason));
	attempt_audit(a, reason);
	attempt_unwind(a, reason);
	attempt_free(a);
	w->permit.state = POL_CHOOSE;
	if (link_is_open(&w->link))
		(void)link_sent(&w->link,
			wire_deny_queue(w->link.q, &(struct wire_deny){ .code = r->code, .say = span_str(say) }, -1));
}

static const struct refusal refuse_database = { -EAGAIN, "Yanmen's database is away. Try again in a minute.",
	"数据库暂时不可用，请稍后再试。", "database away" };
static const struct refusal refuse_spool = { -ENOSPC, "Yanmen cannot write its audit just now.", "暂时无法写入审计。",
	"spool full" };
static const struct refusal refuse_space = { -ENOSPC, "No room for recordings is left on the gateway.",
	"网关录像空间不足。", "space low" };
static const struct refusal refuse_late = { -ETIMEDOUT, "The gateway took too long. Please try again.",
	"网关超时，请重试。", "too late" };
static const struct refusal refuse_vault = { -EAGAIN, "The vault does not answer. Try again in a minute.",
	"密钥库暂不可用，请稍后再试。", "vault away" };
static const struct refusal refuse_recorder = { -EAGAIN, "The recorder does not answer. Try again in a minute.",
	"录像服务暂不可用，请稍后再试。", "recorder away" };
static const struct refusal refuse_nonsense = { -EPROTO, "This target is not set up well. Tell the administrator.",
	"目标配置有误，请联系管理员。", "facts make no sense" };

/* Through another connection the target is one that is granted: it is the account. */
static const struct refusal refuse_account = { -EACCES,
	"Log in as an account that is granted to you: ACCOUNT@TARGET.",
	"请以已授权的账号登录：账号@资源。", "no_grant" };

static void attempt_late(void *ctx)
{
	attempt_deny(ctx, &refuse_late);
}

/* ---- grant ---- */

static void attempt_grant(struct pol_attempt *a)
{
	struct pol_worker *w = a->w;
	const struct pol_choice *c = &a->choice;
	struct wire_grant g = { .session = a->id,
		.target = span_str(c->target),
		.account = span_str(c->forward ? "" : c->account),
		.cluster = span_str(c->cluster),
		.auth = c->auth,
		.host_key = buf_span(&c->host_key),
		.features = c->features,
		.idle_s = c->idle_s,
		.total_s = c->total_s,
		.stream_max = c->stream_max,
		.keep_max = c->keep_max,
		.env_allow = span_str(w->b->settings.env_allow),
		.rule = span_str(c->rule),
		.charset = c->charset,
		.legacy = c->legacy,
		.database = span_str(c->database) };
	char id[ID_TEXT];

	w->session = (struct pol_session){ .on = true, .id = a->id, .features = c->features, .charset = c->charset };
	(void)snprintf(w->session.user, sizeof w->session.user, "%s", w->user);
	(void)snprintf(w->session.reach, sizeof w->session.reach, "%" PRId64 "/%" PRId64, c->target_id, c->account_id);
	struct decide_end_fact end = {
		.hours = span_str(c->hours), .nets = span_str(c->from_nets), .until_s = c->ends_s
	};
	(void)decide_net_parse(span_str(w->address), &end.source);
	pol_ends_begin(w, &end, a->generation);
	w->permit.state = POL_REACHING;
	id_text(&a->id, id);
	log_ev(LOG_LEVEL_INFO, "session.granted", LOG_S("sid", id), LOG_S("user", w->user), LOG_S("target", c->target),
		LOG_S("account", c->account), LOG_S("rule", c->rule));
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_grant_queue(w->link.q, &g, a->fd));
	if (pol_worker_is_sql(w)) {
		pol_rules_look(w->b);
		pol_again_keep(w, &a->choice);
	}
	attempt_free(a);
}

static void recorder_done(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_attempt *a = ctx;

	if (code < 0) {
		attempt_deny(a, &refuse_recorder);
	} else if (reply->begin.code < 0) {
		char say[160];
		(void)snprintf(say, sizeof say, "%.*s", (int)(reply->begin.say.n < 150 ? reply->begin.say.n : 150),
			(const char *)reply->begin.say.p);
		attempt_deny(a, &(struct refusal){
					(int)reply->begin.code, say[0] ? say : "The recorder refuses.", NULL, NULL });
	} else {
		attempt_grant(a);
	}
}

static struct pol_choice_who attempt_who(const struct pol_attempt *a)
{
	const struct pol_worker *w = a->w;

	return (struct pol_choice_who){ .id = &a->id,
		.worker = w->name,
		.user = w->user,
		.address = w->address,
		.user_id = w->user_id,
		.certificate = w->certificate,
		.started_us = a->started_us };
}

static void ask_recorder(struct pol_attempt *a)
{
	struct pol_broker *b = a->w->b;
	struct pol_choice_who who = attempt_who(a);
	struct buf meta;

	buf_init(&meta, 8192);
	pol_choice_meta(&a->choice, &who, &meta);
	struct wire_begin m = { .worker = a->w->id,
		.id = a->id,
		.meta = buf_span(&meta),
		.auditor = span_of(b->settings.escrow, b->settings.has_escrow ? sizeof b->settings.escrow : 0) };
	pol_peers_begin(b, &m, &(struct pol_ask){ .id = a->id, .within_us = PEER_US, .done = recorder_done, .ctx = a });
	buf_done(&meta);
}

/* ---- vault ---- */

static void vault_done(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_attempt *a = ctx;

	if (code == 0 && reply->allow.code == 0)
		ask_recorder(a);
	else
		attempt_deny(a, &refuse_vault);
}

static uint8_t secret_kind(uint8_t auth)
{
	return auth == WIRE_AUTH_PASSWORD ? WIRE_SECRET_PASSWORD
	       : auth == WIRE_AUTH_KEY    ? WIRE_SECRET_KEY
					  : WIRE_SECRET_CA;
}

static void ask_vault(struct pol_attempt *a)
{
	const struct pol_choice *c = &a->choice;
	struct wire_allow m = { .worker = a->w->id,
		.id = a->id,
		.kind = secret_kind(c->auth),
		.login = span_str(c->account),
		.sealed = buf_span(&c->sealed),
		.bound = span_str(c->bound),
		.uses = SIGNATURES,
		.legacy = c->legacy };

	a->allowed = true;
	pol_peers_allow(a->w->b, &m, &(struct pol_ask){ .within_us = PEER_US, .done = vault_done, .ctx = a });
}

/* ---- dial ---- */

static const char *dial_zh(int code)
{
	switch (code) {
	case -ENOENT:
		return "目标主机名未知。";
	case -EACCES:
		return "目标地址不在允许的网络内。";
	case -ECONNREFUSED:
		return "目标拒绝连接。";
	case -ETIMEDOUT:
		return "目标没有应答。";
	default:
		return "无法连接目标。";
	}
}

static void dial_done(void *ctx, int code, int fd, const struct err *err)
{
	struct pol_attempt *a = ctx;
	char en[200];

	if (code == 0) {
		a->fd = fd;
		if (a->choice.forward)
			ask_recorder(a); /* there is no login, so no secret */
		else
			ask_vault(a);
		return;
	}
	log_err(LOG_LEVEL_INFO, "target.unreached", err);
	(void)snprintf(en, sizeof en, "Sorry, %s.", err->say);
	attempt_deny(a, &(struct refusal){ code, en, dial_zh(code), err->say });
}

/* ---- row ---- */

static void row_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_attempt *a = ctx;
	const struct pol_choice *c = &a->choice;

	(void)res;
	if (code == 0) {
		pol_dial(a->w->b->dialler,
			&(struct pol_dial_to){ .host = c->host,
				.port = c->forward ? c->forward : c->port,
				.networks = c->networks,
				.is_samples = c->is_samples },
			dial_done, a);
		return;
	}
	/* A lost connection may have lost the answer only: the row is closed in any case then. */
	a->row = code == -EPIPE;
	if (code == -EPIPE || code == -EAGAIN || code == -EIO) {
		log_err(LOG_LEVEL_WARN, "session.begin", err);
		attempt_deny(a, &refuse_database);
	} else {
		attempt_deny(a, &(struct refusal){ code, err->say, NULL, NULL });
	}
}

static void ask_row(struct pol_attempt *a)
{
	struct pol_choice_who who;
	struct buf row;

	id_new(&a->id);
	a->started_us = clock_wall_us();
	a->row = true;
	who = attempt_who(a);
	buf_init(&row, 8192);
	pol_choice_row(&a->choice, &who, &row);
	pol_query(&a->w->b->sql, POL_SQL("select api.session_begin($1::jsonb)", buf_str(&row)), row_done, a);
	buf_done(&row);
}

/* ---- facts ---- */

static void facts_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_attempt *a = ctx;
	unsigned reason = 0;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "target.facts", err);
		attempt_deny(a, &refuse_database);
		return;
	}
	const struct pol_worker *w = a->w;
	struct pol_choice_ask ask = { .address = w->address,
		.account_named = a->account[0] != '\0',
		.forward = w->door == WIRE_DOOR_FORWARD ? w->through.port : 0,
		.door = w->role == WIRE_MYSQL ? DECIDE_RULE_MYSQL : w->role == WIRE_TDS ? DECIDE_RULE_TDS : DECIDE_RULE_SSH };
	int r = pol_choice_make(res, &ask, &a->choice, &reason);
	if (r == 0)
		ask_row(a);
	else if (r == -EACCES && reason == DECIDE_RULE_NO_GRANT && w->door == WIRE_DOOR_INNER)
		attempt_deny(a, &refuse_account);
	else if (r == -EACCES)
		attempt_deny(a, &(struct refusal){ -EACCES, decide_rule_say(reason, false),
					decide_rule_say(reason, true), decide_rule_name(reason) });
	else
		attempt_deny(a, &refuse_nonsense);
}

static void copy_name(struct span s, bool ok, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%.*s", ok ? (int)s.n : 0, (const char *)s.p);
}

void pol_target_ask(struct pol_worker *w, const struct wire_target *m)
{
	struct pol_broker *b = w->b;
	struct pol_attempt *a = calloc(1, sizeof *a);
	char user[24];

	if (!a)
		abort();
	a->w = w;
	a->fd = -1;
	a->late = (struct loop_timer){ .fire = attempt_late, .ctx = a };
	w->attempt = a;
	a->generation = b->ends.generation;
	if (w->door == WIRE_DOOR_CLIENT)
		copy_name(m->target, decide_name_is_target(m->target) && (!w->bound[0] || span_is(m->target, w->bound)), a->target,
			sizeof a->target);
	else /* decided before it was started: what it says now counts for nothing */
		memcpy(a->target, w->through.target, sizeof a->target);
	copy_name(m->account, decide_name_is_account(m->account), a->account, sizeof a->account);
	if (m->account.n && !a->account[0])
		a->target[0] = '\0'; /* no such account anywhere: never "any account" */
	loop_timer_set(b->loop, &a->late, POL_TARGET_WITHIN_US);
	if (!pol_spool_has_room(b->spool, 64 << 10)) {
		attempt_deny(a, &refuse_spool);
		return;
	}
	if (b->space_state == WIRE_SPACE_LOW || b->space_state == WIRE_SPACE_OVER) {
		attempt_deny(a, &refuse_space);
		return;
	}
	if (w->door == WIRE_DOOR_INNER && !a->account[0]) {
		attempt_deny(a, &refuse_account);
		return;
	}
	(void)snprintf(user, sizeof user, "%" PRId64, w->user_id);
	pol_query(&b->sql, POL_SQL(pol_choice_sql, user, a->target, a->account), facts_done, a);
}

void pol_target_drop(struct pol_worker *w)
{
	if (!w->attempt)
		return;
	attempt_unwind(w->attempt, "the client left");
	attempt_free(w->attempt);
}
