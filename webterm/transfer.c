#include "webterm/transfer.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include "webterm/frame.h"
#include "webterm/read.h"
#include "webterm/terminal.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 5, PIECE = WEB_FRAME_MAX - HEAD, GIVE_BACK = WEB_FRAME_CREDIT / 4, ASK_MAX = 8192, UP_MAX = 256 << 10 };

struct web_transfer {
	struct web_transfer *next;
	struct web_terminal *t; /* NULL: it is gone */
	struct web_request *r;
	uint32_t id;
	bool up, begun, body_is_over, end_sent, ended, broken;
	struct buf ask;      /* the FILE frame, until it was sent */
	struct buf bytes;    /* on their way */
	size_t at;           /* of those, gone already */
	uint64_t credit;     /* upload: may be sent */
	uint32_t owed;       /* download: credit to give back */
};

static struct span rest(const struct web_transfer *x)
{
	return x->bytes.len > 0 ? span_of(x->bytes.data + x->at, x->bytes.len - x->at) : (struct span){ 0 };
}

static void used(struct web_transfer *x, size_t n)
{
	x->at += n;
	if (x->at == x->bytes.len) {
		buf_clear(&x->bytes);
		x->at = 0;
	} else if (x->at >= UP_MAX) {
		buf_drop(&x->bytes, x->at);
		x->at = 0;
	}
}

static void put_head(struct buf *b, uint8_t type, uint32_t id)
{
	wr_le(b, type, 1);
	wr_le(b, id, 4);
}

/* ---- its life ---- */

static void leave(struct web_transfer *x)
{
	struct web_transfer **at = x->t ? &x->t->transfers : NULL;
	while (at && *at != x)
		at = &(*at)->next;
	if (at)
		*at = x->next;
	x->t = NULL;
}

/* The browser is gone, or the answer was given. */
static void drop(struct web_request *r)
{
	struct web_transfer *x = r->work;
	scoped(buf_done) struct buf cancel = { 0 };
	if (x->t && !x->ended) {
		buf_init(&cancel, 128);
		put_head(&cancel, WEB_FRAME_FILE, x->id | 0x40000000u);
		buf_printf(&cancel, "{\"op\":\"cancel\",\"of\":%" PRIu32 "}", x->id);
		(void)web_terminal_send(x->t, buf_span(&cancel));
	}
	leave(x);
	buf_done(&x->ask);
	buf_done(&x->bytes);
	free(x);
	r->work = NULL;
}

static void fail(struct web_transfer *x, enum web_problem p, struct span say)
{
	x->ended = x->broken = true;
	if (!x->r->answer.begun)
		web_answer_problem(x->r, p, say);
	else
		web_answer_go_on(x->r); /* which finds it broken */
}

void web_transfer_end_all(struct web_terminal *t)
{
	while (t->transfers) {
		struct web_transfer *x = t->transfers;
		leave(x);
		if (!x->ended)
			fail(x, WEB_PROBLEM_NOT_FOUND, span_str("the terminal has ended"));
	}
}

/* ---- down ---- */

static void give_credit(struct web_transfer *x)
{
	scoped(buf_done) struct buf b = { 0 };
	if (x->owed < GIVE_BACK || x->ended || !x->t)
		return;
	buf_init(&b, 16);
	put_head(&b, WEB_FRAME_CREDIT_GIVEN, x->id);
	wr_le(&b, x->owed, 4);
	if (web_terminal_send(x->t, buf_span(&b)) == 0)
		x->owed = 0; /* else when there is room */
}

static int more(struct web_request *r, uint8_t *room, size_t n)
{
	struct web_transfer *x = r->work;
	struct span have = rest(x);
	if (have.n == 0)
		return x->broken ? -EPIPE : x->ended ? -ENODATA : 0;
	n = n < have.n ? n : have.n;
	memcpy(room, have.p, n);
	used(x, n);
	x->owed += (uint32_t)n;
	give_credit(x);
	return (int)n;
}

static void begin_down(struct web_transfer *x, const json_t *filed)
{
	scoped(buf_done) struct buf headers = { 0 };
	json_int_t size = json_integer_value(json_object_get(filed, "size"));
	json_int_t from = json_integer_value(json_object_get(filed, "from"));
	buf_init(&headers, 4096);
	web_answer_put_name(&headers, web_query_value(&x->r->query, "path"));
	x->r->answer.more = more;
	web_answer_stream(x->r, &(struct web_answer){ .type = "application/octet-stream", .headers = buf_str(&headers),
				     .download = true },
		size > from ? (uint64_t)(size - from) : WEB_ANSWER_OPEN);
	x->owed = WEB_FRAME_CREDIT;
	give_credit(x);
}

/* ---- up ---- */

static void send_up(struct web_transfer *x)
{
	scoped(buf_done) struct buf frame = { 0 };
	buf_init(&frame, WEB_FRAME_MAX);
	while (x->begun && x->t && rest(x).n > 0 && x->credit > 0) {
		size_t n = rest(x).n < PIECE ? rest(x).n : PIECE;
		n = n < x->credit ? n : (size_t)x->credit;
		buf_clear(&frame);
		put_head(&frame, WEB_FRAME_CHUNK, x->id);
		buf_put(&frame, rest(x).p, n);
		if (web_terminal_send(x->t, buf_span(&frame)) < 0)
			return;
		used(x, n);
		x->credit -= n;
		web_request_within(x->r, WEB_REQUEST_US);
	}
	if (rest(x).n > 0 || !x->begun || !x->t)
		return;
	if (!x->body_is_over) {
		(void)lws_rx_flow_control(x->r->conn->wsi, 1);
		return;
	}
	buf_clear(&frame);
	put_head(&frame, WEB_FRAME_CHUNK, x->id);
	x->end_sent = x->end_sent || web_terminal_send(x->t, buf_span(&frame)) == 0;
}

static int take_body(struct web_request *r, struct span bytes)
{
	struct web_transfer *x = r->work;
	buf_put_span(&x->bytes, bytes);
	x->body_is_over = r->whole;
	(void)lws_rx_flow_control(r->conn->wsi, 0); /* until it has gone on */
	send_up(x);
	return x->bytes.failed ? -1 : 0;
}

/* ---- both ---- */

static void filed(struct web_transfer *x, const json_t *doc)
{
	const char *say = json_string_value(json_object_get(doc, "say"));
	const char *code = json_string_value(json_object_get(doc, "code"));
	if (!json_is_true(json_object_get(doc, "ok"))) {
		bool refused = code && (strcmp(code, "refused") == 0 || strcmp(code, "denied") == 0);
		bool absent = code && strcmp(code, "absent") == 0;
		fail(x, refused ? WEB_PROBLEM_NOT_ALLOWED : absent ? WEB_PROBLEM_NOT_FOUND : WEB_PROBLEM_FAILED, span_str(say));
	} else if (json_is_true(json_object_get(doc, "done"))) {
		x->ended = true;
		if (x->up)
			web_answer_json(x->r, span_str("{}"));
	} else if (!x->begun) {
		x->begun = true;
		if (x->up)
			send_up(x);
		else
			begin_down(x, doc);
	}
}

void web_transfer_got(struct web_terminal *t, uint32_t id, struct span frame)
{
	struct rd r = rd_of(frame);
	uint8_t type = rd_u8(&r);
	(void)rd_u32le(&r);
	struct web_transfer *x = t->transfers;
	while (x && x->id != id)
		x = x->next;
	if (!x || x->ended)
		return;
	web_request_within(x->r, WEB_REQUEST_US);
	if (type == WEB_FRAME_FILED) {
		json_t *doc = json_loadb((const char *)r.p, r.n, 0, NULL);
		filed(x, doc);
		json_decref(doc);
	} else if (type == WEB_FRAME_CREDIT_TAKEN && x->up) {
		x->credit += rd_u32le(&r);
		send_up(x);
	} else if (type == WEB_FRAME_CHUNK_OF && !x->up && x->begun) {
		x->ended = r.n == 0;
		buf_put(&x->bytes, r.p, r.n);
		if (x->bytes.failed)
			fail(x, WEB_PROBLEM_AWAY, (struct span){ 0 }); /* more than it had credit for */
		web_answer_go_on(x->r);
	}
}

void web_transfer_room(struct web_terminal *t)
{
	for (struct web_transfer *x = t->transfers; x; x = x->next) {
		if (x->ask.len > 0) {
			if (web_terminal_send(t, buf_span(&x->ask)) < 0)
				return;
			buf_clear(&x->ask);
		}
		if (x->up)
			send_up(x);
		else
			give_credit(x);
	}
}

static void ask(struct web_transfer *x)
{
	static uint64_t offset_max = UINT64_C(1) << 62;
	const char *offset = web_query_value(&x->r->query, "offset");
	uint64_t from = offset ? strtoull(offset, NULL, 10) : 0;
	struct json j;
	buf_init(&x->ask, ASK_MAX);
	put_head(&x->ask, WEB_FRAME_FILE, x->id);
	json_open(&j, &x->ask);
	json_obj(&j, NULL);
	json_str(&j, "op", span_str(x->up ? "put" : "get"));
	json_str(&j, "path", span_str(web_query_value(&x->r->query, "path")));
	json_num(&j, "from", (int64_t)(from < offset_max ? from : offset_max));
	if (x->up)
		json_bool(&j, "overwrite", true);
	json_end(&j);
	if (web_terminal_send(x->t, buf_span(&x->ask)) == 0)
		buf_clear(&x->ask);
}

static void signed_in(void *ctx, int code, struct span json, const struct err *err)
{
	struct web_request *r = web_request_back(ctx);
	struct id id = { 0 };
	(void)json;
	(void)err;
	if (!r)
		return;
	struct web_terminal *t = id_parse(span_str(r->route.part[0]), &id) == 0
		? web_terminal_find(r->web->terminals, &id, &r->token)
		: NULL;
	if (code < 0 || !t || t->over) {
		web_answer_problem(r, code < 0 ? web_problem_of_code(code) : WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
		return;
	}
	struct web_transfer *x = calloc(1, sizeof *x);
	if (!x)
		abort();
	*x = (struct web_transfer){ .next = t->transfers, .t = t, .r = r, .up = r->route.name == WEB_ROUTE_UPLOAD,
		.id = ++r->web->last_transfer & 0x3fffffffu };
	x->id |= WEB_FRAME_OWN;
	buf_init(&x->bytes, WEB_FRAME_CREDIT + UP_MAX);
	x->body_is_over = r->whole;
	buf_put_span(&x->bytes, buf_span(&r->body)); /* what came with the headers */
	buf_clear(&r->body);
	t->transfers = x;
	r->work = x;
	r->work_drop = drop;
	r->feed = x->up ? take_body : NULL;
	ask(x);
}

/* Whoever signed out, or may not any more, moves no file either. */
static void begin(struct web_request *r)
{
	if (!web_query_value(&r->query, "path")) {
		web_answer_problem(r, WEB_PROBLEM_USAGE, (struct span){ 0 });
		return;
	}
	if (r->length > 0)
		(void)lws_rx_flow_control(r->conn->wsi, 0);
	void *op = web_request_wait(r);
	int code = web_read_who(r->web, &r->token, signed_in, op);
	if (code < 0)
		signed_in(op, code, (struct span){ 0 }, NULL);
}

void web_transfer_download(struct web_request *r)
{
	begin(r);
}

void web_transfer_upload(struct web_request *r)
{
	begin(r);
}
