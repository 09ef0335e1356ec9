#include "sqlproxy/mysql/result.h"
#include "gateway/core/err.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>

enum { HEAD = 4, EOF_MAX = 9 /* a packet that begins with 0xfe and is as long is a row */, COLUMNS_MAX = 65535 };

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The database server's answer is malformed. 数据库的应答有误。", "%s", what);
}

void mysql_result_begin(struct mysql_result *r, enum mysql_result_kind kind, uint8_t seq)
{
	struct buf held = r->held;
	*r = (struct mysql_result){ .deprecate_eof = r->deprecate_eof, .tracks = r->tracks, .strip = r->strip, .kind = kind, .seq = seq, .said = seq,
		.phase = kind == MYSQL_RESULT_FETCH    ? MYSQL_RESULT_IN_ROWS
			 : kind == MYSQL_RESULT_FIELDS ? MYSQL_RESULT_IN_ROWS
						       : MYSQL_RESULT_FIRST };
	r->held = held;
	r->held.cap = HEAD + MYSQL_RESULT_HELD;
	buf_clear(&r->held);
}

void mysql_result_free(struct mysql_result *r)
{
	buf_done(&r->held);
}

void mysql_result_resume(struct mysql_result *r, uint8_t seq)
{
	r->infile = false;
	r->seq = r->said = seq;
}

/* ---- packets that are read ---- */

static void set_status(struct mysql_result *r, uint16_t status)
{
	r->status = status;
	r->has_status = true;
}

/* The set, or the command without one, is over; is the reply? */
static void ended(struct mysql_result *r)
{
	bool more = r->kind == MYSQL_RESULT_ROWS && (r->status & MYSQL_STATUS_MORE_RESULTS);
	r->phase = MYSQL_RESULT_FIRST;
	r->done = !more;
}

static void pass(struct mysql_result *r, struct span packet, struct buf *out)
{
	r->said = r->seq;
	buf_put_span(out, packet);
}

static int on_error(struct mysql_result *r, struct span payload, struct err *err)
{
	struct rd in = rd_of(payload);
	(void)rd_u8(&in);
	r->code = rd_u16le(&in);
	if (in.bad)
		return malformed(err, "ERR is cut");
	memcpy(r->state, "HY000", sizeof r->state);
	if (in.n > MYSQL_SQLSTATE && in.p[0] == '#') {
		struct span state = rd_bytes(&in, 1 + MYSQL_SQLSTATE);
		memcpy(r->state, state.p + 1, MYSQL_SQLSTATE);
	}
	size_t n = in.n < MYSQL_RESULT_WORDS ? in.n : MYSQL_RESULT_WORDS;
	if (n > 0)
		memcpy(r->words, in.p, n);
	r->words[n] = '\0';
	r->failed = r->done = true;
	return 0;
}

/* Without what the session tracks.  The words keep their length: so servers write them, whatever the documents say of old clients. */
static void pass_stripped(struct mysql_result *r, struct span payload, struct rd counts, struct span words, struct buf *out)
{
	size_t head = (size_t)(counts.p - payload.p); /* with the counts, up to the status */
	struct buf told;
	buf_init(&told, MYSQL_RESULT_HELD + 9);
	if (words.n > 0)
		mysql_wire_put_text(&told, words);
	r->said = r->seq;
	wr_le(out, head + 4 + told.len, 3);
	wr_le(out, (uint8_t)(r->seq - 1), 1);
	buf_put(out, payload.p, head);
	struct rd in = counts;
	wr_le(out, rd_u16le(&in) & 0xffffU & ~(unsigned)MYSQL_STATUS_SESSION_STATE_CHANGED, 2);
	wr_le(out, rd_u16le(&in), 2);
	buf_put_span(out, buf_span(&told));
	buf_done(&told);
}

static int on_ok(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	struct span payload = span_of(packet.p + HEAD, packet.n - HEAD), words = { 0 };
	struct rd in = rd_of(payload);
	(void)rd_u8(&in);
	uint64_t affected = mysql_wire_lenenc(&in);
	(void)mysql_wire_lenenc(&in); /* the last number that was made */
	struct rd counts = in;
	set_status(r, rd_u16le(&in));
	(void)rd_u16le(&in);
	if (in.bad)
		return malformed(err, "OK is cut");
	r->affected += affected;
	if (!r->tracks) {
		pass(r, packet, out);
		return 0;
	}
	if (in.n > 0)
		words = mysql_wire_text(&in);
	if (!in.bad && (r->status & MYSQL_STATUS_SESSION_STATE_CHANGED) && mysql_track_read(&r->track, mysql_wire_text(&in)) < 0)
		in.bad = true;
	if (in.bad)
		return malformed(err, "what the session tracks is cut");
	if (r->strip)
		pass_stripped(r, payload, counts, words, out);
	else
		pass(r, packet, out);
	return 0;
}

static int on_eof(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	struct rd in = rd_of(span_of(packet.p + HEAD, packet.n - HEAD));
	(void)rd_bytes(&in, 1 + 2);
	set_status(r, rd_u16le(&in));
	if (in.bad)
		return malformed(err, "EOF is cut");
	pass(r, packet, out);
	return 0;
}

static int on_prepared(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	struct rd in = rd_of(span_of(packet.p + HEAD, packet.n - HEAD));
	(void)rd_u8(&in);
	r->statement = rd_u32le(&in);
	uint16_t columns = rd_u16le(&in);
	r->params = rd_u16le(&in);
	if (in.bad)
		return malformed(err, "answer to a preparation is cut");
	pass(r, packet, out);
	r->columns = r->params ? r->params : columns;
	r->second = r->params ? columns : 0;
	r->phase = MYSQL_RESULT_COLUMNS;
	r->done = r->columns == 0;
	return 0;
}

static int on_infile(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	size_t n = packet.n - HEAD - 1;
	if (n > MYSQL_RESULT_FILE || memchr(packet.p + HEAD + 1, 0, n))
		return malformed(err, "name of a file too long");
	memcpy(r->file, packet.p + HEAD + 1, n);
	r->file[n] = '\0';
	r->infile = true;
	pass(r, packet, out);
	return 0;
}

static int on_columns(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	struct rd in = rd_of(span_of(packet.p + HEAD, packet.n - HEAD));
	r->columns = mysql_wire_lenenc(&in);
	if (!rd_done(&in) || r->columns == 0 || r->columns > COLUMNS_MAX)
		return malformed(err, "count of columns");
	pass(r, packet, out);
	r->phase = MYSQL_RESULT_COLUMNS;
	return 0;
}

static int on_first(struct mysql_result *r, uint8_t first, struct span packet, struct buf *out, struct err *err)
{
	int result = 0;
	switch (r->kind) {
	case MYSQL_RESULT_TEXT:
		pass(r, packet, out);
		r->done = true;
		return 0;
	case MYSQL_RESULT_PREPARE:
		return first == MYSQL_HEAD_OK ? on_prepared(r, packet, out, err) : malformed(err, "neither OK nor ERR to a preparation");
	case MYSQL_RESULT_PLAIN:
		if (first != MYSQL_HEAD_OK && first != MYSQL_HEAD_EOF)
			return malformed(err, "neither OK nor ERR");
		result = first == MYSQL_HEAD_OK ? on_ok(r, packet, out, err) : on_eof(r, packet, out, err);
		ended(r);
		return result;
	default:
		if (first == MYSQL_HEAD_LOCAL_INFILE)
			return on_infile(r, packet, out, err);
		if (first != MYSQL_HEAD_OK)
			return on_columns(r, packet, out, err);
		result = on_ok(r, packet, out, err);
		ended(r);
		return result;
	}
}

/* Columns are over: with EOF, or without where nobody has it any more. */
static void columns_over(struct mysql_result *r)
{
	if (r->kind == MYSQL_RESULT_PREPARE) {
		r->columns = r->second;
		r->second = 0;
		r->phase = MYSQL_RESULT_COLUMNS;
		r->done = r->columns == 0;
		return;
	}
	r->phase = MYSQL_RESULT_IN_ROWS;
	if (!r->deprecate_eof && (r->status & MYSQL_STATUS_CURSOR_EXISTS)) /* its rows are fetched later */
		ended(r);
}

static int on_packet(struct mysql_result *r, struct span packet, struct buf *out, struct err *err)
{
	uint8_t first = packet.n > HEAD ? packet.p[HEAD] : 0;
	int result;
	if (packet.n == HEAD)
		return malformed(err, "an empty packet");
	if (first == MYSQL_HEAD_ERROR && r->kind != MYSQL_RESULT_TEXT) {
		result = on_error(r, span_of(packet.p + HEAD, packet.n - HEAD), err);
		if (result == 0)
			pass(r, packet, out);
		return result;
	}
	if (r->phase == MYSQL_RESULT_FIRST)
		return on_first(r, first, packet, out, err);
	if (r->phase == MYSQL_RESULT_COLUMNS_END) {
		if (first != MYSQL_HEAD_EOF)
			return malformed(err, "no EOF behind the columns");
		result = on_eof(r, packet, out, err);
		columns_over(r);
		return result;
	}
	result = r->deprecate_eof ? on_ok(r, packet, out, err) : on_eof(r, packet, out, err);
	ended(r);
	return result;
}

/* ---- packets that pass, and which those are ---- */

static uint32_t length_of(const struct mysql_result *r)
{
	return r->head[0] | (uint32_t)r->head[1] << 8 | (uint32_t)r->head[2] << 16;
}

static bool is_read(const struct mysql_result *r, uint32_t length, uint8_t first)
{
	if (r->phase == MYSQL_RESULT_FIRST || r->phase == MYSQL_RESULT_COLUMNS_END)
		return true;
	if (first == MYSQL_HEAD_ERROR && length > 0)
		return true;
	if (r->phase == MYSQL_RESULT_COLUMNS)
		return false;
	return first == MYSQL_HEAD_EOF && length > 0 && length < (r->deprecate_eof ? (uint32_t)MYSQL_FULL_PACKET : (uint32_t)EOF_MAX);
}

/* A packet that passed is over. */
static void passed(struct mysql_result *r)
{
	r->continues = r->full;
	if (r->continues)
		return;
	if (r->phase == MYSQL_RESULT_IN_ROWS) {
		r->rows++;
		return;
	}
	r->columns--;
	if (r->columns == 0 && r->deprecate_eof)
		columns_over(r);
	else if (r->columns == 0)
		r->phase = MYSQL_RESULT_COLUMNS_END;
}

/* The head is there, and the first byte where there is one: does it pass, or is it read? */
static int begin_packet(struct mysql_result *r, struct buf *out, struct err *err)
{
	uint32_t length = length_of(r);
	if (r->head[3] != r->seq)
		return malformed(err, "packet out of sequence");
	r->seq++;
	uint8_t had = r->head_n;
	r->head_n = 0;
	if (!r->continues && is_read(r, length, had > HEAD ? r->head[HEAD] : 0)) {
		if (length > MYSQL_RESULT_HELD)
			return fault(err, -EMSGSIZE, "The database server's answer is too long. 数据库的应答过长。", "a packet of %u bytes to be read", length);
		buf_clear(&r->held);
		buf_put(&r->held, r->head, had);
		r->want = HEAD + length;
		return 0;
	}
	buf_put(out, r->head, had);
	r->said = r->seq;
	r->full = length == MYSQL_FULL_PACKET;
	r->left = length - (had - HEAD);
	if (r->left == 0)
		passed(r);
	return 0;
}

static void move(struct span *in, size_t n, struct buf *out)
{
	buf_put(out, in->p, n);
	*in = span_of(in->p + n, in->n - n);
}

static int read_head(struct mysql_result *r, struct span *in, struct buf *out, struct err *err)
{
	while (in->n > 0 && r->head_n < sizeof r->head) {
		if (r->head_n == HEAD && length_of(r) == 0)
			break;
		r->head[r->head_n++] = *in->p;
		*in = span_of(in->p + 1, in->n - 1);
	}
	bool whole = r->head_n == sizeof r->head || (r->head_n == HEAD && length_of(r) == 0);
	return whole ? begin_packet(r, out, err) : 0;
}

int mysql_result_feed(struct mysql_result *r, struct span *in, struct buf *out, struct err *err)
{
	while ((in->n > 0 || (r->want > 0 && r->held.len == r->want)) && !r->done && !r->infile) {
		int result = 0;
		if (r->left > 0) {
			size_t n = r->left < in->n ? r->left : in->n;
			move(in, n, out);
			r->left -= (uint32_t)n;
			if (r->left == 0)
				passed(r);
		} else if (r->want > 0) {
			size_t n = r->want - r->held.len;
			move(in, n < in->n ? n : in->n, &r->held);
			if (r->held.len < r->want)
				break;
			r->want = 0;
			result = on_packet(r, buf_span(&r->held), out, err);
		} else {
			result = read_head(r, in, out, err);
		}
		if (result < 0)
			return result;
	}
	return out->failed ? fault(err, -EMSGSIZE, "internal error", "no room for an answer") : 0;
}
