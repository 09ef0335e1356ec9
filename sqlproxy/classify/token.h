#ifndef CLASSIFY_TOKEN_H
#define CLASSIFY_TOKEN_H
#include "sqlproxy/classify/classify.h"
/*
 * token - what the lexers of both families yield; masking and fingerprints need no more than this.
 *
 * Owns:    nothing; `text` points into the input, quotes included.  Trust: input hostile.
 */
enum classify_token_kind {
	CLASSIFY_TOKEN_END,
	CLASSIFY_TOKEN_BROKEN, /* no server reads on from here; the lexer stays here */
	CLASSIFY_TOKEN_WORD,   /* a keyword or a name without quotes */
	CLASSIFY_TOKEN_NAME,   /* a name in quotes: `a`, [a], "a" */
	CLASSIFY_TOKEN_STRING, /* 'a', N'a', x'61', b'1', and "a" where it is one */
	CLASSIFY_TOKEN_NUMBER,
	CLASSIFY_TOKEN_VARIABLE, /* @a, @@a, @`a` */
	CLASSIFY_TOKEN_PARAMETER, /* ? */
	CLASSIFY_TOKEN_SIGN,   /* one byte, or an operator of several; `sign` has the first */
	CLASSIFY_TOKEN_SEPARATOR, /* ; where it separates */
};
struct classify_token {
	enum classify_token_kind kind;
	struct span text;
	uint16_t word; /* WORD: its number among the dialect's keywords, 0 = none */
	uint8_t sign;
};
#endif
