#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/flags.h"

enum { WORDS_MAX = 512 };

uint64_t mysql_wire_lenenc(struct rd *r)
{
	uint8_t first = rd_u8(r);
	switch (first) {
	case 0xfb:
	case 0xff:
		r->bad = true;
		return 0;
	case 0xfc:
		return rd_le(r, 2);
	case 0xfd:
		return rd_le(r, 3);
	case 0xfe:
		return rd_le(r, 8);
	default:
		return first;
	}
}

struct span mysql_wire_text(struct rd *r)
{
	uint64_t n = mysql_wire_lenenc(r);
	if (n > r->n) /* also where size_t is narrower */
		r->bad = true;
	return rd_bytes(r, r->bad ? 0 : (size_t)n);
}

struct span mysql_wire_until_nul(struct rd *r)
{
	const uint8_t *end = r->bad || r->n == 0 ? NULL : memchr(r->p, 0, r->n);
	if (!end) {
		r->bad = true;
		return (struct span){ 0 };
	}
	struct span s = rd_bytes(r, (size_t)(end - r->p));
	(void)rd_u8(r);
	return s;
}

void mysql_wire_put_lenenc(struct buf *out, uint64_t v)
{
	if (v < 0xfb)
		wr_le(out, v, 1);
	else if (v <= 0xffff)
		wr_le(out, 0xfc, 1), wr_le(out, v, 2);
	else if (v <= 0xffffff)
		wr_le(out, 0xfd, 1), wr_le(out, v, 3);
	else
		wr_le(out, 0xfe, 1), wr_le(out, v, 8);
}

void mysql_wire_put_text(struct buf *out, struct span text)
{
	mysql_wire_put_lenenc(out, text.n);
	buf_put_span(out, text);
}

/* A payload of a multiple of 0xffffff bytes ends with an empty packet. */
uint8_t mysql_wire_put(struct buf *out, uint8_t seq, struct span payload)
{
	size_t at = 0, n;
	do {
		n = payload.n - at < MYSQL_FULL_PACKET ? payload.n - at : MYSQL_FULL_PACKET;
		wr_le(out, n, 3);
		wr_le(out, seq++, 1);
		if (n > 0)
			buf_put(out, payload.p + at, n);
		at += n;
	} while (n == MYSQL_FULL_PACKET);
	return seq;
}

void mysql_wire_put_ok(struct buf *out, uint8_t seq, uint16_t status)
{
	const uint8_t ok[] = { MYSQL_HEAD_OK, 0, 0, (uint8_t)status, (uint8_t)(status >> 8), 0, 0 };
	(void)mysql_wire_put(out, seq, span_of(ok, sizeof ok));
}

void mysql_wire_put_eof(struct buf *out, uint8_t seq, uint16_t status)
{
	const uint8_t eof[] = { MYSQL_HEAD_EOF, 0, 0, (uint8_t)status, (uint8_t)(status >> 8) };
	(void)mysql_wire_put(out, seq, span_of(eof, sizeof eof));
}

void mysql_wire_put_error(struct buf *out, uint8_t seq, const struct mysql_refusal *e)
{
	size_t n = e->words.n < WORDS_MAX ? e->words.n : WORDS_MAX;
	while (n > 0 && n < e->words.n && (e->words.p[n] & 0xc0) == 0x80)
		n--; /* no half character */
	wr_le(out, 1 + 2 + 1 + MYSQL_SQLSTATE + n, 3);
	wr_le(out, seq, 1);
	wr_le(out, MYSQL_HEAD_ERROR, 1);
	wr_le(out, e->code, 2);
	buf_put(out, "#", 1);
	buf_put(out, e->state, MYSQL_SQLSTATE);
	buf_put(out, e->words.p, n);
}
