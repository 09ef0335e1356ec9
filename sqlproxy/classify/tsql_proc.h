#ifndef CLASSIFY_TSQL_PROC_H
#define CLASSIFY_TSQL_PROC_H
#include "sqlproxy/classify/tsql_lex.h"
/*
 * tsql_proc - procedures and functions of SQL Server that do more than a routine's name tells.
 *
 * Source:  T-SQL reference, System Stored Procedures, General Extended Stored Procedures, System Functions.
 * Names:   a server compares them by its collation: without regard to case, perhaps to width and accents, and blind to characters without weight.
 *          So a character beyond ASCII that may look like one of them, or like nothing, is taken for any.
 */
struct classify_tsql_proc {
	const char *name; /* in small letters; with * at the end: all that begin so */
	uint64_t classes, flags;
	uint8_t statement; /* which argument is SQL; 0 = none */
};
/* False: none.  Of several that a name may be, all there is to them. */
bool classify_tsql_proc(const struct classify_tsql_lex *lex, const struct classify_token *name, struct classify_tsql_proc *ret);
bool classify_tsql_function(const struct classify_tsql_lex *lex, const struct classify_token *name, struct classify_tsql_proc *ret);
#endif
