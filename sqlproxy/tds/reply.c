#include "sqlproxy/tds/reply.h"
#include "gateway/core/rd.h"
#include "sqlproxy/tds/text.h"

enum { ERROR = 0xaa, RETURN_STATUS = 0x79, DONE = 0xfd, DONEPROC = 0xfe };
enum { FAILED = 0x0002, ATTENTION = 0x0020, NAME_UNITS = 128 };

static void done(struct buf *out, enum tds_rank rank, uint8_t token, uint16_t status)
{
	wr_le(out, token, 1);
	wr_le(out, status, 2);
	wr_le(out, 0, 2);
	wr_le(out, 0, rank >= TDS_7_2 ? 8 : 4);
}

/* UTF-16LE with its length in `width` bytes in front, at most `most` code units, no half of a pair at the end. */
static void text(struct buf *out, struct span utf8, size_t width, size_t most)
{
	struct buf utf16;
	buf_init(&utf16, utf8.n * 2);
	tds_text_put(&utf16, utf8);
	size_t units = utf16.len / 2;
	if (units > most) {
		units = most;
		if ((utf16.data[units * 2 - 1] & 0xfc) == 0xd8)
			units--;
	}
	wr_le(out, units, width);
	buf_put(out, utf16.data, units * 2);
	buf_done(&utf16);
}

void tds_reply_error(struct buf *out, enum tds_rank rank, const struct tds_reply_error *e)
{
	struct buf body;
	buf_init(&body, TDS_MESSAGE_MAX - 1);
	wr_le(&body, e->code, 4);
	wr_le(&body, e->state, 1);
	wr_le(&body, e->severity, 1);
	text(&body, e->words, 2, TDS_REPLY_WORDS);
	text(&body, e->server, 1, NAME_UNITS);
	wr_le(&body, 0, 1); /* no procedure */
	wr_le(&body, 1, rank >= TDS_7_2 ? 4 : 2); /* line */
	wr_le(out, ERROR, 1);
	wr_le(out, body.len, 2);
	buf_put_span(out, buf_span(&body));
	buf_done(&body);
}

void tds_reply_login_failed(struct buf *out, enum tds_rank rank, struct span words)
{
	tds_reply_error(out, rank, &(struct tds_reply_error){ TDS_ERROR_LOGIN, 1, 14, words, span_str("yanmen") });
	done(out, rank, DONE, FAILED);
}

void tds_reply_refused(struct buf *out, enum tds_rank rank, uint8_t type, struct span words)
{
	tds_reply_error(out, rank, &(struct tds_reply_error){ TDS_ERROR_DENIED, 1, 14, words, span_str("yanmen") });
	if (type == TDS_RPC) {
		wr_le(out, RETURN_STATUS, 1);
		wr_le(out, 1, 4);
	}
	done(out, rank, type == TDS_RPC ? DONEPROC : DONE, FAILED);
}

void tds_reply_attention(struct buf *out, enum tds_rank rank)
{
	done(out, rank, DONE, ATTENTION);
}
