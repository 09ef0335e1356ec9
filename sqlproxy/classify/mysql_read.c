#include "sqlproxy/classify/mysql_read.h"
#include "gateway/core/charset.h"
#include "gateway/core/utf8.h"

enum { REPLACEMENT = 0xfffd };

void classify_mysql_next(struct classify_mysql_reader *r)
{
	r->last = r->t;
	if (r->t.kind == CLASSIFY_TOKEN_BROKEN)
		return;
	classify_mysql_lex_next(&r->lex, &r->t);
	if (r->quiet)
		return;
	if (r->t.kind == CLASSIFY_TOKEN_BROKEN)
		classify_mysql_unparsed(r);
	if (r->lex.had_comment)
		CLASSIFY_FLAG(r, VERSION_COMMENT);
}

struct classify_token classify_mysql_peek(const struct classify_mysql_reader *r)
{
	struct classify_mysql_lex lex = r->lex;
	struct classify_token t;

	classify_mysql_lex_next(&lex, &t);
	return t;
}

bool classify_mysql_take(struct classify_mysql_reader *r, uint16_t word)
{
	bool is = classify_mysql_is(r, word);

	if (is)
		classify_mysql_next(r);
	return is;
}

bool classify_mysql_ends(const struct classify_mysql_reader *r)
{
	return r->t.kind == CLASSIFY_TOKEN_SEPARATOR || r->t.kind == CLASSIFY_TOKEN_END || r->t.kind == CLASSIFY_TOKEN_BROKEN;
}

bool classify_mysql_named(const struct classify_token *t)
{
	return t->kind == CLASSIFY_TOKEN_NAME || (t->kind == CLASSIFY_TOKEN_WORD && !classify_mysql_word_reserved(t->word));
}

bool classify_mysql_text_is(struct span text, const char *word)
{
	size_t i = 0;

	for (; i < text.n && word[i]; i++)
		if ((text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 32 : text.p[i]) != (uint8_t)word[i])
			return false;
	return i == text.n && !word[i];
}

void classify_mysql_unparsed(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, UNPARSED);
}

void classify_mysql_lose_mode(struct classify_mysql_reader *r)
{
	r->b->after.unknown = CLASSIFY_MODES;
	r->b->after.charset = CLASSIFY_CHARSET_UNKNOWN;
}

void classify_mysql_skip(struct classify_mysql_reader *r)
{
	while (!classify_mysql_ends(r))
		classify_mysql_next(r);
}

void classify_mysql_skip_parens(struct classify_mysql_reader *r)
{
	size_t depth = 0;

	do {
		if (classify_mysql_at(r, '('))
			depth++;
		else if (classify_mysql_at(r, ')'))
			depth--;
		classify_mysql_next(r);
	} while (depth > 0 && !classify_mysql_ends(r));
	if (depth > 0)
		classify_mysql_unparsed(r);
}

/* ---- names ---- */

static uint32_t from_table(uint8_t set, struct span c)
{
	uint8_t room[16];
	struct buf out = { .data = room, .size = sizeof room, .cap = sizeof room - 1 };
	uint32_t ret = 0;

	charset_to_utf8(set, c, &out);
	return !out.failed && utf8_get(buf_span(&out), &ret) == out.len ? ret : REPLACEMENT;
}

uint32_t classify_mysql_take_char(uint8_t charset, struct span *text)
{
	struct span c = span_of(text->p, 1);
	uint32_t ret = REPLACEMENT;

	if (text->p[0] < 0x80) {
		ret = text->p[0];
	} else {
		size_t n = classify_mysql_char(charset, text->p, text->n);
		c.n = n ? n : 1;
		if (n && charset == CLASSIFY_CHARSET_UTF8)
			(void)utf8_get(c, &ret);
		else if (n && (charset == CLASSIFY_CHARSET_GBK || charset == CLASSIFY_CHARSET_GB18030))
			ret = from_table(CHARSET_GB18030, c);
		else if (n && charset == CLASSIFY_CHARSET_BIG5)
			ret = from_table(CHARSET_BIG5, c);
	}
	*text = span_of(text->p + c.n, text->n - c.n);
	return ret;
}

static void put_part(struct classify_mysql_reader *r, const struct classify_token *t)
{
	struct span text = t->text;
	uint8_t quote = t->kind == CLASSIFY_TOKEN_NAME ? text.p[0] : 0;

	if (quote)
		text = span_of(text.p + 1, text.n - 2);
	while (text.n > 0) {
		uint32_t c = classify_mysql_take_char(r->lex.charset, &text);
		classify_batch_name_char(r->b, c);
		if (quote && c == quote && text.n > 0)
			text = span_of(text.p + 1, text.n - 1); /* it stands twice */
	}
}

struct classify_token classify_mysql_name(struct classify_mysql_reader *r, unsigned *ret_parts, bool *ret_star)
{
	struct classify_token part = { .kind = CLASSIFY_TOKEN_END };
	unsigned parts = 0;
	bool star = false;

	classify_batch_name(r->b);
	if (classify_mysql_at(r, '.')) /* .t: a table of the database in use */
		classify_mysql_next(r);
	while (r->t.kind == CLASSIFY_TOKEN_WORD || r->t.kind == CLASSIFY_TOKEN_NAME) {
		if (parts++ > 0)
			classify_batch_name_dot(r->b);
		part = r->t;
		put_part(r, &part);
		classify_mysql_next(r);
		if (!classify_mysql_at(r, '.'))
			break;
		struct classify_token next = classify_mysql_peek(r);
		star = next.kind == CLASSIFY_TOKEN_SIGN && next.sign == '*';
		if (!star && next.kind != CLASSIFY_TOKEN_WORD && next.kind != CLASSIFY_TOKEN_NAME)
			break;
		classify_mysql_next(r);
	}
	if (star)
		classify_mysql_next(r);
	*ret_parts = parts;
	*ret_star = star;
	return part;
}

void classify_mysql_table(struct classify_mysql_reader *r)
{
	unsigned parts;
	bool star;

	if (!classify_mysql_named(&r->t) && !classify_mysql_at(r, '.'))
		return;
	(void)classify_mysql_name(r, &parts, &star);
	classify_batch_table(r->b);
}

void classify_mysql_tables(struct classify_mysql_reader *r)
{
	classify_mysql_table(r);
	while (classify_mysql_at(r, ',')) {
		classify_mysql_next(r);
		classify_mysql_table(r);
	}
}
