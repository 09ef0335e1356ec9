#ifndef CLASSIFY_TSQL_WHERE_H
#define CLASSIFY_TSQL_WHERE_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * tsql_where - is a condition one that every row meets?  Told by its form: an OR between constants (1=1, 'a'='a'), a column that equals itself or
 * is like '%'.
 *
 * Use:     begin; operands and words as they come; a condition in parentheses is one of its own, and then an operand; end.
 * Doubt:   constants are not computed: 1=0 is taken for one, too.
 */
struct classify_tsql_where {
	bool on;
	bool flat;   /* a subquery or arguments: only whether anything in it varies */
	bool term, branch; /* something in it varies */
	bool any, always;  /* the branch has something; a branch of constants was met */
	uint8_t step;      /* of a = a */
	struct span chain; /* the first a */
};
void classify_tsql_where_begin(struct classify_tsql_where *w, bool flat);
void classify_tsql_where_operand(struct classify_tsql_where *w, bool varies, struct span text);
void classify_tsql_where_equals(struct classify_tsql_where *w);
void classify_tsql_where_like(struct classify_tsql_where *w);
void classify_tsql_where_other(struct classify_tsql_where *w); /* an operator or a word */
void classify_tsql_where_and(struct classify_tsql_where *w);
void classify_tsql_where_or(struct classify_tsql_where *w);
bool classify_tsql_where_end(struct classify_tsql_where *w); /* every row meets it; flat: nothing varies */
#endif
