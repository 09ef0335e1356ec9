#include "sqlproxy/mysql/packet.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>

int mysql_packet_head(const uint8_t head[static MYSQL_PACKET_HEAD], size_t *ret_n, uint8_t *ret_seq, struct err *err)
{
	struct rd r = rd_of(span_of(head, MYSQL_PACKET_HEAD));
	size_t n = rd_le(&r, 3);
	if (n > MYSQL_PACKET_MAX)
		return fault(err, -EMSGSIZE, "the database server sent too long an answer", "a packet of %zu bytes", n);
	*ret_n = n;
	*ret_seq = rd_u8(&r);
	return 0;
}

void mysql_packet_put(struct buf *out, uint8_t seq, struct span payload)
{
	if (payload.n > MYSQL_PACKET_MAX) {
		out->failed = true;
		return;
	}
	wr_le(out, payload.n, 3);
	wr_le(out, seq, 1);
	buf_put_span(out, payload);
}

static int answer_ok(struct rd *r, struct mysql_answer *ret, struct err *err)
{
	(void)mysql_wire_lenenc(r); /* rows */
	(void)mysql_wire_lenenc(r); /* last insert id */
	uint16_t status = rd_u16le(r);
	(void)rd_u16le(r); /* warnings; words may follow */
	if (r->bad)
		return fault(err, -EPROTO, "the database server's answer is malformed", "OK packet is cut");
	*ret = (struct mysql_answer){ .kind = MYSQL_ANSWER_OK, .status = status };
	return 0;
}

static int answer_error(struct rd *r, struct mysql_answer *ret, struct err *err)
{
	uint16_t code = rd_u16le(r);
	if (r->bad)
		return fault(err, -EPROTO, "the database server's answer is malformed", "ERR packet is cut");
	if (r->n > MYSQL_SQLSTATE && r->p[0] == '#') /* before the login is known to be of protocol 4.1 it is absent */
		(void)rd_bytes(r, 1 + MYSQL_SQLSTATE);
	*ret = (struct mysql_answer){ .kind = MYSQL_ANSWER_ERROR, .code = code, .words = rd_bytes(r, r->n) };
	return 0;
}

int mysql_packet_answer(struct span payload, struct mysql_answer *ret, struct err *err)
{
	struct rd r = rd_of(payload);
	uint8_t head = rd_u8(&r);
	if (r.bad)
		return fault(err, -EPROTO, "the database server's answer is malformed", "empty packet");
	if (head == MYSQL_HEAD_OK)
		return answer_ok(&r, ret, err);
	if (head == MYSQL_HEAD_ERROR)
		return answer_error(&r, ret, err);
	*ret = (struct mysql_answer){ .kind = MYSQL_ANSWER_OTHER };
	return 0;
}

void mysql_packet_query(struct buf *out, struct span statement)
{
	if (statement.n >= MYSQL_PACKET_MAX) {
		out->failed = true;
		return;
	}
	wr_le(out, statement.n + 1, 3);
	wr_le(out, 0, 1);
	wr_le(out, MYSQL_COM_QUERY, 1);
	buf_put_span(out, statement);
}

void mysql_packet_quote(struct buf *out, struct span text, uint16_t status)
{
	buf_put(out, "'", 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'' || (text.p[i] == '\\' && !(status & MYSQL_STATUS_NO_BACKSLASH_ESCAPES)))
			buf_put(out, text.p + i, 1);
		buf_put(out, text.p + i, 1);
	}
	buf_put(out, "'", 1);
}
