#ifndef CLASSIFY_NORMAL_H
#define CLASSIFY_NORMAL_H
#include "sqlproxy/classify/token.h"
/*
 * normal - statements without what differs from one run to the next: the text that a fingerprint is taken of.
 *
 * Shape:   tokens with one blank between; words in capital letters, names without quotes where they need none, each literal a ?, a list of them
 *          one, a list of rows of them one row; no comments.
 * Feed:    a reader's lexer hands over its tokens one by one.  A T-SQL token's text is UTF-16LE, all others are bytes as they came.
 * Owns:    nothing, allocates nothing (out aside).
 */
struct classify_normal {
	void (*put)(void *to, const void *p, size_t n);
	void *to;
	bool wide;   /* the texts are UTF-16LE */
	bool any;    /* something stands there: a blank comes first */
	uint8_t row; /* how far a row of literals has come: NORMAL_* of normal.c */
	bool again;  /* ... and it is not the first one */
};
void classify_normal_token(struct classify_normal *n, const struct classify_token *t);
void classify_normal_end(struct classify_normal *n);

void classify_normal_digest(const struct classify_mode *mode, struct span sql, uint8_t ret[static CLASSIFY_FINGERPRINT]);

/* The lexers: every token of the text to `take`, in the reading that the mode says (what is unknown = not set). */
typedef void classify_take_fn(void *to, const struct classify_token *t);
void classify_mysql_tokens(const struct classify_mode *mode, struct span sql, classify_take_fn *take, void *to);
void classify_tsql_tokens(const struct classify_mode *mode, struct span sql, classify_take_fn *take, void *to);
#endif
