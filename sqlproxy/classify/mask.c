#include "gateway/core/utf8.h"
#include "policy/decide/sql.h"
#include "sqlproxy/classify/classify.h"
#include "sqlproxy/classify/normal.h"
#include <string.h>

/*
 * What makes the literals behind it secrets, and how far.
 *   NEXT    the next literal, or all in the next parentheses: PASSWORD = 'x', PASSWORD('x'), password IN ('x', 'y')
 *   CLAUSE  up to a comma outside parentheses: IDENTIFIED WITH p BY 'x' REPLACE 'y'
 *   AFTER   as CLAUSE, but only behind a "=": SET PASSWORD FOR 'u'@'h' = 'x'
 *   CALL    all in the next parentheses
 *   REST    up to the statement's end
 */
enum reach { NONE, NEXT, CLAUSE, AFTER, CALL, REST };
static const struct {
	const char *word;
	enum reach reach;
	bool part; /* the word is anywhere in the name */
} words[] = {
	{ "IDENTIFIED", CLAUSE, false },
	{ "PASSW", NEXT, true },
	{ "SECRET", NEXT, true },
	{ "CREDENTIAL", NEXT, true },
	{ "API_KEY", NEXT, true },
	{ "ENCRYPTION_KEY", NEXT, true },
	{ "ACCESS_KEY", NEXT, true },
	{ "CONNECTION", NEXT, false },
	{ "HASHED", NEXT, false },
	{ "AES_ENCRYPT", CALL, false },
	{ "AES_DECRYPT", CALL, false },
	{ "DES_ENCRYPT", CALL, false },
	{ "DES_DECRYPT", CALL, false },
	{ "ENCRYPT", CALL, false },
	{ "ENCODE", CALL, false },
	{ "DECODE", CALL, false },
	{ "ENCRYPTBYPASSPHRASE", CALL, false },
	{ "DECRYPTBYPASSPHRASE", CALL, false },
	{ "PWDCOMPARE", CALL, false },
	{ "PWDENCRYPT", CALL, false },
	{ "OPENROWSET", CALL, false },
	{ "OPENDATASOURCE", CALL, false },
	{ "SP_ADDLOGIN", REST, false },
	{ "SP_PASSWORD", REST, false },
	{ "SP_ADDLINKEDSERVER", REST, false },
	{ "SP_ADDLINKEDSRVLOGIN", REST, false },
	{ "SP_SETAPPROLE", REST, false },
	{ "SP_ADDAPPROLE", REST, false },
	{ "SP_APPROLEPASSWORD", REST, false },
	{ "SP_CHANGE_USERS_LOGIN", REST, false },
	{ "SP_CONTROL_DBMASTERKEY_PASSWORD", REST, false },
	{ "SP_XP_CMDSHELL_PROXY_ACCOUNT", REST, false },
	{ "KEY_SOURCE", NEXT, false },
	{ "IDENTITY_VALUE", NEXT, false },
	{ "DECRYPTBYASYMKEY", CALL, false },
	{ "DECRYPTBYCERT", CALL, false },
	{ "DECRYPTBYKEYAUTOASYMKEY", CALL, false },
	{ "DECRYPTBYKEYAUTOCERT", CALL, false },
	{ "SIGNBYASYMKEY", CALL, false },
	{ "SIGNBYCERT", CALL, false },
};

struct mask {
	struct buf *out;
	struct span sql;
	bool wide, all, broken;
	bool moving; /* the text changes how it is read itself: what follows a secret may belong to it */
	size_t at; /* what stands before is written */
	enum reach reach;
	unsigned depth;   /* of parentheses, since the reach began */
	bool began, set;  /* a literal was met; the statement is a SET */
	bool key;         /* the word before was ENCRYPTION: KEY follows */
	bool first;       /* of the statement */
};

static uint32_t char_at(const struct mask *m, struct span text, size_t i)
{
	if (!m->wide)
		return text.p[i];
	return i + 1 < text.n ? (uint32_t)(text.p[i] | (uint32_t)text.p[i + 1] << 8) : 0xfffd;
}

/* The word stands at i, in whatever letters. */
static bool stands(const struct mask *m, struct span text, size_t i, const char *word)
{
	size_t step = m->wide ? 2 : 1;

	for (; *word; word++, i += step) {
		uint32_t c = i < text.n ? char_at(m, text, i) : 0;
		if ((c >= 'a' && c <= 'z' ? c - 32 : c) != (uint8_t)*word)
			return false;
	}
	return true;
}

static bool has(const struct mask *m, struct span text, const char *word)
{
	for (size_t i = 0; i < text.n; i += m->wide ? 2 : 1)
		if (stands(m, text, i, word))
			return true;
	return false;
}

/* Without the quotes of a name. */
static bool is_word(const struct mask *m, const struct classify_token *t, const char *word)
{
	size_t step = m->wide ? 2 : 1, quote = t->kind == CLASSIFY_TOKEN_NAME ? step : 0;

	return t->text.n == strlen(word) * step + 2 * quote && stands(m, t->text, quote, word);
}

static enum reach reach_of(const struct mask *m, const struct classify_token *t)
{
	if (t->text.n > 512)
		return NONE;
	enum reach part = NONE; /* SP_PASSWORD is more than what has PASSW in it */
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!words[i].part && is_word(m, t, words[i].word))
			return words[i].reach;
		if (words[i].part && part == NONE && has(m, t->text, words[i].word))
			part = m->set && i == 1 && is_word(m, t, "PASSWORD") ? AFTER : words[i].reach;
	}
	return part;
}

/* A text to be run that names a password itself: CREATE USER in a PREPARE. */
static bool is_telling(const struct mask *m, struct span text)
{
	return has(m, text, "IDENTIFIED") || has(m, text, "PASSW") || has(m, text, "SECRET") || has(m, text, "PWD");
}

static bool is_secret(struct mask *m, const struct classify_token *t)
{
	if (m->all || (t->kind == CLASSIFY_TOKEN_STRING && is_telling(m, t->text)))
		return true;
	if (m->reach == NONE || (m->reach == AFTER && !m->began) || (m->reach == CALL && m->depth == 0))
		return false;
	m->began = true;
	bool hash = m->wide && t->text.n > 4 && (char_at(m, t->text, 2) | 0x20) == 'x'; /* PASSWORD = 0x... HASHED */
	return t->kind == CLASSIFY_TOKEN_STRING || hash || m->reach != NEXT;
}

/* What follows a secret, or what announces one, ends the reach, or not. */
static void follow(struct mask *m, const struct classify_token *t)
{
	uint8_t sign = t->kind == CLASSIFY_TOKEN_SIGN ? t->sign : 0;

	if (sign == '(')
		m->depth++;
	else if (sign == ')' && m->depth > 0)
		m->depth--;
	else if (m->reach == AFTER && (sign == '=' || sign == ':'))
		m->began = true;
	if (m->reach == NEXT && m->began && m->depth == 0)
		m->reach = NONE;
	else if (m->reach == NEXT && !m->began && t->kind != CLASSIFY_TOKEN_SIGN && t->kind != CLASSIFY_TOKEN_WORD)
		m->reach = NONE;
	else if (m->reach == NEXT && !m->began && m->depth == 0 && (sign == ',' || sign == ')'))
		m->reach = NONE;
	else if (m->reach == CALL && m->depth == 0)
		m->reach = NONE;
	else if ((m->reach == CLAUSE || m->reach == AFTER) && m->depth == 0 && sign == ',')
		m->reach = NONE;
}

static void look(struct mask *m, const struct classify_token *t)
{
	bool named = t->kind == CLASSIFY_TOKEN_WORD || t->kind == CLASSIFY_TOKEN_NAME || t->kind == CLASSIFY_TOKEN_VARIABLE;

	if (t->kind == CLASSIFY_TOKEN_SEPARATOR) {
		m->reach = NONE;
		m->set = m->key = false;
		m->first = true;
		return;
	}
	if (m->first)
		m->set = t->kind == CLASSIFY_TOKEN_WORD && is_word(m, t, "SET");
	m->first = false;
	enum reach reach = named ? reach_of(m, t) : NONE;
	if (m->key && t->kind == CLASSIFY_TOKEN_WORD && is_word(m, t, "KEY"))
		reach = NEXT;
	m->key = t->kind == CLASSIFY_TOKEN_WORD && is_word(m, t, "ENCRYPTION");
	if (reach != NONE && (m->reach == NONE || m->reach == NEXT)) {
		m->reach = reach;
		m->depth = 0;
		m->began = false;
	} else if (m->reach != NONE) {
		follow(m, t);
	}
}

/* Bytes of the input as UTF-8; those that are no character of it become U+FFFD. */
static void put(struct mask *m, struct span text)
{
	uint8_t bytes[4];

	while (text.n > 0) {
		uint32_t c = 0;
		size_t n = m->wide ? 2 : utf8_get(text, &c);
		if (m->wide && text.n >= 2) {
			c = char_at(m, text, 0);
			uint32_t low = text.n >= 4 ? char_at(m, text, 2) : 0;
			if (c >= 0xd800 && c <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				n = 4;
			} else if (c >= 0xd800 && c <= 0xdfff) {
				c = 0xfffd;
			}
		} else if (n == 0 || m->wide) {
			c = 0xfffd;
			n = 1;
		}
		buf_put(m->out, bytes, utf8_put(c, bytes));
		text = span_of(text.p + n, text.n - n);
	}
}

static void take_token(void *to, const struct classify_token *t)
{
	struct mask *m = to;
	size_t from = (size_t)(t->text.p - m->sql.p);

	if (m->broken || t->kind == CLASSIFY_TOKEN_END)
		return;
	if (t->kind == CLASSIFY_TOKEN_BROKEN) {
		m->broken = true;
	} else if (t->kind != CLASSIFY_TOKEN_STRING && t->kind != CLASSIFY_TOKEN_NUMBER) {
		look(m, t);
		return;
	} else if (!is_secret(m, t)) {
		look(m, t);
		return;
	}
	m->broken = m->broken || m->moving;
	put(m, span_of(m->sql.p + m->at, from - m->at));
	buf_put(m->out, "'***'", 5);
	m->at = m->broken ? m->sql.n : from + t->text.n;
}

void classify_masked(const struct classify_mode *mode, struct span sql, struct buf *out)
{
	struct classify_batch batch;
	struct mask m = { .out = out, .sql = sql, .wide = mode->dialect == CLASSIFY_TSQL, .first = true };

	classify(mode, sql, &batch);
	m.all = batch.classes & DECIDE_SQL_CLASS(UNPARSED);
	m.moving = batch.n > 1 && (batch.flags & DECIDE_SQL_FLAG(LEXMODE)) && !m.all;
	if (m.wide)
		classify_tsql_tokens(mode, sql, take_token, &m);
	else
		classify_mysql_tokens(mode, sql, take_token, &m);
	put(&m, span_of(sql.p + m.at, sql.n - m.at));
}
