#include "sqlproxy/classify/tsql_read.h"
#include "sqlproxy/classify/tsql_proc.h"

static const struct span nothing = { 0 };

struct tsql_frame *classify_tsql_frame(struct tsql *r)
{
	return &r->s.frame[r->s.depth < CLASSIFY_DEEP ? r->s.depth : CLASSIFY_DEEP - 1];
}

static bool before(const struct tsql *r, uint16_t word)
{
	return classify_tsql_is(&r->before, word);
}

static void varies(struct tsql *r, struct span text)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	if (f->cond.on)
		classify_tsql_where_operand(&f->cond, true, text);
}

/* ---- parentheses ---- */

static bool is_hint(const struct classify_token *t)
{
	if (t->kind != CLASSIFY_TOKEN_WORD)
		return false;
	return t->word == TSQL_NOLOCK || t->word == TSQL_TABLOCK || t->word == TSQL_TABLOCKX || t->word == TSQL_UPDLOCK || t->word == TSQL_XLOCK ||
	       t->word == TSQL_HOLDLOCK || t->word == TSQL_INDEX || t->word == TSQL_ROWLOCK || t->word == TSQL_PAGLOCK || t->word == TSQL_READPAST ||
	       t->word == TSQL_READUNCOMMITTED || t->word == TSQL_READCOMMITTED || t->word == TSQL_SERIALIZABLE || t->word == TSQL_REPEATABLEREAD ||
	       t->word == TSQL_NOWAIT;
}

/* The first argument of these is a word, not a column. */
static bool takes_word(const struct classify_token *t)
{
	switch (t->kind == CLASSIFY_TOKEN_WORD ? t->word : TSQL_NONE) {
	case TSQL_DATEADD: case TSQL_DATEDIFF: case TSQL_DATEDIFF_BIG: case TSQL_DATENAME: case TSQL_DATEPART: case TSQL_DATETRUNC: case TSQL_DATE_BUCKET:
	case TSQL_CONVERT: case TSQL_TRY_CONVERT:
		return true;
	default:
		return false;
	}
}

static bool open_paren(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	bool call = classify_tsql_named(&r->before) || before(r, TSQL_LEFT) || before(r, TSQL_RIGHT) || before(r, TSQL_COALESCE) ||
		    before(r, TSQL_NULLIF) || before(r, TSQL_CONVERT) || before(r, TSQL_TRY_CONVERT);
	bool remote = before(r, TSQL_OPENQUERY) || before(r, TSQL_OPENROWSET) || before(r, TSQL_OPENDATASOURCE);
	bool top = before(r, TSQL_TOP);
	bool indexed = before(r, TSQL_CONTAINSTABLE) || before(r, TSQL_FREETEXTTABLE) || before(r, TSQL_SEMANTICSIMILARITYTABLE) ||
		       before(r, TSQL_SEMANTICKEYPHRASETABLE) || before(r, TSQL_SEMANTICSIMILARITYDETAILSTABLE);
	bool list = f->want && !top && !call && !remote && !indexed;
	if (r->s.depth + 1 >= CLASSIFY_DEEP)
		classify_tsql_unparsed(r);
	r->s.depth++;
	struct tsql_frame *inner = classify_tsql_frame(r);
	bool on = f->cond.on, flat = call || classify_tsql_is(&r->ahead, TSQL_SELECT) || f->cond.flat;
	bool within = f->query || f->inner, plain = f->plain || before(r, TSQL_WITH) || before(r, TSQL_OPTION) || (call && is_hint(&r->ahead));
	*inner = (struct tsql_frame){ .query = list, .from = list, .want = list, .inner = within, .plain = plain, .remote = remote, .top = top };
	if (on)
		classify_tsql_where_begin(&inner->cond, flat);
	inner->takes_word = takes_word(&r->before);
	if (remote && classify_tsql_is(&r->ahead, TSQL_BULK))
		classify_tsql_add(r, 0, FLAG(FILE_READ) | FLAG(BULK));
	else if (remote)
		classify_tsql_add(r, 0, FLAG(REMOTE));
	if (remote)
		classify_batch_unknown_tables(r->batch);
	if (indexed)
		inner->query = inner->want = true; /* the first argument is a table */
	if (!top)
		f->want = false;
	f->run = 0;
	classify_tsql_next(r);
	return true;
}

static bool close_paren(struct tsql *r)
{
	if (r->s.depth == 0) {
		classify_tsql_unparsed(r);
		classify_tsql_next(r);
		return true;
	}
	struct tsql_frame *f = classify_tsql_frame(r);
	if (f->change && !f->where)
		classify_tsql_add(r, 0, FLAG(NO_WHERE));
	bool on = f->cond.on;
	bool constant = on && classify_tsql_where_end(&f->cond);
	r->s.depth--;
	uint8_t run = !f->top;
	f = classify_tsql_frame(r);
	if (on && f->cond.on)
		classify_tsql_where_operand(&f->cond, !constant, nothing);
	f->run = run;
	classify_tsql_next(r);
	return true;
}

/* ---- tables ---- */

static void alias(struct tsql *r, const struct classify_token *table)
{
	struct tsql_statement *s = &r->s;
	classify_tsql_accept(r, TSQL_AS);
	bool named = classify_tsql_named(&r->t) && !classify_tsql_is(&r->t, TSQL_OUTPUT) && !classify_tsql_is(&r->t, TSQL_USING) &&
		     !classify_tsql_is(&r->t, TSQL_WINDOW) && !((classify_tsql_is(&r->t, TSQL_DISABLE) || classify_tsql_is(&r->t, TSQL_ENABLE)) &&
		     classify_tsql_is(&r->ahead, TSQL_TRIGGER));
	if (!named)
		return;
	if (s->waits && s->depth == 0 && classify_tsql_same(r, &s->target, &r->t)) {
		s->aliased = true;
		s->alias_temp = table && classify_tsql_temporary(r, table) && !classify_tsql_is_cte(r, table);
	}
	classify_tsql_next(r);
	classify_tsql_frame(r)->run = 2;
}

static bool is_rowset(const struct classify_token *t) /* a function of the server's own that may stand in FROM */
{
	return t->kind == CLASSIFY_TOKEN_WORD && (t->word == TSQL_OPENJSON || t->word == TSQL_STRING_SPLIT || t->word == TSQL_GENERATE_SERIES ||
		t->word == TSQL_CHANGETABLE || t->word == TSQL_PREDICT);
}

static void function(struct tsql *r, const struct tsql_name *name, bool own)
{
	struct classify_tsql_proc known;
	if (classify_tsql_function(&r->lex, &name->last, &known))
		classify_tsql_add(r, known.classes, known.flags);
	if (name->remote)
		classify_tsql_add(r, 0, FLAG(REMOTE));
	if (!own && !name->sys)
		classify_tsql_add(r, 0, FLAG(FUNC));
}

static void table(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	struct tsql_name name;
	f->want = false;
	classify_tsql_name(r, &name);
	varies(r, nothing);
	if (classify_tsql_sign(&r->t, '(') && !is_hint(&r->ahead)) {
		bool method = name.parts > 1 && classify_tsql_is(&name.last, TSQL_NODES);
		function(r, &name, method || (name.parts == 1 && is_rowset(&name.last)));
		if (classify_tsql_is(&name.last, TSQL_CHANGETABLE))
			classify_batch_unknown_tables(r->batch);
		f->run = 1;
		return;
	}
	classify_tsql_table(r, &name);
	if (f->target) {
		f->target = false;
		classify_tsql_changed(r, &name.last);
	} else if (r->s.depth == 0 && r->s.waits && name.parts == 1 && classify_tsql_same(r, &r->s.target, &name.last)) {
		r->s.aliased = true; /* DELETE t FROM t JOIN u */
		r->s.alias_temp = classify_tsql_temporary(r, &name.last);
	}
	f->run = 1;
	if (classify_tsql_sign(&r->t, '(') || classify_tsql_is(&r->t, TSQL_FOR) || classify_tsql_is(&r->t, TSQL_TABLESAMPLE))
		return;
	alias(r, &name.last);
}

static void into(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	bool nested = r->s.depth > 0;
	classify_tsql_next(r);
	if (nested ? f->change : r->s.output)
		classify_tsql_add(r, CLASS(INSERT), 0);
	else if (r->s.kind == TSQL_KIND_SELECT && !nested)
		classify_tsql_add(r, CLASS(CREATE), 0);
	else
		return;
	classify_tsql_target(r);
	f->run = 1;
}

/* ---- words ---- */

/* SELECT, INSERT, ... that are part of the statement that is open. */
static void part(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	uint16_t word = r->t.word;
	bool change = word != TSQL_SELECT;
	static const struct {
		uint16_t word;
		uint64_t classes;
	} classes[] = { { TSQL_SELECT, CLASS(SELECT) }, { TSQL_INSERT, CLASS(INSERT) }, { TSQL_UPDATE, CLASS(UPDATE) }, { TSQL_DELETE, CLASS(DELETE) },
		{ TSQL_MERGE, CLASS(MERGE) } };
	if (r->s.depth == 0 && r->s.kind == TSQL_KIND_CTE && change) {
		classify_tsql_change(r);
		return;
	}
	if (r->s.depth > 0 && change && !classify_tsql_sign(&r->before, '(')) {
		classify_tsql_next(r); /* MERGE JOIN as a hint, ON DELETE CASCADE */
		return;
	}
	bool condition = r->s.kind == TSQL_KIND_TEST && classify_tsql_sign(&r->ahead, '('); /* IF (UPDATE(c)) */
	bool hint = word == TSQL_MERGE && (r->s.kind != TSQL_KIND_MERGE || r->s.depth > 0) &&
		    (classify_tsql_is(&r->ahead, TSQL_JOIN) || classify_tsql_is(&r->ahead, TSQL_UNION) || classify_tsql_is(&r->ahead, TSQL_RANGE));
	bool reference = r->s.kind == TSQL_KIND_DEFINE && change;
	bool cursor = r->s.kind == TSQL_KIND_CURSOR && before(r, TSQL_FOR) && change;
	classify_tsql_next(r);
	if ((change && condition) || hint || reference || cursor)
		return;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		classify_tsql_add(r, classes[i].word == word ? classes[i].classes : 0, 0);
	if (r->s.kind == TSQL_KIND_CTE && r->s.depth == 0)
		r->s.kind = TSQL_KIND_SELECT;
	if (r->s.kind == TSQL_KIND_MERGE && r->s.depth == 0)
		return; /* THEN UPDATE: the table is told */
	f->query = true;
	f->from = f->want = f->plain = false;
	f->run = 0;
	if (change) {
		classify_tsql_accept(r, TSQL_INTO);
		f->change = f->want = f->target = true;
		f->where = word == TSQL_INSERT || word == TSQL_MERGE;
	}
}

static void clause(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	struct tsql_statement *s = &r->s;
	uint16_t word = r->t.word;
	f->run = 0;
	switch (word) {
	case TSQL_FROM:
		if (f->query && !before(r, TSQL_DISTINCT))
			f->from = f->want = true;
		break;
	case TSQL_JOIN:
		f->from = f->want = f->query;
		break;
	case TSQL_WHERE:
		f->from = f->want = false;
		f->where = true;
		s->where |= s->depth == 0;
		if (s->depth == 0 && s->need_where)
			classify_tsql_where_begin(&f->cond, false);
		break;
	case TSQL_VALUES:
		s->rows |= s->depth == 0 && s->kind == TSQL_KIND_INSERT;
		f->from = f->want = false;
		break;
	case TSQL_GROUP: case TSQL_ORDER: case TSQL_HAVING: case TSQL_UNION: case TSQL_EXCEPT: case TSQL_INTERSECT: case TSQL_OPTION: case TSQL_SET:
	case TSQL_WHEN:
		f->from = f->want = false;
		break;
	case TSQL_FOR:
		if (!classify_tsql_is(&r->ahead, TSQL_SYSTEM_TIME))
			f->from = f->want = false;
		break;
	case TSQL_ON:
		f->want = false;
		break;
	default:
		break;
	}
	classify_tsql_next(r);
}

static void words_of_conditions(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	uint16_t word = r->t.word;
	if (!f->cond.on)
		return;
	if (f->cases == 0 && word == TSQL_AND)
		classify_tsql_where_and(&f->cond);
	else if (f->cases == 0 && word == TSQL_OR)
		classify_tsql_where_or(&f->cond);
	else if (word == TSQL_LIKE)
		classify_tsql_where_like(&f->cond);
	else if (word == TSQL_CURRENT)
		classify_tsql_where_operand(&f->cond, true, nothing);
	else if (word == TSQL_OPTION && r->s.depth == 0)
		classify_tsql_add(r, 0, classify_tsql_where_end(&f->cond) ? FLAG(TAUTOLOGY) : 0);
	else
		classify_tsql_where_other(&f->cond);
}

static bool keyword(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	uint16_t word = r->t.word;
	if (r->s.depth == 0 && classify_tsql_starts(r))
		return false;
	words_of_conditions(r);
	switch (word) {
	case TSQL_SELECT: case TSQL_INSERT: case TSQL_UPDATE: case TSQL_DELETE: case TSQL_MERGE:
		part(r);
		return true;
	case TSQL_EXEC: case TSQL_EXECUTE:
		if (r->s.depth > 0) {
			if (!classify_tsql_is(&r->ahead, TSQL_AS))
				classify_tsql_unparsed(r);
			break;
		}
		r->s.rows = true;
		classify_tsql_exec(r);
		return true;
	case TSQL_INTO:
		into(r);
		return true;
	case TSQL_CASE:
		f->cases++;
		break;
	case TSQL_END:
		if (f->cases > 0)
			f->cases--;
		f->run = 1;
		classify_tsql_next(r);
		return true;
	case TSQL_NULL: case TSQL_CURRENT_TIMESTAMP: case TSQL_CURRENT_USER: case TSQL_SESSION_USER: case TSQL_SYSTEM_USER: case TSQL_USER:
		f->run = 1;
		classify_tsql_next(r);
		return true;
	case TSQL_OPENQUERY: case TSQL_OPENROWSET: case TSQL_OPENDATASOURCE: case TSQL_OPENXML:
		varies(r, nothing);
		classify_tsql_next(r);
		return true;
	default: /* deeper than a server would go on */
		if (r->s.depth > 0 && classify_tsql_starter(word) && word != TSQL_SET && word != TSQL_IF && word != TSQL_ELSE && word != TSQL_FETCH &&
			word != TSQL_USE && word != TSQL_BULK)
			classify_tsql_unparsed(r);
		break;
	}
	clause(r);
	return true;
}

/* Words that are names elsewhere, and may go on with a clause. */
static bool may_go_on(uint16_t word)
{
	switch (word) {
	case TSQL_AT: case TSQL_TIME: case TSQL_ZONE: case TSQL_OFFSET: case TSQL_ROWS: case TSQL_ROW: case TSQL_NEXT: case TSQL_FIRST: case TSQL_ONLY:
	case TSQL_JSON: case TSQL_XML: case TSQL_PATH: case TSQL_AUTO: case TSQL_RAW: case TSQL_TIES: case TSQL_HASH: case TSQL_LOOP: case TSQL_REMOTE:
	case TSQL_APPLY: case TSQL_PARTITION: case TSQL_RANGE: case TSQL_WITHIN: case TSQL_WINDOW: case TSQL_MATCHED: case TSQL_TARGET:
	case TSQL_SOURCE: case TSQL_SYSTEM_TIME: case TSQL_SETS: case TSQL_EXPLICIT: case TSQL_OUTPUT: case TSQL_OUT: case TSQL_USING:
	case TSQL_IGNORE: case TSQL_RESPECT: case TSQL_NULLS: case TSQL_CONTAINED: case TSQL_UNBOUNDED: case TSQL_PRECEDING: case TSQL_FOLLOWING:
		return true;
	default:
		return false;
	}
}

static bool goes_on(struct tsql *r)
{
	uint16_t word = r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : TSQL_NONE;
	if (!may_go_on(word) || classify_tsql_sign(&r->ahead, '.'))
		return false;
	if (word == TSQL_UNBOUNDED || word == TSQL_PRECEDING || word == TSQL_FOLLOWING || classify_tsql_is(&r->ahead, TSQL_BY) ||
		classify_tsql_frame(r)->run > 0)
		return true;
	switch (r->before.kind == CLASSIFY_TOKEN_WORD ? r->before.word : TSQL_NONE) { /* else it is a column */
	case TSQL_FOR: case TSQL_FETCH: case TSQL_CROSS: case TSQL_OUTER: case TSQL_INNER: case TSQL_LEFT: case TSQL_RIGHT: case TSQL_FULL:
	case TSQL_WITH: case TSQL_CURRENT: case TSQL_AT: case TSQL_TIME: case TSQL_XML: case TSQL_JSON: case TSQL_NEXT: case TSQL_FIRST: case TSQL_GROUP:
	case TSQL_IGNORE: case TSQL_RESPECT:
		return true;
	case TSQL_BY: case TSQL_NOT: case TSQL_WHEN:
		return r->s.kind == TSQL_KIND_MERGE;
	default:
		return false;
	}
}

static bool is_method(const struct tsql_name *name) /* of XML: c.value('...', 'int') */
{
	return name->parts > 1 && (classify_tsql_is(&name->last, TSQL_VALUE) || classify_tsql_is(&name->last, TSQL_NODES) ||
		classify_tsql_is(&name->last, TSQL_QUERY) || classify_tsql_is(&name->last, TSQL_EXIST) ||
		classify_tsql_is(&name->last, TSQL_MODIFY) || classify_tsql_is(&name->last, TSQL_WRITE));
}

static void name(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	struct tsql_name n;
	bool as = before(r, TSQL_AS), is_alias = as || f->run > 0;
	bool noise = goes_on(r);
	bool is_word = f->takes_word || f->plain || before(r, TSQL_COLLATE) || classify_tsql_sign(&r->before, '{');
	struct classify_token first = r->t;
	f->takes_word = false;
	if (noise && before(r, TSQL_FOR) && (r->t.word == TSQL_XML || r->t.word == TSQL_JSON))
		f->plain = true; /* PATH, ROOT('x'), TYPE */
	if (noise && !classify_tsql_sign(&r->ahead, '(')) {
		f->run = 0;
		classify_tsql_next(r);
		return;
	}
	classify_tsql_name(r, &n);
	if (classify_tsql_sign(&r->t, '(')) {
		if (n.parts > 1 && !noise)
			function(r, &n, is_method(&n));
		else if (!noise)
			function(r, &n, true);
		f->run = 0;
		return;
	}
	f->run = as ? 2 : (uint8_t)(f->run + (f->run < UINT8_MAX));
	if (is_alias && f->from && r->s.waits && r->s.depth == 0 && n.parts == 1 && classify_tsql_same(r, &r->s.target, &first))
		r->s.aliased = true; /* of a derived table */
	if (is_word || is_alias)
		return;
	varies(r, n.text);
	if (classify_tsql_sign(&r->before, '.') || classify_tsql_sign(&r->t, ':')) /* t.*, type::method() */
		return;
	if ((f->query || f->inner) && !f->remote)
		classify_tsql_column(r, &n);
}

/* A statement that begins with a word that is not reserved, or a procedure's name behind a condition. */
static bool stops_at_name(struct tsql *r)
{
	const struct tsql_frame *f = &r->s.frame[0];
	uint16_t word = r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : TSQL_NONE;
	enum tsql_kind kind = r->s.kind;
	if (r->s.depth > 0)
		return false;
	if ((word == TSQL_ENABLE || word == TSQL_DISABLE) && classify_tsql_is(&r->ahead, TSQL_TRIGGER) && !r->s.fresh)
		return true;
	if (word == TSQL_RECEIVE && (classify_tsql_sign(&r->ahead, '*') || classify_tsql_is(&r->ahead, TSQL_TOP) || classify_tsql_named(&r->ahead)))
		return true;
	if (word == TSQL_SEND && classify_tsql_is(&r->ahead, TSQL_ON))
		return true;
	if (goes_on(r) || before(r, TSQL_AS))
		return false;
	/* One name and its alias, then no more without an operator: a server that reads on calls a procedure. */
	return (kind == TSQL_KIND_TEST && f->run > 0) || (kind == TSQL_KIND_SELECT && f->run > 1);
}

static bool operand(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	if (stops_at_name(r))
		return false;
	if (classify_tsql_is(&r->t, TSQL_RECEIVE) && r->s.depth > 0) /* WAITFOR (RECEIVE ...) */
		classify_tsql_add(r, CLASS(SELECT) | CLASS(DELETE), 0);
	if (classify_tsql_is(&r->t, TSQL_OUTPUT) && (r->s.kind == TSQL_KIND_INSERT || r->s.kind == TSQL_KIND_UPDATE || r->s.kind == TSQL_KIND_DELETE ||
		r->s.kind == TSQL_KIND_MERGE)) {
		r->s.output |= r->s.depth == 0;
		f->from = f->want = false;
		f->run = 0;
		classify_tsql_next(r);
	} else if (classify_tsql_is(&r->t, TSQL_USING) && r->s.kind == TSQL_KIND_MERGE) {
		f->want = f->query = true;
		f->run = 0;
		classify_tsql_next(r);
	} else if (classify_tsql_is(&r->t, TSQL_APPLY) && (before(r, TSQL_CROSS) || before(r, TSQL_OUTER))) {
		f->from = f->want = f->query;
		f->run = 0;
		classify_tsql_next(r);
	} else if (f->want && classify_tsql_sign(&r->before, '{')) { /* {oj t LEFT OUTER JOIN u ON ...} */
		classify_tsql_next(r);
	} else if (f->want) {
		table(r);
	} else if (classify_tsql_is(&r->t, TSQL_NEXT) && classify_tsql_is(&r->ahead, TSQL_VALUE)) {
		struct tsql_name sequence;
		classify_tsql_next(r);
		classify_tsql_next(r);
		classify_tsql_accept(r, TSQL_FOR);
		classify_tsql_add(r, 0, FLAG(FUNC));
		varies(r, nothing);
		if (classify_tsql_name(r, &sequence))
			classify_tsql_table(r, &sequence);
		f->run = 1;
	} else {
		if (r->s.kind == TSQL_KIND_SELECT && r->s.depth > 0 && (classify_tsql_is(&r->t, TSQL_UPDLOCK) || classify_tsql_is(&r->t, TSQL_XLOCK) ||
			classify_tsql_is(&r->t, TSQL_TABLOCK) || classify_tsql_is(&r->t, TSQL_TABLOCKX)))
			classify_tsql_add(r, CLASS(LOCK), 0);
		name(r);
	}
	return true;
}

static void literal(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	bool constant = r->t.kind == CLASSIFY_TOKEN_STRING || r->t.kind == CLASSIFY_TOKEN_NUMBER;
	if (r->t.kind == CLASSIFY_TOKEN_VARIABLE && f->want) {
		f->want = false;
		classify_tsql_table_later(r, &r->t);
		struct classify_token variable = r->t;
		classify_tsql_next(r);
		f->run = 1;
		if (!classify_tsql_sign(&r->t, '.'))
			alias(r, &variable);
		return;
	}
	if (f->remote && r->t.kind == CLASSIFY_TOKEN_STRING)
		classify_tsql_nested(r, &r->t, true);
	if (f->cond.on)
		classify_tsql_where_operand(&f->cond, !constant, r->t.text);
	if (f->run < UINT8_MAX)
		f->run++;
	if (before(r, TSQL_TOP))
		f->run = 0;
	if (f->want) { /* a string for a table, as some old settings have it */
		f->want = false;
		classify_batch_unknown_tables(r->batch);
	}
	classify_tsql_next(r);
}

static void sign(struct tsql *r)
{
	struct tsql_frame *f = classify_tsql_frame(r);
	f->run = 0;
	f->want |= f->from && classify_tsql_sign(&r->t, ',');
	if (f->cond.on) {
		if (classify_tsql_sign(&r->t, '='))
			classify_tsql_where_equals(&f->cond);
		else
			classify_tsql_where_other(&f->cond);
	}
	bool dot = classify_tsql_sign(&r->t, '.') || (classify_tsql_sign(&r->t, ':') && r->t.text.n > 2);
	if (dot && r->t.text.n > 2 && r->s.kind != TSQL_KIND_OTHER && r->s.kind != TSQL_KIND_DEFINE)
		classify_tsql_add(r, 0, FLAG(FUNC)); /* type::method() */
	classify_tsql_next(r);
	if (dot && classify_tsql_named(&r->t) && !f->want) { /* a method, or what OPENDATASOURCE(...) goes on with */
		classify_tsql_next(r);
		f->run = 1;
	}
}

bool classify_tsql_step(struct tsql *r)
{
	bool fresh = r->s.fresh, goes_on = true;
	switch (r->t.kind) {
	case CLASSIFY_TOKEN_END:
	case CLASSIFY_TOKEN_BROKEN:
	case CLASSIFY_TOKEN_SEPARATOR:
		return false;
	case CLASSIFY_TOKEN_SIGN:
		if (classify_tsql_sign(&r->t, '('))
			open_paren(r);
		else if (classify_tsql_sign(&r->t, ')'))
			close_paren(r);
		else if (classify_tsql_sign(&r->t, '.') && classify_tsql_frame(r)->want)
			table(r);
		else
			sign(r);
		break;
	case CLASSIFY_TOKEN_WORD:
		goes_on = classify_tsql_word_reserved(r->t.word) ? keyword(r) : operand(r);
		break;
	case CLASSIFY_TOKEN_NAME:
		goes_on = operand(r);
		break;
	default:
		literal(r);
		break;
	}
	if (fresh && goes_on)
		r->s.fresh = false;
	return goes_on;
}

void classify_tsql_body(struct tsql *r)
{
	while (classify_tsql_step(r))
		continue;
}
