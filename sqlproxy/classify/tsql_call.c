#include "sqlproxy/classify/tsql_read.h"
#include "sqlproxy/classify/tsql_proc.h"

enum { END_OF_TEXT = CLASSIFY_TSQL_END_OF_TEXT, ANY_ARGUMENT = 255 };

void classify_tsql_nested(struct tsql *r, const struct classify_token *string, bool maybe)
{
	struct tsql inner = { .base = r->base, .batch = r->batch, .sum = r->sum, .folded = true, .follow = r->follow };
	unsigned before = r->sum->statements;
	if (!classify_tsql_lex_inside(&r->lex, string, &inner.lex)) {
		if (!maybe)
			classify_tsql_unknown(r);
		return;
	}
	if (maybe) {
		struct classify_tsql_lex look = inner.lex;
		struct classify_token first;
		classify_tsql_lex_next(&look, &first);
		if (first.kind != CLASSIFY_TOKEN_WORD || !classify_tsql_starter(first.word))
			return;
	}
	classify_tsql_read(&inner);
	if (r->sum->statements > before + 1)
		classify_tsql_add(r, 0, FLAG(MULTI));
	r->sum->statements = before;
	if (inner.lexmode != TSQL_LEXMODE_SAME)
		r->lexmode = TSQL_LEXMODE_UNKNOWN;
}

/* A text that is run stands there: constant, or computed? */
static void text(struct tsql *r)
{
	bool alone = r->ahead.kind == CLASSIFY_TOKEN_END || r->ahead.kind == CLASSIFY_TOKEN_SEPARATOR || r->ahead.kind == CLASSIFY_TOKEN_WORD ||
		     classify_tsql_sign(&r->ahead, ',') || classify_tsql_sign(&r->ahead, ')') || classify_tsql_sign(&r->ahead, '}');
	classify_tsql_add(r, 0, FLAG(DYNAMIC));
	if (r->t.kind == CLASSIFY_TOKEN_STRING && alone)
		classify_tsql_nested(r, &r->t, false);
	else
		classify_tsql_unknown(r);
}

/* EXEC ('...') [AT server] [AS USER = 'x'] */
static void string(struct tsql *r)
{
	classify_tsql_step(r);
	text(r);
	while (r->s.depth > 0) {
		if (!classify_tsql_step(r))
			return;
	}
	if (classify_tsql_accept(r, TSQL_AS))
		classify_tsql_add(r, 0, FLAG(IMPERSONATE));
	if (classify_tsql_accept(r, TSQL_AT)) {
		classify_tsql_add(r, 0, FLAG(REMOTE));
		if (classify_tsql_named(&r->t))
			classify_tsql_next(r);
	}
}

static bool is_statement_name(const struct tsql *r)
{
	static const char *const names[] = { "@stmt", "@statement", "@tsql", "@sql", "@command", "@command1", "@command2", "@command3", "@precommand",
		"@postcommand", "@query" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct classify_tsql_units u = classify_tsql_units_of(&r->lex, &r->t);
		const char *p = names[i];
		for (uint32_t unit = classify_tsql_units_next(&u);; unit = classify_tsql_units_next(&u)) {
			if (unit == END_OF_TEXT && *p == 0)
				return true;
			if (unit == END_OF_TEXT || (uint8_t)*p == 0 || (unit >= 'A' && unit <= 'Z' ? unit + 32 : unit) != (uint8_t)*p)
				break;
			p++;
		}
	}
	return false;
}

/* @name = N'@a int', or N'': declarations, where the procedure reads its arguments by name. */
static bool is_declaration(const struct tsql *r)
{
	struct classify_tsql_lex inner;
	struct classify_token first;
	if (r->t.kind != CLASSIFY_TOKEN_STRING || !classify_tsql_lex_inside(&r->lex, &r->t, &inner))
		return false;
	classify_tsql_lex_next(&inner, &first);
	return first.kind == CLASSIFY_TOKEN_VARIABLE || first.kind == CLASSIFY_TOKEN_END;
}

/* The arguments; extended procedures go by place whatever the names say, others by name: either makes a statement of one. */
static void arguments(struct tsql *r, uint8_t statement)
{
	bool met = false;
	for (unsigned place = 1;; place++) {
		bool named = r->t.kind == CLASSIFY_TOKEN_VARIABLE && classify_tsql_sign(&r->ahead, '=');
		bool is_text = statement != 0 && ((named && is_statement_name(r)) || place == statement);
		if (named) {
			classify_tsql_step(r);
			classify_tsql_step(r);
			is_text &= !(place == statement && is_declaration(r));
		}
		if (is_text) {
			met = true;
			text(r);
		} else if (statement == ANY_ARGUMENT && r->t.kind == CLASSIFY_TOKEN_STRING) {
			classify_tsql_nested(r, &r->t, true);
		}
		while (r->s.depth > 0 || !classify_tsql_sign(&r->t, ',')) {
			if (!classify_tsql_step(r)) {
				if (statement != 0 && !met)
					classify_tsql_unknown(r);
				return;
			}
		}
		classify_tsql_step(r);
	}
}

void classify_tsql_call(struct tsql *r)
{
	struct tsql_name name;
	struct classify_tsql_proc known = { 0 };
	classify_tsql_add(r, CLASS(CALL), 0);
	if (r->t.kind == CLASSIFY_TOKEN_VARIABLE) { /* EXEC @p: which one? */
		classify_tsql_unknown(r);
		classify_tsql_next(r);
		classify_tsql_body(r);
		return;
	}
	if (!classify_tsql_name(r, &name)) {
		classify_tsql_unparsed(r);
		classify_tsql_body(r);
		return;
	}
	if (r->t.kind == CLASSIFY_TOKEN_SEPARATOR && r->ahead.kind == CLASSIFY_TOKEN_NUMBER) { /* p;1 */
		classify_tsql_next(r);
		classify_tsql_next(r);
	}
	classify_tsql_proc(&r->lex, &name.last, &known);
	classify_tsql_add(r, known.classes, known.flags | (name.remote ? FLAG(REMOTE) : 0));
	r->sum->changes++; /* a routine: not TEMP */
	if (known.classes) /* what is changed stands in a string */
		classify_batch_unknown_tables(r->batch);
	if (r->s.kind != TSQL_KIND_INSERT)
		r->s.kind = TSQL_KIND_CALL;
	arguments(r, known.statement);
	classify_tsql_body(r);
}

void classify_tsql_exec(struct tsql *r)
{
	classify_tsql_next(r);
	if (classify_tsql_is(&r->t, TSQL_AS)) { /* EXECUTE AS LOGIN = 'x' */
		classify_tsql_add(r, CLASS(ADMIN), FLAG(IMPERSONATE));
		classify_tsql_next(r);
		classify_tsql_body(r);
		return;
	}
	if (r->t.kind == CLASSIFY_TOKEN_VARIABLE && classify_tsql_sign(&r->ahead, '=')) {
		classify_tsql_next(r);
		classify_tsql_next(r);
	}
	if (classify_tsql_sign(&r->t, '(')) {
		classify_tsql_add(r, CLASS(CALL), 0);
		string(r);
		classify_tsql_body(r);
		return;
	}
	classify_tsql_call(r);
}
