#include "webterm/document.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/broker.h"
#include "webterm/part.h"
#include "webterm/read.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DOCUMENTS_MAX = 8, ARGS_MAX = 16 << 10, SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

struct web_document {
	struct web *web;
	int fd;
	off_t at;
};

static void drop(struct web_request *r)
{
	struct web_document *d = r->work;
	d->web->documents--;
	scope_close(&d->fd);
	free(d);
	r->work = NULL;
}

/* A memfd of its own for this request; false: it has got its problem. */
static bool new_document(struct web_request *r)
{
	scoped(scope_close) int fd = r->web->documents < DOCUMENTS_MAX ? memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
	struct web_document *d = fd < 0 ? NULL : calloc(1, sizeof *d);
	if (!d) {
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
		return false;
	}
	*d = (struct web_document){ .web = r->web, .fd = take_fd(fd) };
	r->web->documents++;
	r->work = d;
	r->work_drop = drop;
	return true;
}

/* ---- what is asked of the broker ---- */

struct asking {
	struct buf args;
	uint32_t count;
};

static void put(struct asking *a, const char *key, const char *value)
{
	if (!value)
		return;
	wr_str32le(&a->args, span_str(key));
	wr_str32le(&a->args, span_str(value));
	a->count++;
}

static void ask(struct web_request *r, const char *name, const struct asking *a, web_broker_done *done)
{
	const struct web_document *d = r->work;
	struct web_broker_ask m = { .token = &r->token, .address = r->conn->address, .name = name, .zh = r->zh,
		.count = a->count, .args = buf_span(&a->args) };
	web_request_within(r, WEB_COMMAND_US);
	void *op = web_request_wait(r);
	if (!a->args.failed && web_broker_ask(r->web->broker, &m, d->fd, done, op) == 0)
		return;
	(void)web_request_back(op);
	web_answer_problem(r, a->args.failed ? WEB_PROBLEM_USAGE : WEB_PROBLEM_AWAY, (struct span){ 0 });
}

/* The request, when it was done and somebody still waits for it. */
static struct web_request *good(void *ctx, const struct web_reply *reply)
{
	struct web_request *r = web_request_back(ctx);
	enum web_problem p = reply->code == WEB_BROKER_LOST ? WEB_PROBLEM_AWAY : web_problem_of_exit(reply->code);
	if (!r || p == WEB_PROBLEM_NONE)
		return r;
	web_answer_problem(r, p, reply->say);
	return NULL;
}

/* ---- up ---- */

static void stored(void *ctx, struct web_reply *reply)
{
	struct web_request *r = good(ctx, reply);
	if (r)
		web_answer_json(r, reply->json);
}

static void store(struct web_request *r)
{
	const struct web_document *d = r->work;
	const char *of = web_query_value(&r->query, "of");
	scoped(buf_done) struct buf args = { 0 };
	struct asking a = { 0 };
	if (fcntl(d->fd, F_ADD_SEALS, SEALS) < 0) {
		web_answer_problem(r, WEB_PROBLEM_AWAY, (struct span){ 0 });
		return;
	}
	buf_init(&a.args, ARGS_MAX);
	put(&a, "name", of ? of : web_query_value(&r->query, "name"));
	put(&a, "note", web_query_value(&r->query, "note"));
	put(&a, of ? "edition" : "about", web_query_value(&r->query, of ? "edition" : "about"));
	args = a.args;
	ask(r, of ? "document update" : "document add", &a, stored);
}

static int take_body(struct web_request *r, struct span bytes)
{
	const struct web_document *d = r->work;
	while (bytes.n > 0) {
		ssize_t n = write(d->fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 }); /* no memory */
			return 0;
		}
		bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
		web_request_within(r, WEB_REQUEST_US);
	}
	if (r->whole)
		store(r);
	return 0;
}

static bool fits(struct web_request *r, struct span json)
{
	char say[160];
	json_t *doc = json_loadb((const char *)json.p, json.n, 0, NULL);
	json_int_t most = json_integer_value(json_object_get(json_array_get(json_object_get(doc, "rows"), 0), "most"));
	json_decref(doc);
	if (r->length <= (uint64_t)most)
		return true;
	(void)snprintf(say, sizeof say, "this document has %llu bytes; the setting document.most allows %lld",
		(unsigned long long)r->length, (long long)most);
	web_answer_problem(r, WEB_PROBLEM_TOO_LARGE, span_str(say));
	return false;
}

/* The database has said that he may, and how much. */
static void may(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = web_request_back(ctx);
	if (!r)
		return;
	if (code < 0) {
		web_answer_problem(r, web_problem_of_code(code), code == -EACCES && err ? span_str(err->say) : (struct span){ 0 });
		return;
	}
	r->conn->known = true;
	if (!fits(r, json) || !new_document(r))
		return;
	r->feed = take_body;
	(void)take_body(r, buf_span(&r->body)); /* what came with the headers */
	if (!r->whole)
		(void)lws_rx_flow_control(r->conn->wsi, 1);
}

void web_document_put(struct web_request *r)
{
	const struct web_query *q = &r->query;
	if (r->length == 0 || !web_query_value(q, "name") == !web_query_value(q, "of")) {
		web_answer_problem(r, WEB_PROBLEM_USAGE, span_str("a document has bytes, and a name, or stands in for an older one"));
		return;
	}
	(void)lws_rx_flow_control(r->conn->wsi, 0);
	void *op = web_request_wait(r);
	int code = web_read(r->web, &r->token, r->conn->address, "document_limits", span_str("{}"), may, op);
	if (code < 0)
		may(op, code, (struct span){ 0 }, NULL);
}

/* ---- down ---- */

static int more(struct web_request *r, uint8_t *room, size_t n)
{
	struct web_document *d = r->work;
	ssize_t got = pread(d->fd, room, n, d->at);
	if (got <= 0)
		return -EIO;
	d->at += got;
	return (int)got;
}

/* How it may be shown; NULL: it may not. */
static const char *shown_as(const char *type, const char *charset)
{
	static const struct {
		const char *type, *charset, *as;
	} shown[] = {
		{ "text/plain", "utf-8", "text/plain; charset=utf-8" },
		{ "text/plain", "gb18030", "text/plain; charset=gb18030" },
		{ "text/markdown", "utf-8", "text/plain; charset=utf-8" }, /* the page makes of it what it shows */
		{ "text/markdown", "gb18030", "text/plain; charset=gb18030" },
		{ "application/pdf", "", "application/pdf" },
		{ "image/png", "", "image/png" },
		{ "image/jpeg", "", "image/jpeg" },
		{ "image/gif", "", "image/gif" },
		{ "image/webp", "", "image/webp" },
	};
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		if (strcmp(shown[i].type, type) == 0 && strcmp(shown[i].charset, charset) == 0)
			return shown[i].as;
	return NULL;
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *text = json_string_value(json_object_get(doc, key));
	return text ? text : "";
}

static void send_it(struct web_request *r, const json_t *doc)
{
	scoped(buf_done) struct buf headers = { 0 };
	struct web_document *d = r->work;
	char etag[80];
	json_int_t size = json_integer_value(json_object_get(doc, "size"));
	struct web_part part = { .etag = etag, .size = size > 0 ? (uint64_t)size : 0 };
	const char *as = web_query_value(&r->query, "view") ? shown_as(text_of(doc, "type"), text_of(doc, "charset")) : NULL;
	bool pdf = as && strcmp(as, "application/pdf") == 0;
	buf_init(&headers, 4096);
	(void)snprintf(etag, sizeof etag, "\"%.64s\"", text_of(doc, "sha256"));
	if (!web_part_of(r, &part, &headers))
		return;
	d->at = (off_t)part.range.from;
	if (!as)
		web_answer_put_name(&headers, text_of(doc, "name"));
	else
		buf_printf(&headers, "Content-Disposition: inline\r\n");
	buf_printf(&headers, "X-Content-SHA256: %s\r\n", text_of(doc, "sha256"));
	r->answer.more = more;
	/* Chromium shows no PDF in a sandboxed frame; its viewer is a process of its own, and what it shows may load nothing. */
	web_answer_stream(r,
		&(struct web_answer){ .status = part.status, .type = as ? as : "application/octet-stream", .headers = buf_str(&headers),
			.policy = pdf ? "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src 'unsafe-inline'; "
					"frame-ancestors 'self'"
				      : "default-src 'none'; sandbox; frame-ancestors 'self'" },
		part.range.to - part.range.from + 1);
}

static void fetched(void *ctx, struct web_reply *reply)
{
	struct web_request *r = good(ctx, reply);
	if (!r)
		return;
	json_t *doc = json_loadb((const char *)reply->json.p, reply->json.n, 0, NULL);
	send_it(r, doc);
	json_decref(doc);
}

void web_document_get(struct web_request *r)
{
	scoped(buf_done) struct buf args = { 0 };
	struct asking a = { 0 };
	if (!new_document(r))
		return;
	buf_init(&a.args, ARGS_MAX);
	put(&a, "name", r->route.part[0]);
	put(&a, "version", web_query_value(&r->query, "version"));
	put(&a, "view", web_query_value(&r->query, "view") ? "true" : NULL);
	put(&a, "again", r->range[0] ? "true" : NULL);
	args = a.args;
	ask(r, "document get", &a, fetched);
}
