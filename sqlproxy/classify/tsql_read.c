#include "sqlproxy/classify/tsql_read.h"

enum { END_OF_TEXT = CLASSIFY_TSQL_END_OF_TEXT };

void classify_tsql_next(struct tsql *r)
{
	if (r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN) {
		r->before = r->t;
		r->end = (size_t)(r->t.text.p + r->t.text.n - r->base);
	}
	r->t = r->ahead;
	if (r->doubt_ahead)
		classify_tsql_unparsed(r);
	r->lex.doubt = false;
	if (r->ahead.kind != CLASSIFY_TOKEN_END && r->ahead.kind != CLASSIFY_TOKEN_BROKEN)
		classify_tsql_lex_next(&r->lex, &r->ahead);
	r->doubt_ahead = r->lex.doubt;
}

bool classify_tsql_is(const struct classify_token *t, uint16_t word)
{
	return t->kind == CLASSIFY_TOKEN_WORD && t->word == word;
}

bool classify_tsql_sign(const struct classify_token *t, char sign)
{
	return t->kind == CLASSIFY_TOKEN_SIGN && t->sign == (uint8_t)sign;
}

bool classify_tsql_named(const struct classify_token *t)
{
	return t->kind == CLASSIFY_TOKEN_NAME || (t->kind == CLASSIFY_TOKEN_WORD && !classify_tsql_word_reserved(t->word));
}

bool classify_tsql_accept(struct tsql *r, uint16_t word)
{
	if (!classify_tsql_is(&r->t, word))
		return false;
	classify_tsql_next(r);
	return true;
}

static uint32_t fold(uint32_t unit)
{
	return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}

bool classify_tsql_same(const struct tsql *r, const struct classify_token *a, const struct classify_token *b)
{
	struct classify_tsql_units left = classify_tsql_units_of(&r->lex, a), right = classify_tsql_units_of(&r->lex, b);
	for (;;) {
		uint32_t unit = classify_tsql_units_next(&left);
		if (fold(unit) != fold(classify_tsql_units_next(&right)))
			return false;
		if (unit == END_OF_TEXT)
			return true;
	}
}

/* ---- statements ---- */

void classify_tsql_add(struct tsql *r, uint64_t classes, uint64_t flags)
{
	classify_batch_classes(r->batch, classes);
	classify_batch_flags(r->batch, flags);
}

void classify_tsql_unparsed(struct tsql *r)
{
	if (r->open)
		classify_tsql_add(r, CLASS(UNPARSED), 0);
	else
		r->spoilt = true;
}

void classify_tsql_unknown(struct tsql *r)
{
	classify_tsql_add(r, 0, FLAG(DYNAMIC));
	classify_batch_unknown_tables(r->batch);
	r->sum->changes++; /* who knows what it changes: not TEMP */
}

void classify_tsql_end(struct tsql *r)
{
	struct tsql_statement *s = &r->s;
	if (!r->open)
		return;
	if (s->depth > 0 || s->kind == TSQL_KIND_CTE) /* a WITH that nothing follows */
		classify_tsql_add(r, CLASS(UNPARSED), 0);
	if (s->waits) {
		if (!s->aliased)
			classify_tsql_table_later(r, &s->target);
		r->sum->changes++;
		r->sum->temps += s->aliased ? s->alias_temp : classify_tsql_temporary(r, &s->target) && !classify_tsql_is_cte(r, &s->target);
	}
	if (s->need_where && !s->where)
		classify_tsql_add(r, 0, FLAG(NO_WHERE));
	if (s->frame[0].cond.on && classify_tsql_where_end(&s->frame[0].cond))
		classify_tsql_add(r, 0, FLAG(TAUTOLOGY));
	s->need_where = s->waits = false;
	s->depth = 0;
}

void classify_tsql_done(struct tsql *r)
{
	classify_tsql_end(r);
	if (r->open && !r->folded) {
		if (r->sum->changes > 0 && r->sum->changes == r->sum->temps)
			classify_tsql_add(r, 0, FLAG(TEMP));
		classify_batch_close(r->batch, r->end);
	}
	r->open = r->bare = false;
}

void classify_tsql_open(struct tsql *r, enum tsql_kind kind, uint64_t classes)
{
	bool merge = r->bare;
	if (merge)
		classify_tsql_end(r);
	else
		classify_tsql_done(r);
	if (!merge) {
		r->sum->statements++;
		if (!r->folded) {
			*r->sum = (struct tsql_sum){ .statements = r->sum->statements };
			classify_batch_open(r->batch, r->control ? r->at : (size_t)(r->t.text.p - r->base));
		}
	}
	classes |= (r->control ? CLASS(CONTROL) : 0) | (r->spoilt ? CLASS(UNPARSED) : 0);
	r->open = true;
	r->bare = r->control = r->spoilt = false;
	r->s.kind = kind;
	r->s.rows = r->s.fresh = r->s.table = r->s.ranges = r->s.output = r->s.need_where = r->s.where = r->s.waits = r->s.aliased = r->s.alias_temp = false;
	r->s.ctes = r->s.depth = 0;
	r->s.frame[0] = (struct tsql_frame){ 0 };
	classify_tsql_add(r, classes, 0);
}

void classify_tsql_read(struct tsql *r)
{
	/* The first two tokens fill the window. */
	r->t.kind = r->before.kind = CLASSIFY_TOKEN_SEPARATOR;
	r->t.text = r->before.text = span_of(r->lex.sql.p, 0);
	classify_tsql_lex_next(&r->lex, &r->ahead);
	r->doubt_ahead = r->lex.doubt;
	classify_tsql_next(r);
	while (r->t.kind != CLASSIFY_TOKEN_END && r->t.kind != CLASSIFY_TOKEN_BROKEN)
		classify_tsql_statement(r);
	if (r->t.kind == CLASSIFY_TOKEN_BROKEN || r->blocks > 0)
		classify_tsql_unparsed(r);
	if ((r->control || r->spoilt) && !r->open)
		classify_tsql_open(r, TSQL_KIND_OTHER, 0);
	if (r->control) /* a BEGIN without anything behind it */
		classify_tsql_add(r, CLASS(CONTROL), 0);
	if (r->folded)
		classify_tsql_end(r);
	else
		classify_tsql_done(r);
}

/* ---- names ---- */

static bool is_sys(const struct tsql *r, const struct classify_token *t)
{
	static const char *const names[] = { "sys", "information_schema" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct classify_tsql_units u = classify_tsql_units_of(&r->lex, t);
		const char *p = names[i];
		while (*p && fold(classify_tsql_units_next(&u)) == (uint8_t)*p)
			p++;
		if (*p == 0 && classify_tsql_units_next(&u) == END_OF_TEXT)
			return true;
	}
	return false;
}

static void put_part(struct tsql *r, const struct classify_token *t)
{
	struct classify_tsql_units u = classify_tsql_units_of(&r->lex, t);
	for (uint32_t c = classify_tsql_units_next(&u); c != END_OF_TEXT;) {
		uint32_t next = classify_tsql_units_next(&u);
		if (c >= 0xd800 && c <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			next = classify_tsql_units_next(&u);
		} else if (c >= 0xd800 && c <= 0xdfff) {
			c = 0xfffd;
		}
		classify_batch_name_char(r->batch, c);
		c = next;
	}
}

static bool is_part(const struct tsql *r, bool after_dot)
{
	return classify_tsql_named(&r->t) || (after_dot && r->t.kind == CLASSIFY_TOKEN_WORD && !classify_tsql_starter(r->t.word));
}

bool classify_tsql_name(struct tsql *r, struct tsql_name *ret)
{
	*ret = (struct tsql_name){ .last = r->t, .first = r->t };
	const uint8_t *from = r->t.text.p;
	bool dot = false, first_empty = classify_tsql_sign(&r->t, '.');
	if (!is_part(r, false) && !first_empty)
		return false;
	classify_batch_name(r->batch);
	for (ret->parts = 1;;) {
		if (is_part(r, dot)) {
			ret->last = r->t;
			put_part(r, &r->t);
			classify_tsql_next(r);
			dot = false;
		}
		if (!classify_tsql_sign(&r->t, '.'))
			break;
		classify_batch_name_dot(r->batch);
		classify_tsql_next(r);
		dot = true;
		ret->parts++;
	}
	ret->remote = ret->parts >= 4 && !first_empty;
	ret->sys = ret->parts > 1 && !first_empty && is_sys(r, &ret->first);
	ret->text = span_of(from, (size_t)(r->before.text.p + r->before.text.n - from));
	return true;
}

bool classify_tsql_is_cte(const struct tsql *r, const struct classify_token *name)
{
	for (size_t i = 0; i < r->s.ctes; i++) {
		if (classify_tsql_same(r, &r->s.cte[i], name))
			return true;
	}
	return false;
}

void classify_tsql_table(struct tsql *r, const struct tsql_name *name)
{
	if (name->remote)
		classify_tsql_add(r, 0, FLAG(REMOTE));
	if (name->parts > 1 || !classify_tsql_is_cte(r, &name->last))
		classify_batch_table(r->batch);
}

void classify_tsql_column(struct tsql *r, const struct tsql_name *name)
{
	if (name->remote)
		classify_tsql_add(r, 0, FLAG(REMOTE));
	classify_batch_column(r->batch);
}

void classify_tsql_table_later(struct tsql *r, const struct classify_token *name)
{
	if (classify_tsql_is_cte(r, name))
		return;
	classify_batch_name(r->batch);
	put_part(r, name);
	classify_batch_table(r->batch);
}

bool classify_tsql_temporary(const struct tsql *r, const struct classify_token *name)
{
	struct classify_tsql_units u = classify_tsql_units_of(&r->lex, name);
	return name->kind == CLASSIFY_TOKEN_VARIABLE || classify_tsql_units_next(&u) == '#';
}

void classify_tsql_changed(struct tsql *r, const struct classify_token *name)
{
	r->sum->changes++;
	r->sum->temps += classify_tsql_temporary(r, name);
}

bool classify_tsql_target(struct tsql *r)
{
	struct tsql_name name = { .last = r->t, .parts = 1 };
	if (r->t.kind == CLASSIFY_TOKEN_VARIABLE) {
		classify_tsql_table_later(r, &r->t);
		classify_tsql_next(r);
	} else if (classify_tsql_name(r, &name)) {
		classify_tsql_table(r, &name);
	} else {
		r->sum->changes++; /* OPENQUERY, or what is no table: the body's reader meets it */
		classify_batch_unknown_tables(r->batch);
		return false;
	}
	classify_tsql_changed(r, &name.last);
	return true;
}
