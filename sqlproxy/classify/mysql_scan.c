#include "sqlproxy/classify/mysql_read.h"

/* What a name would be here. */
enum clause {
	EXPRESSION, /* a column, or a function */
	LIST,       /* columns to be selected; a second name is an alias */
	WANT,       /* a table */
	REFS,       /* behind a table: an alias */
	CTES,       /* a name that a query gets */
	NOTHING,    /* nothing that is told: indexes, partitions */
};
struct frame {
	uint8_t clause;
	bool function; /* the parentheses of a function: EXTRACT(x FROM y) */
	bool query;    /* a SELECT was met: FROM has tables behind it */
	bool refs;     /* in table references: a comma or a JOIN brings a table */
	bool cte;      /* opened behind the name of a query */
};
struct scan {
	struct classify_mysql_reader *r;
	const struct classify_mysql_scan *how;
	struct frame frame[CLASSIFY_DEEP];
	size_t depth;
	size_t cases;
	bool value; /* the token before ends a value: a name behind it is an alias, a unit, ... */
	bool alias; /* AS, COLLATE, ... stand before: what comes is no column */
	bool table; /* a table's name was just met: CREATE TABLE t (...), t PARTITION (...) */
	struct span cte_name;
};

static struct frame *top(struct scan *s)
{
	return &s->frame[s->depth];
}

static void step(struct scan *s, bool value)
{
	classify_mysql_next(s->r);
	s->value = value;
	s->alias = false;
}

static void want(struct scan *s)
{
	*top(s) = (struct frame){ .clause = WANT, .function = top(s)->function, .query = top(s)->query, .refs = true, .cte = top(s)->cte };
}

static void clause(struct scan *s, enum clause c)
{
	top(s)->clause = (uint8_t)c;
	top(s)->refs = false;
}

/* False: too deep. */
static bool push(struct scan *s, struct frame f)
{
	if (s->depth + 1 == CLASSIFY_DEEP) {
		classify_mysql_unparsed(s->r);
		classify_mysql_skip(s->r);
		return false;
	}
	s->frame[++s->depth] = f;
	return true;
}

static void open_paren(struct scan *s, bool function)
{
	struct frame *f = top(s);
	struct frame new = { .clause = EXPRESSION, .function = function };

	if (f->clause == WANT && !function)
		new = (struct frame){ .clause = WANT, .refs = true };
	else if (f->clause == NOTHING || f->clause == REFS)
		new.clause = f->refs && f->clause == REFS && s->table ? NOTHING : EXPRESSION;
	new.cte = f->clause == CTES && s->cte_name.n > 0;
	if (f->clause == WANT)
		f->clause = REFS;
	step(s, false);
	(void)push(s, new);
}

static void remember(struct classify_mysql_reader *r, struct span name)
{
	if (r->ctes < CLASSIFY_MYSQL_CTES && name.n > 0)
		r->cte[r->ctes++] = name;
}

/* False: it was not opened here. */
static bool close_paren(struct scan *s)
{
	if (s->depth == 0) {
		if (s->how->paren)
			return false;
		classify_mysql_unparsed(s->r);
		step(s, true);
		return true;
	}
	s->depth--;
	struct frame *f = top(s);
	if (f->clause == CTES && s->depth == 0 && s->frame[1].query) {
		remember(s->r, s->cte_name); /* from here on the name is this query, not a table */
		s->cte_name.n = 0;
	}
	step(s, true);
	return true;
}

static bool is_cte(const struct classify_mysql_reader *r, struct span name)
{
	for (size_t i = 0; i < r->ctes; i++)
		if (span_eq(r->cte[i], name))
			return true;
	return false;
}

/* Between the name and its parenthesis is something: blanks where these count, a comment anywhere. */
static bool is_apart(const struct scan *s, const struct classify_token *t)
{
	bool blanks = s->r->lex.set & CLASSIFY_IGNORE_SPACE;

	for (const uint8_t *p = t->text.p + t->text.n; p < s->r->t.text.p; p++)
		if (!blanks || (*p != ' ' && (*p < 0x09 || *p > 0x0d)))
			return true;
	return false;
}

static void function(struct scan *s, const struct classify_token *t, unsigned parts)
{
	struct span name = t->kind == CLASSIFY_TOKEN_NAME ? span_of(t->text.p + 1, t->text.n - 2) : t->text;
	bool apart = is_apart(s, t);

	if ((apart || t->kind == CLASSIFY_TOKEN_NAME) && classify_mysql_function_close(name))
		CLASSIFY_FLAG(s->r, FUNC);

	switch (parts == 1 ? classify_mysql_function(name) : CLASSIFY_FUNCTION_OTHER) {
	case CLASSIFY_FUNCTION_KNOWN:
		break;
	case CLASSIFY_FUNCTION_FILE:
		CLASSIFY_FLAG(s->r, FILE_READ);
		break;
	case CLASSIFY_FUNCTION_COMMAND:
		CLASSIFY_FLAG(s->r, FUNC);
		CLASSIFY_FLAG(s->r, OSCMD);
		break;
	case CLASSIFY_FUNCTION_WRITES:
		CLASSIFY_CLASS(s->r, UPDATE);
		break;
	default:
		CLASSIFY_FLAG(s->r, FUNC);
	}
}

static void column(struct scan *s)
{
	if (s->how->columns)
		classify_batch_column(s->r->b);
}

static void name(struct scan *s)
{
	struct classify_mysql_reader *r = s->r;
	struct frame *f = top(s);
	bool alias = s->alias || (s->value && f->clause != WANT), star = false;
	unsigned parts = 0;
	struct classify_token t = classify_mysql_name(r, &parts, &star);
	bool call = classify_mysql_at(r, '(') && !star;

	s->table = false;
	if (call && !s->alias && f->clause != CTES && f->clause != NOTHING && (f->clause != REFS || !s->value)) {
		function(s, &t, parts);
		s->value = false;
		open_paren(s, true);
		return;
	}
	if (f->clause == CTES) {
		s->cte_name = t.text;
		if (r->recursive && s->depth == 0)
			remember(r, t.text);
	} else if (f->clause == WANT && !alias) {
		if (parts > 1 || !is_cte(r, t.text))
			classify_batch_table(r->b);
		f->clause = REFS;
		s->table = true;
	} else if (!alias && f->clause != REFS && f->clause != NOTHING && r->t.kind != CLASSIFY_TOKEN_STRING) {
		if (star) {
			classify_batch_name_dot(r->b);
			classify_batch_name_char(r->b, '*');
		}
		column(s);
	}
	s->value = true;
	s->alias = false;
}

/* ---- words ---- */

static void into(struct scan *s)
{
	step(s, false);
	if (classify_mysql_is(s->r, W_OUTFILE) || classify_mysql_is(s->r, W_DUMPFILE)) {
		CLASSIFY_FLAG(s->r, FILE_WRITE);
		step(s, false);
	}
	if (top(s)->query)
		clause(s, NOTHING); /* variables; FROM or the end follows */
}

/* USE INDEX FOR JOIN (a, b): names of indexes. */
static void index_hint(struct scan *s)
{
	step(s, false);
	if (!classify_mysql_is(s->r, W_INDEX) && !classify_mysql_is(s->r, W_KEY))
		return;
	step(s, false);
	while (!classify_mysql_at(s->r, '(') && !classify_mysql_ends(s->r))
		step(s, false);
	if (classify_mysql_at(s->r, '('))
		classify_mysql_skip_parens(s->r);
	s->value = true;
}

static void for_word(struct scan *s)
{
	bool sequence = s->r->last.word == W_VALUE;

	step(s, false);
	if (sequence) { /* NEXT VALUE FOR s */
		classify_mysql_table(s->r);
	} else if (classify_mysql_is(s->r, W_UPDATE) || classify_mysql_is(s->r, W_SHARE)) {
		CLASSIFY_CLASS(s->r, LOCK);
		step(s, false);
		clause(s, NOTHING); /* OF t NOWAIT */
	} else if (classify_mysql_is(s->r, W_SYSTEM_TIME) || classify_mysql_is(s->r, W_PORTION)) {
		step(s, false);
	}
	s->value = true;
}

static void lock(struct scan *s)
{
	CLASSIFY_CLASS(s->r, LOCK);
	step(s, false);
	clause(s, NOTHING);
}

static void with(struct scan *s)
{
	step(s, false);
	if (classify_mysql_is(s->r, W_ROLLUP) || classify_mysql_is(s->r, W_CHECK))
		return;
	if (classify_mysql_is(s->r, W_RECURSIVE)) {
		s->r->recursive = s->depth == 0;
		step(s, false);
	}
	clause(s, CTES);
}

static void where(struct scan *s)
{
	if (s->depth == 0)
		s->r->where = true;
	step(s, false);
	if (s->depth == 0 && s->r->judge) {
		s->r->judge = false; /* once a statement: the look ahead is as long as the statement */
		if (classify_mysql_always(*s->r))
			CLASSIFY_FLAG(s->r, TAUTOLOGY);
	}
	clause(s, EXPRESSION);
}

static void on(struct scan *s)
{
	step(s, false);
	if (classify_mysql_is(s->r, W_DUPLICATE)) {
		CLASSIFY_CLASS(s->r, UPDATE);
		clause(s, EXPRESSION);
		return;
	}
	if (top(s)->refs)
		top(s)->clause = EXPRESSION; /* a comma or a JOIN still brings a table */
}

static void from(struct scan *s)
{
	struct frame *f = top(s);
	bool tables = (!f->function || f->query) && !(s->depth == 0 && s->how->no_refs);

	step(s, false);
	if (tables)
		want(s);
}

static void using(struct scan *s)
{
	struct frame *f = top(s);

	step(s, false);
	if (s->depth == 0 && s->how->using_refs && !classify_mysql_at(s->r, '(')) {
		want(s);
	} else if (f->function) {
		s->alias = true; /* CONVERT(a USING gbk) */
	} else if (classify_mysql_at(s->r, '(')) {
		step(s, false);
		(void)push(s, (struct frame){ .clause = EXPRESSION });
	}
}

static void select_word(struct scan *s)
{
	CLASSIFY_CLASS(s->r, SELECT);
	top(s)->query = true;
	step(s, false);
	clause(s, LIST);
}

/* TABLE t, as a query. */
static void table_word(struct scan *s)
{
	CLASSIFY_CLASS(s->r, SELECT);
	top(s)->query = true;
	step(s, false);
	want(s);
}

static void values_word(struct scan *s)
{
	struct classify_token next = classify_mysql_peek(s->r);

	if (next.kind == CLASSIFY_TOKEN_WORD && next.word == W_ROW) {
		CLASSIFY_CLASS(s->r, SELECT);
		top(s)->query = true;
	}
	step(s, false);
	clause(s, EXPRESSION);
}

/* True: the word was one that matters, and is taken. */
static bool word(struct scan *s)
{
	struct frame *f = top(s);

	switch (s->r->t.word) {
	case W_SELECT:
		select_word(s);
		return true;
	case W_TABLE:
		table_word(s);
		return true;
	case W_VALUES:
		values_word(s);
		return true;
	case W_FROM:
		from(s);
		return true;
	case W_JOIN:
		step(s, false);
		if (f->refs)
			want(s);
		return true;
	case W_INSERT:
	case W_REPLACE:
		if (f->clause == CTES)
			classify_mysql_unparsed(s->r); /* no server takes it */
		step(s, false);
		return true;
	case W_STRAIGHT_JOIN:
		step(s, false);
		if (f->refs)
			want(s);
		return true;
	case W_WITH:
		with(s);
		return true;
	case W_WHERE:
		where(s);
		return true;
	case W_ON:
		on(s);
		return true;
	case W_USING:
		using(s);
		return true;
	case W_INTO:
		into(s);
		return true;
	case W_FOR:
		for_word(s);
		return true;
	case W_LOCK:
		lock(s);
		return true;
	case W_USE:
	case W_FORCE:
		index_hint(s);
		return true;
	case W_IGNORE:
		if (f->clause == REFS)
			index_hint(s);
		else
			step(s, false);
		return true;
	case W_PARTITION:
		step(s, false);
		if (f->clause == REFS && classify_mysql_at(s->r, '('))
			classify_mysql_skip_parens(s->r);
		return true;
	default:
		return false;
	}
}

/* Words that change what the next name is. */
static bool other_word(struct scan *s)
{
	switch (s->r->t.word) {
	case W_SET:
	case W_HAVING:
	case W_GROUP:
	case W_ORDER:
	case W_LIMIT:
		step(s, false);
		clause(s, EXPRESSION);
		return true;
	case W_UNION:
	case W_EXCEPT:
	case W_INTERSECT:
		step(s, false);
		clause(s, EXPRESSION);
		return true;
	case W_RETURNING:
		CLASSIFY_CLASS(s->r, SELECT);
		step(s, false);
		clause(s, LIST);
		return true;
	case W_AS:
	case W_COLLATE:
		step(s, false);
		s->alias = true;
		return true;
	case W_CASE:
		s->cases++;
		step(s, false);
		return true;
	case W_DUAL:
		step(s, true);
		if (top(s)->clause == WANT)
			top(s)->clause = REFS;
		return true;
	case W_NULL:
	case W_TRUE:
	case W_FALSE:
	case W_CURRENT_DATE:
	case W_CURRENT_TIME:
	case W_CURRENT_TIMESTAMP:
	case W_CURRENT_USER:
		step(s, true);
		return true;
	default:
		return false;
	}
}

/* PREVIOUS VALUE FOR s, and the like, are read by FOR. */
static bool soft_word(struct scan *s)
{
	switch (s->r->t.word) {
	case W_END:
		if (s->cases == 0)
			return false;
		s->cases--;
		step(s, true);
		return true;
	case W_OFFSET:
	case W_ROW:
	case W_ROWS:
	case W_MODE:
	case W_LANGUAGE:
	case W_BOOLEAN:
	case W_EXPANSION:
	case W_QUERY:
	case W_UNBOUNDED:
	case W_PRECEDING:
	case W_FOLLOWING:
	case W_CURRENT:
	case W_UNKNOWN: {
		struct classify_token next = classify_mysql_peek(s->r);
		if (!s->value && (next.sign == '.' || next.sign == ',' || next.sign == '=' || next.kind == CLASSIFY_TOKEN_END))
			return false; /* a column of this name */
		step(s, s->value);
		return true;
	}
	case W_WINDOW:
		if (!s->value)
			return false;
		step(s, false);
		clause(s, NOTHING);
		return true;
	case W_OVER:
		step(s, false);
		s->alias = true;
		return true;
	default:
		return false;
	}
}

static void sign(struct scan *s)
{
	struct frame *f = top(s);
	uint8_t c = s->r->t.text.n == 1 ? s->r->t.sign : 0;

	if (c == '(') {
		s->alias = false;
		open_paren(s, false);
		return;
	}
	if (c == ',' && f->refs) {
		step(s, false);
		want(s);
		return;
	}
	if (c == ',' && f->clause == CTES)
		s->cte_name.n = 0;
	bool all = c == '*' && !s->value && (f->clause == LIST || f->query) && !f->function;
	if (all) {
		classify_batch_name(s->r->b);
		classify_batch_name_char(s->r->b, '*');
		column(s);
	}
	step(s, all || c == '.'); /* @@session.autocommit */
	if (c == '{') { /* {d '2020-01-01'}, {fn now()}, {oj a left join b}: the first word is none of ours */
		if (s->r->t.kind == CLASSIFY_TOKEN_WORD)
			step(s, false);
	}
}

static bool stops(const struct scan *s)
{
	const struct classify_mysql_reader *r = s->r;

	if (classify_mysql_ends(r))
		return true;
	if (s->depth > 0 || s->cases > 0)
		return false;
	if (r->t.kind == CLASSIFY_TOKEN_WORD && r->t.word != W_NO_WORD && (r->t.word == s->how->stop[0] || r->t.word == s->how->stop[1]))
		return true;
	return s->how->comma && classify_mysql_at(r, ',');
}

/* One token, or what belongs together.  False: a ")" that is the caller's. */
static bool one(struct scan *s)
{
	const struct classify_token *t = &s->r->t;

	switch (t->kind) {
	case CLASSIFY_TOKEN_WORD:
		if ((top(s)->clause == WANT || top(s)->clause == CTES) && classify_mysql_named(t)) {
			name(s);
			return true;
		}
		if (word(s) || other_word(s) || soft_word(s))
			return true;
		if (classify_mysql_word_reserved(t->word))
			step(s, false);
		else
			name(s);
		return true;
	case CLASSIFY_TOKEN_NAME:
		name(s);
		return true;
	case CLASSIFY_TOKEN_SIGN:
		if (classify_mysql_at(s->r, ')'))
			return close_paren(s);
		if (classify_mysql_at(s->r, '.') && top(s)->clause == WANT)
			name(s);
		else
			sign(s);
		return true;
	default: /* a value */
		if (top(s)->clause == WANT)
			top(s)->clause = EXPRESSION;
		step(s, true);
		return true;
	}
}

void classify_mysql_scan(struct classify_mysql_reader *r, const struct classify_mysql_scan *how)
{
	struct scan s = { .r = r, .how = how };

	if (how->want == CLASSIFY_MYSQL_REFS)
		want(&s);
	while (!stops(&s))
		if (!one(&s))
			return;
	if ((s.depth > 0 || s.cases > 0) && r->t.kind != CLASSIFY_TOKEN_BROKEN)
		classify_mysql_unparsed(r);
}
