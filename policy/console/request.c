#include "policy/console/request.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/console/caller.h"
#include "policy/console/console.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pol_request {
	struct pol_request *next;
	struct pol_console *c;
	uint64_t ticket;
	struct pol_caller who;
	struct pol_call *call; /* NULL: it is not known yet who asks */
	struct buf text;       /* name, arguments, language */
	struct wire_command command;
	int fd;
};

static void request_free(struct pol_request *r)
{
	struct pol_request **at = &r->c->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (r->call)
		pol_call_cancel(r->call);
	pol_query_drop(&r->c->b->sql, r);
	scope_close(&r->fd);
	buf_done(&r->text);
	free(r);
}

void pol_request_free_all(struct pol_console *c)
{
	while (c->requests)
		request_free(c->requests);
}

static void answer(struct pol_console *c, uint64_t ticket, struct span json, const struct wire_ask_answer *last)
{
	struct link *l = &c->web;

	for (bool more = true; more && link_is_open(l);) {
		size_t n = json.n < POL_REQUEST_PIECE ? json.n : POL_REQUEST_PIECE;
		struct wire_ask_answer m = *last;
		m.ticket = ticket;
		m.json = span_of(json.p, n);
		m.more = more = n < json.n;
		if (link_sent(l, wire_ask_answer_queue(l->q, &m, -1)) < 0)
			return;
		if (more)
			json = span_of(json.p + n, json.n - n);
	}
}

static void denial_noted(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	(void)ctx;
	(void)res;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "token.unwritten", err);
}

/* What an API token was not allowed stands in the audit log. */
static void note_denial(struct pol_request *r, int exit)
{
	char command[64];

	if (exit != POL_EXIT_NOT_ALLOWED || !r->who.token_text[0])
		return;
	(void)snprintf(command, sizeof command, "%.*s", (int)(r->command.name.n < 60 ? r->command.name.n : 60),
		(const char *)r->command.name.p);
	pol_query(&r->c->b->sql,
		POL_SQL("select api.token_denied($1::uuid, $2, $3)", r->who.token_text, r->who.address, command), denial_noted,
		r->c);
}

/* The call has ended, and frees itself. */
static void answered(void *ctx, struct span json, int exit, const char *say)
{
	struct pol_request *r = ctx;

	r->call = NULL;
	note_denial(r, exit);
	answer(r->c, r->ticket, json, &(struct wire_ask_answer){ .exit = exit, .say = span_str(say) });
	request_free(r);
}

static void refuse(struct pol_request *r, int exit, const char *say)
{
	answered(r, span_of((const uint8_t *)"", 0), exit, say);
}

static void known(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_request *r = ctx;
	char say[160] = "";

	if (code == 0) {
		code = pol_caller_get(res, &r->who);
		if (code == -EKEYEXPIRED) { /* an API token: the reason is for the audit log alone */
			refuse(r, POL_EXIT_SIGN_IN, "");
			return;
		}
	}
	if (code < 0) {
		if (code != -EKEYEXPIRED)
			log_ev(LOG_LEVEL_WARN, "console.caller", LOG_N("code", code), LOG_S("detail", err ? err->detail : ""));
		refuse(r, code == -EKEYEXPIRED ? POL_EXIT_SIGN_IN : POL_EXIT_FAILED, pol_caller_say(code, err));
		return;
	}
	struct pol_call_skin skin = { .actor = r->who.actor,
		.role = r->who.role,
		.address = r->who.address,
		.console = r->who.session_text,
		.token = r->who.token_text,
		.answer = answered,
		.ctx = r };
	int exit = pol_call_new(&r->call, r->c->b, &r->command, take_fd(r->fd), &skin, say, sizeof say);
	if (exit)
		refuse(r, exit, say);
	else
		pol_call_run(r->call);
}

/* The message is borrowed, and the answer to who asks comes later. */
static void copy(struct pol_request *r, const struct wire_ask *m)
{
	buf_init(&r->text, m->name.n + m->args.n + m->lang.n + 1);
	buf_put_span(&r->text, m->name);
	buf_put_span(&r->text, m->args);
	buf_put_span(&r->text, m->lang);
	buf_put(&r->text, "", 1); /* so that there is a place for what is empty */
	const uint8_t *at = buf_span(&r->text).p;
	r->command = (struct wire_command){ .name = span_of(at, m->name.n),
		.count = m->count,
		.args = span_of(at + m->name.n, m->args.n),
		.lang = span_of(at + m->name.n + m->args.n, m->lang.n) };
}

static unsigned count(const struct pol_console *c)
{
	unsigned n = 0;

	for (const struct pol_request *r = c->requests; r; r = r->next)
		n++;
	return n;
}

void pol_request_new(struct pol_console *c, const struct wire_ask *m, int fd)
{
	scoped(scope_close) int file = fd;

	if (count(c) >= POL_REQUESTS_MAX) {
		answer(c, m->ticket, (struct span){ 0 }, &(struct wire_ask_answer){ .exit = POL_EXIT_FAILED,
								  .say = span_str("too many commands at once; try again") });
		return;
	}
	struct pol_request *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->c = c;
	r->ticket = m->ticket;
	r->fd = take_fd(file);
	copy(r, m);
	pol_caller_address(m->address, &r->who);
	r->next = c->requests;
	c->requests = r;
	pol_caller_ask(c->b, m->token, m->address, known, r);
}
