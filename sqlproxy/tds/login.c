#include "sqlproxy/tds/login.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>

enum { OPTION_VERSION = 0, OPTION_ENCRYPTION = 1, OPTION_INSTANCE = 2, OPTION_MARS = 4, OPTION_END = 0xff };
enum { ENCRYPT_ON = 1, ENCRYPT_REQUIRED = 3 };

void tds_login_put_prelogin(struct buf *out)
{
	static const uint8_t message[] = {
		OPTION_VERSION, 0, 21, 0, 6,
		OPTION_ENCRYPTION, 0, 27, 0, 1,
		OPTION_INSTANCE, 0, 28, 0, 1,
		OPTION_MARS, 0, 29, 0, 1,
		OPTION_END,
		0, 0, 0, 1, 0, 0, /* a version of ours, which servers only log */
		ENCRYPT_ON, 0, 0,
	};
	tds_packet_put(out, TDS_PRELOGIN, span_of(message, sizeof message));
}

int tds_login_get_prelogin(struct span message, struct err *err)
{
	struct rd r = rd_of(message);
	int encryption = -1;
	for (;;) {
		uint8_t option = rd_u8(&r);
		if (r.bad || option == OPTION_END)
			break;
		size_t offset = rd_be(&r, 2), n = rd_be(&r, 2);
		if (r.bad || offset > message.n || n > message.n - offset)
			return fault(err, -EPROTO, "the database server's answer is malformed", "PRELOGIN option %u lies outside", option);
		if (option == OPTION_ENCRYPTION && n == 1)
			encryption = message.p[offset];
	}
	if (r.bad)
		return fault(err, -EPROTO, "the database server's answer is malformed", "PRELOGIN is cut");
	if (encryption != ENCRYPT_ON && encryption != ENCRYPT_REQUIRED)
		return fault(err, -EKEYREJECTED, "the database server has no TLS: switch it on there", "encryption %d", encryption);
	return 0;
}

/* In the order of LOGIN7's table. */
enum { HOST, ACCOUNT, PASSWORD, PROGRAM, SERVER, EXTENSION, LIBRARY, LANGUAGE, DATABASE, TEXTS };
enum { FIXED = 36, TABLE_END = FIXED + TEXTS * 4 + 6 /* client id */ + 3 * 4 /* SSPI, file, new password */ + 4 };

static void put_fixed(struct buf *b, size_t length)
{
	wr_le(b, length, 4);
	wr_le(b, TDS_VERSION_7_4, 4);
	wr_le(b, TDS_PACKET_SIZE, 4);
	wr_le(b, 1, 4); /* program version */
	wr_le(b, 0, 4); /* process */
	wr_le(b, 0, 4); /* connection */
	wr_le(b, 0xe0, 1); /* tells of a change of database and language, and fails when the database is not to be had */
	wr_le(b, 0x02, 1); /* ODBC's settings; a fatal language */
	wr_le(b, 0, 1);    /* plain T-SQL */
	wr_le(b, 0, 1);    /* no change of password at login, no extension */
	wr_le(b, 0, 4);    /* time zone */
	wr_le(b, 0x0409, 4); /* language of messages */
}

static void put_table(struct buf *b, const struct span texts[static TEXTS])
{
	static const uint8_t client[6];
	size_t at = TABLE_END;
	for (size_t i = 0; i < TEXTS; i++) {
		size_t units = tds_text_units(texts[i]);
		wr_le(b, at, 2);
		wr_le(b, units, 2);
		at += units * 2;
		if (i == DATABASE)
			buf_put(b, client, sizeof client);
	}
	for (int i = 0; i < 3; i++) {
		wr_le(b, at, 2);
		wr_le(b, 0, 2);
	}
	wr_le(b, 0, 4);
}

int tds_login_put(const struct tds_login *login, struct buf *out, struct err *err)
{
	const struct span texts[TEXTS] = { [HOST] = span_str("yanmen"), [ACCOUNT] = login->account,
		[PASSWORD] = login->password, [PROGRAM] = span_str("yanmen"), [SERVER] = login->server,
		[LIBRARY] = span_str("yanmen"),
		/* every login may enter it, while an account's usual one may be gone */
		[DATABASE] = span_str("master") };
	size_t length = TABLE_END;
	for (size_t i = 0; i < TEXTS; i++) {
		if (tds_text_units(texts[i]) > TDS_LOGIN_TEXT_MAX)
			return fault(err, -EINVAL, "the account's name or password is too long", "LOGIN7 text %zu too long", i);
		length += tds_text_units(texts[i]) * 2;
	}
	_Static_assert(TABLE_END + TEXTS * TDS_LOGIN_TEXT_MAX * 2 < TDS_PACKET_SIZE - TDS_PACKET_HEAD, "one packet");
	wr_le(out, TDS_LOGIN7, 1);
	wr_le(out, 1, 1);
	wr_be(out, length + TDS_PACKET_HEAD, 2);
	wr_be(out, 0x00000100, 4); /* no process yet, packet 1 */
	put_fixed(out, length);
	put_table(out, texts);
	for (size_t i = 0; i < TEXTS; i++) {
		size_t from = out->len;
		tds_text_put(out, texts[i]);
		for (size_t k = from; i == PASSWORD && k < out->len; k++)
			out->data[k] = (uint8_t)((out->data[k] << 4 | out->data[k] >> 4) ^ 0xa5);
	}
	return out->failed ? fault(err, -EINVAL, "the account's name or password is not UTF-8", "LOGIN7 text") : 0;
}

int tds_login_put_batch(struct span statement, struct buf *room, struct buf *out, struct err *err)
{
	wr_le(room, 22, 4); /* all headers */
	wr_le(room, 18, 4); /* this one */
	wr_le(room, 2, 2);  /* transaction: none, one request */
	wr_le(room, 0, 8);
	wr_le(room, 1, 4);
	tds_text_put(room, statement);
	if (!room->failed)
		tds_packet_put(out, TDS_BATCH, buf_span(room));
	return room->failed || out->failed ? fault(err, -EINVAL, "the password is not UTF-8 or too long", "batch") : 0;
}
