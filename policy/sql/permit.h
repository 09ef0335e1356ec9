#ifndef POL_SQL_PERMIT_H
#define POL_SQL_PERMIT_H
struct pol_worker;
struct wire_permit;
struct wire_permit_done;
/*
 * permit - what was approved is used: a worker asks before it forwards, and tells how it went.
 *
 * Source:  docs/decisions/0026-sql-approval.md; schema/0040_sql_permits.sql decides, in the transaction that marks it as used.
 * Order:   the answer goes out behind the commit.  A broker or worker that dies in between leaves the request running; when its session's row ends,
 *          what was not told is UNKNOWN.  How it went is a fact for the spool, so it comes before the session's end.
 * Errors:  a database that is away: no.
 * Trust:   who asks is the worker's session, never a field of the message; the rest is hostile.
 */
void pol_sql_permit_ask(struct pol_worker *w, const struct wire_permit *m);
void pol_sql_permit_done(struct pol_worker *w, const struct wire_permit_done *m);
#endif
