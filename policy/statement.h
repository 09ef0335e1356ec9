#ifndef POL_STATEMENT_H
#define POL_STATEMENT_H
#include <stdint.h>
struct pol_worker;
struct wire_statement;
/*
 * statement - what a SQL door tells of statements: those that were refused or that a rule wants to be told of become audit rows, at once.
 *
 * Kinds:   sql.denied, sql.alert.  All statements of a session are in its recording; these are the ones somebody must learn of.
 * Limits:  POL_STATEMENTS_TOLD rows a minute and session; what goes beyond is counted into the next one.
 * Ends:    a row that cannot be written ends the session.
 */
enum { POL_STATEMENTS_TOLD = 200, POL_STATEMENTS_US = 60 * 1000 * 1000 };
struct pol_statements { /* in the worker */
	int64_t since_us;
	unsigned told, more;
};
void pol_statement_told(struct pol_worker *w, const struct wire_statement *m);
void pol_statement_done(struct pol_worker *w); /* the session is over: what was only counted */
/* What does the target call the connection that this person knows as `ours`? */
void pol_statement_thread(struct pol_worker *w, uint64_t ours);
#endif
