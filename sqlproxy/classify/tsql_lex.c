#include "sqlproxy/classify/tsql_lex.h"

enum { END_OF_TEXT = CLASSIFY_TSQL_END_OF_TEXT, WORD_MAX = 40 };
struct range {
	uint16_t from, to;
};
/* Not a part of a name, and some are blanks to some servers: C1 controls, spaces of all widths, marks of direction. */
static const struct range blanks[] = { { 0x7f, 0x9f }, { 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
	{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff } };
/* Not a part of a name: punctuation, symbols, halves of characters, private use.  Letters and digits stand between them. */
static const struct range signs[] = { { 0xa1, 0xa9 }, { 0xab, 0xb4 }, { 0xb6, 0xb9 }, { 0xbb, 0xbf }, { 0xd7, 0xd7 }, { 0xf7, 0xf7 },
	{ 0x2010, 0x2027 }, { 0x2030, 0x205e }, { 0x2070, 0x2101 }, { 0x2190, 0x2bff }, { 0x3001, 0x3004 }, { 0x3008, 0x3020 },
	{ 0x3030, 0x3030 }, { 0x303d, 0x303f }, { 0xd800, 0xf8ff }, { 0xfd3e, 0xfd3f }, { 0xfdfc, 0xfdff }, { 0xfe00, 0xfe6f },
	{ 0xff00, 0xff0f }, { 0xff1a, 0xff20 }, { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 }, { 0xffe0, 0xffff } };

static bool within(const struct range *ranges, size_t n, uint32_t unit)
{
	for (size_t i = 0; i < n; i++) {
		if (unit >= ranges[i].from && unit <= ranges[i].to)
			return true;
	}
	return false;
}

static bool is_odd_blank(uint32_t unit)
{
	return unit == 0 || within(blanks, sizeof blanks / sizeof *blanks, unit);
}

static bool is_odd_sign(uint32_t unit)
{
	return unit >= 0xa1 && unit < END_OF_TEXT && within(signs, sizeof signs / sizeof *signs, unit);
}

static bool is_digit(uint32_t unit)
{
	return unit >= '0' && unit <= '9';
}

static bool is_letter(uint32_t unit) /* begins a name */
{
	if (unit < 0x80)
		return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit == '_' || unit == '#';
	return unit < END_OF_TEXT && unit != 0xa0 && !is_odd_blank(unit) && !is_odd_sign(unit);
}

static bool is_inner(uint32_t unit) /* goes on with a name */
{
	return is_letter(unit) || is_digit(unit) || unit == '@' || unit == '$';
}

static bool is_hex(uint32_t unit)
{
	return is_digit(unit) || (unit >= 'a' && unit <= 'f') || (unit >= 'A' && unit <= 'F');
}

/* A unit as it stands within `quotes` strings.  The recursion is as deep as strings are: CLASSIFY_DYNAMIC_DEEP. */
static uint32_t unit_in(const struct classify_tsql_lex *lex, unsigned quotes, struct span text, size_t *at)
{
	if (quotes > 0) {
		uint32_t unit = unit_in(lex, quotes - 1, text, at);
		return unit == lex->quote[quotes - 1] ? unit_in(lex, quotes - 1, text, at) : unit;
	}
	if (text.n - *at < 2) {
		*at = text.n;
		return END_OF_TEXT;
	}
	uint32_t unit = text.p[*at] | (uint32_t)text.p[*at + 1] << 8;
	*at += 2;
	return unit;
}

uint32_t classify_tsql_lex_unit(const struct classify_tsql_lex *lex, struct span text, size_t *at)
{
	return unit_in(lex, lex->quotes, text, at);
}

static uint32_t take(struct classify_tsql_lex *lex)
{
	uint32_t unit = unit_in(lex, lex->quotes, lex->sql, &lex->at);
	lex->doubt |= unit == 0;
	return unit;
}

static uint32_t peek(const struct classify_tsql_lex *lex)
{
	size_t at = lex->at;
	return unit_in(lex, lex->quotes, lex->sql, &at);
}

/* What stands behind the next unit. */
static uint32_t peek_second(const struct classify_tsql_lex *lex)
{
	size_t at = lex->at;
	unit_in(lex, lex->quotes, lex->sql, &at);
	return unit_in(lex, lex->quotes, lex->sql, &at);
}

static bool skip_block(struct classify_tsql_lex *lex)
{
	size_t depth = 1;
	for (uint32_t unit = take(lex); unit != END_OF_TEXT; unit = take(lex)) {
		uint32_t next = peek(lex);
		if (unit == '/' && next == '*') {
			take(lex);
			depth++;
		} else if (unit == '*' && next == '/') {
			take(lex);
			if (--depth == 0)
				return true;
		}
	}
	return false;
}

static void skip_line(struct classify_tsql_lex *lex)
{
	uint32_t unit = take(lex);
	while (unit != END_OF_TEXT && unit != '\r' && unit != '\n')
		unit = take(lex);
	if (unit != '\r')
		return;
	while (peek(lex) == '\r')
		take(lex);
	lex->doubt |= peek(lex) != '\n' && peek(lex) != END_OF_TEXT;
}

/* Blanks and comments; false when a comment has no end. */
static bool skip(struct classify_tsql_lex *lex)
{
	for (;;) {
		uint32_t unit = peek(lex);
		if (unit == 0xa0 || (unit >= '\t' && unit <= '\r') || unit == ' ') {
			take(lex);
		} else if ((unit > 0 && unit < 0x20) || is_odd_blank(unit)) {
			lex->doubt |= unit != 0xfeff || lex->at > 0; /* a byte order mark is nothing */
			take(lex);
		} else if (unit == '-' && peek_second(lex) == '-') {
			skip_line(lex);
		} else if (unit == '/' && peek_second(lex) == '*') {
			take(lex);
			take(lex);
			if (!skip_block(lex))
				return false;
		} else {
			return true;
		}
	}
}

static bool close_quote(struct classify_tsql_lex *lex, uint32_t close)
{
	for (uint32_t unit = take(lex); unit != END_OF_TEXT; unit = take(lex)) {
		if (unit != close)
			continue;
		if (peek(lex) != close)
			return true;
		take(lex);
	}
	return false;
}

static void digits(struct classify_tsql_lex *lex)
{
	while (is_digit(peek(lex)))
		take(lex);
}

/* 1, 1.5, .5, 1e5, 1e, 0x1F, 0x: as much as goes; what follows may touch it. */
static void number(struct classify_tsql_lex *lex, uint32_t first)
{
	uint32_t unit = peek(lex);
	if (first == '0' && (unit == 'x' || unit == 'X')) {
		take(lex);
		while (is_hex(peek(lex)))
			take(lex);
		return;
	}
	digits(lex);
	if (first != '.' && peek(lex) == '.') {
		take(lex);
		digits(lex);
	}
	unit = peek(lex);
	if (unit != 'e' && unit != 'E')
		return;
	uint32_t next = peek_second(lex);
	if (is_letter(next)) { /* 1ELSE: 1 and ELSE, or 1E and LSE? */
		lex->doubt = true;
		return;
	}
	take(lex);
	if (next == '+' || next == '-')
		take(lex);
	digits(lex);
}

static bool begins_statement(uint16_t word)
{
	return word == TSQL_EXEC || word == TSQL_EXECUTE || word == TSQL_SELECT || word == TSQL_INSERT || word == TSQL_UPDATE || word == TSQL_DELETE ||
	       word == TSQL_MERGE || word == TSQL_DROP || word == TSQL_TRUNCATE;
}

static void word(struct classify_tsql_lex *lex, uint32_t first, struct classify_token *ret)
{
	char capitals[WORD_MAX];
	size_t n = 0;
	bool plain = true;
	for (uint32_t unit = first;; unit = take(lex)) {
		plain &= unit < 0x80 && n < sizeof capitals;
		if (plain)
			capitals[n++] = (char)(unit >= 'a' && unit <= 'z' ? unit - 'a' + 'A' : unit);
		uint32_t next = peek(lex);
		if (!is_inner(next))
			break;
		if (!plain || (next != '@' && next != '$' && next != '#'))
			continue;
		uint16_t known = classify_tsql_word(capitals, n);
		if (begins_statement(known) || (next == '@' && classify_tsql_word_reserved(known))) {
			lex->doubt = true; /* SELECT@@version: a name by the rules, and yet some run it */
			break;
		}
	}
	ret->kind = CLASSIFY_TOKEN_WORD;
	ret->word = plain ? classify_tsql_word(capitals, n) : TSQL_NONE;
	if (n == 1 && capitals[0] == 'N' && peek(lex) == '\'') {
		take(lex);
		ret->word = TSQL_NONE;
		ret->kind = close_quote(lex, '\'') ? CLASSIFY_TOKEN_STRING : CLASSIFY_TOKEN_BROKEN;
	}
}

static void sign(struct classify_tsql_lex *lex, uint32_t first, struct classify_token *ret)
{
	uint32_t next = peek(lex);
	ret->kind = first == ';' ? CLASSIFY_TOKEN_SEPARATOR : first == '?' ? CLASSIFY_TOKEN_PARAMETER : CLASSIFY_TOKEN_SIGN;
	ret->sign = first < 0x80 ? (uint8_t)first : 0;
	bool two = false;
	if (next == '=')
		two = first < 0x80 && first != 0 && (first == '<' || first == '>' || first == '!' || first == '+' || first == '-' ||
			first == '*' || first == '/' || first == '%' || first == '&' || first == '|' || first == '^');
	else
		two = (first == '<' && next == '>') || (first == '!' && (next == '<' || next == '>')) || (first == ':' && next == ':') ||
		      (first == '|' && next == '|');
	if (two)
		take(lex);
	/* What no operator begins with, and a sign of sqlcmd: its !! runs a program. */
	lex->doubt |= first >= 0x80 || first == '\\' || first == '`' || first < 0x20 || (first == '!' && !two);
}

static void dollar(struct classify_tsql_lex *lex, struct classify_token *ret)
{
	uint32_t next = peek(lex);
	if (is_letter(next)) { /* $action, $identity, $partition */
		word(lex, '$', ret);
		return;
	}
	ret->kind = CLASSIFY_TOKEN_NUMBER;
	lex->doubt |= next == '('; /* a variable of sqlcmd */
	if (is_digit(next) || next == '.')
		number(lex, take(lex));
}

static void token(struct classify_tsql_lex *lex, struct classify_token *ret)
{
	uint32_t unit = take(lex);
	if (unit == '\'') {
		ret->kind = close_quote(lex, '\'') ? CLASSIFY_TOKEN_STRING : CLASSIFY_TOKEN_BROKEN;
	} else if (unit == '"') {
		ret->kind = !close_quote(lex, '"') ? CLASSIFY_TOKEN_BROKEN : lex->quoted_identifier ? CLASSIFY_TOKEN_NAME : CLASSIFY_TOKEN_STRING;
	} else if (unit == '[') {
		ret->kind = close_quote(lex, ']') ? CLASSIFY_TOKEN_NAME : CLASSIFY_TOKEN_BROKEN;
	} else if (unit == '@') {
		ret->kind = CLASSIFY_TOKEN_VARIABLE;
		while (is_inner(peek(lex)))
			take(lex);
	} else if (unit == '$') {
		dollar(lex, ret);
	} else if (is_letter(unit)) {
		word(lex, unit, ret);
	} else if (is_digit(unit) || (unit == '.' && is_digit(peek(lex)))) {
		ret->kind = CLASSIFY_TOKEN_NUMBER;
		number(lex, unit);
	} else {
		sign(lex, unit, ret);
	}
}

void classify_tsql_lex_start(struct classify_tsql_lex *lex, struct span sql, bool quoted_identifier)
{
	*lex = (struct classify_tsql_lex){ .sql = sql, .quoted_identifier = quoted_identifier };
}

void classify_tsql_lex_next(struct classify_tsql_lex *lex, struct classify_token *ret)
{
	*ret = (struct classify_token){ .kind = CLASSIFY_TOKEN_END };
	size_t before = lex->at, begin = before;
	bool whole = skip(lex);
	if (whole) {
		begin = lex->at;
		if (peek(lex) != END_OF_TEXT)
			token(lex, ret);
		else if (lex->at < lex->sql.n) /* half a unit */
			ret->kind = CLASSIFY_TOKEN_BROKEN;
	} else {
		ret->kind = CLASSIFY_TOKEN_BROKEN;
	}
	if (ret->kind == CLASSIFY_TOKEN_BROKEN) {
		lex->at = begin;
		ret->text = span_of(lex->sql.p + begin, lex->sql.n - begin);
		return;
	}
	ret->text = span_of(lex->sql.p + begin, lex->at - begin);
}

struct classify_tsql_units classify_tsql_units_of(const struct classify_tsql_lex *lex, const struct classify_token *token)
{
	struct classify_tsql_units u = { .lex = lex, .text = token->text, .close = END_OF_TEXT };
	if (token->kind != CLASSIFY_TOKEN_STRING && token->kind != CLASSIFY_TOKEN_NAME)
		return u;
	uint32_t open = unit_in(lex, lex->quotes, u.text, &u.at);
	if (open == 'N' || open == 'n')
		open = unit_in(lex, lex->quotes, u.text, &u.at);
	u.close = open == '[' ? ']' : open;
	size_t close = 2; /* bytes of the closing quote: twice as many for each string around it that has the same */
	for (size_t i = 0; i < lex->quotes; i++)
		close <<= lex->quote[i] == u.close;
	u.text.n = u.text.n >= u.at + close ? u.text.n - close : u.at;
	return u;
}

uint32_t classify_tsql_units_next(struct classify_tsql_units *u)
{
	if (u->at >= u->text.n)
		return END_OF_TEXT;
	uint32_t unit = unit_in(u->lex, u->lex->quotes, u->text, &u->at);
	if (unit == u->close)
		unit = unit_in(u->lex, u->lex->quotes, u->text, &u->at);
	return unit;
}

bool classify_tsql_lex_inside(const struct classify_tsql_lex *lex, const struct classify_token *string, struct classify_tsql_lex *ret)
{
	struct classify_tsql_units u = classify_tsql_units_of(lex, string);
	bool national = string->text.n > 0 && (string->text.p[0] == 'N' || string->text.p[0] == 'n');
	bool known = true, joined = false;
	if (lex->quotes >= CLASSIFY_DYNAMIC_DEEP)
		return false;
	*ret = *lex;
	ret->sql = span_of(u.text.p + u.at, u.text.n - u.at);
	ret->at = 0;
	ret->quote[ret->quotes++] = (uint8_t)u.close;
	ret->doubt = false;
	for (uint32_t unit = classify_tsql_units_next(&u); unit != END_OF_TEXT; unit = classify_tsql_units_next(&u)) {
		known &= !(joined && (unit == '\r' || unit == '\n')) && (national || unit < 0x80);
		joined = unit == '\\';
	}
	return known;
}
