#include "sqlproxy/classify/mysql_read.h"

/* IF [NOT] EXISTS */
static void if_exists(struct classify_mysql_reader *r)
{
	if (!classify_mysql_take(r, W_IF))
		return;
	(void)classify_mysql_take(r, W_NOT);
	(void)classify_mysql_take(r, W_EXISTS);
}

/* Options of tables, users, tablespaces, servers that reach beyond the database. */
static void option(struct classify_mysql_reader *r)
{
	static const char *const remote[] = { "FEDERATED", "SPIDER", "CONNECT", "S3" };
	struct span text = r->t.text;

	if (r->last.word == W_ENGINE || (r->last.kind == CLASSIFY_TOKEN_SIGN && r->last.sign == '=')) {
		if (r->t.kind != CLASSIFY_TOKEN_WORD && text.n > 2)
			text = span_of(text.p + 1, text.n - 2);
		for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
			if (classify_mysql_text_is(text, remote[i]))
				CLASSIFY_FLAG(r, REMOTE);
		if (classify_mysql_text_is(text, "CONNECT")) {
			CLASSIFY_FLAG(r, FILE_READ);
			CLASSIFY_FLAG(r, FILE_WRITE);
		}
	}
	if (r->last.word == W_DATA || r->last.word == W_INDEX) {
		if (classify_mysql_is(r, W_DIRECTORY))
			CLASSIFY_FLAG(r, FILE_WRITE);
	}
	if (classify_mysql_is(r, W_DATAFILE))
		CLASSIFY_FLAG(r, FILE_WRITE);
	else if (classify_mysql_is(r, W_REFERENCES)) {
		classify_mysql_next(r);
		classify_mysql_table(r);
	}
}

/* Over definitions and options, to the end; false: stopped at a query. */
static void definitions(struct classify_mysql_reader *r)
{
	size_t depth = 0;

	while (!classify_mysql_ends(r)) {
		if (classify_mysql_at(r, '('))
			depth++;
		else if (classify_mysql_at(r, ')'))
			depth = depth > 0 ? depth - 1 : 0;
		bool query = classify_mysql_is(r, W_SELECT) || classify_mysql_is(r, W_WITH) || classify_mysql_is(r, W_TABLE) || classify_mysql_is(r, W_VALUES);
		struct classify_token next = { 0 };
		if (classify_mysql_is(r, W_WITH) || classify_mysql_is(r, W_VALUES))
			next = classify_mysql_peek(r);
		if (classify_mysql_is(r, W_WITH)) /* CREATE TABLE ... WITH SYSTEM VERSIONING; a PARSER of an index */
			query = !classify_mysql_text_is(next.text, "SYSTEM") && !classify_mysql_text_is(next.text, "PARSER");
		if (classify_mysql_is(r, W_VALUES)) /* of a partition: VALUES LESS THAN, VALUES IN */
			query = next.word == W_ROW || (next.sign == '(' && depth == 0);
		if (query) {
			classify_mysql_scan(r, &(struct classify_mysql_scan){ .columns = false, .paren = true });
			continue;
		}
		size_t at = r->lex.at;
		option(r);
		if (r->lex.at == at)
			classify_mysql_next(r);
	}
}

/* ---- CREATE ---- */

struct create {
	bool replace, temporary;
};

static void create_table(struct classify_mysql_reader *r, const struct create *c)
{
	if (c->replace)
		CLASSIFY_CLASS(r, DROP);
	if (c->temporary)
		CLASSIFY_FLAG(r, TEMP);
	classify_mysql_next(r);
	if_exists(r);
	classify_mysql_table(r);
	if (classify_mysql_at(r, '(') && classify_mysql_peek(r).word == W_LIKE)
		classify_mysql_next(r);
	if (classify_mysql_take(r, W_LIKE))
		classify_mysql_table(r);
	definitions(r);
}

static void create_index(struct classify_mysql_reader *r)
{
	while (!classify_mysql_ends(r) && !classify_mysql_take(r, W_ON))
		classify_mysql_next(r);
	classify_mysql_table(r);
	definitions(r);
}

static void view(struct classify_mysql_reader *r)
{
	classify_mysql_next(r);
	if_exists(r);
	classify_mysql_table(r);
	if (classify_mysql_at(r, '('))
		classify_mysql_skip_parens(r);
	(void)classify_mysql_take(r, W_AS);
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .columns = true });
}

/* The body of a routine begins here: a statement, or a label. */
static bool is_body(const struct classify_mysql_reader *r)
{
	struct classify_token next;

	if (r->t.kind == CLASSIFY_TOKEN_NAME || (r->t.kind == CLASSIFY_TOKEN_WORD && classify_mysql_named(&r->t) && r->t.word != W_BEGIN)) {
		next = classify_mysql_peek(r);
		if (next.kind == CLASSIFY_TOKEN_SIGN && next.sign == ':')
			return true;
	}
	if (r->t.kind != CLASSIFY_TOKEN_WORD)
		return r->t.kind == CLASSIFY_TOKEN_SIGN && r->t.sign == '(' && r->last.kind == CLASSIFY_TOKEN_WORD &&
		       (classify_mysql_peek(r).word == W_SELECT);
	switch (r->t.word) {
	case W_SET:
		next = classify_mysql_peek(r);
		return r->last.word != W_CHARACTER && r->last.word != W_CHAR && next.sign != '(';
	case W_BEGIN: case W_SELECT: case W_INSERT: case W_UPDATE: case W_DELETE: case W_REPLACE: case W_CALL: case W_DO: case W_IF: case W_CASE: case W_LOOP:
	case W_REPEAT: case W_WHILE: case W_FOR: case W_RETURN: case W_WITH: case W_TRUNCATE: case W_CREATE: case W_ALTER: case W_DROP: case W_PREPARE:
	case W_EXECUTE: case W_DEALLOCATE: case W_GRANT: case W_REVOKE: case W_SIGNAL: case W_RESIGNAL: case W_GET: case W_COMMIT: case W_ROLLBACK:
	case W_START: case W_SAVEPOINT: case W_RELEASE: case W_LOCK: case W_UNLOCK: case W_FLUSH: case W_KILL: case W_LOAD: case W_RENAME: case W_SHOW:
	case W_ANALYZE: case W_OPTIMIZE: case W_REPAIR: case W_HANDLER: case W_TABLE: case W_VALUES: case W_XA: case W_PURGE: case W_RESET: case W_STOP:
	case W_CHANGE: case W_INSTALL: case W_UNINSTALL: case W_EXPLAIN: case W_DESCRIBE: case W_DESC: case W_USE: case W_BINLOG: case W_CHECKSUM:
	case W_CHECK: case W_CACHE: case W_SHUTDOWN: case W_HELP: case W_BACKUP: case W_CLONE: case W_RESTART: case W_IMPORT:
		return true;
	default:
		return false;
	}
}

static void body(struct classify_mysql_reader *r, bool oracle)
{
	struct classify_mode before = r->b->after;

	classify_mysql_block(r, oracle);
	r->b->after = before; /* nothing ran */
}

/* name (parameters) [RETURNS type] what it is like; then the body. */
static void routine(struct classify_mysql_reader *r)
{
	unsigned parts;
	bool star, oracle = false;

	classify_mysql_next(r);
	if_exists(r);
	if (classify_mysql_named(&r->t))
		(void)classify_mysql_name(r, &parts, &star);
	classify_batch_name(r->b);
	if (classify_mysql_at(r, '('))
		classify_mysql_skip_parens(r);
	while (!classify_mysql_ends(r) && !is_body(r)) {
		bool as = classify_mysql_is(r, W_AS) || classify_mysql_is(r, W_IS);
		if (classify_mysql_is(r, W_SONAME) || classify_mysql_text_is(r->t.text, "JAVASCRIPT"))
			CLASSIFY_FLAG(r, CODE);
		classify_mysql_next(r);
		if (as && r->t.kind == CLASSIFY_TOKEN_STRING) { /* another language */
			CLASSIFY_FLAG(r, CODE);
			classify_mysql_skip(r);
		} else if (as) {
			oracle = r->lex.set & CLASSIFY_ORACLE;
			if (!oracle)
				classify_mysql_unparsed(r);
			break;
		}
		if (classify_mysql_at(r, '(') && r->last.word != W_RETURN)
			classify_mysql_skip_parens(r);
	}
	if (!classify_mysql_ends(r))
		body(r, oracle);
}

static void trigger(struct classify_mysql_reader *r)
{
	while (!classify_mysql_ends(r) && !classify_mysql_take(r, W_ON))
		classify_mysql_next(r);
	classify_mysql_table(r);
	while (!classify_mysql_ends(r) && !classify_mysql_take(r, W_ROW))
		classify_mysql_next(r);
	if (classify_mysql_take(r, W_FOLLOWS) || classify_mysql_take(r, W_PRECEDES))
		classify_mysql_next(r);
	if (classify_mysql_ends(r))
		classify_mysql_unparsed(r);
	else
		body(r, false);
}

static void event(struct classify_mysql_reader *r, bool needs_body)
{
	classify_mysql_next(r);
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .stop = { W_DO }, .no_refs = true });
	if (classify_mysql_take(r, W_DO))
		body(r, false);
	else if (needs_body)
		classify_mysql_unparsed(r);
}

static bool stored(struct classify_mysql_reader *r, bool create)
{
	switch (r->t.word) {
	case W_PROCEDURE:
	case W_FUNCTION:
		CLASSIFY_FLAG(r, ROUTINE);
		if (create)
			routine(r);
		else
			classify_mysql_skip(r);
		return true;
	case W_PACKAGE:
		CLASSIFY_FLAG(r, ROUTINE);
		if (create) /* several bodies: what they do is not looked at, and where they end is not known */
			classify_mysql_unparsed(r);
		classify_mysql_skip(r);
		return true;
	case W_TRIGGER:
		CLASSIFY_FLAG(r, ROUTINE);
		trigger(r);
		return true;
	case W_EVENT:
		CLASSIFY_FLAG(r, ROUTINE);
		event(r, create);
		return true;
	default:
		return false;
	}
}

/* USER, ROLE, SERVER, DATABASE, ...: the same for CREATE, ALTER and DROP.  False: something else. */
static bool other(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	switch (r->t.word) {
	case W_USER:
	case W_ROLE:
		CLASSIFY_CLASS(r, GRANT);
		break;
	case W_SERVER:
		CLASSIFY_FLAG(r, REMOTE);
		break;
	case W_DATABASE:
	case W_SCHEMA:
	case W_UNDO:
	case W_LOGFILE:
	case W_TABLESPACE:
		break;
	case W_SEQUENCE:
		classify_mysql_next(r);
		if_exists(r);
		classify_mysql_tables(r);
		break;
	case W_SPATIAL: /* REFERENCE SYSTEM */
		if (next.word != W_REFERENCE)
			return false;
		break;
	case W_RESOURCE:
	case W_INSTANCE:
		CLASSIFY_CLASS(r, ADMIN);
		break;
	case W_LIBRARY:
		CLASSIFY_FLAG(r, CODE);
		break;
	default:
		return false;
	}
	definitions(r);
	return true;
}

/* ALGORITHM = m, DEFINER = u@h, SQL SECURITY s, AGGREGATE, ... in front of what is made */
static void prefixes(struct classify_mysql_reader *r, struct create *c)
{
	for (;;) {
		if (classify_mysql_take(r, W_OR)) {
			c->replace = classify_mysql_take(r, W_REPLACE) || c->replace;
		} else if (classify_mysql_take(r, W_TEMPORARY)) {
			c->temporary = true;
		} else if (classify_mysql_is(r, W_ALGORITHM) || classify_mysql_is(r, W_DEFINER)) {
			classify_mysql_next(r);
			if (classify_mysql_at(r, '='))
				classify_mysql_next(r);
			classify_mysql_next(r); /* root, 'root', CURRENT_USER */
			if (r->t.kind == CLASSIFY_TOKEN_VARIABLE)
				classify_mysql_next(r);
			if (classify_mysql_at(r, '('))
				classify_mysql_skip_parens(r);
		} else if (classify_mysql_take(r, W_SQL)) {
			(void)classify_mysql_take(r, W_SECURITY);
			classify_mysql_next(r);
		} else if (!classify_mysql_take(r, W_AGGREGATE) && !classify_mysql_take(r, W_ONLINE) && !classify_mysql_take(r, W_IGNORE)) {
			return;
		}
	}
}

static void create(struct classify_mysql_reader *r)
{
	struct create c = { 0 };

	CLASSIFY_CLASS(r, CREATE);
	classify_mysql_next(r);
	prefixes(r, &c);
	if (c.replace && !classify_mysql_is(r, W_TABLE)) {
		if (classify_mysql_is(r, W_VIEW))
			CLASSIFY_CLASS(r, ALTER);
		else
			CLASSIFY_CLASS(r, DROP);
	}
	if (r->t.kind == CLASSIFY_TOKEN_WORD && r->t.word != W_NO_WORD && (stored(r, true) || other(r)))
		return;
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_TABLE:
		create_table(r, &c);
		break;
	case W_VIEW:
		view(r);
		break;
	case W_INDEX:
	case W_UNIQUE:
	case W_FULLTEXT:
	case W_SPATIAL:
		create_index(r);
		break;
	default:
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
	}
}

/* ---- ALTER ---- */

static void partition_change(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	if (classify_mysql_is(r, W_DROP) && next.word == W_PARTITION)
		CLASSIFY_CLASS(r, DROP);
	else if (classify_mysql_is(r, W_TRUNCATE) && next.word == W_PARTITION)
		CLASSIFY_CLASS(r, TRUNCATE);
	else if (classify_mysql_is(r, W_DISCARD))
		CLASSIFY_CLASS(r, DROP);
}

/* RENAME [TO|AS|=] t, but not of a column, an index, a key, a constraint */
static bool renames(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	if (!classify_mysql_is(r, W_RENAME) || next.word == W_COLUMN || next.word == W_INDEX || next.word == W_KEY)
		return false;
	CLASSIFY_CLASS(r, RENAME);
	classify_mysql_next(r);
	if (classify_mysql_is(r, W_TO) || classify_mysql_is(r, W_AS) || classify_mysql_at(r, '='))
		classify_mysql_next(r);
	classify_mysql_table(r);
	return true;
}

static void alter_table(struct classify_mysql_reader *r)
{
	classify_mysql_next(r);
	if_exists(r);
	classify_mysql_table(r);
	for (size_t depth = 0; !classify_mysql_ends(r);) {
		if (classify_mysql_at(r, '('))
			depth++;
		else if (classify_mysql_at(r, ')'))
			depth = depth > 0 ? depth - 1 : 0;
		if (depth == 0) {
			partition_change(r);
			if (renames(r))
				continue;
		}
		if (classify_mysql_is(r, W_WITH) && classify_mysql_peek(r).word == W_TABLE) { /* EXCHANGE PARTITION p WITH TABLE t */
			classify_mysql_next(r);
			classify_mysql_next(r);
			classify_mysql_table(r);
			continue;
		}
		if (classify_mysql_is(r, W_SELECT))
			CLASSIFY_CLASS(r, SELECT);
		size_t at = r->lex.at;
		option(r);
		if (r->lex.at == at)
			classify_mysql_next(r);
	}
}

static void alter(struct classify_mysql_reader *r)
{
	struct create c = { 0 };

	CLASSIFY_CLASS(r, ALTER);
	classify_mysql_next(r);
	prefixes(r, &c);
	if (classify_mysql_is(r, W_TABLE))
		alter_table(r);
	else if (classify_mysql_is(r, W_VIEW))
		view(r);
	else if (r->t.kind != CLASSIFY_TOKEN_WORD || r->t.word == W_NO_WORD || (!stored(r, false) && !other(r))) {
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
	}
}

/* ---- DROP, RENAME, TRUNCATE ---- */

static void drop(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, DROP);
	classify_mysql_next(r);
	if (classify_mysql_take(r, W_TEMPORARY))
		CLASSIFY_FLAG(r, TEMP);
	if (classify_mysql_is(r, W_TABLE) || classify_mysql_is(r, W_TABLES) || classify_mysql_is(r, W_VIEW)) {
		classify_mysql_next(r);
		if_exists(r);
		classify_mysql_tables(r);
	} else if (classify_mysql_is(r, W_INDEX)) {
		while (!classify_mysql_ends(r) && !classify_mysql_take(r, W_ON))
			classify_mysql_next(r);
		classify_mysql_table(r);
	} else if (classify_mysql_is(r, W_FUNCTION) || classify_mysql_is(r, W_PROCEDURE) || classify_mysql_is(r, W_TRIGGER) || classify_mysql_is(r, W_EVENT) ||
		   classify_mysql_is(r, W_PACKAGE)) {
		classify_mysql_skip(r);
	} else if (r->t.kind != CLASSIFY_TOKEN_WORD || !other(r)) {
		classify_mysql_unparsed(r);
	}
	classify_mysql_skip(r);
}

static void rename_it(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, RENAME);
	classify_mysql_next(r);
	if (classify_mysql_is(r, W_USER)) {
		CLASSIFY_CLASS(r, GRANT);
		classify_mysql_skip(r);
		return;
	}
	if (!classify_mysql_is(r, W_TABLE) && !classify_mysql_is(r, W_TABLES))
		classify_mysql_unparsed(r);
	classify_mysql_next(r);
	if_exists(r);
	while (!classify_mysql_ends(r)) {
		if (classify_mysql_named(&r->t) && !classify_mysql_is(r, W_NOWAIT))
			classify_mysql_table(r);
		else
			classify_mysql_next(r);
	}
}

static void truncate(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, TRUNCATE);
	classify_mysql_next(r);
	(void)classify_mysql_take(r, W_TABLE);
	classify_mysql_table(r);
	classify_mysql_skip(r);
}

bool classify_mysql_ddl(struct classify_mysql_reader *r)
{
	switch (r->t.word) {
	case W_CREATE:
		create(r);
		return true;
	case W_ALTER:
		alter(r);
		return true;
	case W_DROP:
		drop(r);
		return true;
	case W_RENAME:
		rename_it(r);
		return true;
	case W_TRUNCATE:
		truncate(r);
		return true;
	default:
		return false;
	}
}
