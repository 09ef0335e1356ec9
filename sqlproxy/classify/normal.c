#include "sqlproxy/classify/normal.h"
#include "gateway/core/utf8.h"
#include <sodium.h>

/* Of a row of literals what came before it decides: the second and later ones leave nothing behind. */
enum { NORMAL_NONE, NORMAL_OPEN, NORMAL_LITERAL, NORMAL_COMMA, NORMAL_CLOSED, NORMAL_CLOSED_COMMA };

static void put(struct classify_normal *n, const char *text, size_t len)
{
	if (n->any)
		n->put(n->to, " ", 1);
	n->any = true;
	n->put(n->to, text, len);
}

/* What was held back in the hope that it repeats what stands there. */
static void flush(struct classify_normal *n)
{
	static const char *const rows[] = {
		[NORMAL_OPEN] = ", (",
		[NORMAL_LITERAL] = ", ( ?",
		[NORMAL_COMMA] = ", ( ? ,",
	};

	if (n->row == NORMAL_CLOSED_COMMA || (n->row == NORMAL_COMMA && !n->again))
		put(n, ",", 1);
	else if (n->again && n->row >= NORMAL_OPEN && n->row <= NORMAL_COMMA)
		put(n, rows[n->row], span_str(rows[n->row]).n);
	n->row = NORMAL_NONE;
	n->again = false;
}

static bool is_literal(const struct classify_token *t)
{
	return t->kind == CLASSIFY_TOKEN_STRING || t->kind == CLASSIFY_TOKEN_NUMBER || t->kind == CLASSIFY_TOKEN_PARAMETER;
}

/* True: the token is part of a row of literals, and nothing has to be written for it. */
static bool in_row(struct classify_normal *n, const struct classify_token *t)
{
	uint8_t sign = t->kind == CLASSIFY_TOKEN_SIGN && t->text.n == (n->wide ? 2U : 1U) ? t->sign : 0;

	if (n->row == NORMAL_LITERAL && sign == ',') {
		n->row = NORMAL_COMMA;
	} else if (n->row == NORMAL_COMMA && is_literal(t)) {
		n->row = NORMAL_LITERAL;
	} else if (n->row == NORMAL_OPEN && n->again && is_literal(t)) {
		n->row = NORMAL_LITERAL;
	} else if (n->row == NORMAL_CLOSED && sign == ',') {
		n->row = NORMAL_CLOSED_COMMA;
	} else if (n->row == NORMAL_CLOSED_COMMA && sign == '(') {
		n->row = NORMAL_OPEN;
		n->again = true;
	} else if (n->row == NORMAL_LITERAL && n->again && sign == ')') {
		n->row = NORMAL_CLOSED;
		n->again = false;
	} else {
		return false;
	}
	return true;
}

static uint32_t next_char(struct span *text, bool wide)
{
	uint32_t c = text->p[0];
	size_t n = 1;

	if (wide) {
		uint32_t low = 0;
		n = text->n < 2 ? 1 : 2;
		c = n < 2 ? 0xfffd : (uint32_t)(c | (uint32_t)text->p[1] << 8);
		if (c >= 0xd800 && c <= 0xdbff && text->n >= 4)
			low = (uint32_t)(text->p[2] | (uint32_t)text->p[3] << 8);
		if (low >= 0xdc00 && low <= 0xdfff) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			n = 4;
		} else if (c >= 0xd800 && c <= 0xdfff) {
			c = 0xfffd;
		}
	}
	*text = span_of(text->p + n, text->n - n);
	return c;
}

static bool is_plain(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '#' || c >= 0x80;
}

static uint32_t fold(uint32_t c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static void put_text(struct classify_normal *n, struct span text)
{
	if (n->any)
		n->put(n->to, " ", 1);
	n->any = true;
	while (text.n > 0) {
		uint8_t bytes[4];
		uint32_t c = fold(next_char(&text, n->wide));
		bytes[0] = (uint8_t)c; /* one byte of a multi-byte set stays what it is */
		n->put(n->to, bytes, n->wide ? utf8_put(c, bytes) : 1);
	}
}

static void put_name(struct classify_normal *n, struct span text)
{
	size_t quote = n->wide ? 2 : 1;
	struct span inner = text.n >= 2 * quote ? span_of(text.p + quote, text.n - 2 * quote) : text;
	bool plain = inner.n > 0;

	for (struct span rest = inner; rest.n > 0 && plain;)
		plain = is_plain(fold(next_char(&rest, n->wide)));
	put_text(n, plain ? inner : text);
}

void classify_normal_token(struct classify_normal *n, const struct classify_token *t)
{
	if (in_row(n, t))
		return;
	uint8_t was = n->again ? NORMAL_NONE : n->row;
	if (n->row != NORMAL_OPEN || n->again)
		flush(n);
	n->row = NORMAL_NONE;
	if (is_literal(t)) {
		put(n, "?", 1);
		n->row = was == NORMAL_OPEN ? NORMAL_LITERAL : NORMAL_NONE;
	} else if (t->kind == CLASSIFY_TOKEN_NAME) {
		put_name(n, t->text);
	} else if (t->kind == CLASSIFY_TOKEN_BROKEN) {
		put(n, "...", 3);
	} else if (t->kind != CLASSIFY_TOKEN_END) {
		put_text(n, t->text);
		if (t->kind == CLASSIFY_TOKEN_SIGN && t->sign == '(')
			n->row = NORMAL_OPEN;
		else if (t->kind == CLASSIFY_TOKEN_SIGN && t->sign == ')' && was == NORMAL_LITERAL)
			n->row = NORMAL_CLOSED;
	}
}

void classify_normal_end(struct classify_normal *n)
{
	flush(n);
}

static void take(void *to, const struct classify_token *t)
{
	classify_normal_token(to, t);
}

static void feed(struct classify_normal *n, const struct classify_mode *mode, struct span sql)
{
	n->wide = mode->dialect == CLASSIFY_TSQL;
	if (n->wide)
		classify_tsql_tokens(mode, sql, take, n);
	else
		classify_mysql_tokens(mode, sql, take, n);
	classify_normal_end(n);
}

static void put_hash(void *to, const void *p, size_t n)
{
	(void)crypto_generichash_update(to, p, n);
}

static void put_buf(void *to, const void *p, size_t n)
{
	buf_put(to, p, n);
}

void classify_normal_digest(const struct classify_mode *mode, struct span sql, uint8_t ret[static CLASSIFY_FINGERPRINT])
{
	crypto_generichash_state state;
	struct classify_normal n = { .put = put_hash, .to = &state };

	(void)crypto_generichash_init(&state, NULL, 0, CLASSIFY_FINGERPRINT);
	feed(&n, mode, sql);
	(void)crypto_generichash_final(&state, ret, CLASSIFY_FINGERPRINT);
}

void classify_normal(const struct classify_mode *mode, struct span sql, struct buf *out)
{
	struct classify_normal n = { .put = put_buf, .to = out };

	feed(&n, mode, sql);
}
