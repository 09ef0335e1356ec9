#include "sqlproxy/classify/tsql_read.h"

void classify_tsql_select(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_SELECT, CLASS(SELECT));
	r->s.frame[0].query = true;
	classify_tsql_next(r);
	classify_tsql_body(r);
}

/* TOP (n) [PERCENT] */
static void top(struct tsql *r)
{
	if (!classify_tsql_accept(r, TSQL_TOP))
		return;
	size_t depth = r->s.depth;
	do {
		if (!classify_tsql_step(r))
			return;
	} while (r->s.depth > depth);
	classify_tsql_accept(r, TSQL_PERCENT);
	r->s.frame[0].run = 0;
}

/* The table of an UPDATE or DELETE: a name of one part may be an alias of its FROM. */
static void later(struct tsql *r)
{
	if (classify_tsql_named(&r->t) && !classify_tsql_sign(&r->ahead, '.') && !classify_tsql_sign(&r->ahead, '(')) {
		r->s.target = r->t;
		r->s.waits = true;
		classify_tsql_next(r);
	} else {
		classify_tsql_target(r);
	}
}

void classify_tsql_change(struct tsql *r)
{
	static const struct {
		uint16_t word;
		enum tsql_kind kind;
		uint64_t classes;
	} heads[] = { { TSQL_INSERT, TSQL_KIND_INSERT, CLASS(INSERT) }, { TSQL_UPDATE, TSQL_KIND_UPDATE, CLASS(UPDATE) },
		{ TSQL_DELETE, TSQL_KIND_DELETE, CLASS(DELETE) }, { TSQL_MERGE, TSQL_KIND_MERGE, CLASS(MERGE) } };
	size_t i = 0;
	while (!classify_tsql_is(&r->t, heads[i].word))
		i++;
	enum tsql_kind kind = heads[i].kind;
	if (r->s.kind == TSQL_KIND_CTE && r->open)
		r->s.kind = kind; /* behind WITH: the same statement */
	else
		classify_tsql_open(r, kind, 0);
	classify_tsql_add(r, heads[i].classes, 0);
	struct tsql_frame *f = &r->s.frame[0];
	*f = (struct tsql_frame){ .query = true };
	r->s.need_where = kind == TSQL_KIND_UPDATE || kind == TSQL_KIND_DELETE;
	classify_tsql_next(r);
	if (kind == TSQL_KIND_INSERT && classify_tsql_accept(r, TSQL_BULK))
		classify_tsql_add(r, 0, FLAG(BULK));
	top(r);
	if (kind == TSQL_KIND_DELETE)
		classify_tsql_accept(r, TSQL_FROM);
	else if (kind != TSQL_KIND_UPDATE)
		classify_tsql_accept(r, TSQL_INTO);
	if (r->s.need_where)
		later(r);
	else
		classify_tsql_target(r);
	f->run = 1;
	classify_tsql_body(r);
}

/* WITH c (a, b) AS (SELECT ...), d AS (...) and then SELECT, INSERT, ...; WITH XMLNAMESPACES (...) */
void classify_tsql_cte(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_CTE, 0);
	classify_tsql_next(r);
	struct tsql_statement *s = &r->s;
	s->frame[0].query = true;
	while (s->kind == TSQL_KIND_CTE) {
		bool begins = classify_tsql_is(&r->before, TSQL_WITH) || classify_tsql_sign(&r->before, ',');
		if (s->depth == 0 && begins && classify_tsql_named(&r->t)) {
			if (s->ctes < TSQL_CTES)
				s->cte[s->ctes++] = r->t;
			classify_tsql_next(r);
			s->frame[0].plain = true; /* its columns' names */
		} else if (!classify_tsql_step(r)) {
			return;
		}
		if (s->depth == 0 && classify_tsql_is(&r->before, TSQL_AS))
			s->frame[0].plain = false;
	}
	classify_tsql_body(r);
}

void classify_tsql_truncate(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_OTHER, CLASS(TRUNCATE));
	classify_tsql_next(r);
	classify_tsql_accept(r, TSQL_TABLE);
	if (!classify_tsql_target(r))
		classify_tsql_unparsed(r);
	classify_tsql_body(r);
}

/* READTEXT t.c @p 0 10; WRITETEXT [BULK] t.c @p 'x'; UPDATETEXT [BULK] t.c @p ... [u.c @q] */
void classify_tsql_texts(struct tsql *r)
{
	bool changes = !classify_tsql_is(&r->t, TSQL_READTEXT);
	classify_tsql_open(r, TSQL_KIND_OTHER, changes ? CLASS(UPDATE) : CLASS(SELECT));
	if (changes)
		classify_tsql_add(r, 0, FLAG(NO_WHERE));
	classify_tsql_next(r);
	classify_tsql_accept(r, TSQL_BULK);
	struct classify_token table = r->t;
	/* [[schema.]table.]column: the last part is no table's; of more than two parts nobody asks. */
	if (classify_tsql_named(&r->t) && classify_tsql_sign(&r->ahead, '.')) {
		struct tsql_name name;
		classify_tsql_name(r, &name);
		if (name.parts == 2)
			classify_tsql_table_later(r, &table);
		else
			classify_batch_unknown_tables(r->batch);
		if (changes)
			classify_tsql_changed(r, &table);
	} else {
		classify_tsql_unparsed(r);
	}
	classify_tsql_body(r);
}

/* BULK INSERT t FROM 'file' WITH (...) */
void classify_tsql_bulk(struct tsql *r)
{
	classify_tsql_open(r, TSQL_KIND_OTHER, CLASS(INSERT));
	classify_tsql_add(r, 0, FLAG(BULK) | FLAG(FILE_READ));
	classify_tsql_next(r);
	classify_tsql_accept(r, TSQL_INSERT);
	if (!classify_tsql_target(r))
		classify_tsql_unparsed(r);
	classify_tsql_body(r);
}
