#include "policy/console/console.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/console/opening.h"
#include "policy/console/request.h"
#include "policy/console/terminal.h"
#include "policy/console/visit.h"
#include "policy/peers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ANY, IDS_MAX = 64 * 1024 };
/* clang-format off */
#define ALWAYS(message) { .type = WIRE_T_##message, .from = PERMIT_IN(ANY), .to = ANY }
/* clang-format on */
static const struct permit_rule rules[] = { ALWAYS(visit), ALWAYS(ask), ALWAYS(terminal), ALWAYS(leave) };

union said {
	struct wire_visit visit;
	struct wire_ask ask;
	struct wire_terminal terminal;
	struct wire_leave leave;
};

/* A visit comes with its socket, a command may have a file, the others have nothing. */
static int take_message(struct pol_console *c, struct link_msg *m)
{
	union said s;
	int r = permit_step(&c->permit, m->type);

	if (r < 0 || (m->type == WIRE_T_visit ? m->fd < 0 : m->type != WIRE_T_ask && m->fd >= 0))
		return -EPERM;
	if (m->type == WIRE_T_visit && (r = wire_visit_get(m->body, &s.visit, NULL)) == 0)
		pol_visit_new(c, &s.visit, take_fd(m->fd));
	else if (m->type == WIRE_T_ask && (r = wire_ask_get(m->body, &s.ask, NULL)) == 0)
		pol_request_new(c, &s.ask, take_fd(m->fd));
	else if (m->type == WIRE_T_terminal && (r = wire_terminal_get(m->body, &s.terminal, NULL)) == 0)
		pol_opening_new(c, &s.terminal);
	else if (m->type == WIRE_T_leave && (r = wire_leave_get(m->body, &s.leave, NULL)) == 0)
		pol_terminal_leave(c, &s.leave.id);
	return r;
}

static void web_got(void *ctx, struct link_msg *m)
{
	struct pol_console *c = ctx;

	if (take_message(c, m) == 0)
		return;
	log_ev(LOG_LEVEL_ERROR, "web.nonsense", LOG_S("type", wire_type_name(m->type)));
	link_cut(&c->web);
}

static void web_went(struct pol_console *c)
{
	pol_terminal_web_lost(c);
	pol_request_free_all(c);
	pol_opening_free_all(c);
}

static void web_lost(void *ctx, const struct err *why)
{
	log_err(LOG_LEVEL_WARN, "web.lost", why);
	web_went(ctx);
}

void pol_console_open(struct pol_console *c, int fd)
{
	struct err err = { 0 };

	if (c->web.loop) {
		link_close(&c->web);
		web_went(c);
		pol_peers_restarted(c->b, WIRE_WEB);
	}
	c->permit = (struct permit){ .rules = rules, .n = COUNT_OF(rules), .state = ANY };
	if (link_open(&c->web, c->b->loop, fd, POL_CONSOLE_QUEUE, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "web.open", &err);
}

/* ---- console sessions that have ended ---- */

static void gone_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_console *c = ctx;
	struct id id;

	c->looking = false;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "console.unread", err);
	for (int i = 0; code == 0 && i < pg_rows(res); i++)
		if (id_parse(pg_span(res, i, 0), &id) == 0)
			pol_terminal_signed_out(c, &id);
	if (c->again)
		pol_console_look(c);
}

void pol_console_look(struct pol_console *c)
{
	struct buf ids;

	c->again = c->looking;
	if (c->looking || !c->terminals)
		return;
	buf_init(&ids, IDS_MAX);
	pol_terminal_sessions(c, &ids);
	c->looking = true;
	pol_query(&c->b->sql, POL_SQL("select session from api.console_gone($1::uuid[])", buf_str(&ids)), gone_came, c);
	buf_done(&ids);
}

static void heard(void *ctx, const char *payload)
{
	if (strcmp(payload, "console_sessions") == 0 || strcmp(payload, "users") == 0)
		pol_console_look(ctx);
}

void pol_console_listen(struct pol_console *c)
{
	if (pg_listen(c->b->sql.pg, "yanmen_console", heard, c) < 0)
		log_ev(LOG_LEVEL_WARN, "console.unheard");
}

struct pol_console *pol_console_new(struct pol_broker *b)
{
	struct pol_console *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->b = b;
	c->web = (struct link){ .got = web_got, .lost = web_lost, .ctx = c };
	return c;
}

struct pol_console *pol_console_free(struct pol_console *c)
{
	if (c) {
		web_went(c);
		pol_visit_free_all(c);
		pol_terminal_free_all(c);
		pol_query_drop(&c->b->sql, c);
		link_close(&c->web);
		free(c);
	}
	return NULL;
}
