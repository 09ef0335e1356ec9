#include "policy/dial/jump.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/decide/rule.h"
#include "policy/dial/choice.h"
#include "policy/dial/inner.h"
#include "policy/parent.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct pol_jump {
	struct pol_jump *next;
	struct pol_worker *w;
	char host[256], origin[256]; /* as asked */
	uint32_t port;
	char target[256]; /* as found */
	uint16_t to_port;
	uint8_t door;
};

struct refusal {
	int code;
	const char *say, *reason; /* reason: for the audit */
};
static const struct refusal refuse_unknown = { -EACCES,
	"no such target, or no access to it for you / 没有这个资源，或您没有访问权限", "no_grant" };
static const struct refusal refuse_many = { -EAGAIN,
	"too many connections through this one / 经由此连接的转发过多", "too many" };
static const struct refusal refuse_database = { -EAGAIN,
	"Yanmen's database is away, try again in a minute / 数据库暂时不可用，请稍后再试", "database away" };
static const struct refusal refuse_spool = { -ENOSPC,
	"Yanmen cannot write its audit just now / 暂时无法写入审计", "spool full" };
static const struct refusal refuse_again = { -EAGAIN,
	"Yanmen was restarted, please log in again / 雁门已重启，请重新登录", "served by an earlier broker" };
static const struct refusal refuse_internal = { -EIO, "internal error / 网关内部错误", "no socket pair" };

static void jump_free(struct pol_jump *j)
{
	struct pol_broker *b = j->w->b;
	struct pol_jump **at = &j->w->jumps;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	pol_query_drop(&b->sql, j);
	pol_ask_drop(&b->asks, j);
	free(j);
}

static uint64_t root_of(const struct pol_worker *w)
{
	return w->through.root ? w->through.root : w->id;
}

/* Workers behind the same connection of the network, those that are on their way included. */
static unsigned count(const struct pol_worker *w)
{
	unsigned n = 0;

	for (const struct pol_worker *x = w->b->workers; x; x = x->next) {
		if (root_of(x) != root_of(w))
			continue;
		n += x->through.root != 0;
		for (const struct pol_jump *j = x->jumps; j; j = j->next)
			n++;
	}
	return n;
}

/* ---- audit and answers ---- */

static int jump_audit(const struct pol_jump *j, const char *refused, struct err *err)
{
	const struct pol_worker *w = j->w;
	struct pol_fact f;
	char asked[300];

	pol_fact_open(&f);
	(void)snprintf(asked, sizeof asked, "%s:%" PRIu32, j->host, j->port);
	if (w->user[0])
		pol_fact_text(&f, "user", span_str(w->user));
	pol_fact_text(&f, "address", span_str(w->address));
	if (j->target[0])
		pol_fact_text(&f, "target", span_str(j->target));
	pol_fact_text(&f, "asked", span_str(asked));
	pol_fact_text(&f, "origin", span_str(j->origin));
	pol_fact_text(&f, "protocol", span_str(j->door == WIRE_DOOR_FORWARD ? "forward" : "ssh"));
	if (refused)
		pol_fact_text(&f, "reason", span_str(refused));
	return pol_facts_put(&w->b->facts, refused ? "forward.refused" : "forward.opened", &f, err);
}

static void jump_refuse(struct pol_jump *j, const struct refusal *r)
{
	struct pol_worker *w = j->w;
	struct err err;

	if (++w->jumps_refused <= POL_JUMPS_TOLD && jump_audit(j, r->reason, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	jump_free(j);
	if (link_is_open(&w->link))
		(void)link_sent(&w->link,
			wire_jump_answer_queue(
				w->link.q, &(struct wire_jump_answer){ .code = r->code, .say = span_str(r->say) }, -1));
}

static void jump_attached(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_jump *j = ctx;
	struct pol_worker *outer = j->w;

	if (code == 0)
		pol_inner_is(reply->worker, &(struct pol_inner){ .door = j->door,
						    .root = root_of(outer),
						    .target = j->target,
						    .port = j->to_port,
						    .user = outer->user,
						    .user_id = outer->user_id,
						    .certificate = outer->certificate });
	jump_free(j); /* without a worker the other end is closed by now: the asker sees that */
}

static void jump_open(struct pol_jump *j)
{
	struct pol_worker *w = j->w;
	struct err err;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0) {
		jump_refuse(j, &refuse_internal);
		return;
	}
	scoped(scope_close) int asker = sv[0];
	scoped(scope_close) int worker = sv[1];
	if (jump_audit(j, NULL, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "forward.unwritten", &err);
		jump_refuse(j, &refuse_spool);
		return;
	}
	if (link_is_open(&w->link))
		(void)link_sent(
			&w->link, wire_jump_answer_queue(w->link.q, &(struct wire_jump_answer){ 0 }, asker));
	struct wire_want m = { .job = WIRE_JOB_SESSION, .role = WIRE_SSH, .outer = w->id, .door = j->door };
	pol_parent_want(w->b, &m, worker, &(struct pol_ask){ .done = jump_attached, .ctx = j });
}

/* ---- which target ---- */

static void jump_judged(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_jump *j = ctx;
	struct pol_choice choice = { 0 };
	unsigned reason = 0;
	char say[300];

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "jump.facts", err);
		jump_refuse(j, &refuse_database);
		return;
	}
	int r = pol_choice_make(
		res, &(struct pol_choice_ask){ .address = j->w->address, .forward = j->to_port }, &choice, &reason);
	pol_choice_done(&choice);
	if (r == 0) {
		jump_open(j);
		return;
	}
	(void)snprintf(say, sizeof say, "%s / %s", decide_rule_say(reason, false), decide_rule_say(reason, true));
	jump_refuse(j, &(struct refusal){ -EACCES, say, decide_rule_name(reason) });
}

static void jump_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_jump *j = ctx;
	char user[24];

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "jump", err);
		jump_refuse(j, &refuse_database);
		return;
	}
	if (pg_rows(res) != 1) {
		jump_refuse(j, &refuse_unknown);
		return;
	}
	(void)snprintf(j->target, sizeof j->target, "%s", pg_text(res, 0, 0) ? pg_text(res, 0, 0) : "");
	j->to_port = (uint16_t)pg_int(res, 0, 1);
	j->door = pg_bool(res, 0, 2) ? WIRE_DOOR_INNER : WIRE_DOOR_FORWARD;
	if (j->door == WIRE_DOOR_INNER) {
		jump_open(j);
		return;
	}
	(void)snprintf(user, sizeof user, "%" PRId64, j->w->user_id);
	pol_query(&j->w->b->sql, POL_SQL(pol_choice_sql, user, j->target, ""), jump_judged, j);
}

/* A name or an address is what people can read; anything else is nobody's target. */
static bool is_host(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n < 256;
}

void pol_jump_ask(struct pol_worker *w, const struct wire_jump *m)
{
	struct pol_jump *j = calloc(1, sizeof *j);
	char user[24], port[16];
	bool host = is_host(m->host) && m->port > 0 && m->port < 65536;

	if (!j)
		abort();
	j->w = w;
	j->port = m->port;
	(void)snprintf(j->host, sizeof j->host, "%.*s", (int)(m->host.n < 256 ? m->host.n : 255), (const char *)m->host.p);
	(void)snprintf(
		j->origin, sizeof j->origin, "%.*s", (int)(m->origin.n < 256 ? m->origin.n : 255), (const char *)m->origin.p);
	bool many = count(w) >= POL_JUMPS_MAX;
	j->next = w->jumps;
	w->jumps = j;
	if (!w->user_id) {
		jump_refuse(j, &refuse_again);
	} else if (!pol_spool_has_room(w->b->spool, 64 << 10)) {
		jump_refuse(j, &refuse_spool);
	} else if (many) {
		jump_refuse(j, &refuse_many);
	} else if (!host) {
		jump_refuse(j, &refuse_unknown);
	} else {
		(void)snprintf(user, sizeof user, "%" PRId64, w->user_id);
		(void)snprintf(port, sizeof port, "%" PRIu32, m->port);
		pol_query(&w->b->sql,
			POL_SQL("select target, port, ssh from api.jump($1::bigint, $2, $3::int)", user, j->host, port),
			jump_found, j);
	}
}

void pol_jump_refused(struct pol_worker *w, const struct wire_refused *m)
{
	struct pol_fact f;
	char id[ID_TEXT];
	struct err err;

	if (++w->jumps_refused > POL_JUMPS_TOLD)
		return;
	pol_fact_open(&f);
	if (w->user[0])
		pol_fact_text(&f, "user", span_str(w->user));
	pol_fact_text(&f, "address", span_str(w->address));
	pol_fact_text(&f, "protocol", m->what);
	pol_fact_text(&f, "asked", m->text);
	pol_fact_text(&f, "reason", m->reason);
	if (w->session.on) {
		id_text(&w->session.id, id);
		pol_fact_text(&f, "session", span_str(id));
	}
	if (pol_facts_put(&w->b->facts, pol_worker_is_sql(w) ? "sql.refused" : "forward.refused", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}

void pol_jump_drop(struct pol_worker *w)
{
	struct pol_fact f;
	struct err err;

	while (w->jumps)
		jump_free(w->jumps);
	if (w->jumps_refused <= POL_JUMPS_TOLD)
		return;
	pol_fact_open(&f);
	pol_fact_text(&f, "user", span_str(w->user));
	pol_fact_text(&f, "address", span_str(w->address));
	pol_fact_text(&f, "reason", span_str("many more like these"));
	pol_fact_num(&f, "count", w->jumps_refused - POL_JUMPS_TOLD);
	if (pol_facts_put(&w->b->facts, "forward.refused", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
}
