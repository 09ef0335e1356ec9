#include "gateway/core/scope.h"
#include "sqlproxy/classify/classify.h"
#include <errno.h>

static bool same(struct span a, const char *word)
{
	size_t i = 0;

	for (; i < a.n && word[i]; i++) {
		uint8_t c = a.p[i] >= 'a' && a.p[i] <= 'z' ? (uint8_t)(a.p[i] - 32) : a.p[i];
		uint8_t w = word[i] >= 'a' && word[i] <= 'z' ? (uint8_t)(word[i] - 32) : (uint8_t)word[i];
		if (c != w)
			return false;
	}
	return i == a.n && !word[i];
}

/* A mode that stands for several has what it implies; the others change nothing that a lexer sees. */
static const struct {
	const char *word;
	uint8_t set;
} modes[] = {
	{ "ANSI_QUOTES", CLASSIFY_ANSI_QUOTES },
	{ "NO_BACKSLASH_ESCAPES", CLASSIFY_NO_BACKSLASH_ESCAPES },
	{ "IGNORE_SPACE", CLASSIFY_IGNORE_SPACE },
	{ "QUOTED_IDENTIFIER", CLASSIFY_QUOTED_IDENTIFIER },
	{ "ORACLE", CLASSIFY_ORACLE | CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "ANSI", CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "DB2", CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "MAXDB", CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "MSSQL", CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "POSTGRESQL", CLASSIFY_ANSI_QUOTES | CLASSIFY_IGNORE_SPACE },
	{ "", 0 },
	{ "ALLOW_INVALID_DATES", 0 },
	{ "EMPTY_STRING_IS_NULL", 0 },
	{ "ERROR_FOR_DIVISION_BY_ZERO", 0 },
	{ "HIGH_NOT_PRECEDENCE", 0 },
	{ "MYSQL323", 0 },
	{ "MYSQL40", 0 },
	{ "NO_AUTO_CREATE_USER", 0 },
	{ "NO_AUTO_VALUE_ON_ZERO", 0 },
	{ "NO_DIR_IN_CREATE", 0 },
	{ "NO_ENGINE_SUBSTITUTION", 0 },
	{ "NO_FIELD_OPTIONS", 0 },
	{ "NO_KEY_OPTIONS", 0 },
	{ "NO_TABLE_OPTIONS", 0 },
	{ "NO_UNSIGNED_SUBTRACTION", 0 },
	{ "NO_ZERO_DATE", 0 },
	{ "NO_ZERO_IN_DATE", 0 },
	{ "ONLY_FULL_GROUP_BY", 0 },
	{ "PAD_CHAR_TO_FULL_LENGTH", 0 },
	{ "PIPES_AS_CONCAT", 0 },
	{ "REAL_AS_FLOAT", 0 },
	{ "SIMULTANEOUS_ASSIGNMENT", 0 },
	{ "STRICT_ALL_TABLES", 0 },
	{ "STRICT_TRANS_TABLES", 0 },
	{ "TIME_ROUND_FRACTIONAL", 0 },
	{ "TIME_TRUNCATE_FRACTIONAL", 0 },
	{ "TRADITIONAL", 0 },
};

static void add_word(struct classify_mode *mode, struct span word)
{
	while (word.n > 0 && word.p[0] == ' ')
		word = span_of(word.p + 1, word.n - 1);
	while (word.n > 0 && word.p[word.n - 1] == ' ')
		word.n--;
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (same(word, modes[i].word)) {
			mode->set |= modes[i].set;
			return;
		}
	mode->unknown = CLASSIFY_MODES;
}

void classify_mode_words(struct classify_mode *mode, struct span words)
{
	mode->set = mode->unknown = 0;
	for (size_t from = 0, i = 0; i <= words.n; i++)
		if (i == words.n || words.p[i] == ',') {
			add_word(mode, span_of(words.p + from, i - from));
			from = i + 1;
		}
}

static const struct {
	const char *name;
	uint8_t charset;
} charsets[] = {
	{ "utf8mb4", CLASSIFY_CHARSET_UTF8 },
	{ "utf8mb3", CLASSIFY_CHARSET_UTF8 },
	{ "utf8", CLASSIFY_CHARSET_UTF8 },
	{ "ascii", CLASSIFY_CHARSET_UTF8 },
	{ "binary", CLASSIFY_CHARSET_UTF8 },
	{ "latin1", CLASSIFY_CHARSET_SPACED },
	{ "latin2", CLASSIFY_CHARSET_SPACED },
	{ "cp1250", CLASSIFY_CHARSET_SPACED },
	{ "greek", CLASSIFY_CHARSET_SPACED },
	{ "hebrew", CLASSIFY_CHARSET_SPACED },
	{ "latin5", CLASSIFY_CHARSET_SPACED },
	{ "cp1251", CLASSIFY_CHARSET_SINGLE },
	{ "koi8r", CLASSIFY_CHARSET_SINGLE },
	{ "gb2312", CLASSIFY_CHARSET_UJIS }, /* as far as it matters: no second byte below 0x80 */
	{ "gbk", CLASSIFY_CHARSET_GBK },
	{ "gb18030", CLASSIFY_CHARSET_GB18030 },
	{ "big5", CLASSIFY_CHARSET_BIG5 },
	{ "sjis", CLASSIFY_CHARSET_SJIS },
	{ "cp932", CLASSIFY_CHARSET_SJIS },
	{ "ujis", CLASSIFY_CHARSET_UJIS },
	{ "eucjpms", CLASSIFY_CHARSET_UJIS },
	{ "euckr", CLASSIFY_CHARSET_EUCKR },
};

uint8_t classify_charset_of(struct span name)
{
	for (size_t i = 0; i < COUNT_OF(charsets); i++)
		if (same(name, charsets[i].name))
			return charsets[i].charset;
	return CLASSIFY_CHARSET_UNKNOWN;
}

int classify_dialect_of(struct span name)
{
	static const char *const names[CLASSIFY_DIALECTS] = { "mysql", "mariadb", "tsql" };

	for (int i = 0; i < CLASSIFY_DIALECTS; i++)
		if (span_is(name, names[i]))
			return i;
	return -ENOENT;
}
