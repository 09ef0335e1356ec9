#ifndef CLASSIFY_MYSQL_LEX_H
#define CLASSIFY_MYSQL_LEX_H
#include "sqlproxy/classify/mysql_word.h"
#include "sqlproxy/classify/token.h"
/*
 * mysql_lex - the tokens of MySQL and MariaDB, in one reading: one mode, one character set, one version of the server.
 *
 * Source:  how MySQL 5.6, 8 and 9 and MariaDB 10.11 behave: docs/SQL.md, and the corpus that is tried on them.
 * Comments that run: what stands in a version comment is code for a server of that version.  Which versions the text asks for is noted, so that
 *          whoever does not know the server's can make every reading: start with the oldest, then `newer`, until it is 0.
 * Owns:    nothing; may be copied to look ahead.  Linear: no byte is looked at more than a small number of times.
 */
struct classify_mysql_lex {
	struct span sql;
	size_t at;
	uint8_t dialect, charset, set;
	bool six;         /* a sixth digit belongs to the version of a comment */
	uint32_t version;
	bool in_comment;  /* in one that runs */
	bool had_comment; /* one was met, run or not */
	bool had_six;     /* ... with six digits */
	bool other;       /* where servers differ beside versions (hints with quotes, dollars as quotes), read the other way */
	bool had_other;   /* there was such a place */
	uint32_t newer;   /* the oldest server that would read on otherwise; 0 = none */
	size_t swallowed; /* what stands before is no part of a token: 1.e */
	bool after_dot;   /* the token before was a dot, and this one stands right behind it */
	bool after_name;  /* ... a name */
};
void classify_mysql_lex_start(struct classify_mysql_lex *lex, const struct classify_mode *mode, struct span sql);
void classify_mysql_lex_set(struct classify_mysql_lex *lex, uint8_t set); /* another mode, from here on */
void classify_mysql_lex_next(struct classify_mysql_lex *lex, struct classify_token *ret);
/* How long is the character at p: 1 to 4; 0 = none of this set.  Single bytes are 1. */
size_t classify_mysql_char(uint8_t charset, const uint8_t *p, size_t n);
#endif
