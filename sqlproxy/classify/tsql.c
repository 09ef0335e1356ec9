#include "sqlproxy/classify/normal.h"
#include "sqlproxy/classify/tsql_read.h"
#include <string.h>

static enum tsql_lexmode reading(const struct classify_mode *mode, struct span sql, bool quoted_identifier, bool follow, struct classify_batch *ret)
{
	struct tsql_sum sum = { 0 };
	struct tsql r = { .batch = ret, .sum = &sum, .base = sql.p, .follow = follow, .spoilt = sql.n % 2 != 0 };
	classify_batch_start(ret, mode);
	classify_tsql_lex_start(&r.lex, sql, quoted_identifier);
	classify_tsql_read(&r);
	classify_batch_finish(ret);
	return r.lexmode;
}

/* What is temporary in one reading and not in the other is not. */
static void keep_temp(struct classify_batch *ret, const struct classify_batch *a, const struct classify_batch *b)
{
	ret->flags &= ~FLAG(TEMP);
	for (size_t i = 0; i < ret->n; i++) {
		bool both = a->n == b->n && (a->statement[i].flags & b->statement[i].flags & FLAG(TEMP));
		if (!both)
			ret->statement[i].flags &= ~FLAG(TEMP);
		ret->flags |= ret->statement[i].flags & FLAG(TEMP);
	}
}

static enum tsql_lexmode add_reading(const struct classify_mode *mode, struct span sql, bool quoted_identifier, bool follow, struct classify_batch *ret)
{
	struct classify_batch first = *ret, other;
	for (size_t i = 0; i < first.tables + first.columns; i++) { /* the names are where the copy is */
		size_t at = i < first.tables ? i : CLASSIFY_NAMES - 1 - (i - first.tables);
		first.name[at].p = (const uint8_t *)first.bytes + ((const char *)ret->name[at].p - ret->bytes);
	}
	enum tsql_lexmode lexmode = reading(mode, sql, quoted_identifier, follow, &other);
	classify_batch_union(ret, &first, &other);
	keep_temp(ret, &first, &other);
	return lexmode;
}

/* "a" is a name or a string by what the session has set; a SET within the batch counts from where it stands, or from the next batch on. */
void classify_tsql(const struct classify_mode *mode, struct span sql, struct classify_batch *ret)
{
	bool on = mode->set & CLASSIFY_QUOTED_IDENTIFIER, unknown = mode->unknown & CLASSIFY_QUOTED_IDENTIFIER;
	if (sql.n == 0)
		sql = span_of("", 0);
	bool matters = memchr(sql.p, '"', sql.n) != NULL;
	enum tsql_lexmode lexmode = reading(mode, sql, on, false, ret);
	struct classify_mode after = *mode;
	for (unsigned more = 1; matters && more < 4; more++) { /* the other start; what a SET says followed; both */
		bool other = more & 1, follow = more & 2;
		if ((other && !unknown) || (follow && lexmode == TSQL_LEXMODE_SAME))
			continue;
		if (add_reading(mode, sql, on ^ other, follow, ret) != lexmode)
			lexmode = TSQL_LEXMODE_UNKNOWN;
	}
	if (lexmode != TSQL_LEXMODE_SAME) {
		after.unknown &= (uint8_t)~CLASSIFY_QUOTED_IDENTIFIER;
		after.set &= (uint8_t)~CLASSIFY_QUOTED_IDENTIFIER;
	}
	if (lexmode == TSQL_LEXMODE_ON)
		after.set |= CLASSIFY_QUOTED_IDENTIFIER;
	else if (lexmode == TSQL_LEXMODE_UNKNOWN)
		after.unknown |= CLASSIFY_QUOTED_IDENTIFIER;
	ret->after = after;
}

void classify_tsql_tokens(const struct classify_mode *mode, struct span sql, classify_take_fn *take, void *to)
{
	struct classify_tsql_lex lex;
	struct classify_token t;
	if (sql.n == 0)
		return;
	classify_tsql_lex_start(&lex, sql, mode->set & CLASSIFY_QUOTED_IDENTIFIER);
	do {
		classify_tsql_lex_next(&lex, &t);
		if (t.kind != CLASSIFY_TOKEN_END)
			take(to, &t);
	} while (t.kind != CLASSIFY_TOKEN_END && t.kind != CLASSIFY_TOKEN_BROKEN);
}
