#include "sqlproxy/classify/tsql_read.h"

/* What CREATE, ALTER and DROP are about, by the word behind them. */
enum shape {
	PLAIN,   /* a name that no rule over tables asks for */
	OBJECT,  /* a name in a schema */
	ON_TABLE, /* a name, then ON and a table */
	MODULE,  /* a body of statements behind it */
	VIEW,    /* ... of a SELECT, which is no routine */
};
struct thing {
	uint16_t word;
	enum shape shape;
	uint64_t classes, flags;
};
static const struct thing things[] = {
	{ TSQL_TABLE, OBJECT, 0, 0 },
	{ TSQL_VIEW, VIEW, 0, 0 },
	{ TSQL_PROC, MODULE, 0, FLAG(ROUTINE) },
	{ TSQL_PROCEDURE, MODULE, 0, FLAG(ROUTINE) },
	{ TSQL_FUNCTION, MODULE, 0, FLAG(ROUTINE) },
	{ TSQL_TRIGGER, MODULE, 0, FLAG(ROUTINE) },
	{ TSQL_INDEX, ON_TABLE, 0, 0 },
	{ TSQL_STATISTICS, ON_TABLE, 0, 0 },
	{ TSQL_SYNONYM, OBJECT, 0, 0 },
	{ TSQL_SEQUENCE, OBJECT, 0, 0 },
	{ TSQL_TYPE, OBJECT, 0, 0 },
	{ TSQL_RULE, OBJECT, 0, 0 },
	{ TSQL_DEFAULT, OBJECT, 0, 0 },
	{ TSQL_QUEUE, OBJECT, 0, 0 },
	{ TSQL_AGGREGATE, OBJECT, 0, FLAG(CODE) | FLAG(ROUTINE) },
	{ TSQL_ASSEMBLY, PLAIN, 0, FLAG(CODE) },
	{ TSQL_LIBRARY, PLAIN, 0, FLAG(CODE) },
	{ TSQL_LANGUAGE, PLAIN, 0, FLAG(CODE) },
	{ TSQL_LOGIN, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_USER, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_ROLE, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_AUTHORIZATION, ON_TABLE, CLASS(GRANT), 0 },
	{ TSQL_CREDENTIAL, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_CERTIFICATE, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_KEY, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_SECURITY, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_SIGNATURE, PLAIN, CLASS(GRANT), 0 },
	{ TSQL_SOURCE, PLAIN, CLASS(ADMIN), FLAG(REMOTE) }, /* EXTERNAL DATA SOURCE */
	{ TSQL_ENDPOINT, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_AUDIT, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_EVENT, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_GOVERNOR, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_POOL, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_WORKLOAD, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_AVAILABILITY, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_CONFIGURATION, PLAIN, CLASS(ADMIN), FLAG(SET_GLOBAL) },
	{ TSQL_DATABASE, PLAIN, CLASS(ADMIN), 0 },
	{ TSQL_SCHEMA, PLAIN, 0, 0 },
	{ TSQL_PARTITION, PLAIN, 0, 0 },
};

static const struct thing *thing_of(const struct classify_token *t)
{
	for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
		if (classify_tsql_is(t, things[i].word))
			return &things[i];
	}
	return NULL;
}

/* UNIQUE CLUSTERED INDEX, PRIMARY XML INDEX, EXTERNAL TABLE, SYMMETRIC KEY, SERVER ROLE, ...: words before the one that tells.  A DATABASE or a
 * SERVER may be followed by it, too; what has no telling word is PLAIN. */
static const struct thing *thing(struct tsql *r)
{
	static const struct thing other = { TSQL_NONE, PLAIN, 0, 0 };
	for (unsigned i = 0; i < 5 && r->t.kind == CLASSIFY_TOKEN_WORD; i++) {
		const struct thing *found = thing_of(&r->t);
		bool external = classify_tsql_is(&r->t, TSQL_EXTERNAL);
		if (external)
			classify_tsql_add(r, 0, FLAG(REMOTE));
		if (classify_tsql_is(&r->t, TSQL_DATABASE)) {
			bool more = thing_of(&r->ahead) || classify_tsql_is(&r->ahead, TSQL_SCOPED) || classify_tsql_is(&r->ahead, TSQL_ENCRYPTION);
			if (!more) {
				classify_tsql_next(r);
				return found;
			}
			found = NULL;
		}
		if (!found && classify_tsql_starter(r->t.word))
			break;
		if (!found && classify_tsql_named(&r->t) && !classify_tsql_word_reserved(r->ahead.word) && !classify_tsql_named(&r->ahead))
			break; /* that is a name already */
		classify_tsql_next(r);
		if (found)
			return found;
	}
	return &other;
}

/* ON [OBJECT::]t within the body that follows. */
static void on_table(struct tsql *r)
{
	while (!classify_tsql_is(&r->t, TSQL_ON) || r->s.depth > 0) {
		if (!classify_tsql_step(r))
			return;
	}
	classify_tsql_next(r);
	if (classify_tsql_named(&r->t) && classify_tsql_sign(&r->ahead, ':')) {
		classify_tsql_next(r);
		classify_tsql_next(r);
	}
	classify_tsql_target(r);
}

/* A module's head ends at AS (not that of a parameter's type, or of EXECUTE AS), a function's at BEGIN or RETURN as well; its body is the rest of the
 * batch. */
static void module(struct tsql *r, const struct thing *what)
{
	bool function = what->word == TSQL_FUNCTION, trigger = what->word == TSQL_TRIGGER, named = !trigger;
	while (r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN) {
		bool as = classify_tsql_is(&r->t, TSQL_AS);
		bool as_whom = as && (classify_tsql_is(&r->before, TSQL_EXECUTE) || classify_tsql_is(&r->before, TSQL_EXEC));
		bool as_type = as && r->before.kind == CLASSIFY_TOKEN_VARIABLE;
		if (as_whom && !classify_tsql_is(&r->ahead, TSQL_CALLER))
			classify_tsql_add(r, 0, FLAG(IMPERSONATE));
		if (function && r->s.depth == 0 && (classify_tsql_is(&r->t, TSQL_BEGIN) || classify_tsql_is(&r->t, TSQL_RETURN)))
			break;
		if (trigger && !named && classify_tsql_is(&r->t, TSQL_ON) && r->s.depth == 0) {
			named = true;
			classify_tsql_next(r);
			if (!classify_tsql_is(&r->t, TSQL_ALL) && !classify_tsql_is(&r->t, TSQL_DATABASE))
				classify_tsql_target(r);
			continue;
		}
		r->s.depth += classify_tsql_sign(&r->t, '(');
		r->s.depth -= classify_tsql_sign(&r->t, ')') && r->s.depth > 0;
		classify_tsql_next(r);
		if (as && !as_whom && !as_type && r->s.depth == 0)
			break;
	}
	if (r->s.depth > 0 || r->t.kind == CLASSIFY_TOKEN_END)
		classify_tsql_unparsed(r);
	r->s.depth = 0;
	if (classify_tsql_is(&r->t, TSQL_EXTERNAL) && classify_tsql_is(&r->ahead, TSQL_NAME)) { /* a method of an assembly */
		classify_tsql_add(r, 0, FLAG(CODE));
		classify_tsql_body(r);
		return;
	}
	struct tsql body = *r;
	body.folded = true;
	body.open = body.bare = body.control = body.spoilt = false;
	body.blocks = 0;
	while (body.t.kind != CLASSIFY_TOKEN_END && body.t.kind != CLASSIFY_TOKEN_BROKEN)
		classify_tsql_statement(&body);
	classify_tsql_end(&body);
	if (body.control)
		classify_tsql_add(r, CLASS(CONTROL), 0);
	if (body.blocks > 0 || body.spoilt)
		classify_tsql_unparsed(r);
	if (body.lexmode != TSQL_LEXMODE_SAME) /* for the module's own runs */
		classify_tsql_add(r, 0, FLAG(LEXMODE));
	r->lex = body.lex;
	r->t = body.t;
	r->ahead = body.ahead;
	r->doubt_ahead = body.doubt_ahead;
	r->end = body.end;
}

static void define(struct tsql *r, bool created)
{
	const struct thing *what = thing(r);
	uint64_t classes = what->classes;
	if (what->word == TSQL_AUTHORIZATION && !created)
		classes = CLASS(GRANT);
	classify_tsql_add(r, classes, what->flags);
	if (what->shape == MODULE || what->shape == VIEW || what->shape == OBJECT) {
		struct classify_token name = r->t;
		struct tsql_name chain;
		if (classify_tsql_name(r, &chain)) {
			classify_tsql_table(r, &chain);
			classify_tsql_changed(r, &chain.last);
		} else if (name.kind != CLASSIFY_TOKEN_NAME) {
			classify_tsql_unparsed(r);
		}
	}
	if (what->shape == MODULE || what->shape == VIEW) {
		if (r->t.kind == CLASSIFY_TOKEN_SEPARATOR && r->ahead.kind == CLASSIFY_TOKEN_NUMBER) { /* p;1 */
			classify_tsql_next(r);
			classify_tsql_next(r);
		}
		module(r, what);
		return;
	}
	if (what->shape == ON_TABLE && (classify_tsql_named(&r->t) || classify_tsql_is(&r->t, TSQL_ON) || classify_tsql_is(&r->t, TSQL_ALL))) {
		on_table(r);
	} else if (what->shape == PLAIN) {
		r->sum->changes++;
		if (classify_tsql_named(&r->t) || classify_tsql_is(&r->t, TSQL_CURRENT))
			classify_tsql_next(r);
	}
	r->s.fresh = !created;
	r->s.table = what->word == TSQL_TABLE;
	r->s.ranges = what->word == TSQL_PARTITION;
	if (what->word == TSQL_SCHEMA && !created) /* ALTER SCHEMA s TRANSFER t */
		classify_batch_unknown_tables(r->batch);
	/* ALTER TABLE t SWITCH TO u, CREATE SYNONYM s FOR t */
	uint16_t other = classify_tsql_is(&r->t, TSQL_SWITCH) ? TSQL_TO : what->word == TSQL_SYNONYM ? TSQL_FOR : TSQL_NONE;
	while (classify_tsql_step(r)) {
		if (other != TSQL_NONE && classify_tsql_is(&r->before, other))
			classify_tsql_target(r);
	}
}

void classify_tsql_create(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_DEFINE, CLASS(CREATE));
	classify_tsql_next(r);
	if (classify_tsql_accept(r, TSQL_OR)) {
		classify_tsql_accept(r, TSQL_ALTER);
		classify_tsql_add(r, CLASS(ALTER), 0);
	}
	define(r, true);
}

void classify_tsql_alter(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_DEFINE, CLASS(ALTER));
	classify_tsql_next(r);
	define(r, false);
}

/* DROP TABLE IF EXISTS a, b; DROP INDEX i ON t, t.j; DROP TRIGGER x ON DATABASE; DROP LOGIN x */
void classify_tsql_drop(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_DEFINE, CLASS(DROP));
	classify_tsql_next(r);
	const struct thing *what = thing(r);
	classify_tsql_add(r, what->classes, what->flags & ~FLAG(ROUTINE));
	if (classify_tsql_accept(r, TSQL_IF))
		classify_tsql_accept(r, TSQL_EXISTS);
	if (what->shape == PLAIN) {
		r->sum->changes++;
		if (what->word == TSQL_DATABASE || what->word == TSQL_SCHEMA) /* and all that is in it */
			classify_batch_unknown_tables(r->batch);
	} else if (what->shape == ON_TABLE && classify_tsql_is(&r->t, TSQL_ON)) {
		on_table(r);
	} else if (what->shape == ON_TABLE) {
		/* i ON t: t; the old t.i: all of it is told, and that it is not known. */
		do {
			struct tsql_name name;
			if (!classify_tsql_name(r, &name)) {
				classify_tsql_unparsed(r);
				break;
			}
			if (classify_tsql_accept(r, TSQL_ON)) {
				classify_tsql_target(r);
			} else {
				classify_tsql_changed(r, &name.first);
				if (name.parts == 2)
					classify_tsql_table_later(r, &name.first);
				else
					classify_batch_unknown_tables(r->batch);
			}
			if (!classify_tsql_sign(&r->t, ','))
				break;
			classify_tsql_next(r);
		} while (true);
	} else {
		while (classify_tsql_target(r) && classify_tsql_sign(&r->t, ','))
			classify_tsql_next(r);
	}
	classify_tsql_body(r);
}

/* GRANT, DENY, REVOKE ... ON t TO x: no word begins a statement before TO, FROM. */
void classify_tsql_grant(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_OTHER, CLASS(GRANT));
	classify_tsql_next(r);
	r->sum->changes++;
	bool to = false;
	while (!to && r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN && r->t.kind != CLASSIFY_TOKEN_SEPARATOR) {
		if (classify_tsql_is(&r->t, TSQL_ON) && r->s.depth == 0) {
			on_table(r);
			continue;
		}
		to = classify_tsql_is(&r->t, TSQL_TO) || classify_tsql_is(&r->t, TSQL_FROM);
		r->s.depth += classify_tsql_sign(&r->t, '(');
		r->s.depth -= classify_tsql_sign(&r->t, ')') && r->s.depth > 0;
		classify_tsql_next(r);
	}
	if (!to)
		classify_tsql_unparsed(r);
	classify_tsql_body(r);
}
