#include "sqlproxy/tds/login7.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/secret.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>
#include <string.h>

enum { HEAD = 36, TABLE_OLD = 86, TABLE = 94, SCRAMBLE = 0xa5, FEATURES_END = 0xff, FEATURES_MAX = 32 };
enum { /* flags1 */
	BIG_ENDIAN = 0x01,
	EBCDIC = 0x02,
	FLOATS = 0x0c
};
enum { USER_TYPE = 0x70, INTEGRATED = 0x80 };                     /* flags2 */
enum { READ_ONLY = 0x20 };                                        /* type_flags */
enum { NEW_PASSWORD = 0x01, USER_INSTANCE = 0x04, EXTENSION = 0x10 }; /* flags3 */
enum { GO_ON = 1 << TDS_FEATURE_GLOBAL_TRANSACTIONS | 1 << TDS_FEATURE_AZURE | 1 << TDS_FEATURE_UTF8 };

struct piece {
	size_t at, n; /* bytes */
};

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "LOGIN7: %s", what);
}

static size_t table_end(enum tds_rank rank)
{
	return rank >= TDS_7_2 ? TABLE : TABLE_OLD;
}

static int inside(struct span message, const struct tds_login7 *l, struct piece p, struct err *err)
{
	if (p.n > 0 && (p.at < table_end(l->rank) || p.at > message.n || p.n > message.n - p.at))
		return malformed(err, "a text lies outside");
	return 0;
}

static int apart(const struct piece *pieces, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (pieces[i].n > 0 && pieces[k].n > 0 && pieces[i].at < pieces[k].at + pieces[k].n &&
				pieces[k].at < pieces[i].at + pieces[i].n)
				return malformed(err, "texts overlap");
	return 0;
}

static int get_head(struct rd *r, size_t length, struct tds_login7 *l, struct err *err)
{
	if (rd_u32le(r) != length)
		return malformed(err, "its length is not its length");
	l->version = rd_u32le(r);
	l->rank = tds_version_rank(l->version);
	l->packet_size = rd_u32le(r);
	l->client_program = rd_u32le(r);
	l->process = rd_u32le(r);
	(void)rd_u32le(r); /* a connection to be mirrored: there is none */
	l->flags1 = rd_u8(r);
	l->flags2 = rd_u8(r);
	l->type_flags = rd_u8(r);
	l->flags3 = rd_u8(r);
	l->timezone = rd_u32le(r);
	l->lcid = rd_u32le(r);
	l->read_only = l->type_flags & READ_ONLY;
	if (r->bad)
		return malformed(err, "it is cut");
	if (l->rank == TDS_OLD)
		return fault(err, -EACCES, "This client speaks a version of TDS that is not known here. 不支持此客户端的 TDS 版本。", "TDS %08x", l->version);
	if (l->packet_size != 0 && (l->packet_size < TDS_PACKET_LEAST || l->packet_size > TDS_PACKET_MAX))
		return malformed(err, "packet size");
	return 0;
}

/* What cannot be passed on, each with the words that help. */
static int refuse(const struct tds_login7 *l, size_t sspi, size_t file, size_t new_password, struct err *err)
{
	if (l->flags2 & INTEGRATED || sspi > 0)
		return fault(err, -EACCES, "Choose SQL Server authentication: Windows' cannot be passed on. 请选择 SQL Server 身份验证，不支持 Windows 身份验证。", "SSPI of %zu bytes", sspi);
	if (l->flags3 & NEW_PASSWORD || new_password > 0)
		return fault(err, -EACCES, "A password is not changed at login. 登录时不能修改密码。", "ChangePassword");
	if (file > 0)
		return fault(err, -EACCES, "A database file is not attached at login. 登录时不能附加数据库文件。", "AtchDBFile");
	if (l->flags3 & USER_INSTANCE)
		return fault(err, -EACCES, "User instances are not available here. 此处不支持用户实例。", "fUserInstance");
	if (l->flags2 & USER_TYPE)
		return fault(err, -EACCES, "This door is for people and their programs, not for servers. 此入口不供服务器之间互连。", "user type %02x", l->flags2 & USER_TYPE);
	if (l->flags1 & (BIG_ENDIAN | EBCDIC | FLOATS))
		return fault(err, -EACCES, "Numbers or characters of this client's kind are not read here. 不支持此客户端的数值或字符格式。", "flags %02x", l->flags1);
	return 0;
}

static int get_features(struct span message, size_t at, struct tds_login7 *l, struct err *err)
{
	if (at < table_end(l->rank) || at > message.n)
		return malformed(err, "the features lie outside");
	struct rd r = rd_of(span_of(message.p + at, message.n - at));
	uint32_t seen = 0;
	for (int n = 0;; n++) {
		uint8_t id = rd_u8(&r);
		if (!r.bad && id == FEATURES_END)
			break;
		(void)rd_bytes(&r, rd_u32le(&r));
		if (r.bad || n == FEATURES_MAX)
			return malformed(err, "features");
		if (id == TDS_FEATURE_FEDAUTH)
			return fault(err, -EACCES, "Choose SQL Server authentication: no other is passed on. 请选择 SQL Server 身份验证，不支持联合身份。", "FEDAUTH");
		if (id < 32 && seen & 1U << id)
			return malformed(err, "a feature comes twice");
		seen |= id < 32 ? 1U << id : 0;
	}
	l->features = span_of(message.p + at, (size_t)(r.p - (message.p + at)) - 1);
	l->asked = seen & GO_ON;
	return 0;
}

static int get_table(struct rd *r, struct span message, struct tds_login7 *l, struct err *err)
{
	struct piece pieces[TDS_LOGIN7_TEXTS] = { 0 };
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++) {
		size_t at = rd_u16le(r), n = rd_u16le(r);
		if (i == TDS_LOGIN7_EXTENSION && !(l->flags3 & EXTENSION))
			n = 0; /* until 7.4 these bytes meant nothing */
		if (i != TDS_LOGIN7_EXTENSION && n > TDS_LOGIN7_TEXT)
			return malformed(err, "a text is too long");
		pieces[i] = (struct piece){ at, i == TDS_LOGIN7_EXTENSION ? n : n * 2 };
		int k = inside(message, l, pieces[i], err);
		if (k < 0)
			return k;
		if (pieces[i].n > 0)
			l->text[i] = span_of(message.p + at, pieces[i].n);
	}
	struct span client = rd_bytes(r, sizeof l->client);
	if (client.n == sizeof l->client)
		memcpy(l->client, client.p, client.n);
	(void)rd_u16le(r);
	size_t sspi = rd_u16le(r);
	(void)rd_u16le(r);
	size_t file = rd_u16le(r), new_password = 0;
	if (l->rank >= TDS_7_2) {
		(void)rd_u16le(r);
		new_password = rd_u16le(r);
		sspi += rd_u32le(r);
	}
	if (r->bad)
		return malformed(err, "its table is cut");
	int k = refuse(l, sspi, file, new_password, err);
	return k < 0 ? k : apart(pieces, TDS_LOGIN7_TEXTS, err);
}

int tds_login7_get(struct span message, struct tds_login7 *ret, struct err *err)
{
	struct rd r = rd_of(message);
	*ret = (struct tds_login7){ 0 };
	int k = get_head(&r, message.n, ret, err);
	if (k == 0)
		k = get_table(&r, message, ret, err);
	if (k < 0 || ret->text[TDS_LOGIN7_EXTENSION].n == 0)
		return k;
	struct rd extension = rd_of(ret->text[TDS_LOGIN7_EXTENSION]);
	size_t at = rd_u32le(&extension);
	return extension.bad ? malformed(err, "its extension is cut") : get_features(message, at, ret, err);
}

int tds_login7_password(const struct tds_login7 *l, struct secret **ret, struct err *err)
{
	struct span from = l->text[TDS_LOGIN7_PASSWORD];
	uint8_t plain[TDS_LOGIN7_TEXT * 2];
	struct buf utf8;
	for (size_t i = 0; i < from.n; i++) {
		uint8_t c = from.p[i] ^ SCRAMBLE;
		plain[i] = (uint8_t)(c << 4 | c >> 4);
	}
	buf_init(&utf8, TDS_LOGIN7_TEXT * 3);
	(void)buf_room(&utf8, TDS_LOGIN7_TEXT * 3); /* at once: it leaves no copies behind as it grows */
	tds_text_get(span_of(plain, from.n), &utf8);
	int r = secret_of(buf_span(&utf8), ret, err);
	secret_wipe(plain, sizeof plain);
	secret_wipe(utf8.data, utf8.len);
	buf_done(&utf8);
	return r;
}

/* Those of the whitelist, as they came. */
static void put_features(struct span features, struct buf *out)
{
	struct rd r = rd_of(features);
	while (r.n > 0) {
		struct rd start = r;
		uint8_t id = rd_u8(&r);
		(void)rd_bytes(&r, rd_u32le(&r));
		if (r.bad)
			break;
		if (id < 32 && GO_ON & 1U << id)
			buf_put(out, start.p, start.n - r.n);
	}
	wr_le(out, FEATURES_END, 1);
}

static void put_text(const struct tds_login7 *l, const struct tds_login7_as *as, size_t i, struct buf *out)
{
	size_t from = out->len;
	if (i == TDS_LOGIN7_USER)
		tds_text_put(out, as->account);
	else if (i == TDS_LOGIN7_PASSWORD)
		tds_text_put(out, as->password);
	else if (i == TDS_LOGIN7_DATABASE && as->database.n > 0)
		tds_text_put(out, as->database);
	else if (i == TDS_LOGIN7_SERVER && as->server.n > 0)
		tds_text_put(out, as->server);
	else
		buf_put_span(out, l->text[i]);
	for (size_t k = from; i == TDS_LOGIN7_PASSWORD && k < out->len; k++)
		out->data[k] = (uint8_t)((out->data[k] << 4 | out->data[k] >> 4) ^ SCRAMBLE);
}

static void set_le(struct buf *b, size_t at, size_t v, size_t width)
{
	for (size_t i = 0; i < width && !b->failed; i++)
		b->data[at + i] = (uint8_t)(v >> 8 * i);
}

static void put_head(const struct tds_login7 *l, struct buf *out)
{
	wr_le(out, 0, 4); /* its length, later */
	wr_le(out, l->version, 4);
	wr_le(out, l->packet_size, 4);
	wr_le(out, l->client_program, 4);
	wr_le(out, l->process, 4);
	wr_le(out, 0, 4);
	wr_le(out, l->flags1, 1);
	wr_le(out, l->flags2, 1);
	wr_le(out, l->type_flags, 1);
	wr_le(out, l->asked ? l->flags3 : (uint8_t)(l->flags3 & ~EXTENSION), 1);
	wr_le(out, l->timezone, 4);
	wr_le(out, l->lcid, 4);
}

/* The table of offsets, all of them to be set. */
static void put_table(const struct tds_login7 *l, struct buf *out)
{
	static const uint8_t zero[TABLE];
	size_t database = HEAD + TDS_LOGIN7_DATABASE * 4;
	buf_put(out, zero, database - HEAD);
	buf_put(out, zero, 4);
	buf_put(out, l->client, sizeof l->client);
	buf_put(out, zero, table_end(l->rank) - database - 4 - sizeof l->client);
}

int tds_login7_put(const struct tds_login7 *l, const struct tds_login7_as *as, struct buf *out, struct err *err)
{
	size_t base = out->len, extension = 0;
	put_head(l, out);
	put_table(l, out);
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++) {
		size_t from = out->len, entry = base + HEAD + i * 4;
		if (i == TDS_LOGIN7_EXTENSION) {
			if (!l->asked)
				continue;
			extension = from;
			wr_le(out, 0, 4); /* where the features lie, later */
		} else {
			put_text(l, as, i, out);
		}
		size_t n = out->len - from, units = i == TDS_LOGIN7_EXTENSION ? n : n / 2;
		if (i != TDS_LOGIN7_EXTENSION && units > TDS_LOGIN7_TEXT)
			return fault(err, -EMSGSIZE, "the account's name or password is too long", "LOGIN7 text %zu of %zu", i, units);
		set_le(out, entry, from - base, 2);
		set_le(out, entry + 2, units, 2);
	}
	size_t end = out->len - base;
	if (extension > 0) {
		set_le(out, extension, end, 4);
		put_features(l->features, out);
	}
	set_le(out, base, out->len - base, 4);
	return out->failed ? fault(err, -EMSGSIZE, "the account's name or password is not UTF-8", "LOGIN7") : 0;
}
