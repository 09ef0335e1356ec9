#include "sqlproxy/classify/mysql_lex.h"
#include <string.h>

enum { NBSP = 0xa0, VERSION_DIGITS = 5, OLD_VERSION = 50700, NEW_DIGITS = 100000, DOLLAR_VERSION = 80000, NEVER = 99999, OLDEST = 50600 };

void classify_mysql_lex_start(struct classify_mysql_lex *lex, const struct classify_mode *mode, struct span sql)
{
	*lex = (struct classify_mysql_lex){
		.sql = sql, .dialect = mode->dialect, .charset = mode->charset, .version = mode->version, .six = true,
	};
	classify_mysql_lex_set(lex, mode->set);
}

void classify_mysql_lex_set(struct classify_mysql_lex *lex, uint8_t set)
{
	lex->set = lex->dialect == CLASSIFY_MARIADB ? set : (uint8_t)(set & ~CLASSIFY_ORACLE);
}

static uint8_t at(const struct classify_mysql_lex *lex, size_t i)
{
	return lex->at + i < lex->sql.n ? lex->sql.p[lex->at + i] : 0;
}

static bool over(const struct classify_mysql_lex *lex)
{
	return lex->at >= lex->sql.n;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(const struct classify_mysql_lex *lex, uint8_t c)
{
	return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c == NBSP && lex->charset == CLASSIFY_CHARSET_SPACED);
}

/* 0: none may stand in a name here; else how many bytes. */
static size_t name_char(const struct classify_mysql_lex *lex)
{
	uint8_t c = at(lex, 0);

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$')
		return 1;
	if (c < 0x80 || (c == NBSP && lex->charset == CLASSIFY_CHARSET_SPACED))
		return 0;
	return classify_mysql_char(lex->charset, lex->sql.p + lex->at, lex->sql.n - lex->at);
}

/* ---- comments ---- */

/* To behind the next star and slash; one level of comments inside is skipped when `nested`.  False: it does not end. */
static bool skip_comment(struct classify_mysql_lex *lex, bool nested)
{
	while (!over(lex)) {
		if (at(lex, 0) == '*' && at(lex, 1) == '/') {
			lex->at += 2;
			return true;
		}
		if (nested && at(lex, 0) == '/' && at(lex, 1) == '*') {
			lex->at += 2;
			if (!skip_comment(lex, false))
				return false;
		} else {
			lex->at++;
		}
	}
	return false;
}

/* Hints are read as tokens by some servers: a star and slash in quotes does not end the comment for them.  False: it does not end. */
static bool hint(struct classify_mysql_lex *lex)
{
	uint8_t quote = 0;
	size_t first = 0;

	for (size_t i = 0; lex->at + i + 1 < lex->sql.n; i++) {
		uint8_t c = at(lex, i);
		bool ends = c == '*' && at(lex, i + 1) == '/';
		first = ends && first == 0 ? i + 2 : first;
		if (ends && quote == 0) {
			lex->had_other = lex->had_other || first != i + 2;
			lex->at += lex->other ? i + 2 : first;
			return true;
		}
		if (quote == 0 && (c == '`' || c == '"' || c == '\''))
			quote = c;
		else if (c == quote)
			quote = 0;
	}
	lex->had_other = true;
	lex->at += first;
	return first > 0 && !lex->other;
}

/* Would a server of this version run a comment of that one? */
static bool runs(const struct classify_mysql_lex *lex, uint32_t version, bool marked)
{
	bool skipped = lex->dialect == CLASSIFY_MARIADB && !marked && version >= OLD_VERSION && version < NEW_DIGITS;

	return version <= lex->version && !skipped && version != NEVER;
}

/* No server has this version, or a later one: 99999 and 999999 mean never. */
static uint32_t newest(const struct classify_mysql_lex *lex)
{
	return lex->dialect == CLASSIFY_MARIADB ? 200000 : 110000;
}

/* Behind the exclamation mark.  False: the comment does not end. */
static bool version_comment(struct classify_mysql_lex *lex, bool marked)
{
	uint32_t version = 0;
	size_t digits = 0;

	lex->had_comment = true;
	while (digits < VERSION_DIGITS + 1 && is_digit(at(lex, digits)))
		digits++;
	lex->had_six = lex->had_six || digits > VERSION_DIGITS;
	if (digits > VERSION_DIGITS && !lex->six)
		digits = VERSION_DIGITS;
	if (digits < VERSION_DIGITS) {
		lex->in_comment = true;
		return true;
	}
	for (size_t i = 0; i < digits; i++)
		version = version * 10 + at(lex, i) - '0';
	lex->at += digits;
	if (runs(lex, version, marked)) {
		lex->in_comment = true;
		return true;
	}
	if (version > lex->version && version < newest(lex) && version != NEVER && (lex->newer == 0 || version < lex->newer))
		lex->newer = version;
	return skip_comment(lex, true);
}

/* At a slash and star. */
static bool comment(struct classify_mysql_lex *lex)
{
	bool marked = lex->dialect == CLASSIFY_MARIADB && at(lex, 2) == 'M' && at(lex, 3) == '!';

	if (at(lex, 2) == '!' || marked) {
		lex->at += marked ? 4 : 3;
		return version_comment(lex, marked);
	}
	lex->at += 2;
	return at(lex, 0) == '+' ? hint(lex) : skip_comment(lex, false);
}

static void skip_line(struct classify_mysql_lex *lex)
{
	const uint8_t *end = memchr(lex->sql.p + lex->at, '\n', lex->sql.n - lex->at);

	lex->at = end ? (size_t)(end - lex->sql.p) + 1 : lex->sql.n;
}

/* Two minus signs: a comment before a blank, a control character or the end; -1: servers differ. */
static int dashes(const struct classify_mysql_lex *lex)
{
	uint8_t c = at(lex, 2);

	if (at(lex, 0) != '-' || at(lex, 1) != '-')
		return 0;
	if (lex->at + 2 >= lex->sql.n || is_blank(lex, c) || (c >= 0x01 && c <= 0x1f) || c == 0x7f)
		return 1;
	bool single = lex->charset == CLASSIFY_CHARSET_SPACED || lex->charset == CLASSIFY_CHARSET_SINGLE;
	return c == 0 || (single && c >= 0x80 && c <= NBSP) ? -1 : 0;
}

/* False: no server reads on. */
static bool skip_blanks(struct classify_mysql_lex *lex)
{
	for (;; lex->after_dot = lex->after_name = false) {
		uint8_t c = at(lex, 0);
		if (over(lex))
			return true;
		if (is_blank(lex, c)) {
			lex->at++;
		} else if (c == '#') {
			skip_line(lex);
		} else if (c == '-' && at(lex, 1) == '-') {
			int is = dashes(lex);
			if (is < 0)
				return false;
			if (is == 0)
				return true;
			skip_line(lex);
		} else if (c == '/' && at(lex, 1) == '*') {
			size_t start = lex->at;
			if (!comment(lex)) {
				lex->at = start;
				return false;
			}
		} else if (c == '*' && at(lex, 1) == '/' && lex->in_comment) {
			lex->at += 2;
			lex->in_comment = false;
		} else if (c == 0 && lex->at + 1 == lex->sql.n) {
			lex->at++; /* one NUL behind everything is the end as well */
		} else {
			return true;
		}
	}
}

/* ---- what is in quotes ---- */

/* From the opening quote to behind the closing one. */
static bool quoted_string(struct classify_mysql_lex *lex)
{
	uint8_t quote = at(lex, 0);

	lex->at++;
	while (!over(lex)) {
		uint8_t c = at(lex, 0);
		size_t n = c < 0x80 ? 1 : classify_mysql_char(lex->charset, lex->sql.p + lex->at, lex->sql.n - lex->at);
		if (n > 1) {
			lex->at += n;
		} else if (c == '\\' && !(lex->set & CLASSIFY_NO_BACKSLASH_ESCAPES)) {
			lex->at += 2; /* one byte, even of a longer character */
		} else if (c == quote && at(lex, 1) == quote) {
			lex->at += 2;
		} else {
			lex->at++;
			if (c == quote)
				return true;
		}
	}
	return false;
}

/* A character that is none is broken here: some servers skip by its first byte alone, and with it the quote. */
static bool quoted_name(struct classify_mysql_lex *lex)
{
	uint8_t quote = at(lex, 0);

	lex->at++;
	while (!over(lex)) {
		uint8_t c = at(lex, 0);
		size_t n = c < 0x80 ? 1 : classify_mysql_char(lex->charset, lex->sql.p + lex->at, lex->sql.n - lex->at);
		if (n == 0 || c == 0)
			return false;
		if (c == quote && at(lex, 1) != quote) {
			lex->at++;
			return true;
		}
		lex->at += c == quote ? 2 : n;
	}
	return false;
}

static bool is_name_quote(const struct classify_mysql_lex *lex, uint8_t c)
{
	return c == '`' || (c == '"' && (lex->set & CLASSIFY_ANSI_QUOTES));
}

/* ---- numbers ---- */

static void digits(struct classify_mysql_lex *lex)
{
	while (is_digit(at(lex, 0)))
		lex->at++;
}

static enum classify_token_kind sign(struct classify_mysql_lex *lex);

/* Behind the point.  An "e" without digits swallows the whole number, the sign behind it too, and what follows is taken as a sign. */
static enum classify_token_kind real(struct classify_mysql_lex *lex)
{
	digits(lex);
	if ((at(lex, 0) | 0x20) != 'e')
		return CLASSIFY_TOKEN_NUMBER;
	lex->at++;
	if (at(lex, 0) == '+' || at(lex, 0) == '-')
		lex->at++;
	if (is_digit(at(lex, 0))) {
		digits(lex);
		return CLASSIFY_TOKEN_NUMBER;
	}
	uint8_t c = at(lex, 0);
	if (over(lex) || c == '\'' || c == '"' || c == '`' || c == '#' || c == '@' || c == '\\' || (c == '/' && at(lex, 1) == '*') || dashes(lex) != 0 ||
		name_char(lex) > 0 || c >= 0x80)
		return CLASSIFY_TOKEN_BROKEN;
	if (is_blank(lex, c))
		return CLASSIFY_TOKEN_BROKEN; /* a blank as a sign is an error */
	lex->swallowed = lex->at;
	return sign(lex);
}

static enum classify_token_kind word(struct classify_mysql_lex *lex)
{
	size_t n;

	while ((n = name_char(lex)) > 0)
		lex->at += n;
	return CLASSIFY_TOKEN_WORD;
}

/* 0x61, 0b01, 12, 1.5, 1e5, or a name that starts with digits. */
static enum classify_token_kind number(struct classify_mysql_lex *lex)
{
	size_t start = lex->at;

	digits(lex);
	if ((at(lex, 0) | 0x20) == 'e') {
		size_t more = at(lex, 1) == '+' || at(lex, 1) == '-' ? 2 : 1;
		if (is_digit(at(lex, more))) {
			lex->at += more;
			digits(lex);
			return CLASSIFY_TOKEN_NUMBER;
		}
	}
	if (name_char(lex) > 0) {
		bool hex = lex->at == start + 1 && lex->sql.p[start] == '0' && (at(lex, 0) == 'x' || at(lex, 0) == 'b');
		bool binary = at(lex, 0) == 'b';
		size_t from = lex->at + 1;
		(void)word(lex);
		for (size_t i = from; i < lex->at && hex; i++) {
			uint8_t c = lex->sql.p[i];
			hex = binary ? c == '0' || c == '1' : is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
		}
		return hex && lex->at > from ? CLASSIFY_TOKEN_NUMBER : CLASSIFY_TOKEN_WORD;
	}
	if (at(lex, 0) != '.')
		return CLASSIFY_TOKEN_NUMBER;
	lex->at++;
	return real(lex);
}

/* ---- the rest ---- */

static enum classify_token_kind variable(struct classify_mysql_lex *lex)
{
	lex->at++;
	bool system = at(lex, 0) == '@';
	if (system)
		lex->at++;
	uint8_t c = at(lex, 0);
	if (c == '`' || (!system && c == '"' && (lex->set & CLASSIFY_ANSI_QUOTES)))
		return quoted_name(lex) ? CLASSIFY_TOKEN_VARIABLE : CLASSIFY_TOKEN_BROKEN;
	if (!system && (c == '\'' || c == '"'))
		return quoted_string(lex) ? CLASSIFY_TOKEN_VARIABLE : CLASSIFY_TOKEN_BROKEN;
	size_t from = lex->at, n;
	while ((n = name_char(lex)) > 0 || (!system && at(lex, 0) == '.'))
		lex->at += n ? n : 1;
	return lex->at > from || !system ? CLASSIFY_TOKEN_VARIABLE : CLASSIFY_TOKEN_BROKEN;
}

static enum classify_token_kind sign(struct classify_mysql_lex *lex)
{
	static const char *const longer[] = { "<=>", "->>", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "&&", "||", "->" };
	static const char single[] = "()+-*/%,.<>=!~^&|?:{}[]";
	uint8_t c = at(lex, 0);

	if (c == ';') {
		lex->at++;
		return CLASSIFY_TOKEN_SEPARATOR;
	}
	if (c == '?') {
		lex->at++;
		return CLASSIFY_TOKEN_PARAMETER;
	}
	if (c == '*' && at(lex, 1) == '/' && at(lex, 2) != '*')
		return CLASSIFY_TOKEN_BROKEN; /* the end of a comment that nobody began */
	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
		size_t n = strlen(longer[i]);
		if (lex->sql.n - lex->at >= n && memcmp(lex->sql.p + lex->at, longer[i], n) == 0) {
			lex->at += n;
			return CLASSIFY_TOKEN_SIGN;
		}
	}
	if (c == 0 || !strchr(single, c))
		return CLASSIFY_TOKEN_BROKEN;
	lex->at++;
	return CLASSIFY_TOKEN_SIGN;
}

/* $$ text $$ and $tag$ text $tag$: quotes for newer MySQL in some places, a name in others, and in older servers. */
static enum classify_token_kind dollar(struct classify_mysql_lex *lex)
{
	size_t n = 1;

	while (at(lex, n) == '_' || is_digit(at(lex, n)) || (at(lex, n) | 0x20) >= 'a')
		n++;
	if (at(lex, n) != '$' || lex->dialect != CLASSIFY_MYSQL || (lex->version != 0 && lex->version < DOLLAR_VERSION && lex->version != OLDEST))
		return word(lex);
	lex->had_other = true;
	if (!lex->other)
		return word(lex);
	const uint8_t *tag = lex->sql.p + lex->at, *end = memmem(tag + n + 1, lex->sql.n - lex->at - n - 1, tag, n + 1);
	if (!end)
		return CLASSIFY_TOKEN_BROKEN;
	lex->at = (size_t)(end - lex->sql.p) + n + 1;
	return CLASSIFY_TOKEN_STRING;
}

/* x'61', b'01', n'a': the letter belongs to the string. */
static enum classify_token_kind lettered(struct classify_mysql_lex *lex)
{
	uint8_t letter = at(lex, 0) | 0x20;

	lex->at++;
	size_t from = lex->at + 1;
	if (!quoted_string(lex))
		return CLASSIFY_TOKEN_BROKEN;
	for (size_t i = from; letter != 'n' && i + 1 < lex->at; i++) {
		uint8_t c = lex->sql.p[i];
		if (letter == 'x' ? !is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f') : c != '0' && c != '1')
			return CLASSIFY_TOKEN_BROKEN;
	}
	return CLASSIFY_TOKEN_STRING;
}

static enum classify_token_kind token(struct classify_mysql_lex *lex)
{
	uint8_t c = at(lex, 0), letter = c | 0x20;

	if (lex->after_dot && name_char(lex) > 0)
		return word(lex);
	if (is_name_quote(lex, c))
		return quoted_name(lex) ? CLASSIFY_TOKEN_NAME : CLASSIFY_TOKEN_BROKEN;
	if (c == '\'' || c == '"')
		return quoted_string(lex) ? CLASSIFY_TOKEN_STRING : CLASSIFY_TOKEN_BROKEN;
	if ((letter == 'x' || letter == 'b' || letter == 'n') && at(lex, 1) == '\'')
		return lettered(lex);
	if (is_digit(c))
		return number(lex);
	if (c == '$')
		return dollar(lex);
	if (name_char(lex) > 0)
		return word(lex);
	if (c == '.' && is_digit(at(lex, 1)) && !lex->after_name) {
		lex->at++;
		return real(lex);
	}
	if (c == '@')
		return variable(lex);
	if (c == '\\' && at(lex, 1) == 'N') {
		lex->at += 2;
		return CLASSIFY_TOKEN_NUMBER;
	}
	return sign(lex);
}

void classify_mysql_lex_next(struct classify_mysql_lex *lex, struct classify_token *ret)
{
	*ret = (struct classify_token){ .kind = CLASSIFY_TOKEN_BROKEN };
	bool readable = skip_blanks(lex);
	size_t start = lex->at < lex->sql.n ? lex->at : lex->sql.n;

	if (readable)
		ret->kind = over(lex) ? CLASSIFY_TOKEN_END : token(lex);
	lex->at = lex->at < lex->sql.n ? lex->at : lex->sql.n;
	if (ret->kind == CLASSIFY_TOKEN_BROKEN) { /* everything behind belongs to it */
		ret->text = span_of(lex->sql.p + start, lex->sql.n - start);
		lex->at = start;
		return;
	}
	start = lex->swallowed > start ? lex->swallowed : start;
	ret->text = span_of(lex->sql.p + start, lex->at - start);
	ret->sign = ret->text.n > 0 && ret->kind == CLASSIFY_TOKEN_SIGN ? ret->text.p[0] : 0;
	bool qualified = lex->after_dot || (ret->kind == CLASSIFY_TOKEN_WORD && at(lex, 0) == '.' && lex->at + 1 < lex->sql.n);
	if (ret->kind == CLASSIFY_TOKEN_WORD && qualified && !lex->after_dot) { /* a dot and a name behind it: never a keyword */
		struct classify_mysql_lex ahead = *lex;
		ahead.at++;
		qualified = name_char(&ahead) > 0 || is_name_quote(lex, at(lex, 1));
	}
	if (ret->kind == CLASSIFY_TOKEN_WORD && !qualified)
		ret->word = classify_mysql_word(ret->text);
	lex->after_dot = ret->sign == '.';
	lex->after_name = ret->kind == CLASSIFY_TOKEN_WORD || ret->kind == CLASSIFY_TOKEN_NAME;
}
