#include "sqlproxy/tds/rpc.h"
#include "gateway/core/err.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/value.h"
#include <errno.h>
#include <string.h>

enum { BY_NUMBER = 0xffff, SEPARATOR = 0xff, SEPARATOR_OLD = 0x80, NO_EXEC = 0xfe, NAME_UNITS = 1046, PARAMETER_UNITS = 127 };
enum { BY_REFERENCE = 0x01, STANDARD = 0x02, ENCRYPTED = 0x08 };
enum { TABLE_NULL = 0xffff, TABLE_ORDER = 0x10, TABLE_COLUMNS = 0x11, TABLE_ROW = 0x01, TABLE_END = 0x00, COLUMN_STANDARD = 0x0200 };

static const char *const names[TDS_PROCS] = { "?", "sp_cursor", "sp_cursoropen", "sp_cursorprepare", "sp_cursorexecute", "sp_cursorprepexec",
	"sp_cursorunprepare", "sp_cursorfetch", "sp_cursoroption", "sp_cursorclose", "sp_executesql", "sp_prepare", "sp_execute", "sp_prepexec",
	"sp_prepexecrpc", "sp_unprepare" };

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The request is malformed. 请求报文有误。", "RPC: %s", what);
}

static unsigned unit(struct span s, size_t i)
{
	return i * 2 + 1 < s.n ? (unsigned)(s.p[i * 2] | s.p[i * 2 + 1] << 8) : 0;
}

/* Characters that some collation takes for a letter of ASCII, or for nothing: accents, wide and enclosed forms, marks. */
static bool likens(unsigned c)
{
	return (c >= 0x80 && c <= 0x36f) || (c >= 0x1d00 && c <= 0x1eff) || (c >= 0x2000 && c <= 0x24ff) || (c >= 0xfb00 && c <= 0xfb06) ||
	       c >= 0xfe00;
}

enum likeness { DIFFERS, IS, RESEMBLES };

/* One of the places up to which `word` may have been met is a bit. */
static enum likeness same_word(struct span utf16, const char *word)
{
	size_t n = strlen(word);
	uint32_t at = 1;
	bool exact = true;
	for (size_t i = 0; i < utf16.n / 2 && at; i++) {
		unsigned c = unit(utf16, i);
		uint32_t next = 0;
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		for (size_t k = 0; k < n; k++)
			if (at & 1U << k && c == (uint8_t)word[k])
				next |= 2U << k;
		if (likens(c)) {
			exact = false;
			next = at | at << 1;
		}
		at = next;
	}
	if (!(at & 1U << n))
		return DIFFERS;
	return exact ? IS : RESEMBLES;
}

static bool is_word(struct span utf16, const char *word)
{
	return same_word(utf16, word) == IS;
}

static bool blank(unsigned c)
{
	return c == ' ' || (c >= 9 && c <= 13);
}

static size_t skip_blanks(struct span s, size_t i)
{
	while (i < s.n / 2 && blank(unit(s, i)))
		i++;
	return i;
}

/* One part of a name from place i on, without its quotes (a quote that is doubled inside is of no procedure that is looked for, and
 * stays double).  Where it ends; SIZE_MAX when it cannot be read. */
static size_t one_part(struct span s, size_t i, struct span *ret)
{
	size_t n = s.n / 2, from = i;
	unsigned open = unit(s, i), close = open == '[' ? ']' : open;
	if (open != '[' && open != '"') {
		while (i < n && !blank(unit(s, i)) && !strchr(".;[]\"'", (int)(unit(s, i) < 0x80 ? unit(s, i) : 'x')))
			i++;
		*ret = span_of(s.p + from * 2, (i - from) * 2);
		return i;
	}
	for (i++; i < n; i++) {
		if (unit(s, i) != close)
			continue;
		if (unit(s, i + 1) != close) {
			*ret = span_of(s.p + (from + 1) * 2, (i - from - 1) * 2);
			return i + 1;
		}
		i++;
	}
	return SIZE_MAX;
}

/* The last of a name's parts; false: it is not plain how the server would read it. */
static bool last_part(struct span name, struct span *ret)
{
	size_t n = name.n / 2, i = skip_blanks(name, 0);
	for (;;) {
		i = one_part(name, i, ret);
		if (i == SIZE_MAX)
			return false;
		i = skip_blanks(name, i);
		if (unit(name, i) != '.' || i >= n)
			break;
		i = skip_blanks(name, i + 1);
	}
	if (i < n && unit(name, i) == ';')
		for (i = skip_blanks(name, i + 1); i < n && unit(name, i) >= '0' && unit(name, i) <= '9';)
			i++;
	return ret->n > 0 && skip_blanks(name, i) == n;
}

static int proc_of(struct span name, enum tds_proc *ret, struct err *err)
{
	struct span last;
	*ret = TDS_PROC_OTHER;
	bool plain = last_part(name, &last);
	for (size_t i = 1; plain && i < TDS_PROCS; i++) {
		enum likeness l = same_word(last, names[i]);
		if (l == IS)
			*ret = (enum tds_proc)i;
		plain = l != RESEMBLES;
	}
	if (!plain)
		return fault(err, -EACCES, "Write the procedure's name in brackets: it is not plain. 存储过程名有歧义，请用方括号书写。", "RPC: a name of %zu bytes", name.n);
	return 0;
}

void tds_rpc_walk(struct tds_rpc_walk *w, struct span body, enum tds_rank rank)
{
	*w = (struct tds_rpc_walk){ .r = rd_of(body), .rank = rank };
}

/* At the front of the reader: a call ends and another one may begin. */
static bool separates(const struct tds_rpc_walk *w)
{
	uint8_t c = w->r.n > 0 ? w->r.p[0] : 0;
	return c == NO_EXEC || c == (w->rank >= TDS_7_2 ? SEPARATOR : SEPARATOR_OLD);
}

int tds_rpc_next(struct tds_rpc_walk *w, struct tds_rpc *ret, struct err *err)
{
	*ret = (struct tds_rpc){ 0 };
	if (w->started && w->r.n > 0)
		(void)rd_u8(&w->r); /* the separator: tds_rpc_param stopped at it */
	if (w->r.n == 0)
		return w->started ? 0 : malformed(err, "no call in it");
	w->started = true;
	size_t n = rd_u16le(&w->r);
	if (n == BY_NUMBER) {
		uint16_t number = rd_u16le(&w->r);
		if (!w->r.bad && (number == 0 || number >= TDS_PROCS))
			return malformed(err, "a procedure of an unknown number");
		ret->proc = (enum tds_proc)number;
	} else {
		if (n == 0 || n > NAME_UNITS)
			return malformed(err, "the length of a name");
		ret->name = rd_bytes(&w->r, n * 2);
		int k = w->r.bad ? 0 : proc_of(ret->name, &ret->proc, err);
		if (k < 0)
			return k;
	}
	ret->flags = rd_u16le(&w->r);
	return w->r.bad ? malformed(err, "a call is cut") : 1;
}

static void short_name(struct rd *r)
{
	(void)rd_bytes(r, (size_t)rd_u8(r) * 2);
}

/* A table's columns, and which of them have values in its rows. */
struct columns {
	struct tds_type type[TDS_RPC_COLUMNS];
	bool absent[TDS_RPC_COLUMNS];
	size_t n;
};

static int get_columns(struct tds_rpc_walk *w, struct columns *c, bool *null, struct err *err)
{
	struct rd *r = &w->r;
	short_name(r); /* database, schema, type */
	short_name(r);
	short_name(r);
	size_t n = rd_u16le(r);
	*null = n == TABLE_NULL;
	c->n = *null ? 0 : n;
	if (c->n > TDS_RPC_COLUMNS)
		return malformed(err, "columns of a table");
	for (size_t i = 0; i < c->n; i++) {
		(void)rd_u32le(r); /* user type */
		c->absent[i] = rd_u16le(r) & COLUMN_STANDARD;
		int k = tds_type_get(r, TDS_IN_TABLE, w->rank, &c->type[i], err);
		short_name(r);
		if (k < 0 || r->bad)
			return k < 0 ? k : malformed(err, "a table is cut");
	}
	return 0;
}

/* What stands before the rows. */
static uint8_t skip_orders(struct rd *r)
{
	uint8_t token;
	while ((token = rd_u8(r)) == TABLE_ORDER || token == TABLE_COLUMNS)
		(void)rd_bytes(r, (size_t)rd_u16le(r) * (token == TABLE_ORDER ? 3 : 2));
	return token;
}

static int get_table(struct tds_rpc_walk *w, struct tds_rpc_param *p, struct err *err)
{
	struct columns c;
	bool null;
	int k = get_columns(w, &c, &null, err);
	if (k < 0)
		return k;
	p->value.null = null;
	if (skip_orders(&w->r) != TABLE_END)
		return malformed(err, "what stands before the rows of a table");
	uint8_t token;
	while ((token = rd_u8(&w->r)) == TABLE_ROW) {
		for (size_t i = 0; i < c.n; i++) {
			struct tds_value v;
			k = c.absent[i] ? 0 : tds_type_value(&w->r, &c.type[i], &v, err);
			if (k < 0)
				return k;
		}
		if (w->r.bad)
			return malformed(err, "a table is cut");
		p->rows++;
	}
	return w->r.bad || token != TABLE_END ? malformed(err, "the rows of a table") : 0;
}

int tds_rpc_param(struct tds_rpc_walk *w, struct tds_rpc *rpc, struct tds_rpc_param *ret, struct err *err)
{
	*ret = (struct tds_rpc_param){ .at = rpc->parameters };
	if (w->r.n == 0)
		return 0;
	if (separates(w)) {
		rpc->no_exec = w->r.p[0] == NO_EXEC;
		return 0;
	}
	if (rpc->parameters++ == TDS_RPC_PARAMETERS)
		return malformed(err, "too many parameters");
	uint8_t units = rd_u8(&w->r);
	if (units > PARAMETER_UNITS) /* servers of other versions would see a separator here */
		return malformed(err, "the name of a parameter");
	ret->name = rd_bytes(&w->r, (size_t)units * 2);
	uint8_t status = rd_u8(&w->r);
	if (status & ENCRYPTED)
		return fault(err, -EACCES, "Encrypted columns are not available here. 此处不支持始终加密的列。", "an encrypted parameter");
	ret->output = status & BY_REFERENCE;
	ret->standard = status & STANDARD;
	int k = tds_type_get(&w->r, TDS_IN_REQUEST, w->rank, &ret->type, err);
	if (k == 0 && !w->r.bad)
		k = ret->type.shape == TDS_TABLE ? get_table(w, ret, err) : tds_type_value(&w->r, &ret->type, &ret->value, err);
	if (k < 0)
		return k;
	return w->r.bad ? malformed(err, "a parameter is cut") : 1;
}

/* The places of what matters, from 0; -1 none.  Named parameters of these procedures are the server's own names. */
static const struct {
	int statement, declared, handle, handle2;
	size_t own; /* parameters of the procedure itself: those behind are the statement's */
} places[TDS_PROCS] = {
	[TDS_PROC_OTHER] = { -1, -1, -1, -1, 0 },
	[TDS_SP_CURSOR] = { -1, -1, 0, -1, 4 },
	[TDS_SP_CURSOROPEN] = { 1, 5, 0, -1, 6 },
	[TDS_SP_CURSORPREPARE] = { 2, 1, 0, -1, 6 },
	[TDS_SP_CURSOREXECUTE] = { -1, -1, 0, 1, 5 },
	[TDS_SP_CURSORPREPEXEC] = { 3, 2, 0, 1, 7 },
	[TDS_SP_CURSORUNPREPARE] = { -1, -1, 0, -1, 1 },
	[TDS_SP_CURSORFETCH] = { -1, -1, 0, -1, 4 },
	[TDS_SP_CURSOROPTION] = { -1, -1, 0, -1, 3 },
	[TDS_SP_CURSORCLOSE] = { -1, -1, 0, -1, 1 },
	[TDS_SP_EXECUTESQL] = { 0, 1, -1, -1, 2 },
	[TDS_SP_PREPARE] = { 2, 1, 0, -1, 4 },
	[TDS_SP_EXECUTE] = { -1, -1, 0, -1, 1 },
	[TDS_SP_PREPEXEC] = { 2, 1, 0, -1, 3 },
	[TDS_SP_PREPEXECRPC] = { 1, -1, 0, -1, 2 },
	[TDS_SP_UNPREPARE] = { -1, -1, 0, -1, 1 },
};

enum tds_role tds_rpc_role(enum tds_proc proc, const struct tds_rpc_param *p)
{
	int at = (int)p->at;
	if (at == places[proc].statement)
		return TDS_ROLE_STATEMENT;
	/* Clients name them, and may send them in any order; if the server goes by the place all the same, both were seen. */
	bool own = p->at < places[proc].own;
	if (own && places[proc].statement >= 0 && (is_word(p->name, "@stmt") || is_word(p->name, "@statement")))
		return TDS_ROLE_STATEMENT;
	if (at == places[proc].declared)
		return TDS_ROLE_DECLARED;
	if (at == places[proc].handle || at == places[proc].handle2)
		return TDS_ROLE_HANDLE;
	return own ? TDS_ROLE_OPTION : TDS_ROLE_VALUE;
}

int tds_rpc_statement(const struct tds_rpc_param *p, struct buf *out, struct err *err)
{
	bool cut = false;
	switch (p->type.id) {
	case TDS_NVARCHAR:
	case TDS_NCHAR:
	case TDS_NTEXT:
		if (p->value.null)
			return 0;
		if (p->value.bytes.n > out->cap - out->len)
			return fault(err, -EMSGSIZE, "The statement is too long. 语句过长。", "a statement of %zu bytes", p->value.bytes.n);
		tds_type_join(&p->value, out);
		return out->len % 2 == 0 ? 0 : malformed(err, "half a character at the end of a statement");
	case TDS_VARCHAR:
	case TDS_CHAR:
	case TDS_TEXT:
	case TDS_VARCHAR_OLD:
	case TDS_CHAR_OLD: {
		struct buf utf8;
		buf_init(&utf8, out->cap);
		(void)tds_value_put(&p->type, &p->value, out->cap, &utf8, &cut);
		tds_text_put(out, buf_span(&utf8));
		buf_done(&utf8);
		return cut || out->failed ? fault(err, -EMSGSIZE, "The statement is too long. 语句过长。", "a statement of %zu bytes", p->value.bytes.n) : 0;
	}
	default:
		return fault(err, -EACCES, "A statement must be text. 语句必须是文本。", "a statement of type %02x", p->type.id);
	}
}

int64_t tds_rpc_number(const struct tds_rpc_param *p)
{
	struct rd r = rd_of(p->value.bytes);
	bool whole = p->type.id == TDS_INTN || p->type.id == TDS_INT4 || p->type.id == TDS_INT2 || p->type.id == TDS_INT1 || p->type.id == TDS_INT8;
	if (!whole || p->value.null || r.n > 8)
		return -1;
	size_t n = r.n;
	uint64_t v = rd_le(&r, n);
	return n == 4 ? (int32_t)v : n == 2 ? (int16_t)v : (int64_t)v;
}

const char *tds_rpc_name(enum tds_proc proc)
{
	return names[proc];
}
