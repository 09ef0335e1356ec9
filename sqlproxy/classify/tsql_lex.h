#ifndef CLASSIFY_TSQL_LEX_H
#define CLASSIFY_TSQL_LEX_H
#include "sqlproxy/classify/token.h"
#include "sqlproxy/classify/tsql_word.h"
/*
 * tsql_lex - T-SQL in UTF-16LE to tokens.
 *
 * Source:  T-SQL reference: comments (they nest), constants, identifiers, reserved keywords, SET QUOTED_IDENTIFIER; what a server did: a comment of
 *          one line ends at CR or LF and at nothing else, U+00A0 is a blank, `#x` is a name, a number may touch the keyword behind it.
 * Shape:   text within a string of constant SQL is read in place: `quote` has the quotes around it, each of which stands twice in it for every
 *          string that it is in.  A token's text is as it stands in the input, quotes included.
 * Doubt:   what servers may read in two ways sets `doubt` and is read in the way that shows more statements: NUL, blanks and signs beyond ASCII
 *          that are no part of a name, 1E before a letter, a comment that ends at a lone CR.  Who reads the tokens clears it and tells.
 * Limits:  CLASSIFY_DYNAMIC_DEEP strings in each other.  Time is linear.
 * Owns:    nothing.  Trust: every byte is hostile.
 */
struct classify_tsql_lex {
	struct span sql; /* what is read; a string's content for constant SQL */
	size_t at;       /* bytes of it that are behind us */
	uint8_t quotes;  /* strings around it */
	uint8_t quote[CLASSIFY_DYNAMIC_DEEP];
	bool quoted_identifier; /* "a" is a name, not a string */
	bool doubt;
};
enum { CLASSIFY_TSQL_END_OF_TEXT = 0x10000 }; /* no UTF-16 unit */

void classify_tsql_lex_start(struct classify_tsql_lex *lex, struct span sql, bool quoted_identifier);
void classify_tsql_lex_next(struct classify_tsql_lex *lex, struct classify_token *ret);
/* The content of a STRING token of `lex`, to be read as SQL; false where nobody can say what the server makes of it (letters that a code page may
 * change, lines joined by a backslash, too deep). */
bool classify_tsql_lex_inside(const struct classify_tsql_lex *lex, const struct classify_token *string, struct classify_tsql_lex *ret);
/* The next unit of text that stands in `lex->quotes` strings; CLASSIFY_TSQL_END_OF_TEXT. */
uint32_t classify_tsql_lex_unit(const struct classify_tsql_lex *lex, struct span text, size_t *at);
/* The units of a name without its quotes, or of a string's content. */
struct classify_tsql_units {
	const struct classify_tsql_lex *lex;
	struct span text;
	size_t at;
	uint32_t close; /* the quote that stands twice; CLASSIFY_TSQL_END_OF_TEXT where there is none */
};
struct classify_tsql_units classify_tsql_units_of(const struct classify_tsql_lex *lex, const struct classify_token *token);
uint32_t classify_tsql_units_next(struct classify_tsql_units *units);
#endif
