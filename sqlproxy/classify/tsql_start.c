#include "sqlproxy/classify/tsql_read.h"

bool classify_tsql_starter(uint16_t word)
{
	switch (word) {
	case TSQL_ALTER: case TSQL_BACKUP: case TSQL_BEGIN: case TSQL_BREAK: case TSQL_BULK: case TSQL_CHECKPOINT: case TSQL_CLOSE:
	case TSQL_COMMIT: case TSQL_CONTINUE: case TSQL_CREATE: case TSQL_DBCC: case TSQL_DEALLOCATE: case TSQL_DECLARE: case TSQL_DELETE:
	case TSQL_DENY: case TSQL_DROP: case TSQL_DUMP: case TSQL_ELSE: case TSQL_END: case TSQL_EXEC: case TSQL_EXECUTE:
	case TSQL_FETCH: case TSQL_GOTO: case TSQL_GRANT: case TSQL_IF: case TSQL_INSERT: case TSQL_KILL: case TSQL_LINENO: case TSQL_LOAD:
	case TSQL_MERGE: case TSQL_OPEN: case TSQL_PRINT: case TSQL_RAISERROR: case TSQL_READTEXT: case TSQL_RECONFIGURE:
	case TSQL_RESTORE: case TSQL_RETURN: case TSQL_REVERT: case TSQL_REVOKE: case TSQL_ROLLBACK: case TSQL_SAVE: case TSQL_SELECT:
	case TSQL_SET: case TSQL_SETUSER: case TSQL_SHUTDOWN: case TSQL_TRUNCATE: case TSQL_UPDATE: case TSQL_UPDATETEXT: case TSQL_USE:
	case TSQL_WAITFOR: case TSQL_WHILE: case TSQL_WRITETEXT:
		return true;
	default:
		return false;
	}
}

static bool before(const struct tsql *r, uint16_t word)
{
	return classify_tsql_is(&r->before, word);
}

static bool ahead(const struct tsql *r, uint16_t word)
{
	return classify_tsql_is(&r->ahead, word);
}

static bool select_starts(struct tsql *r)
{
	struct tsql_statement *s = &r->s;
	if (before(r, TSQL_UNION) || before(r, TSQL_ALL) || before(r, TSQL_EXCEPT) || before(r, TSQL_INTERSECT))
		return false;
	if (s->kind == TSQL_KIND_INSERT && !s->rows) {
		s->rows = true;
		return false;
	}
	return s->kind != TSQL_KIND_CTE && !(s->kind == TSQL_KIND_CURSOR && before(r, TSQL_FOR)) && !(s->kind == TSQL_KIND_DEFINE && before(r, TSQL_AS));
}

static bool change_starts(const struct tsql *r)
{
	const struct tsql_statement *s = &r->s;
	uint16_t word = r->t.word;
	switch (s->kind) {
	case TSQL_KIND_CTE:
		return false;
	case TSQL_KIND_MERGE:
		return !before(r, TSQL_THEN);
	case TSQL_KIND_DEFINE: /* REFERENCES u ON DELETE CASCADE */
		if (word == TSQL_MERGE)
			return !(s->ranges && ahead(r, TSQL_RANGE));
		return !(s->table && before(r, TSQL_ON) && (word == TSQL_DELETE || word == TSQL_UPDATE));
	case TSQL_KIND_TEST: /* IF UPDATE(c) */
		return !(word == TSQL_UPDATE && classify_tsql_sign(&r->ahead, '('));
	case TSQL_KIND_CURSOR:
		return !(word == TSQL_UPDATE && before(r, TSQL_FOR));
	default: /* a MERGE JOIN */
		return !(word == TSQL_MERGE && ahead(r, TSQL_JOIN));
	}
}

/* What ALTER x never says of a part of x. */
static bool is_whole(const struct tsql *r)
{
	static const uint16_t words[] = { TSQL_TABLE, TSQL_DATABASE, TSQL_VIEW, TSQL_PROC, TSQL_PROCEDURE, TSQL_FUNCTION, TSQL_TRIGGER, TSQL_SCHEMA, TSQL_USER,
		TSQL_LOGIN, TSQL_QUOTED_IDENTIFIER, TSQL_ANSI_DEFAULTS };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (ahead(r, words[i]))
			return true;
	}
	return false;
}

static bool set_starts(struct tsql *r)
{
	struct tsql_statement *s = &r->s;
	if (s->kind == TSQL_KIND_MERGE && before(r, TSQL_UPDATE))
		return false;
	if (s->kind == TSQL_KIND_DEFINE && (before(r, TSQL_DELETE) || before(r, TSQL_UPDATE))) /* ON DELETE SET NULL */
		return false;
	if ((s->kind == TSQL_KIND_UPDATE || (s->fresh && !is_whole(r))) && !s->rows) {
		s->rows = true;
		return false;
	}
	return true;
}

bool classify_tsql_starts(struct tsql *r)
{
	struct tsql_statement *s = &r->s;
	switch (r->t.word) {
	case TSQL_SELECT:
		return select_starts(r);
	case TSQL_INSERT:
	case TSQL_UPDATE:
	case TSQL_DELETE:
	case TSQL_MERGE:
		return change_starts(r);
	case TSQL_SET:
		return set_starts(r);
	case TSQL_IF: /* DROP COLUMN IF EXISTS */
		return !(s->kind == TSQL_KIND_DEFINE && ahead(r, TSQL_EXISTS) && (before(r, TSQL_DROP) || before(r, TSQL_COLUMN) || before(r, TSQL_CONSTRAINT)));
	case TSQL_END:
	case TSQL_ELSE:
		return s->frame[0].cases == 0;
	case TSQL_EXEC:
	case TSQL_EXECUTE:
		return !(s->kind == TSQL_KIND_INSERT && !s->rows);
	case TSQL_FETCH: /* OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY */
		return !((before(r, TSQL_ROW) || before(r, TSQL_ROWS)) &&
			(s->kind == TSQL_KIND_SELECT || s->kind == TSQL_KIND_INSERT || s->kind == TSQL_KIND_CURSOR));
	case TSQL_ROLLBACK: /* ALTER DATABASE ... WITH ROLLBACK IMMEDIATE */
	case TSQL_GRANT:
		return !before(r, TSQL_WITH);
	case TSQL_ALTER:
	case TSQL_DROP: /* ALTER TABLE t DROP COLUMN c */
		return !s->fresh || is_whole(r);
	case TSQL_BULK:
		return ahead(r, TSQL_INSERT);
	default:
		return classify_tsql_starter(r->t.word);
	}
}
