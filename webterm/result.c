#include "webterm/result.h"
#include "gateway/core/err.h"
#include "gateway/core/id.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/args.h"
#include "webterm/broker.h"
#include "webterm/read.h"
#include "webterm/ticket.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Each is a row of the broker's table with POL_FD_FILE: tools/openapi.py compares.  key: the argument that names the file. */
static const struct kind {
	const char *command, *key, *before, *after, *type;
} kinds[] = {
	{ "recording export", "id", "", "", NULL },
	{ "recording index", "id", "", "-index.json", "application/json" },
	{ "file export", "id", "file-", "", "application/octet-stream" },
	{ "audit save", NULL, "audit", "", NULL },
	{ "audit export", NULL, "audit", ".jsonl", "application/jsonl" },
	{ "document get", "name", "", "", "application/octet-stream" },
	{ "factor codes", "name", "codes-", ".txt", "text/plain; charset=utf-8" },
	{ "certificate issue", "user", "", "-cert.pub", "text/plain; charset=utf-8" },
};
static const struct {
	const char *format, *after, *type;
} formats[] = {
	{ "asciicast", ".cast", "application/x-asciicast" },
	{ "text", ".txt", "text/plain; charset=utf-8" },
	{ "jsonl", ".jsonl", "application/jsonl" },
	{ "csv", ".csv", "text/csv; charset=utf-8" },
	{ "sealed", ".ymr", "application/octet-stream" },
};
enum { QUIET_US = 600 * 1000 * 1000 };

struct result {
	struct result *next;
	struct web *web;
	struct web_request *r; /* NULL: it waits behind its ticket, or nobody wants it any more */
	struct web_token session;
	struct id id;          /* of its ticket */
	int fd;                /* our end; -1 = closed */
	struct loop_io io;     /* in the loop while we wait for bytes: a closed end would be told for ever */
	struct loop_timer late;
	const char *type;
	char name[201];
	struct web_result_head head;
	int64_t code;          /* of the answer, when it is no longer asked for */
	bool asking, ticket, begun;
};
struct web_results {
	struct web *web;
	struct result *first;
};

static const struct kind *kind_of(const char *command)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].command, command) == 0)
			return &kinds[i];
	return NULL;
}

bool web_result_is(const char *command)
{
	return kind_of(command) != NULL;
}

/* ---- its life ---- */

static void close_end(struct result *x)
{
	loop_del(&x->io);
	scope_close(&x->fd);
}

static void result_free(struct result *x)
{
	struct result **at = &x->web->results->first;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	loop_timer_del(&x->late);
	close_end(x);
	free(x);
}

/* Nobody wants it any more; who writes finds our end closed. */
static void forget(struct result *x)
{
	x->r = NULL;
	loop_timer_del(&x->late);
	close_end(x);
	if (!x->asking)
		result_free(x);
}

static void dropped(struct web_request *r)
{
	struct result *x = r->work;
	r->work = NULL;
	r->work_drop = NULL;
	forget(x);
}

static void give_to(struct result *x, struct web_request *r)
{
	x->r = r;
	r->work = x;
	r->work_drop = dropped;
}

static void unfetched(void *ctx)
{
	forget(ctx);
}

/* ---- bytes ---- */

static void wait_for_bytes(struct result *x)
{
	if (x->fd < 0 || x->io.fd >= 0)
		return;
	x->io.fd = x->fd;
	(void)loop_add(x->web->loop, &x->io, EPOLLIN, NULL);
}

static int ended(const struct result *x)
{
	if (x->asking)
		return 0; /* the answer says whether that was all */
	return x->code == 0 ? -ENODATA : -EPIPE;
}

static int more(struct web_request *r, uint8_t *room, size_t n)
{
	struct result *x = r->work;
	if (!x->asking && x->code != 0)
		return -EPIPE;
	ssize_t got = x->fd < 0 ? 0 : recv(x->fd, room, n, MSG_DONTWAIT);
	if (got > 0)
		return (int)got;
	web_request_within(r, QUIET_US);
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return -EPIPE;
	if (got < 0)
		wait_for_bytes(x);
	else
		close_end(x);
	return got < 0 ? 0 : ended(x);
}

static void send_file(struct result *x)
{
	scoped(buf_done) struct buf headers = { 0 };
	buf_init(&headers, 1024);
	web_answer_put_name(&headers, x->name);
	buf_printf(&headers, "%s", x->head.headers);
	x->r->answer.more = more;
	x->begun = true;
	web_answer_stream(x->r,
		&(struct web_answer){ .status = x->head.status, .type = x->type, .headers = buf_str(&headers), .download = true },
		x->head.length);
}

/* Where to fetch it; from here on it belongs to nobody's request. */
static void send_ticket(struct result *x)
{
	char ticket[WEB_TOKEN_TEXT], id[ID_TEXT], body[200];
	struct web_request *r = x->r;
	r->work = NULL;
	r->work_drop = NULL;
	x->r = NULL;
	randombytes_buf(&x->id, sizeof x->id);
	if (web_ticket_make(x->web->tickets, &x->session, WEB_PURPOSE_DOWNLOAD, &x->id, ticket) < 0) {
		forget(x);
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return;
	}
	loop_timer_set(x->web->loop, &x->late, WEB_TICKET_US);
	id_text(&x->id, id);
	(void)snprintf(body, sizeof body, "{\"href\":\"/api/v1/downloads/%s?ticket=%s\"}", id, ticket);
	web_answer_json(r, span_str(body));
}

/* There is a first byte, or a file of none. */
static void begin(struct result *x)
{
	x->r->conn->known = true;
	loop_del(&x->io);
	if (x->ticket)
		send_ticket(x);
	else
		send_file(x);
}

static void ready(void *ctx, uint32_t events)
{
	struct result *x = ctx;
	uint8_t byte = 0;
	(void)events;
	if (x->begun) {
		loop_del(&x->io);
		if (x->r)
			web_answer_go_on(x->r);
		return;
	}
	ssize_t n = recv(x->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n > 0)
		begin(x);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		loop_del(&x->io); /* the answer says why */
}

/* ---- the command ---- */

static void refuse(struct result *x, enum web_problem p, struct span say)
{
	struct web_request *r = x->r;
	r->conn->known |= p != WEB_PROBLEM_SIGNED_OUT && p != WEB_PROBLEM_AWAY;
	dropped(r);
	web_answer_problem(r, p, say);
}

static void answered(void *ctx, struct web_reply *reply)
{
	struct result *x = ctx;
	enum web_problem p = reply->code == WEB_BROKER_LOST ? WEB_PROBLEM_AWAY : web_problem_of_exit(reply->code);
	x->asking = false;
	x->code = reply->code;
	if (x->begun && x->r)
		web_answer_go_on(x->r);
	else if (!x->r && x->fd < 0)
		result_free(x);
	else if (x->r && p == WEB_PROBLEM_NONE)
		begin(x);
	else if (x->r)
		refuse(x, p, reply->say);
}

/* The first value of an argument, cut; "" = there is none. */
static void value_of(const struct web_args *args, const char *key, char *ret, size_t size)
{
	struct rd in = rd_of(buf_span(&args->put));
	ret[0] = 0;
	for (uint32_t i = 0; key && i < args->count && !ret[0]; i++) {
		struct span k = rd_str32le(&in), v = rd_str32le(&in);
		if (!in.bad && span_is(k, key))
			(void)snprintf(ret, size, "%.*s", (int)(v.n < size ? v.n : size - 1), (const char *)v.p);
	}
}

/* What the browser calls it: what the page asked for, or the command's own name for it. */
static void name(struct result *x, const struct kind *k, const struct web_args *args)
{
	const char *wanted = web_query_value(&x->r->query, "name");
	char of[100], format[16];
	const char *after = k->after;
	x->type = k->type;
	value_of(args, k->key, of, sizeof of);
	value_of(args, k->type ? NULL : "format", format, sizeof format);
	for (size_t i = 0; i < COUNT_OF(formats) && !k->type; i++)
		if (strcmp(formats[i].format, format) == 0) {
			x->type = formats[i].type;
			after = formats[i].after;
		}
	if (wanted && wanted[0])
		(void)snprintf(x->name, sizeof x->name, "%s", wanted);
	else
		(void)snprintf(x->name, sizeof x->name, "%s%s%s", k->before, of, after);
}

static bool has_room(struct web *web, const struct web_token *session)
{
	unsigned all = 0, own = 0;
	for (const struct result *x = web->results->first; x; x = x->next) {
		all++;
		own += web_cookie_is(&x->session, session);
	}
	return all < WEB_RESULTS_MAX && own < WEB_RESULTS_EACH;
}

static int ask(struct result *x, const char *command, const struct web_args *args)
{
	int sv[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return -errno;
	scoped(scope_close) int theirs = sv[1];
	x->fd = sv[0];
	struct web_broker_ask a = { .token = &x->session, .address = x->r->conn->address, .name = command, .zh = x->r->zh,
		.count = args->count, .args = buf_span(&args->put) };
	x->asking = true;
	int code = web_broker_ask(x->web->broker, &a, theirs, answered, x);
	x->asking = code == 0;
	if (code == 0)
		wait_for_bytes(x);
	return code;
}

void web_result_ask_part(struct web_request *r, const char *command, const struct web_args *args, const struct web_result_head *head)
{
	const char *as = web_query_value(&r->query, "as");
	if (!has_room(r->web, &r->token)) {
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return;
	}
	struct result *x = calloc(1, sizeof *x);
	if (!x)
		abort();
	*x = (struct result){ .next = r->web->results->first, .web = r->web, .session = r->token, .fd = -1, .head = *head,
		.ticket = as && strcmp(as, "ticket") == 0 };
	x->io = (struct loop_io){ .fd = -1, .ready = ready, .ctx = x };
	x->late = (struct loop_timer){ .fire = unfetched, .ctx = x };
	r->web->results->first = x;
	give_to(x, r);
	name(x, kind_of(command), args);
	web_request_within(r, QUIET_US);
	if (ask(x, command, args) < 0)
		refuse(x, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

void web_result_ask(struct web_request *r, const char *command)
{
	scoped(web_args_done) struct web_args args = { 0 };
	struct err err = { 0 };
	struct span body = buf_span(&r->body);
	int code = web_args_get(body.n > 0 ? body : span_str("{}"), &args, &err);
	if (code < 0 || args.secret || args.has_sql)
		web_answer_problem(r, code < 0 ? web_problem_of_code(code) : WEB_PROBLEM_USAGE, span_str(err.say));
	else
		web_result_ask_part(r, command, &args, &(struct web_result_head){ .status = 200, .length = WEB_ANSWER_OPEN });
}

/* ---- the ticket ---- */

static void person(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = web_request_back(ctx);
	const char *ticket = r ? web_query_value(&r->query, "ticket") : NULL;
	struct id id = { 0 };
	(void)json;
	(void)err;
	if (!r)
		return;
	if (code < 0) {
		web_answer_problem(r, web_problem_of_code(code), (struct span){ 0 });
		return;
	}
	bool good = ticket && id_parse(span_str(r->route.part[0]), &id) == 0 &&
		    web_ticket_take(r->web->tickets, span_str(ticket), &r->token, WEB_PURPOSE_DOWNLOAD, &id);
	struct result *x = good ? r->web->results->first : NULL;
	while (x && (x->r || x->begun || !x->ticket || !id_eq(&x->id, &id)))
		x = x->next;
	if (!x || x->fd < 0) {
		web_answer_problem(r, WEB_PROBLEM_TICKET, (struct span){ 0 });
		return;
	}
	loop_timer_del(&x->late);
	give_to(x, r);
	send_file(x);
}

void web_result_fetch(struct web_request *r)
{
	void *op = web_request_wait(r);
	int code = web_read_who(r->web, &r->token, person, op);
	if (code < 0)
		person(op, code, (struct span){ 0 }, NULL);
}

struct web_results *web_result_new(struct web *web)
{
	struct web_results *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->web = web;
	return l;
}

struct web_results *web_result_free(struct web_results *l)
{
	while (l && l->first) {
		l->first->asking = false;
		result_free(l->first);
	}
	free(l);
	return NULL;
}
