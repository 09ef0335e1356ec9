#include "sqlproxy/classify/mysql_read.h"

static bool is_text(const struct classify_token *t, const char *word)
{
	return t->kind == CLASSIFY_TOKEN_WORD && classify_mysql_text_is(t->text, word);
}

/* ---- SHOW, DESCRIBE, EXPLAIN ---- */

static void show(struct classify_mysql_reader *r)
{
	bool made = false;

	CLASSIFY_CLASS(r, SHOW);
	classify_mysql_next(r);
	(void)classify_mysql_take(r, W_EXTENDED);
	while (is_text(&r->t, "FULL") || classify_mysql_is(r, W_GLOBAL) || classify_mysql_is(r, W_SESSION))
		classify_mysql_next(r);
	if (classify_mysql_take(r, W_CREATE)) {
		made = classify_mysql_is(r, W_TABLE) || classify_mysql_is(r, W_VIEW) || classify_mysql_is(r, W_SEQUENCE);
	} else if (classify_mysql_is(r, W_COLUMNS) || classify_mysql_is(r, W_FIELDS) || classify_mysql_is(r, W_INDEX) || classify_mysql_is(r, W_INDEXES) ||
		   classify_mysql_is(r, W_KEYS)) {
		classify_mysql_next(r);
		made = classify_mysql_is(r, W_FROM) || classify_mysql_is(r, W_IN);
	}
	if (made) {
		classify_mysql_next(r);
		classify_mysql_table(r);
	} else if (!classify_mysql_ends(r)) {
		classify_mysql_next(r); /* TABLE STATUS, MASTER STATUS, FUNCTION STATUS, ... */
	}
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .no_refs = true });
}

void classify_mysql_explain(struct classify_mysql_reader *r, bool runs)
{
	struct classify_statement *s = &r->b->statement[r->b->n - 1];
	uint64_t classes = s->classes | DECIDE_SQL_CLASS(EXPLAIN), flags = s->flags;

	if (runs) {
		CLASSIFY_CLASS(r, EXPLAIN);
		classify_mysql_statement(r);
		return;
	}
	s->classes = s->flags = 0;
	classify_mysql_statement(r);
	/* What is looked up while it is planned stays: functions, files; what it would change does not. */
	s->classes = classes | (s->classes & (DECIDE_SQL_CLASS(UNPARSED) | DECIDE_SQL_CLASS(SELECT)));
	s->flags = flags | (s->flags & ~(DECIDE_SQL_FLAG(NO_WHERE) | DECIDE_SQL_FLAG(TAUTOLOGY)));
}

static bool explained(const struct classify_mysql_reader *r)
{
	if (r->t.kind == CLASSIFY_TOKEN_SIGN)
		return r->t.sign == '(';
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_SELECT: case W_INSERT: case W_REPLACE: case W_UPDATE: case W_DELETE: case W_WITH: case W_TABLE: case W_VALUES: case W_SET:
		return true;
	default:
		return false;
	}
}

/* EXPLAIN, DESCRIBE, DESC; MariaDB's ANALYZE, which runs what it tells of. */
static void explain(struct classify_mysql_reader *r, bool runs)
{
	classify_mysql_next(r);
	for (bool more = true; more;) {
		struct classify_token next = classify_mysql_peek(r);
		more = false;
		if (classify_mysql_is(r, W_ANALYZE)) {
			runs = true;
			more = true;
		} else if (classify_mysql_is(r, W_FORMAT) && next.sign == '=') {
			classify_mysql_next(r);
			classify_mysql_next(r);
			more = true;
		} else if (classify_mysql_is(r, W_INTO)) { /* a variable */
			classify_mysql_next(r);
			more = true;
		} else {
			more = (classify_mysql_is(r, W_EXTENDED) || classify_mysql_is(r, W_PARTITIONS)) &&
			       (next.kind == CLASSIFY_TOKEN_WORD || next.sign == '(');
		}
		if (more)
			classify_mysql_next(r);
	}
	if (classify_mysql_is(r, W_FOR)) { /* CONNECTION n; SCHEMA s SELECT ... */
		CLASSIFY_CLASS(r, EXPLAIN);
		while (!classify_mysql_ends(r) && !explained(r))
			classify_mysql_next(r);
	}
	if (explained(r)) {
		classify_mysql_explain(r, runs);
		return;
	}
	if (classify_mysql_ends(r))
		return;
	CLASSIFY_CLASS(r, SHOW);
	if (!classify_mysql_named(&r->t) && !classify_mysql_at(r, '.'))
		classify_mysql_unparsed(r);
	classify_mysql_table(r);
	classify_mysql_skip(r);
}

/* ---- what servers do to tables ---- */

static void maintain(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, ADMIN);
	while (!classify_mysql_ends(r) && !classify_mysql_is(r, W_TABLE) && !classify_mysql_is(r, W_TABLES) && !classify_mysql_is(r, W_VIEW))
		classify_mysql_next(r);
	classify_mysql_next(r);
	classify_mysql_tables(r);
	classify_mysql_skip(r);
}

static void lock(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, LOCK);
	bool unlock = classify_mysql_is(r, W_UNLOCK);
	classify_mysql_next(r);
	if (classify_mysql_is(r, W_INSTANCE))
		CLASSIFY_CLASS(r, ADMIN);
	else if (!classify_mysql_is(r, W_TABLE) && !classify_mysql_is(r, W_TABLES))
		classify_mysql_unparsed(r);
	classify_mysql_next(r);
	while (!unlock && !classify_mysql_ends(r)) { /* t [AS a] READ|WRITE, ... */
		classify_mysql_table(r);
		while (!classify_mysql_ends(r) && !classify_mysql_at(r, ','))
			classify_mysql_next(r);
		if (classify_mysql_at(r, ','))
			classify_mysql_next(r);
	}
}

static void flush(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, ADMIN);
	for (; !classify_mysql_ends(r); classify_mysql_next(r)) {
		if (!classify_mysql_is(r, W_TABLE) && !classify_mysql_is(r, W_TABLES))
			continue;
		struct classify_token next = classify_mysql_peek(r);
		if (next.word == W_WITH || next.word == W_FOR)
			CLASSIFY_CLASS(r, LOCK);
		else if (classify_mysql_named(&next)) {
			classify_mysql_next(r);
			classify_mysql_tables(r);
			if (classify_mysql_is(r, W_WITH) || classify_mysql_is(r, W_FOR))
				CLASSIFY_CLASS(r, LOCK);
			break;
		}
	}
	classify_mysql_skip(r);
}

/* GRANT a (c) ON [TABLE] db.t TO u; REVOKE */
static void grant(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, GRANT);
	classify_mysql_next(r);
	if (classify_mysql_is(r, W_PROXY))
		CLASSIFY_FLAG(r, IMPERSONATE);
	while (!classify_mysql_ends(r) && !classify_mysql_is(r, W_ON))
		classify_mysql_next(r);
	if (classify_mysql_take(r, W_ON)) {
		(void)classify_mysql_take(r, W_TABLE);
		if (!classify_mysql_is(r, W_FUNCTION) && !classify_mysql_is(r, W_PROCEDURE) && !classify_mysql_is(r, W_PACKAGE))
			classify_mysql_table(r);
	}
	classify_mysql_skip(r);
}

/* ---- one word decides ---- */

/* START, STOP, RESET, CHANGE: of replication, or of the server. */
static bool replication(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	switch (r->t.word) {
	case W_START:
	case W_STOP:
		if (next.word != W_ALL && next.word != W_SLAVE && next.word != W_SLAVES && next.word != W_REPLICA && next.word != W_REPLICAS &&
			next.word != W_GROUP_REPLICATION)
			return false;
		CLASSIFY_CLASS(r, REPL);
		break;
	case W_CHANGE:
		CLASSIFY_CLASS(r, REPL);
		CLASSIFY_FLAG(r, REMOTE);
		break;
	case W_RESET:
		if (next.word == W_QUERY || next.word == W_PERSIST) {
			CLASSIFY_CLASS(r, ADMIN);
			if (next.word == W_PERSIST)
				CLASSIFY_FLAG(r, SET_GLOBAL);
		} else {
			CLASSIFY_CLASS(r, REPL);
		}
		break;
	case W_PURGE:
		CLASSIFY_CLASS(r, REPL);
		break;
	case W_BINLOG: /* events of a log: they change what they like */
		CLASSIFY_CLASS(r, REPL);
		CLASSIFY_FLAG(r, DYNAMIC);
		classify_batch_unknown_tables(r->b);
		classify_mysql_lose_mode(r);
		break;
	default:
		return false;
	}
	classify_mysql_skip(r);
	return true;
}

static bool server(struct classify_mysql_reader *r)
{
	switch (r->t.word) {
	case W_KILL:
		CLASSIFY_CLASS(r, ADMIN);
		CLASSIFY_CLASS(r, KILL);
		classify_mysql_scan(r, &(struct classify_mysql_scan){ 0 });
		return true;
	case W_SHUTDOWN:
	case W_RESTART:
	case W_BACKUP:
		CLASSIFY_CLASS(r, ADMIN);
		break;
	case W_CACHE:
		maintain(r);
		return true;
	case W_INSTALL:
	case W_UNINSTALL:
		CLASSIFY_CLASS(r, ADMIN);
		CLASSIFY_FLAG(r, CODE);
		break;
	case W_CLONE:
		CLASSIFY_CLASS(r, ADMIN);
		CLASSIFY_FLAG(r, FILE_WRITE);
		if (classify_mysql_peek(r).word == W_INSTANCE)
			CLASSIFY_FLAG(r, REMOTE);
		break;
	case W_IMPORT: /* TABLE FROM 'file' */
		CLASSIFY_CLASS(r, CREATE);
		CLASSIFY_FLAG(r, FILE_READ);
		break;
	case W_HELP:
		CLASSIFY_CLASS(r, SHOW);
		break;
	default:
		return false;
	}
	classify_mysql_skip(r);
	return true;
}

/* ANALYZE TABLE t, and MariaDB's ANALYZE SELECT ... */
static bool analyzes_table(const struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	return next.word == W_TABLE || next.word == W_TABLES || next.word == W_LOCAL || next.word == W_NO_WRITE_TO_BINLOG;
}

bool classify_mysql_admin(struct classify_mysql_reader *r)
{
	switch (r->t.word) {
	case W_SHOW:
		show(r);
		return true;
	case W_EXPLAIN:
	case W_DESCRIBE:
	case W_DESC:
		explain(r, false);
		return true;
	case W_ANALYZE:
		if (analyzes_table(r))
			maintain(r);
		else
			explain(r, true);
		return true;
	case W_CHECK:
	case W_CHECKSUM:
	case W_OPTIMIZE:
	case W_REPAIR:
		maintain(r);
		return true;
	case W_LOCK:
	case W_UNLOCK:
		lock(r);
		return true;
	case W_FLUSH:
		flush(r);
		return true;
	case W_GRANT:
	case W_REVOKE:
		grant(r);
		return true;
	case W_USE:
		CLASSIFY_CLASS(r, USE);
		classify_mysql_skip(r);
		return true;
	case W_SIGNAL:
	case W_RESIGNAL:
	case W_GET: /* DIAGNOSTICS */
		CLASSIFY_CLASS(r, CONTROL);
		classify_mysql_scan(r, &(struct classify_mysql_scan){ 0 });
		return true;
	default:
		return replication(r) || server(r);
	}
}
