#include "policy/console/visit.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/console/console.h"
#include "policy/worker.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ID (UINT64_C(1) << 63) /* the parent's are microseconds since 1970 */
enum { HASH_TEXT = 72 };

struct pol_visit {
	struct pol_visit *next;
	struct pol_console *c;
	struct pol_worker *w;
	struct loop_timer late;
	uint8_t token[POL_CONSOLE_TOKEN], device[POL_CONSOLE_TOKEN];
};

static void visit_free(struct pol_visit *v)
{
	struct pol_visit **at = &v->c->visits;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	loop_timer_del(&v->late);
	pol_query_drop(&v->c->b->sql, v);
	secret_wipe(v->token, sizeof v->token);
	secret_wipe(v->device, sizeof v->device);
	free(v);
}

void pol_visit_gone(struct pol_visit *v)
{
	visit_free(v);
}

void pol_visit_free_all(struct pol_console *c)
{
	while (c->visits) {
		c->visits->w->visit = NULL;
		visit_free(c->visits);
	}
}

static void visit_late(void *ctx)
{
	struct pol_visit *v = ctx;

	link_cut(&v->w->link);
}

/* SHA-256 of a token, as PostgreSQL reads a bytea. */
static void hash_text(struct span token, char ret[static HASH_TEXT])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, token.p, token.n);
	memcpy(ret, "\\x", 3);
	sodium_bin2hex(ret + 2, HASH_TEXT - 2, hash, sizeof hash);
}

static unsigned count(const struct pol_console *c)
{
	unsigned n = 0;

	for (const struct pol_visit *v = c->visits; v; v = v->next)
		n++;
	return n;
}

void pol_visit_new(struct pol_console *c, const struct wire_visit *m, int fd)
{
	scoped(scope_close) int sock = fd;

	if (count(c) >= POL_VISITS_MAX) {
		log_ev(LOG_LEVEL_WARN, "visit.refused", LOG_N("count", POL_VISITS_MAX));
		return;
	}
	struct pol_visit *v = calloc(1, sizeof *v);

	if (!v)
		abort();
	v->c = c;
	v->late = (struct loop_timer){ .fire = visit_late, .ctx = v };
	v->w = pol_worker_visit(c->b, v, FIRST_ID | ++c->last_visit, m->address, take_fd(sock));
	if (!v->w) {
		free(v);
		return;
	}
	v->next = c->visits;
	c->visits = v;
	if (c->b->conf.web_origin[0])
		(void)snprintf(v->w->origin, sizeof v->w->origin, "%s", c->b->conf.web_origin);
	else
		(void)snprintf(v->w->origin, sizeof v->w->origin, "%.*s", (int)(m->origin.n < 299 ? m->origin.n : 299),
			(const char *)m->origin.p);
	if (m->device.n == POL_CONSOLE_TOKEN)
		hash_text(m->device, v->w->device);
	loop_timer_set(c->b->loop, &v->late, POL_VISIT_US);
}

/* ---- the console session ---- */

static void answer(struct pol_visit *v, const struct wire_enter_answer *m)
{
	struct link *l = &v->w->link;

	if (link_is_open(l))
		(void)link_sent(l, wire_enter_answer_queue(l->q, m, -1));
	secret_wipe(v->token, sizeof v->token);
}

static void entered(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_visit *v = ctx;
	struct wire_enter_answer m = { .code = code };

	if (code == 0 && (pg_rows(res) != 1 || id_parse(pg_span(res, 0, 0), &m.id) < 0))
		m.code = -EPROTO;
	if (m.code < 0) {
		if (err)
			log_err(LOG_LEVEL_WARN, "console.not_entered", err);
		m.say = span_str("Yanmen cannot sign you in just now. Try again in a minute. / 雁门暂时无法登录，请稍后再试。");
		answer(v, &m);
		return;
	}
	m.token = span_of(v->token, sizeof v->token);
	m.user = pg_span(res, 0, 1);
	m.role = pg_span(res, 0, 2);
	m.lang = pg_span(res, 0, 3);
	m.days = (uint32_t)pg_int(res, 0, 4);
	if (m.days > 0)
		m.device = span_of(v->device, sizeof v->device);
	answer(v, &m);
}

/* What a list can show: of other bytes a question mark stays. */
static void agent_text(struct span agent, char ret[static POL_VISIT_AGENT + 1])
{
	size_t n = agent.n < POL_VISIT_AGENT ? agent.n : POL_VISIT_AGENT;

	for (size_t i = 0; i < n; i++)
		ret[i] = agent.p[i] >= ' ' && agent.p[i] < 0x7f ? (char)agent.p[i] : '?';
	ret[n] = '\0';
}

void pol_visit_enter(struct pol_visit *v, const struct wire_enter *m)
{
	char agent[POL_VISIT_AGENT + 1], user[24], token[HASH_TEXT], device[HASH_TEXT] = "";

	randombytes_buf(v->token, sizeof v->token);
	randombytes_buf(v->device, sizeof v->device);
	hash_text(span_of(v->token, sizeof v->token), token);
	if (m->remember && v->w->factored)
		hash_text(span_of(v->device, sizeof v->device), device);
	agent_text(m->agent, agent);
	(void)snprintf(user, sizeof user, "%" PRId64, v->w->user_id);
	pol_query(&v->c->b->sql,
		POL_SQL("select session, name, role, lang, days from api.console_enter($1::bigint, $2::bytea, $3, $4, $5, $6::bytea)", user,
			token, v->w->address, agent, v->w->origin, device),
		entered, v);
}
