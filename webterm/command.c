#include "webterm/command.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "webterm/answer.h"
#include "webterm/args.h"
#include "webterm/broker.h"
#include "webterm/keep.h"
#include "webterm/result.h"
#include "webterm/vault.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN "cloud open"
enum { OPENED_MAX = 32 << 10 };

/* A command on its way: it is done even when the browser goes, and its answer is kept then. */
struct running {
	struct web *web;
	void *op;
	struct web_token session;
	char once[65]; /* Idempotency-Key, or "" */
	bool logout, zh;
	bool opens; /* the answer names a secret, which the vault gives */
	json_t *facts;
};

static void keep(const struct running *c, int status, struct span body)
{
	if (c->once[0])
		web_keep_put(c->web->answers, &c->session, c->once, &(struct web_kept){ .status = status, .body = body });
}

static void answer(struct running *c, struct web_request *r, enum web_problem p, const struct web_reply *reply)
{
	if (r && r->bearer && p == WEB_PROBLEM_SIGNED_OUT) {
		keep(c, 0, (struct span){ 0 });
		web_answer_problem(r, p, (struct span){ 0 });
		return;
	}
	static const char forget[] = "Set-Cookie: " WEB_COOKIE_SESSION "=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0\r\n";
	struct buf body;
	buf_init(&body, 16 << 20);
	if (p == WEB_PROBLEM_NONE)
		buf_put_span(&body, reply->json.n > 0 ? reply->json : span_str("{}"));
	else
		web_problem_put(&body, p, reply->say, c->zh);
	/* What was perhaps not done, or not allowed to try, may be sent again. */
	bool done = p == WEB_PROBLEM_NONE || p == WEB_PROBLEM_FAILED || p == WEB_PROBLEM_USAGE || p == WEB_PROBLEM_NOT_FOUND;
	keep(c, done ? web_problem_status(p) : 0, buf_span(&body));
	if (r)
		web_answer(r, &(struct web_answer){ .status = web_problem_status(p),
			.type = p == WEB_PROBLEM_NONE ? "application/json" : "application/problem+json",
			.headers = c->logout && p == WEB_PROBLEM_NONE ? forget : NULL, .body = buf_span(&body) });
	if (body.data)
		secret_wipe(body.data, body.size); /* it may hold a new token, or a password */
	buf_done(&body);
}

static void put_fact(struct json *j, const json_t *facts, const char *key)
{
	json_str(j, key, span_str(json_string_value(json_object_get(facts, key))));
}

/* The person sees it in this answer and nowhere else; empty: the vault gave none. */
static void opened(void *ctx, struct span secret)
{
	scoped(scope_free) struct running *c = ctx;
	struct web_request *r = web_request_back(c->op);
	struct buf body;
	struct json j;

	if (r)
		r->conn->known = true;
	buf_init(&body, OPENED_MAX);
	(void)buf_room(&body, OPENED_MAX / 2); /* it does not move while the secret is written */
	json_open(&j, &body);
	json_obj(&j, NULL);
	put_fact(&j, c->facts, "name");
	put_fact(&j, c->facts, "login");
	put_fact(&j, c->facts, "url");
	json_str(&j, "secret", secret);
	json_end(&j);
	struct web_reply reply = { .json = buf_span(&body) };
	answer(c, r, secret.n > 0 && !body.failed ? WEB_PROBLEM_NONE : WEB_PROBLEM_AWAY, &reply);
	secret_wipe(body.data, body.size);
	buf_done(&body);
	json_decref(c->facts);
}

/* True: `opened` will be called. */
static bool open_it(struct running *c, struct span json)
{
	struct id id;
	c->facts = json_loadb((const char *)json.p, json.n, 0, NULL);
	if (id_parse(span_str(json_string_value(json_object_get(c->facts, "use"))), &id) == 0 &&
		web_vault_use(c->web->vault, &id, opened, c) == 0)
		return true;
	json_decref(c->facts);
	return false;
}

static void done(void *ctx, struct web_reply *reply)
{
	scoped(scope_free) struct running *c = ctx;
	bool opens = c->opens && reply->code == 0;
	if (opens && open_it(c, reply->json)) {
		c = NULL;
		return;
	}
	if (opens)
		reply->code = WEB_BROKER_LOST;
	struct web_request *r = web_request_back(c->op);
	enum web_problem p = reply->code == WEB_BROKER_LOST ? WEB_PROBLEM_AWAY : web_problem_of_exit(reply->code);
	if (r && p != WEB_PROBLEM_SIGNED_OUT)
		r->conn->known = true;
	answer(c, r, p, reply);
}

/* Takes the arguments apart and asks; true: `done` will be called. */
static bool ask(struct web_request *r, const char *name, struct running *c)
{
	scoped(web_args_done) struct web_args args = { 0 };
	scoped(scope_close) int fd = -1;
	struct err err = { 0 };
	struct span body = buf_span(&r->body);
	int code = web_args_get(body.n > 0 ? body : span_str("{}"), &args, &err);
	if (code == 0 && args.secret && args.has_sql)
		code = fault(&err, -EPROTO, "a JSON object is expected", "both a secret and SQL");
	else if (code == 0 && (args.secret || args.has_sql))
		code = secret_span_to_memfd(args.secret ? secret_span(args.secret) : buf_span(&args.sql), &fd, &err);
	struct web_broker_ask a = { .token = &r->token, .address = r->conn->address, .name = name, .zh = r->zh,
		.count = args.count, .args = buf_span(&args.put) };
	if (code == 0) {
		c->op = web_request_wait(r);
		code = web_broker_ask(r->web->broker, &a, fd, done, c);
	}
	if (code == 0)
		return true;
	if (c->op)
		(void)web_request_back(c->op);
	keep(c, 0, (struct span){ 0 });
	web_answer_problem(r, code == -EPIPE ? WEB_PROBLEM_AWAY : web_problem_of_code(code), span_str(err.say));
	return false;
}

/* True: the command is to be run; false: it has its answer. */
static bool is_new(struct web_request *r, const char *name)
{
	struct web_token sum;
	struct web_kept kept;
	if (!r->once[0])
		return true;
	web_keep_sum(name, buf_span(&r->body), &sum);
	switch (web_keep_look(r->web->answers, &r->token, r->once, &sum, &kept)) {
	case WEB_KEEP_NEW:
		return true;
	case WEB_KEEP_SAME:
		web_answer(r, &(struct web_answer){ .status = kept.status,
			.type = kept.status == 200 ? "application/json" : "application/problem+json", .body = kept.body });
		return false;
	case WEB_KEEP_RUNS:
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return false;
	default:
		web_answer_problem(r, WEB_PROBLEM_REUSED, (struct span){ 0 });
		return false;
	}
}

static void run(struct web_request *r, const char *name, bool logout)
{
	if (!logout && !is_new(r, name))
		return;
	struct running *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	*c = (struct running){ .web = r->web, .session = r->token, .logout = logout, .zh = r->zh, .opens = strcmp(name, OPEN) == 0 };
	if (!logout)
		memcpy(c->once, r->once, sizeof c->once);
	web_request_within(r, WEB_COMMAND_US);
	if (!ask(r, name, c))
		free(c);
}

void web_command_run(struct web_request *r)
{
	char name[140];
	bool two = r->route.part[1][0];
	(void)snprintf(name, sizeof name, "%s%s%s", r->route.part[0], two ? " " : "", r->route.part[1]);
	if (strcmp(name, "token add") == 0 || strcmp(name, "access-password add") == 0 || strcmp(name, OPEN) == 0)
		r->once[0] = 0; /* an answer with a secret is not kept */
	if (web_result_is(name))
		web_result_ask(r, name);
	else
		run(r, name, false);
}

void web_command_logout(struct web_request *r)
{
	run(r, "console logout", true);
}
