#ifndef POL_SQL_CHECK_H
#define POL_SQL_CHECK_H
#include "gateway/core/buf.h"
#include <jansson.h>
#include <stdint.h>
struct err;
/*
 * check - what is a text that somebody wants to run, and what do the rules of its target say to it?
 *
 * Source:  docs/decisions/0026-sql-approval.md; the classifier is sqlproxy/classify, the judge policy/decide/sql.h.
 * Shape:   in: the text in UTF-8 and the facts of api.sql_request_check.  Out: one JSON object: classes, flags, tables (at most
 *          POL_SQL_CHECK_TABLES), fingerprint, digest (hex), verdict, rule, rule_name, statements: of each its text (masked, cut at
 *          POL_SQL_CHECK_TEXT bytes), digest, classes, flags, tables, tables_known, verdict, rule, rule_name; approvers, approvers_group.
 * Digest:  SHA-256 of the bytes that a client sends (T-SQL: UTF-16LE), from the beginning of the first statement to the end of the last, or of one
 *          statement: without blanks and separators around it.  A worker makes the same one of what it got.
 * Doubt:   nobody knows yet how the session will be set when it runs: the modes of sql_mode that change how a text reads are unknown, and the
 *          classifier reports the union.  What this says is advice; the worker judges again.
 * Errors:  -EINVAL no UTF-8, or empty; -EPROTO rules that nobody can read; -EMSGSIZE.
 * Owns:    nothing.  Trust: the text is hostile; the facts are the database's own.
 */
enum { POL_SQL_CHECK_MAX = 1 << 20, POL_SQL_CHECK_TEXT = 8192, POL_SQL_CHECK_TABLES = 100, POL_SQL_CHECK_ANSWER = 8 << 20 };
/* address: of who asks, for rules that look at networks; borrowed. */
int pol_sql_check(json_t *facts, struct span text, const char *address, int64_t now_us, struct buf *out, struct err *err);
#endif
