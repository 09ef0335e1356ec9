#include "sqlproxy/classify/mysql_read.h"

/*
 * Blocks nest without end in a routine, so they are counted and not called: at a statement's start, BEGIN, IF, CASE, LOOP, WHILE, REPEAT and FOR open one, END closes
 * one.  Where a condition ends (THEN, DO) a statement starts again.
 */
static const struct classify_mysql_scan to_then = { .stop = { W_THEN, W_THEN } }, to_when = { .stop = { W_WHEN, W_WHEN } },
					to_do = { .stop = { W_DO, W_LOOP } }, to_end = { .columns = true };

bool classify_mysql_block_word(const struct classify_mysql_reader *r)
{
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_BEGIN: case W_IF: case W_CASE: case W_LOOP: case W_WHILE: case W_REPEAT: case W_FOR:
		return true;
	default:
		return false;
	}
}

static void expect(struct classify_mysql_reader *r, uint16_t word)
{
	if (!classify_mysql_take(r, word))
		classify_mysql_unparsed(r);
}

/* x: BEGIN, <<x>> */
static void label(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	if (classify_mysql_named(&r->t) && next.kind == CLASSIFY_TOKEN_SIGN && next.sign == ':' && next.text.n == 1) {
		classify_mysql_next(r);
		classify_mysql_next(r);
	} else if (r->t.kind == CLASSIFY_TOKEN_SIGN && r->t.text.n == 2 && r->t.sign == '<') {
		classify_mysql_next(r);
		classify_mysql_next(r);
		classify_mysql_next(r);
	}
}

/* True: a block begins, and what stands before its first statement is taken. */
static bool opens(struct classify_mysql_reader *r)
{
	if (!classify_mysql_block_word(r))
		return false;
	uint16_t word = r->t.word;
	if (word != W_BEGIN)
		CLASSIFY_CLASS(r, CONTROL);
	classify_mysql_next(r);
	switch (word) {
	case W_BEGIN:
		if (classify_mysql_take(r, W_NOT))
			expect(r, W_ATOMIC);
		break;
	case W_IF:
		classify_mysql_scan(r, &to_then);
		expect(r, W_THEN);
		break;
	case W_CASE:
		classify_mysql_scan(r, &to_when);
		expect(r, W_WHEN);
		classify_mysql_scan(r, &to_then);
		expect(r, W_THEN);
		break;
	case W_WHILE:
	case W_FOR:
		classify_mysql_scan(r, &to_do);
		if (!classify_mysql_take(r, W_LOOP))
			expect(r, W_DO);
		break;
	default:
		break;
	}
	return true;
}

/* ELSE, ELSEIF x THEN, WHEN x THEN, UNTIL x: true when one was taken, and a statement (or END) may start. */
static bool branches(struct classify_mysql_reader *r)
{
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_ELSE:
	case W_EXCEPTION:
		classify_mysql_next(r);
		return true;
	case W_ELSEIF:
	case W_ELSIF:
	case W_WHEN:
		classify_mysql_next(r);
		classify_mysql_scan(r, &to_then);
		expect(r, W_THEN);
		return true;
	case W_UNTIL:
		classify_mysql_next(r);
		classify_mysql_scan(r, &(struct classify_mysql_scan){ .stop = { W_END, W_END } });
		return true;
	default:
		return false;
	}
}

static void close_block(struct classify_mysql_reader *r)
{
	classify_mysql_next(r);
	if (classify_mysql_block_word(r))
		classify_mysql_next(r);
	if (classify_mysql_named(&r->t))
		classify_mysql_next(r); /* its label */
}

/* DECLARE EXIT HANDLER FOR a, b: its statement follows.  True: it is a handler. */
static bool handler(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	if (next.word != W_HANDLER)
		return false;
	classify_mysql_next(r);
	classify_mysql_next(r);
	expect(r, W_FOR);
	for (bool more = true; more && !classify_mysql_ends(r);) {
		if (classify_mysql_take(r, W_NOT))
			classify_mysql_next(r); /* FOUND */
		else if (classify_mysql_take(r, W_SQLSTATE)) {
			if (r->t.kind != CLASSIFY_TOKEN_STRING)
				classify_mysql_next(r); /* VALUE */
			classify_mysql_next(r);
		} else {
			classify_mysql_next(r); /* SQLEXCEPTION, 1062, a condition's name */
		}
		more = classify_mysql_at(r, ',');
		if (more)
			classify_mysql_next(r);
	}
	return true;
}

/* A statement of routines alone, or any.  True: another statement follows without a separator. */
static bool simple(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);
	bool assigns = next.kind == CLASSIFY_TOKEN_SIGN && next.sign == ':' && next.text.n == 2;

	r->ctes = 0;
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_DECLARE:
		CLASSIFY_CLASS(r, DECLARE);
		classify_mysql_next(r);
		if (handler(r))
			return true;
		classify_mysql_scan(r, &to_end);
		return false;
	case W_RETURN: case W_LEAVE: case W_ITERATE: case W_OPEN: case W_FETCH: case W_CLOSE: case W_GOTO: case W_EXIT: case W_CONTINUE:
		CLASSIFY_CLASS(r, CONTROL);
		classify_mysql_next(r);
		classify_mysql_scan(r, &to_end);
		return false;
	default:
		break;
	}
	if ((r->lex.set & CLASSIFY_ORACLE) && (assigns || (classify_mysql_named(&r->t) && r->t.word == W_NO_WORD))) { /* a := 1, p(1), p */
		if (assigns)
			CLASSIFY_CLASS(r, CONTROL);
		else
			CLASSIFY_CLASS(r, CALL);
		classify_mysql_scan(r, &to_end);
		return false;
	}
	classify_mysql_statement(r);
	return false;
}

void classify_mysql_block(struct classify_mysql_reader *r, bool declarations)
{
	size_t depth = declarations ? 1 : 0;

	while (r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN) {
		bool follows = false;
		label(r);
		if (declarations && classify_mysql_is(r, W_BEGIN)) {
			declarations = false;
			classify_mysql_next(r);
			continue;
		}
		if (opens(r)) {
			depth++;
			continue;
		}
		if (depth > 0 && branches(r))
			continue;
		if (depth > 0 && classify_mysql_is(r, W_END)) {
			close_block(r);
			depth--;
		} else if (declarations && r->t.kind != CLASSIFY_TOKEN_SEPARATOR) {
			classify_mysql_scan(r, &to_end); /* a variable, a cursor */
		} else if (r->t.kind != CLASSIFY_TOKEN_SEPARATOR) {
			follows = simple(r);
		}
		if (follows)
			continue;
		if (depth == 0)
			break;
		if (r->t.kind == CLASSIFY_TOKEN_SEPARATOR)
			classify_mysql_next(r);
		else if (!classify_mysql_is(r, W_END) && !classify_mysql_ends(r)) {
			classify_mysql_unparsed(r);
			classify_mysql_skip(r);
		}
	}
	if (depth > 0)
		classify_mysql_unparsed(r);
}
