#include "sqlproxy/classify/mysql_read.h"

enum { TEXT_MAX = 4096 };

struct text {
	char bytes[TEXT_MAX];
	size_t n;
	bool bad; /* too long, or nobody can tell */
};

static void put(struct text *t, uint8_t c)
{
	if (t->n == TEXT_MAX)
		t->bad = true;
	else
		t->bytes[t->n++] = (char)c;
}

static uint8_t escaped(uint8_t c)
{
	static const char from[] = "0bnrtZ", to[] = "\0\b\n\r\t\x1a";

	for (size_t i = 0; i < sizeof from - 1; i++)
		if ((uint8_t)from[i] == c)
			return (uint8_t)to[i];
	return c;
}

/* What a literal says.  Only plain ones: one with a letter before, or with bytes that depend on the set, may become another text. */
static void add(struct text *t, const struct classify_mysql_lex *lex, struct span literal)
{
	uint8_t quote = literal.p[0];
	bool escapes = !(lex->set & CLASSIFY_NO_BACKSLASH_ESCAPES);

	t->bad = t->bad || (quote != '\'' && quote != '"');
	for (size_t i = 1; i + 1 < literal.n && !t->bad; i++) {
		uint8_t c = literal.p[i];
		if (c >= 0x80 && lex->charset != CLASSIFY_CHARSET_UTF8)
			t->bad = true;
		if (c == quote) {
			i++;
		} else if (c == '\\' && escapes && i + 2 < literal.n) {
			c = literal.p[++i];
			if (c == '%' || c == '_')
				put(t, '\\');
			c = escaped(c);
		}
		put(t, c);
	}
}

/* A constant text from here: what it does is done; anything else: nobody knows. */
static void text(struct classify_mysql_reader *r)
{
	struct text t;

	t.n = 0;
	/* A mode that this very statement sets is in force for the text: SET STATEMENT sql_mode = '' FOR EXECUTE IMMEDIATE '' */
	t.bad = r->t.kind != CLASSIFY_TOKEN_STRING || (r->b->statement[r->b->n - 1].flags & DECIDE_SQL_FLAG(LEXMODE));
	for (; r->t.kind == CLASSIFY_TOKEN_STRING; classify_mysql_next(r))
		add(&t, &r->lex, r->t.text);
	if (!classify_mysql_ends(r) && !classify_mysql_is(r, W_USING))
		t.bad = true;
	if (t.bad || r->dynamic == CLASSIFY_DYNAMIC_DEEP) {
		CLASSIFY_FLAG(r, DYNAMIC);
		classify_batch_unknown_tables(r->b);
		classify_mysql_lose_mode(r);
	} else {
		classify_mysql_inner(r, span_of(t.bytes, t.n));
	}
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .columns = false });
}

void classify_mysql_prepare(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, PREPARE);
	classify_mysql_next(r);
	while (!classify_mysql_ends(r) && !classify_mysql_is(r, W_FROM))
		classify_mysql_next(r);
	if (!classify_mysql_take(r, W_FROM))
		classify_mysql_unparsed(r);
	struct classify_mode before = r->b->after;
	text(r);
	r->b->after = before; /* nothing ran */
}

void classify_mysql_execute(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, EXECUTE);
	classify_mysql_next(r);
	if (classify_mysql_take(r, W_IMMEDIATE)) {
		text(r);
		return;
	}
	classify_mysql_lose_mode(r);
	CLASSIFY_FLAG(r, DYNAMIC); /* whoever saw its PREPARE may know better */
	classify_batch_unknown_tables(r->b);
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .columns = false });
}

void classify_mysql_inner(struct classify_mysql_reader *outer, struct span sql)
{
	struct classify_mysql_reader r = { .lex = outer->lex, .b = outer->b, .dynamic = (uint8_t)(outer->dynamic + 1), .nest = outer->nest };

	r.lex.sql = sql;
	r.lex.at = r.lex.swallowed = 0;
	r.lex.in_comment = r.lex.after_dot = r.lex.after_name = false;
	classify_mysql_next(&r);
	for (bool more = true; more; classify_mysql_next(&r)) {
		if (r.t.kind != CLASSIFY_TOKEN_SEPARATOR && r.t.kind != CLASSIFY_TOKEN_END)
			classify_mysql_statement(&r);
		if (r.lex.in_comment)
			classify_mysql_unparsed(&r);
		more = r.t.kind == CLASSIFY_TOKEN_SEPARATOR;
		r.lex.in_comment = false;
	}
	outer->lex.newer = outer->lex.newer && (!r.lex.newer || outer->lex.newer < r.lex.newer) ? outer->lex.newer : r.lex.newer;
	outer->lex.had_comment = outer->lex.had_comment || r.lex.had_comment;
	outer->lex.had_six = outer->lex.had_six || r.lex.had_six;
	outer->lex.had_other = outer->lex.had_other || r.lex.had_other;
}
