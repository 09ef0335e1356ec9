#include "sqlproxy/classify/tsql_read.h"

static void simple(struct tsql *r, uint64_t classes, uint64_t flags)
{
	classify_tsql_open(r, TSQL_KIND_OTHER, classes);
	classify_tsql_add(r, 0, flags);
	if (classes & ~(CLASS(CONTROL) | CLASS(TCL) | CLASS(USE) | CLASS(KILL))) { /* of tables, queues or files that are not told here */
		classify_batch_unknown_tables(r->batch);
		r->sum->changes++;
	}
	classify_tsql_next(r);
	classify_tsql_body(r);
}

static void value(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_VALUE, CLASS(CONTROL));
	classify_tsql_next(r);
	classify_tsql_body(r);
}

/* Words around statements: of the next one, or of the last one where none comes. */
static void around(struct tsql *r, bool before)
{
	if (!before && r->open) {
		classify_tsql_add(r, CLASS(CONTROL), 0);
	} else if (!r->control) {
		r->control = true;
		r->at = (size_t)(r->t.text.p - r->base);
	}
	classify_tsql_next(r);
}

static void begin(struct tsql *r)
{
	const struct classify_token *t = &r->ahead;
	if (classify_tsql_is(t, TSQL_TRAN) || classify_tsql_is(t, TSQL_TRANSACTION)) {
		classify_tsql_open(r, TSQL_KIND_OTHER, CLASS(TCL));
		classify_tsql_next(r);
		classify_tsql_next(r);
		classify_tsql_body(r);
	} else if (classify_tsql_is(t, TSQL_DISTRIBUTED)) {
		simple(r, CLASS(TCL), FLAG(REMOTE));
	} else if (classify_tsql_is(t, TSQL_DIALOG) || classify_tsql_is(t, TSQL_CONVERSATION)) {
		simple(r, CLASS(CONTROL) | CLASS(INSERT), 0);
	} else {
		bool atomic = classify_tsql_is(t, TSQL_ATOMIC);
		around(r, true);
		r->blocks++;
		if (!classify_tsql_accept(r, TSQL_TRY))
			classify_tsql_accept(r, TSQL_CATCH);
		if (atomic && classify_tsql_accept(r, TSQL_ATOMIC) && classify_tsql_is(&r->t, TSQL_WITH))
			simple(r, CLASS(CONTROL), 0);
	}
}

static void end(struct tsql *r)
{
	if (classify_tsql_is(&r->ahead, TSQL_CONVERSATION)) {
		simple(r, CLASS(CONTROL), 0);
		return;
	}
	around(r, false);
	if (r->open)
		r->bare = r->control = false;
	if (r->blocks == 0)
		classify_tsql_unparsed(r);
	r->blocks -= r->blocks > 0;
	if (!classify_tsql_accept(r, TSQL_TRY))
		classify_tsql_accept(r, TSQL_CATCH);
}

static void test(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_TEST, CLASS(CONTROL));
	classify_tsql_next(r);
	classify_tsql_body(r);
	classify_tsql_end(r);
	r->bare = true;
}

/* From here on "a" is read the other way, the token ahead as well. */
static void follow(struct tsql *r, bool on)
{
	r->lex.quoted_identifier = on;
	if ((r->ahead.kind == CLASSIFY_TOKEN_NAME || r->ahead.kind == CLASSIFY_TOKEN_STRING) && r->ahead.text.p[0] == '"')
		r->ahead.kind = on ? CLASSIFY_TOKEN_NAME : CLASSIFY_TOKEN_STRING;
}

/* SET options: of a batch the last one of QUOTED_IDENTIFIER counts. */
static void set(struct tsql *r)
{
	bool quotes = false;
	classify_tsql_open(r, TSQL_KIND_VALUE, CLASS(SET));
	classify_tsql_next(r);
	if (r->t.kind == CLASSIFY_TOKEN_VARIABLE)
		r->s.kind = TSQL_KIND_CURSOR;
	if (classify_tsql_accept(r, TSQL_IDENTITY_INSERT)) {
		classify_tsql_target(r);
	} else if (r->t.kind == CLASSIFY_TOKEN_WORD) {
		r->s.kind = TSQL_KIND_OTHER;
	}
	for (;;) {
		bool option = classify_tsql_is(&r->t, TSQL_QUOTED_IDENTIFIER) || classify_tsql_is(&r->t, TSQL_ANSI_DEFAULTS);
		bool on = classify_tsql_is(&r->t, TSQL_ON), off = classify_tsql_is(&r->t, TSQL_OFF);
		if (option)
			classify_tsql_add(r, 0, FLAG(LEXMODE));
		quotes |= option;
		if (quotes) {
			r->lexmode = on ? TSQL_LEXMODE_ON : off ? TSQL_LEXMODE_OFF : TSQL_LEXMODE_UNKNOWN;
			if (r->follow && (on || off))
				follow(r, on);
			if (on || off)
				quotes = false;
		}
		if (!classify_tsql_step(r))
			return;
	}
}

static void declare(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_CURSOR, CLASS(DECLARE));
	classify_tsql_next(r);
	classify_tsql_body(r);
}

static void update(struct tsql *r)
{
	if (classify_tsql_is(&r->ahead, TSQL_STATISTICS)) {
		classify_tsql_open(r, TSQL_KIND_OTHER, CLASS(ADMIN));
		classify_tsql_next(r);
		classify_tsql_next(r);
		classify_tsql_target(r);
		classify_tsql_body(r);
	} else {
		classify_tsql_change(r);
	}
}

static void word(struct tsql *r)
{
	switch (r->t.word) {
	case TSQL_SELECT: classify_tsql_select(r); break;
	case TSQL_INSERT: case TSQL_DELETE: case TSQL_MERGE: classify_tsql_change(r); break;
	case TSQL_UPDATE: update(r); break;
	case TSQL_WITH: classify_tsql_cte(r); break;
	case TSQL_TRUNCATE: classify_tsql_truncate(r); break;
	case TSQL_READTEXT: case TSQL_WRITETEXT: case TSQL_UPDATETEXT: classify_tsql_texts(r); break;
	case TSQL_BULK: classify_tsql_bulk(r); break;
	case TSQL_CREATE: classify_tsql_create(r); break;
	case TSQL_ALTER: classify_tsql_alter(r); break;
	case TSQL_DROP: classify_tsql_drop(r); break;
	case TSQL_GRANT: case TSQL_DENY: case TSQL_REVOKE: classify_tsql_grant(r); break;
	case TSQL_EXEC: case TSQL_EXECUTE:
		classify_tsql_open(r, TSQL_KIND_CALL, 0);
		classify_tsql_exec(r);
		break;
	case TSQL_BEGIN: begin(r); break;
	case TSQL_END: end(r); break;
	case TSQL_ELSE: around(r, true); break;
	case TSQL_IF: case TSQL_WHILE: test(r); break;
	case TSQL_SET: set(r); break;
	case TSQL_DECLARE: declare(r); break;
	case TSQL_COMMIT: case TSQL_ROLLBACK: case TSQL_SAVE: simple(r, CLASS(TCL), 0); break;
	case TSQL_PRINT: case TSQL_RETURN: case TSQL_RAISERROR: value(r); break;
	case TSQL_BREAK: case TSQL_CONTINUE: case TSQL_GOTO: case TSQL_WAITFOR: case TSQL_FETCH: case TSQL_LINENO: case TSQL_DEALLOCATE:
		simple(r, CLASS(CONTROL), 0);
		break;
	case TSQL_OPEN: case TSQL_CLOSE: /* cursors; keys */
		simple(r, CLASS(CONTROL) | (classify_tsql_is(&r->ahead, TSQL_SYMMETRIC) || classify_tsql_is(&r->ahead, TSQL_MASTER) ? CLASS(ADMIN) : 0), 0);
		break;
	case TSQL_USE: simple(r, CLASS(USE), 0); break;
	case TSQL_BACKUP: case TSQL_DUMP: simple(r, CLASS(ADMIN), FLAG(FILE_WRITE)); break;
	case TSQL_RESTORE: case TSQL_LOAD: simple(r, CLASS(ADMIN), FLAG(FILE_READ)); break;
	case TSQL_DBCC: case TSQL_SHUTDOWN: case TSQL_CHECKPOINT: case TSQL_DISK: simple(r, CLASS(ADMIN), 0); break;
	case TSQL_RECONFIGURE: simple(r, CLASS(ADMIN), FLAG(SET_GLOBAL)); break;
	case TSQL_KILL: simple(r, CLASS(ADMIN) | CLASS(KILL), 0); break;
	case TSQL_REVERT: case TSQL_SETUSER: simple(r, CLASS(ADMIN), FLAG(IMPERSONATE)); break;
	default: simple(r, CLASS(UNPARSED), 0); break;
	}
}

/* Words that are not reserved and begin statements of their own; with any other a procedure is called. */
static void name(struct tsql *r)
{
	uint16_t word = r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : TSQL_NONE, ahead = r->ahead.kind == CLASSIFY_TOKEN_WORD ? r->ahead.word : TSQL_NONE;
	if (classify_tsql_sign(&r->ahead, ':') && r->ahead.text.n == 2) { /* a label; of sqlcmd's commands (:r) no server knows */
		around(r, false);
		classify_tsql_next(r);
	} else if ((word == TSQL_ENABLE || word == TSQL_DISABLE) && ahead == TSQL_TRIGGER) {
		classify_tsql_open(r, TSQL_KIND_DEFINE, CLASS(ALTER));
		classify_tsql_next(r);
		classify_tsql_next(r);
		while (classify_tsql_step(r)) {
			if (classify_tsql_is(&r->before, TSQL_ON) && classify_tsql_named(&r->t))
				classify_tsql_target(r);
		}
	} else if (word == TSQL_THROW) {
		value(r);
	} else if (word == TSQL_RECEIVE) {
		simple(r, CLASS(SELECT) | CLASS(DELETE), 0);
	} else if (word == TSQL_SEND && ahead == TSQL_ON) {
		simple(r, CLASS(INSERT), 0);
	} else if ((word == TSQL_MOVE || word == TSQL_GET) && ahead == TSQL_CONVERSATION) {
		simple(r, CLASS(CONTROL) | CLASS(UPDATE), 0);
	} else {
		classify_tsql_open(r, TSQL_KIND_CALL, word == TSQL_RENAME ? CLASS(RENAME) : 0);
		classify_tsql_call(r);
	}
}

/* {call p(1)}, {? = call p(1)}: as ODBC writes it. */
static void braces(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_CALL, 0);
	classify_tsql_next(r);
	if (r->t.kind == CLASSIFY_TOKEN_PARAMETER && classify_tsql_sign(&r->ahead, '=')) {
		classify_tsql_next(r);
		classify_tsql_next(r);
	}
	if (classify_tsql_accept(r, TSQL_CALL)) {
		classify_tsql_call(r);
	} else {
		classify_tsql_unparsed(r);
		classify_tsql_body(r);
	}
}

void classify_tsql_statement(struct tsql *r)
{
	const uint8_t *at = r->t.text.p;
	enum classify_token_kind kind = r->t.kind;
	if (kind == CLASSIFY_TOKEN_SEPARATOR) {
		if (!r->bare && !r->control)
			classify_tsql_done(r);
		classify_tsql_next(r);
	} else if (classify_tsql_named(&r->t) || classify_tsql_sign(&r->t, '.')) {
		name(r);
	} else if (kind == CLASSIFY_TOKEN_WORD && r->t.word == TSQL_ADD && (classify_tsql_is(&r->ahead, TSQL_SIGNATURE) ||
		classify_tsql_is(&r->ahead, TSQL_COUNTER) || classify_tsql_is(&r->ahead, TSQL_SENSITIVITY))) {
		simple(r, CLASS(ALTER) | CLASS(GRANT), 0);
	} else if (kind == CLASSIFY_TOKEN_WORD) {
		word(r);
	} else if (classify_tsql_sign(&r->t, '(')) {
		classify_tsql_open(r, TSQL_KIND_SELECT, CLASS(SELECT));
		classify_tsql_body(r);
	} else if (classify_tsql_sign(&r->t, '{')) {
		braces(r);
	} else {
		simple(r, CLASS(UNPARSED), 0);
	}
	if (r->t.text.p == at && r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN) { /* nobody took it */
		classify_tsql_unparsed(r);
		classify_tsql_next(r);
	}
}
