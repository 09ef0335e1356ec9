#include "sqlproxy/tds/request.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>

enum { HEADER_NOTIFICATION = 1, HEADER_TRANSACTION = 2 };
enum { ISOLATIONS = 5, BEGINS = 0x01, NAME_MAX_BYTES = 255 / 2 * 3 };

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The request is malformed. 请求报文有误。", "%s", what);
}

static int header(struct rd *all, struct tds_headers *h, struct err *err)
{
	size_t n = rd_u32le(all);
	if (n < 6)
		return malformed(err, "a header of ALL_HEADERS is too short");
	struct rd one = rd_of(rd_bytes(all, n - 4));
	uint16_t type = rd_u16le(&one);
	if (all->bad)
		return malformed(err, "a header of ALL_HEADERS is cut");
	if (type == HEADER_TRANSACTION) {
		h->transaction = rd_u64le(&one);
		h->outstanding = rd_u32le(&one);
		if (!rd_done(&one))
			return malformed(err, "the header of the transaction");
	}
	h->notification |= type == HEADER_NOTIFICATION;
	return 0;
}

int tds_request_headers(struct span *body, enum tds_rank rank, struct tds_headers *ret, struct err *err)
{
	*ret = (struct tds_headers){ 0 };
	if (rank < TDS_7_2)
		return 0;
	struct rd r = rd_of(*body);
	size_t total = rd_u32le(&r);
	if (r.bad || total < 4 || total > body->n)
		return malformed(err, "ALL_HEADERS");
	struct rd all = rd_of(rd_bytes(&r, total - 4));
	for (int n = 0; all.n > 0; n++) {
		int k = n < TDS_REQUEST_HEADERS ? header(&all, ret, err) : malformed(err, "too many headers");
		if (k < 0)
			return k;
	}
	*body = span_of(r.p, r.n);
	return 0;
}

int tds_request_batch(struct span body, struct span *ret_text, struct err *err)
{
	if (body.n % 2 != 0)
		return malformed(err, "half a character at the end of a batch");
	*ret_text = body;
	return 0;
}

static struct span short_bytes(struct rd *r)
{
	return rd_bytes(r, rd_u8(r));
}

static int isolation(uint8_t level, uint8_t *ret, struct err *err)
{
	*ret = level;
	return level <= ISOLATIONS ? 0 : malformed(err, "isolation level");
}

static int end(struct rd *r, struct tds_tm *tm, struct err *err)
{
	tm->name = short_bytes(r);
	uint8_t flags = rd_u8(r);
	tm->begins = flags & BEGINS;
	if (!tm->begins)
		return 0;
	int k = isolation(rd_u8(r), &tm->next_isolation, err);
	tm->next = short_bytes(r);
	return k;
}

int tds_request_tm(struct span body, struct tds_tm *ret, struct err *err)
{
	struct rd r = rd_of(body);
	int k = 0;
	*ret = (struct tds_tm){ .kind = rd_u16le(&r) };
	switch (ret->kind) {
	case TDS_BEGIN:
		k = isolation(rd_u8(&r), &ret->isolation, err);
		ret->name = short_bytes(&r);
		break;
	case TDS_COMMIT:
	case TDS_ROLLBACK:
		k = end(&r, ret, err);
		break;
	case TDS_SAVE:
		ret->name = short_bytes(&r);
		break;
	default: /* DTC: its address, joining one, PROMOTE */
		return fault(err, r.bad ? -EPROTO : -EACCES, "Distributed transactions are not available here. 此处不支持分布式事务。", "transaction request %u", ret->kind);
	}
	if (k == 0 && (!rd_done(&r) || ret->name.n % 2 || ret->next.n % 2))
		return malformed(err, "transaction request");
	return k;
}

/* As [name]: no name can look like another statement. */
static void put_name(struct span name, struct buf *out)
{
	if (name.n == 0)
		return;
	struct buf utf8;
	buf_init(&utf8, NAME_MAX_BYTES);
	tds_text_get(name, &utf8);
	buf_put(out, " ", 1);
	tds_text_name(out, buf_span(&utf8));
	buf_done(&utf8);
}

static void put_begin(uint8_t level, struct span name, struct buf *out)
{
	static const char *const levels[ISOLATIONS + 1] = { NULL, "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT" };
	if (level > 0)
		buf_printf(out, "SET TRANSACTION ISOLATION LEVEL %s; ", levels[level]);
	buf_put_span(out, span_str("BEGIN TRANSACTION"));
	put_name(name, out);
}

void tds_request_tm_words(const struct tds_tm *tm, struct buf *out)
{
	if (tm->kind == TDS_BEGIN) {
		put_begin(tm->isolation, tm->name, out);
		return;
	}
	buf_printf(out, "%s TRANSACTION", tm->kind == TDS_COMMIT ? "COMMIT" : tm->kind == TDS_ROLLBACK ? "ROLLBACK" : "SAVE");
	put_name(tm->name, out);
	if (tm->begins) {
		buf_put(out, "; ", 2);
		put_begin(tm->next_isolation, tm->next, out);
	}
}
