#include "sqlproxy/tds/token.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>

enum {
	TOKEN_RETURN_STATUS = 0x79,
	TOKEN_ERROR = 0xaa,
	TOKEN_INFO = 0xab,
	TOKEN_LOGINACK = 0xad,
	TOKEN_ENVCHANGE = 0xe3,
	TOKEN_DONE = 0xfd,
	TOKEN_DONEPROC = 0xfe,
	TOKEN_DONEINPROC = 0xff
};
enum { DONE_MORE = 0x0001, DONE_ERROR = 0x0002, DONE_SERVER_ERROR = 0x0100, ENV_ROUTING = 20 };

static void error(struct rd body, struct tds_answer *ret)
{
	uint32_t code = rd_u32le(&body);
	(void)rd_u8(&body); /* state */
	uint8_t severity = rd_u8(&body);
	struct span text = rd_bytes(&body, (size_t)rd_u16le(&body) * 2);
	if (ret->failed && ret->code) /* the first says why */
		return;
	struct buf utf8;
	buf_init(&utf8, TDS_MESSAGE_MAX * 2);
	ret->failed = true;
	ret->code = code;
	ret->severity = severity;
	tds_text_get(text, &utf8);
	sql_words_safe(buf_span(&utf8), ret->words);
	buf_done(&utf8);
}

static void login_ack(struct rd body, struct tds_answer *ret)
{
	(void)rd_u8(&body); /* interface */
	ret->version = rd_u32be(&body);
	ret->accepted = !body.bad;
}

/* Of tokens with a length in front. */
static void sized(uint8_t token, struct rd body, struct tds_answer *ret)
{
	switch (token) {
	case TOKEN_ERROR:
		error(body, ret);
		break;
	case TOKEN_LOGINACK:
		login_ack(body, ret);
		break;
	case TOKEN_ENVCHANGE:
		ret->routed |= rd_u8(&body) == ENV_ROUTING;
		break;
	default: /* information for people */
		break;
	}
}

static void done(struct rd *r, struct tds_answer *ret)
{
	uint16_t status = rd_u16le(r);
	(void)rd_u16le(r); /* command */
	(void)rd_u64le(r); /* rows */
	ret->failed |= (status & (DONE_ERROR | DONE_SERVER_ERROR)) != 0;
	ret->done = !r->bad && !(status & DONE_MORE);
}

int tds_token_answer(struct span message, struct tds_answer *ret, struct err *err)
{
	struct rd r = rd_of(message);
	*ret = (struct tds_answer){ 0 };
	while (!r.bad && r.n > 0) {
		uint8_t token = rd_u8(&r);
		ret->done = false;
		switch (token) {
		case TOKEN_ERROR:
		case TOKEN_INFO:
		case TOKEN_LOGINACK:
		case TOKEN_ENVCHANGE:
			sized(token, rd_of(rd_bytes(&r, rd_u16le(&r))), ret);
			break;
		case TOKEN_DONE:
		case TOKEN_DONEPROC:
		case TOKEN_DONEINPROC:
			done(&r, ret);
			break;
		case TOKEN_RETURN_STATUS:
			(void)rd_u32le(&r);
			break;
		default:
			return fault(err, -EPROTO, "the database server's answer is malformed", "token %02x", token);
		}
	}
	if (r.bad || !ret->done)
		return fault(err, -EPROTO, "the database server's answer is malformed", "the tokens are cut");
	return 0;
}
