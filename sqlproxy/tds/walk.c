#include "sqlproxy/tds/walk.h"
#include "gateway/core/err.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OFFSET = 0x78,
	RETURN_STATUS = 0x79,
	COLMETADATA = 0x81,
	ALTMETADATA = 0x88,
	TABNAME = 0xa4,
	COLINFO = 0xa5,
	ORDER = 0xa9,
	ERROR = 0xaa,
	INFO = 0xab,
	RETURN_VALUE = 0xac,
	LOGINACK = 0xad,
	FEATUREEXTACK = 0xae,
	ROW = 0xd1,
	NBCROW = 0xd2,
	ENVCHANGE = 0xe3,
	SESSIONSTATE = 0xe4,
	SSPI = 0xed,
	FEDAUTHINFO = 0xee,
	DONE = 0xfd,
	DONEPROC = 0xfe,
	DONEINPROC = 0xff
};
enum { NO_METADATA = 0xffff, FEATURES_END = 0xff, COLUMN_ENCRYPTED = 0x0800 };
enum { AT_TOKEN, AT_COLUMN, AT_NULLS, AT_ROW, AT_FEATURE };

static int strange(struct err *err, const char *what, unsigned n)
{
	return fault(err, -EPROTO, "the database server's answer is malformed", "%s %02x", what, n);
}

int tds_walk_init(struct tds_walk *w, enum tds_rank rank, struct err *err)
{
	*w = (struct tds_walk){ .rank = rank, .types = calloc(TDS_WALK_COLUMNS, sizeof *w->types) };
	buf_init(&w->held, TDS_WALK_TOKEN);
	return w->types ? 0 : fault(err, -ENOMEM, "internal error", "columns");
}

void tds_walk_done(struct tds_walk *w)
{
	free(w->types);
	buf_done(&w->held);
	*w = (struct tds_walk){ 0 };
}

void tds_walk_rank(struct tds_walk *w, enum tds_rank rank)
{
	w->rank = rank;
}

static size_t user_type(const struct tds_walk *w)
{
	return w->rank >= TDS_7_2 ? 4 : 2;
}

/* UTF-16LE into the walk's text, cut at a character. */
static struct span keep_text(struct tds_walk *w, struct span utf16)
{
	struct buf utf8;
	size_t most = TDS_WALK_NAME * 2;
	buf_init(&utf8, sizeof w->text);
	tds_text_get(span_of(utf16.p, utf16.n < most ? utf16.n : most), &utf8);
	size_t n = utf8.len;
	memcpy(w->text, utf8.data ? utf8.data : (const uint8_t *)"", n);
	buf_done(&utf8);
	return span_of(w->text, n);
}

/* Words of the server for people. */
static struct span keep_words(struct tds_walk *w, struct span utf16)
{
	struct buf utf8;
	size_t most = SQL_WORDS_MAX * 2; /* no more is shown */
	buf_init(&utf8, SQL_WORDS_MAX * 3);
	tds_text_get(span_of(utf16.p, utf16.n < most ? utf16.n : most), &utf8);
	_Static_assert(sizeof w->text > SQL_WORDS_MAX, "room for words");
	sql_words_safe(buf_span(&utf8), w->text);
	buf_done(&utf8);
	return span_str(w->text);
}

static int message(struct tds_walk *w, uint8_t token, struct rd body, struct tds_event *ev, struct err *err)
{
	ev->kind = token == ERROR ? TDS_EVENT_ERROR : TDS_EVENT_INFO;
	ev->code = rd_u32le(&body);
	ev->state = rd_u8(&body);
	ev->severity = rd_u8(&body);
	struct span words = rd_bytes(&body, (size_t)rd_u16le(&body) * 2);
	if (body.bad)
		return strange(err, "a message is cut", token);
	ev->text = keep_words(w, words);
	return 1;
}

static int64_t digits(struct span s)
{
	int64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > 100000)
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return s.n > 0 ? v : -1;
}

static int environment(struct tds_walk *w, struct rd body, struct tds_event *ev, struct err *err)
{
	ev->kind = TDS_EVENT_ENVIRONMENT;
	ev->change = rd_u8(&body);
	if (ev->change == TDS_ENV_ROUTING) {
		struct rd to = rd_of(rd_bytes(&body, rd_u16le(&body)));
		(void)rd_u8(&to); /* TCP */
		ev->port = rd_u16le(&to);
		struct span server = rd_bytes(&to, (size_t)rd_u16le(&to) * 2);
		if (body.bad || to.bad)
			return strange(err, "a routing is cut", ev->change);
		ev->text = keep_text(w, server);
	} else if (ev->change == TDS_ENV_DATABASE || ev->change == TDS_ENV_LANGUAGE || ev->change == TDS_ENV_PACKET_SIZE ||
		   ev->change == TDS_ENV_MIRROR) {
		struct span fresh = rd_bytes(&body, (size_t)rd_u8(&body) * 2);
		ev->text = keep_text(w, fresh);
		ev->number = ev->change == TDS_ENV_PACKET_SIZE ? digits(ev->text) : 0;
	}
	return body.bad ? strange(err, "a change of environment is cut", ev->change) : 1;
}

/* Tokens of which the length is in front. */
static int sized(struct tds_walk *w, uint8_t token, struct rd *r, struct tds_event *ev, struct err *err)
{
	struct rd body = rd_of(rd_bytes(r, rd_u16le(r)));
	if (r->bad)
		return 0;
	switch (token) {
	case ERROR:
	case INFO:
		return message(w, token, body, ev, err);
	case ENVCHANGE:
		return environment(w, body, ev, err);
	case LOGINACK:
		ev->kind = TDS_EVENT_LOGIN;
		(void)rd_u8(&body);
		ev->code = rd_u32be(&body);
		return body.bad ? strange(err, "a login's answer is cut", token) : 1;
	case SSPI:
		ev->kind = TDS_EVENT_SECURITY;
		ev->code = token;
		return 1;
	default: /* TABNAME, COLINFO, ORDER: of the columns */
		return 0;
	}
}

static int done(struct tds_walk *w, uint8_t token, struct rd *r, struct tds_event *ev)
{
	ev->kind = token == DONEPROC ? TDS_EVENT_DONE_PROC : TDS_EVENT_DONE;
	ev->status = rd_u16le(r);
	ev->command = rd_u16le(r);
	ev->rows = rd_le(r, w->rank >= TDS_7_2 ? 8 : 4);
	if (r->bad)
		return 0;
	w->last_done = *ev;
	return 1;
}

static int metadata(struct tds_walk *w, struct rd *r, struct tds_event *ev, struct err *err)
{
	uint16_t n = rd_u16le(r);
	if (r->bad)
		return 0;
	if (n != NO_METADATA && n > TDS_WALK_COLUMNS)
		return strange(err, "columns", n);
	ev->kind = TDS_EVENT_COLUMNS;
	w->blind = n == NO_METADATA;
	ev->code = w->columns = w->blind ? 0 : n;
	w->at = 0;
	w->state = w->columns > 0 ? AT_COLUMN : AT_TOKEN;
	return 1;
}

static int return_value(struct tds_walk *w, struct rd *r, struct tds_event *ev, struct err *err)
{
	struct tds_type type;
	struct tds_extent extent = { 0 };
	uint16_t at = rd_u16le(r);
	ev->at = w->rank >= TDS_7_2 ? at : TDS_WALK_IN_ORDER; /* before, a length stood here */
	(void)rd_bytes(r, (size_t)rd_u8(r) * 2); /* its name */
	(void)rd_u8(r);
	(void)rd_bytes(r, user_type(w));
	uint16_t flags = rd_u16le(r);
	int k = r->bad ? 0 : tds_type_get(r, TDS_IN_ROW, w->rank, &type, err);
	if (k == 0 && !r->bad)
		k = flags & COLUMN_ENCRYPTED ? strange(err, "an encrypted value", flags) : tds_type_extent(r, &type, &extent, err);
	bool number = !extent.null && !extent.pieces && (type.id == TDS_INTN || type.id == TDS_INT4);
	if (k == 0 && !r->bad && number && extent.n == 4) {
		ev->number = (int32_t)rd_u32le(r);
		ev->is_number = true;
		extent.n = 0;
	}
	if (k < 0 || r->bad)
		return k;
	ev->kind = TDS_EVENT_RETURN_VALUE;
	w->skip = extent.pieces ? 0 : extent.n;
	w->pieces = extent.pieces;
	return 1;
}

static int long_token(struct tds_walk *w, uint8_t token, struct rd *r, struct tds_event *ev)
{
	uint32_t n = rd_u32le(r);
	if (r->bad)
		return 0;
	w->skip = n;
	if (token != FEDAUTHINFO)
		return 0;
	ev->kind = TDS_EVENT_SECURITY;
	ev->code = token;
	return 1;
}

/* One token, or its head. */
static int token(struct tds_walk *w, struct rd *r, struct tds_event *ev, struct err *err)
{
	uint8_t t = rd_u8(r);
	if (!r->bad)
		w->last_done.kind = 0;
	switch (t) {
	case DONE:
	case DONEPROC:
	case DONEINPROC:
		return done(w, t, r, ev);
	case ROW:
	case NBCROW:
		if (w->columns == 0)
			return strange(err, "a row of no columns", t);
		w->at = 0;
		w->rows++;
		memset(w->nulls, 0, sizeof w->nulls);
		w->state = t == NBCROW ? AT_NULLS : AT_ROW;
		return 0;
	case COLMETADATA:
		return metadata(w, r, ev, err);
	case RETURN_VALUE:
		return return_value(w, r, ev, err);
	case ERROR:
	case INFO:
	case ENVCHANGE:
	case LOGINACK:
	case SSPI:
	case TABNAME:
	case COLINFO:
	case ORDER:
		return sized(w, t, r, ev, err);
	case RETURN_STATUS:
		ev->kind = TDS_EVENT_RETURN_STATUS;
		ev->number = (int32_t)rd_u32le(r);
		return 1;
	case OFFSET:
		(void)rd_u32le(r);
		return 0;
	case SESSIONSTATE:
	case FEDAUTHINFO:
		return long_token(w, t, r, ev);
	case FEATUREEXTACK:
		w->state = AT_FEATURE;
		return 0;
	case ALTMETADATA:
		w->blind = !r->bad;
		return 0;
	default:
		return r->bad ? 0 : strange(err, "token", t);
	}
}

static void table_name(const struct tds_walk *w, struct rd *r)
{
	unsigned parts = w->rank >= TDS_7_2 ? rd_u8(r) : 1;
	for (unsigned i = 0; i < parts && !r->bad; i++)
		(void)rd_bytes(r, (size_t)rd_u16le(r) * 2);
}

static int column(struct tds_walk *w, struct rd *r, struct err *err)
{
	struct tds_type type;
	(void)rd_bytes(r, user_type(w));
	uint16_t flags = rd_u16le(r);
	int k = r->bad ? 0 : tds_type_get(r, TDS_IN_ROW, w->rank, &type, err);
	if (k < 0 || r->bad)
		return k;
	if (flags & COLUMN_ENCRYPTED && w->rank >= TDS_7_4)
		return strange(err, "an encrypted column", flags);
	if (type.text)
		table_name(w, r);
	(void)rd_bytes(r, (size_t)rd_u8(r) * 2);
	if (r->bad)
		return 0;
	w->types[w->at++] = type;
	if (w->at == w->columns)
		w->state = AT_TOKEN;
	return 0;
}

static int nulls(struct tds_walk *w, struct rd *r)
{
	struct span bits = rd_bytes(r, (w->columns + 7U) / 8);
	if (r->bad)
		return 0;
	memcpy(w->nulls, bits.p, bits.n);
	w->state = AT_ROW;
	return 0;
}

static int value(struct tds_walk *w, struct rd *r, struct err *err)
{
	struct tds_extent e;
	int k = tds_type_extent(r, &w->types[w->at], &e, err);
	if (k < 0 || r->bad)
		return k;
	w->pieces = e.pieces;
	w->skip = e.pieces ? 0 : e.n;
	w->at++;
	return 0;
}

static int feature(struct tds_walk *w, struct rd *r, struct tds_event *ev)
{
	uint8_t id = rd_u8(r);
	if (!r->bad && id == FEATURES_END) {
		w->state = AT_TOKEN;
		return 0;
	}
	uint32_t n = rd_u32le(r);
	if (r->bad)
		return 0;
	w->skip = n;
	ev->kind = TDS_EVENT_FEATURE;
	ev->code = id;
	return 1;
}

static int piece(struct tds_walk *w, struct rd *r)
{
	uint32_t n = rd_u32le(r);
	if (r->bad)
		return 0;
	w->skip = n;
	w->pieces = n > 0;
	return 0;
}

/* One unit from the front of r; when r is too short it is bad, and nothing has changed but what the next try sets again. */
static int unit(struct tds_walk *w, struct rd *r, struct tds_event *ev, struct err *err)
{
	*ev = (struct tds_event){ 0 };
	if (w->pieces)
		return piece(w, r);
	switch (w->state) {
	case AT_COLUMN:
		return column(w, r, err);
	case AT_NULLS:
		return nulls(w, r);
	case AT_ROW:
		return value(w, r, err);
	case AT_FEATURE:
		return feature(w, r, ev);
	default:
		return token(w, r, ev, err);
	}
}

static void skip(struct tds_walk *w, struct span *in)
{
	size_t n = w->skip < in->n ? (size_t)w->skip : in->n;
	w->skip -= n;
	*in = span_of(in->p + n, in->n - n);
}

static void keep_tail(struct tds_walk *w, struct span *in)
{
	if (in->n >= TDS_WALK_TAIL) {
		memcpy(w->tail, in->p + in->n - TDS_WALK_TAIL, TDS_WALK_TAIL);
		w->tail_n = TDS_WALK_TAIL;
	} else {
		size_t stay = TDS_WALK_TAIL - in->n < w->tail_n ? TDS_WALK_TAIL - in->n : w->tail_n;
		memmove(w->tail, w->tail + w->tail_n - stay, stay);
		memcpy(w->tail + stay, in->p, in->n);
		w->tail_n = stay + in->n;
	}
	*in = span_of(in->p + in->n, 0);
}

/* A unit of which the beginning is held: a little more of `in` each time, so that what comes behind it is not copied. */
static int held(struct tds_walk *w, struct span *in, struct tds_event *ev, struct err *err)
{
	for (size_t more = 64; in->n > 0; more *= 2) {
		size_t before = w->held.len, n = in->n < more ? in->n : more;
		buf_put(&w->held, in->p, n);
		if (w->held.failed)
			return strange(err, "a token is too long", w->held.data[0]);
		struct rd r = rd_of(buf_span(&w->held));
		int k = unit(w, &r, ev, err);
		if (k < 0)
			return k;
		if (!r.bad) {
			size_t used = w->held.len - r.n - before;
			*in = span_of(in->p + used, in->n - used);
			buf_clear(&w->held);
			return k;
		}
		*in = span_of(in->p + n, in->n - n);
	}
	return 0;
}

static void settle(struct tds_walk *w)
{
	while (w->state == AT_ROW && w->at < w->columns && w->nulls[w->at / 8] & 1U << w->at % 8)
		w->at++;
	if (w->state == AT_ROW && w->at == w->columns && !w->pieces)
		w->state = AT_TOKEN;
}

int tds_walk_next(struct tds_walk *w, struct span *in, struct tds_event *ret, struct err *err)
{
	for (;;) {
		skip(w, in);
		if (w->blind && w->skip == 0)
			keep_tail(w, in);
		settle(w);
		if (in->n == 0)
			return 0;
		int k;
		if (w->held.len > 0) {
			k = held(w, in, ret, err);
		} else {
			struct rd r = rd_of(*in);
			k = unit(w, &r, ret, err);
			if (k >= 0 && r.bad) {
				buf_put(&w->held, in->p, in->n);
				*in = span_of(in->p + in->n, 0);
				return w->held.failed ? strange(err, "a token is too long", w->held.data[0]) : 0;
			}
			*in = span_of(r.p, r.n);
		}
		if (k != 0)
			return k;
	}
}

/* The DONE that must stand at the end of what was not followed. */
static int end_blind(struct tds_walk *w, struct tds_event *ret, struct err *err)
{
	size_t n = w->rank >= TDS_7_2 ? 13 : 9;
	struct rd r = rd_of(span_of(w->tail + w->tail_n - (w->tail_n < n ? w->tail_n : n), w->tail_n < n ? w->tail_n : n));
	uint8_t t = rd_u8(&r);
	if (w->tail_n < n || t < DONE)
		return strange(err, "no DONE at the end but", t);
	*ret = (struct tds_event){ 0 };
	(void)done(w, t, &r, ret);
	w->blind = false;
	w->tail_n = 0;
	return ret->status & TDS_DONE_MORE ? strange(err, "the last DONE promises more", t) : 1;
}

int tds_walk_end(struct tds_walk *w, struct tds_event *ret, struct err *err)
{
	settle(w);
	if (w->skip > 0 || w->pieces || w->held.len > 0 || w->state != AT_TOKEN)
		return strange(err, "the answer ends inside", w->state);
	w->rows = 0;
	if (w->blind)
		return end_blind(w, ret, err);
	if (!w->last_done.kind || w->last_done.status & TDS_DONE_MORE)
		return strange(err, "the answer ends without DONE", w->last_done.status);
	*ret = w->last_done;
	w->last_done.kind = 0;
	w->columns = 0;
	return 1;
}
