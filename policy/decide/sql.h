#ifndef DECIDE_SQL_H
#define DECIDE_SQL_H
#include "policy/decide/glob.h"
#include "policy/decide/hours.h"
#include "policy/decide/net.h"
#include <stdint.h>
/*
 * sql - may these statements run?  What a classifier found in a batch and the ordered rules of its target in, verdict and rule out.
 *
 * Source:  docs/decisions/0022-rules.md.
 * Rules:   in order: of everything first, then of the cluster, of groups, of the target; the first that fits decides about a statement, else the
 *          target's default.  A batch takes the severest of its statements.
 *   who      user and role: globs; where: dialect, database and tables (words with blanks between, each a glob over schema.table or table),
 *            without A = a.  A table counts as written, by its last part, and in full in the current database; database: the current one and
 *            those that the tables name.  from: networks; program: glob over what the client calls itself; hours.  Empty = any.
 *   what     classes and flags, of each any; `without`: none of these flags (deny DROP without TEMP).  Empty = any.
 *   how much statements: the batch has more than this many; rows: it touches more than this many by the estimate.
 * Doubt:   a rule that refuses or asks (deny, approve) fits as soon as something fits: one of the classes, one of the tables from any part of its name
 *          on, one of the databases, unknown tables, an unknown database (behind a USE in the same batch, too), an unknown estimate.  A rule that
 *          lets pass (allow, alert) fits only when everything does: each class and each flag that is not harmless is named by it, each table
 *          and database fits, and nothing is unknown: UNPARSED passes by its own name alone.
 * Approval: where it is off for the target, `approve` is `deny`.
 * Limits:  one judgement has DECIDE_SQL_STEPS bytes of names to compare; when they are used up what refuses or asks fits, what lets pass does not.
 * Owns:    nothing, allocates nothing; spans are borrowed.  Trust: names hostile.
 */
enum decide_sql_action { DECIDE_SQL_ALLOW, DECIDE_SQL_ALERT, DECIDE_SQL_APPROVE, DECIDE_SQL_DENY, DECIDE_SQL_ACTIONS }; /* by severity */
enum { DECIDE_SQL_STEPS = 1 << 24 };
/* The words of the rules' language, for good: rows hold the bits' names, processes pass the bits. */
#define DECIDE_SQL_CLASS_LIST(C) \
	C(SELECT) C(SHOW) C(EXPLAIN) C(INSERT) C(UPDATE) C(DELETE) C(REPLACE) C(MERGE) C(CREATE) C(ALTER) C(DROP) C(TRUNCATE) C(RENAME) \
	C(GRANT) C(SET) C(USE) C(TCL) C(LOCK) C(CALL) C(PREPARE) C(EXECUTE) C(DEALLOCATE) C(DECLARE) C(CONTROL) C(BLOCK) C(ADMIN) C(KILL) \
	C(REPL) C(HANDLER) C(EMPTY) C(UNPARSED)
#define DECIDE_SQL_FLAG_LIST(F) \
	F(NO_WHERE) F(TAUTOLOGY) F(MULTI) F(DYNAMIC) F(ROUTINE) F(FUNC) F(FILE_READ) F(FILE_WRITE) F(LOCAL_FILE) F(OSCMD) F(REMOTE) F(CODE) \
	F(IMPERSONATE) F(LEXMODE) F(SET_GLOBAL) F(VERSION_COMMENT) F(TEMP) F(BULK)
#define DECIDE_SQL_CLASS_NUMBER(name) DECIDE_SQL_CLASS_##name,
#define DECIDE_SQL_FLAG_NUMBER(name) DECIDE_SQL_FLAG_##name,
enum decide_sql_class_number { DECIDE_SQL_CLASS_LIST(DECIDE_SQL_CLASS_NUMBER) DECIDE_SQL_CLASSES };
enum decide_sql_flag_number { DECIDE_SQL_FLAG_LIST(DECIDE_SQL_FLAG_NUMBER) DECIDE_SQL_FLAGS };
#define DECIDE_SQL_CLASS(name) (UINT64_C(1) << DECIDE_SQL_CLASS_##name) /* its bit */
#define DECIDE_SQL_FLAG(name) (UINT64_C(1) << DECIDE_SQL_FLAG_##name)
struct decide_sql_statement {
	uint64_t classes, flags; /* of decide_sql_class and decide_sql_flag; no class at all is UNPARSED */
	const struct span *tables; /* schema.table or table */
	size_t n;
	bool tables_known;
	int64_t rows; /* the estimate; -1 = not known */
};
struct decide_sql_fact { /* the same for all statements of a batch */
	struct span user, role, dialect, program;
	struct span database; /* the current one; empty = nobody knows */
	struct decide_net_addr source;
	int64_t now_us;
	const struct decide_sql_statement *statements;
	size_t n;
};
struct decide_sql_rule {
	int64_t id;
	enum decide_sql_action action;
	struct span user, role, dialect, database, tables, program, from;
	uint64_t classes, flags, without;
	const struct decide_hours *hours; /* NULL = always */
	int64_t statements, rows;         /* 0 = any */
};
struct decide_sql_ask {
	const struct decide_sql_rule *rules;
	size_t n;
	enum decide_sql_action otherwise;
	bool approval;
};
struct decide_sql_verdict {
	enum decide_sql_action action;
	int64_t rule;     /* 0 = the default */
	size_t statement; /* that decided */
};
void decide_sql_judge(const struct decide_sql_ask *ask, const struct decide_sql_fact *f, struct decide_sql_verdict *ret);

const char *decide_sql_action_name(enum decide_sql_action a);
bool decide_sql_action(struct span name, enum decide_sql_action *ret);
uint64_t decide_sql_class(struct span name); /* its bit; 0 = there is none */
uint64_t decide_sql_flag(struct span name);
const char *decide_sql_class_name(size_t bit); /* NULL behind the last */
const char *decide_sql_flag_name(size_t bit);
#endif
