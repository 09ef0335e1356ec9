/* A request of a client: the first byte chooses the version and the kind.  What was walked lies inside, and the walk ends. */
#include "sqlproxy/tds/request.h"
#include "sqlproxy/tds/rpc.h"
#include "sqlproxy/tds/value.h"
#include <stdlib.h>

enum { TEXT = 4096 };

static void parameter(const struct tds_rpc *rpc, const struct tds_rpc_param *p, struct span all)
{
	struct buf text;
	bool cut;
	if (p->value.bytes.n > 0 && (p->value.bytes.p < all.p || p->value.bytes.p + p->value.bytes.n > all.p + all.n))
		abort();
	if (p->at >= TDS_RPC_PARAMETERS || (p->value.null && p->type.shape != TDS_FIXED && p->value.bytes.n > 0))
		abort();
	buf_init(&text, TEXT);
	if (tds_rpc_role(rpc->proc, p) == TDS_ROLE_STATEMENT && tds_rpc_statement(p, &text, NULL) == 0 && text.len % 2 != 0)
		abort();
	(void)tds_rpc_number(p);
	buf_clear(&text);
	if (p->type.shape != TDS_TABLE)
		(void)tds_value_put(&p->type, &p->value, TEXT, &text, &cut);
	if (text.len > TEXT)
		abort();
	buf_done(&text);
}

static void rpc(struct span body, enum tds_rank rank)
{
	struct tds_rpc_walk w;
	struct tds_rpc call;
	struct tds_rpc_param p;
	tds_rpc_walk(&w, body, rank);
	while (tds_rpc_next(&w, &call, NULL) > 0) {
		int k;
		while ((k = tds_rpc_param(&w, &call, &p, NULL)) > 0)
			parameter(&call, &p, body);
		if (k < 0)
			break;
	}
}

static void transaction(struct span body)
{
	struct tds_tm tm;
	struct buf words;
	if (tds_request_tm(body, &tm, NULL) < 0)
		return;
	buf_init(&words, TEXT);
	tds_request_tm_words(&tm, &words);
	if (words.failed || words.len == 0)
		abort();
	buf_done(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	enum tds_rank rank = (enum tds_rank)(TDS_7_0 + data[0] % 7);
	struct span body = span_of(data + 1, n - 1), text;
	struct tds_headers h;
	if (tds_request_headers(&body, rank, &h, NULL) < 0)
		return 0;
	if (body.p + body.n != data + n)
		abort();
	(void)tds_request_batch(body, &text, NULL);
	transaction(body);
	rpc(body, rank);
	return 0;
}
