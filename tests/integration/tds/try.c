/*
 * tds_try < MESSAGES - reads what a client and a server said with the codecs of sqlproxy/tds, and prints what they understood.
 *
 * MESSAGES: {'c' or 's', rank u8 (enum tds_rank), type u8, n u32le, body}...  A line each: "statement TEXT" (batches, and the statements of
 * calls; line ends as spaces), "call NAME", "transaction TEXT", "login USER", "answer" (it could be followed to its end), "routed", or
 * "refused: WHY".
 */
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/login7.h"
#include "sqlproxy/tds/request.h"
#include "sqlproxy/tds/rpc.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/walk.h"
#include <err.h>
#include <stdio.h>

enum { INPUT = 1 << 28, STATEMENT = 1 << 24, PIECE = 1000 };

static void print(const char *what, struct span utf16)
{
	struct buf utf8;
	buf_init(&utf8, utf16.n * 2 + 1);
	tds_text_get(utf16, &utf8);
	for (size_t i = 0; i < utf8.len; i++)
		utf8.data[i] = utf8.data[i] == '\n' || utf8.data[i] == '\r' ? ' ' : utf8.data[i];
	(void)printf("%s %s\n", what, buf_str(&utf8));
	buf_done(&utf8);
}

static int rpc(struct span body, enum tds_rank rank, struct err *err)
{
	struct tds_rpc_walk w;
	struct tds_rpc call;
	struct tds_rpc_param p;
	int r;
	tds_rpc_walk(&w, body, rank);
	while ((r = tds_rpc_next(&w, &call, err)) > 0) {
		if (call.proc == TDS_PROC_OTHER)
			print("call", call.name);
		else
			(void)printf("call %s\n", tds_rpc_name(call.proc));
		while ((r = tds_rpc_param(&w, &call, &p, err)) > 0) {
			struct buf text;
			if (tds_rpc_role(call.proc, &p) != TDS_ROLE_STATEMENT)
				continue;
			buf_init(&text, STATEMENT);
			if (tds_rpc_statement(&p, &text, err) == 0)
				print("statement", buf_span(&text));
			buf_done(&text);
		}
		if (r < 0)
			break;
	}
	return r;
}

static int client(uint8_t type, struct span body, enum tds_rank rank, struct err *err)
{
	struct tds_headers h;
	struct tds_tm tm;
	struct tds_login7 login;
	struct span text;
	int r = 0;
	if (type == TDS_BATCH || type == TDS_RPC || type == TDS_TRANSACTION)
		r = tds_request_headers(&body, rank, &h, err);
	if (r == 0 && type == TDS_BATCH && (r = tds_request_batch(body, &text, err)) == 0)
		print("statement", text);
	if (r == 0 && type == TDS_RPC)
		r = rpc(body, rank, err);
	if (r == 0 && type == TDS_LOGIN7 && (r = tds_login7_get(body, &login, err)) == 0)
		print("login", login.text[TDS_LOGIN7_USER]);
	if (r == 0 && type == TDS_TRANSACTION && (r = tds_request_tm(body, &tm, err)) == 0) {
		struct buf words;
		buf_init(&words, STATEMENT);
		tds_request_tm_words(&tm, &words);
		(void)printf("transaction %s\n", buf_str(&words));
		buf_done(&words);
	}
	return r;
}

static int server(struct span body, enum tds_rank rank, struct err *err)
{
	struct tds_walk w;
	struct tds_event e;
	int r = tds_walk_init(&w, rank, err);
	while (r >= 0 && body.n > 0) {
		struct span piece = span_of(body.p, body.n < PIECE ? body.n : PIECE);
		body = span_of(body.p + piece.n, body.n - piece.n);
		while ((r = tds_walk_next(&w, &piece, &e, err)) > 0)
			if (e.kind == TDS_EVENT_ENVIRONMENT && e.change == TDS_ENV_ROUTING)
				(void)printf("routed\n");
	}
	if (r >= 0 && (r = tds_walk_end(&w, &e, err)) > 0)
		(void)printf("answer\n");
	tds_walk_done(&w);
	return r;
}

int main(void)
{
	scoped(scope_free) uint8_t *bytes = malloc(INPUT);
	if (!bytes)
		errx(2, "memory");
	struct rd r = rd_of(span_of(bytes, fread(bytes, 1, INPUT, stdin)));
	while (r.n > 0) {
		uint8_t who = rd_u8(&r), rank = rd_u8(&r), type = rd_u8(&r);
		struct span body = rd_bytes(&r, rd_u32le(&r));
		struct err why = { 0 };
		if (r.bad || rank > TDS_8_0)
			errx(2, "the input is cut");
		int k = who == 'c' ? client(type, body, (enum tds_rank)rank, &why) : server(body, (enum tds_rank)rank, &why);
		if (k < 0)
			(void)printf("refused: %s\n", why.detail);
	}
	return 0;
}
