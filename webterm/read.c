#include "webterm/read.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/ticket.h"
#include "webterm/words.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_MAX = 64 << 10, ANSWER_MAX = 16 << 20 };
#define READ_SQL "select console.read($1::bytea, $2, $3, $4::jsonb)"
#define TOKEN_SQL "select console.token_read($1::bytea, $2, $3, $4::jsonb)"

struct reading {
	web_read_done *done;
	void *ctx;
};

/* What an API token is refused comes as an answer, so that it stands in the audit log. */
static int refused(struct span json, struct err *ret)
{
	static const char begin[] = "{\"say\": ";
	if (json.n < sizeof begin - 1 || memcmp(json.p, begin, sizeof begin - 1) != 0)
		return 0;
	json_t *doc = json_loadb((const char *)json.p, json.n, 0, NULL);
	bool allowed = json_integer_value(json_object_get(doc, "refused")) == 403;
	const char *say = json_string_value(json_object_get(doc, "say"));
	int r = fault(ret, allowed ? -EACCES : -EKEYEXPIRED, say ? say : "", "an API token");
	json_decref(doc);
	return r;
}

static void came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct reading *op = ctx;
	struct span json = code == 0 && pg_rows(res) == 1 ? pg_span(res, 0, 0) : (struct span){ 0 };
	struct err why = { 0 };
	if (code == 0 && (code = refused(json, &why)) < 0)
		err = &why;
	op->done(op->ctx, code, json, err);
	free(op);
}

int web_read(struct web *web, const struct web_token *token, const char *address, const char *collection,
	struct span query, web_read_done *done, void *ctx)
{
	scoped(buf_done) struct buf hash = { 0 }, text = { 0 };
	struct web_token sum;
	struct reading *op = calloc(1, sizeof *op);
	if (!op)
		abort();
	*op = (struct reading){ .done = done, .ctx = ctx };
	web_cookie_hash(token, &sum);
	buf_init(&hash, 128);
	pg_bytea_text(span_of(sum.b, sizeof sum.b), &hash);
	buf_init(&text, QUERY_MAX);
	buf_put_span(&text, query);
	const char *params[] = { buf_str(&hash), address, collection, buf_str(&text) };
	int r = text.failed ? -EMSGSIZE : pg_query(web->pg, token->api ? TOKEN_SQL : READ_SQL, 4, params, came, op);
	if (r < 0)
		free(op);
	return r;
}

int web_read_who(struct web *web, const struct web_token *token, web_read_done *done, void *ctx)
{
	return web_read(web, token, "", "me", span_str("{}"), done, ctx);
}

/* ---- requests ---- */

/* The request, when the answer is good and it is still there; else it has got its problem. */
static struct web_request *good(void *op, int code, const struct err *err)
{
	struct web_request *r = web_request_back(op);
	if (!r)
		return NULL;
	if (code == 0) {
		r->conn->known = true;
		return r;
	}
	bool ours = code == -EACCES || code == -ENOENT || code == -EINVAL || code == -EEXIST;
	if (code == -EIO)
		log_err(LOG_LEVEL_ERROR, "web.read", err);
	web_answer_problem(r, web_problem_of_code(code), ours && err ? span_str(err->say) : (struct span){ 0 });
	return NULL;
}

static void ask(struct web_request *r, const char *collection, struct span query, web_read_done *done)
{
	void *op = web_request_wait(r);
	int code = web_read(r->web, &r->token, r->conn->address, collection, query, done, op);
	if (code < 0)
		(void)good(op, code, NULL);
}

static void list_came(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = good(ctx, code, err);
	scoped(buf_done) struct buf turned = { 0 };
	if (!r)
		return;
	buf_init(&turned, ANSWER_MAX);
	web_words_turn(json, r->zh, &turned);
	web_answer_json(r, turned.len > 0 && !turned.failed ? buf_span(&turned) : json);
}

void web_read_list(struct web_request *r)
{
	scoped(buf_done) struct buf query = { 0 };
	buf_init(&query, QUERY_MAX);
	web_query_json(&r->query, &query);
	ask(r, r->route.part[0], buf_span(&query), list_came);
}

/* The only row of an answer, new reference; NULL: there is none. */
static json_t *row_of(struct span json)
{
	json_t *doc = json_loadb((const char *)json.p, json.n, 0, NULL);
	json_t *row = json_incref(json_array_get(json_object_get(doc, "rows"), 0));
	json_decref(doc);
	return row;
}

static void answer_row(struct web_request *r, json_t *row)
{
	char *text = row ? json_dumps(row, JSON_COMPACT) : NULL;
	if (text)
		web_answer_json(r, span_str(text));
	else
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
	free(text);
	json_decref(row);
}

static void row_came(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = good(ctx, code, err);
	if (r)
		answer_row(r, row_of(json));
}

void web_read_row(struct web_request *r)
{
	char query[128];
	(void)snprintf(query, sizeof query, "{\"id\":\"%s\",\"limit\":\"1\"}", r->route.part[1]); /* letters of a route's part */
	ask(r, r->route.part[0], span_str(query), row_came);
}

static void me_came(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = good(ctx, code, err);
	char text[WEB_TOKEN_TEXT];
	struct web_token csrf;
	if (!r)
		return;
	json_t *row = row_of(json), *instance = json_object_get(row, "instance");
	web_cookie_csrf(&r->token, &csrf);
	web_cookie_text(&csrf, text);
	if (row && !json_is_object(instance))
		(void)json_object_set_new(row, "instance", json_object());
	if (row) {
		if (!r->bearer)
			(void)json_object_set_new(row, "csrf", json_string(text));
		(void)json_object_set_new(json_object_get(row, "instance"), "certificate", json_string(r->web->certificate));
		(void)json_object_set_new(json_object_get(row, "instance"), "version", json_string(YANMEN_VERSION));
	}
	answer_row(r, row);
}

void web_read_me(struct web_request *r)
{
	ask(r, "me", span_str("{}"), me_came);
}

/* ---- tickets that need nothing but a living session ---- */

static void ticket_came(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = good(ctx, code, err);
	enum web_purpose purpose = WEB_PURPOSE_EVENTS;
	char text[WEB_TOKEN_TEXT], body[80];
	struct id id = { 0 };
	(void)json;
	if (!r)
		return;
	if (r->route.name != WEB_ROUTE_EVENTS_TICKET) {
		purpose = r->route.name == WEB_ROUTE_WATCH_TICKET ? WEB_PURPOSE_WATCH : WEB_PURPOSE_REPLAY;
		if (id_parse(span_str(r->route.part[0]), &id) < 0) {
			web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
			return;
		}
	}
	if (web_ticket_make(r->web->tickets, &r->token, purpose, &id, text) < 0) {
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return;
	}
	(void)snprintf(body, sizeof body, "{\"ticket\":\"%s\"}", text);
	web_answer_json(r, span_str(body));
}

void web_read_ticket(struct web_request *r)
{
	void *op = web_request_wait(r);
	int code = web_read_who(r->web, &r->token, ticket_came, op);
	if (code < 0)
		(void)good(op, code, NULL);
}
