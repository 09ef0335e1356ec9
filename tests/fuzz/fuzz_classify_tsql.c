/* T-SQL: any bytes under each reading of "a", the first byte says which.  Tokens stand behind one another within the input; every statement has a
 * class, spans in range and names in the batch's room; the same input has the same answer; where the mode is not known, everything that either
 * mode reports is reported; constant SQL is no way around: what a text does is told of EXEC('text'), or that it is not known. */
#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/normal.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct tokens {
	struct span sql;
	const uint8_t *at;
	size_t n;
	bool broken;
};

static void take(void *to, const struct classify_token *t)
{
	struct tokens *all = to;
	bool within = t->text.p >= all->at && (size_t)(t->text.p - all->sql.p) + t->text.n <= all->sql.n;
	if (!within || all->broken || t->kind == CLASSIFY_TOKEN_END || (t->kind != CLASSIFY_TOKEN_BROKEN && t->text.n == 0))
		abort();
	all->at = t->text.p + t->text.n;
	all->broken = t->kind == CLASSIFY_TOKEN_BROKEN;
	all->n++;
}

static void check(const struct classify_batch *b, size_t n)
{
	uint64_t classes = 0, flags = 0;
	if (b->n == 0 || b->n > CLASSIFY_STATEMENTS || b->tables + b->columns > CLASSIFY_NAMES)
		abort();
	for (size_t i = 0; i < b->n; i++) {
		const struct classify_statement *s = &b->statement[i];
		bool room = (size_t)s->table + s->tables <= b->tables && s->column >= CLASSIFY_NAMES - b->columns && s->column + s->columns <= CLASSIFY_NAMES;
		if (!s->classes || (size_t)s->at + s->n > n || !room || (s->tables_known && (s->classes & DECIDE_SQL_CLASS(UNPARSED))))
			abort();
		for (size_t k = 0; k < s->tables; k++) {
			const char *p = (const char *)b->name[s->table + k].p;
			if (p < b->bytes || p + b->name[s->table + k].n > b->bytes + sizeof b->bytes)
				abort();
		}
		classes |= s->classes;
		flags |= s->flags;
	}
	if (classes != b->classes || flags != b->flags)
		abort();
}

static bool same(const struct classify_batch *a, const struct classify_batch *b)
{
	bool ret = a->n == b->n && a->classes == b->classes && a->flags == b->flags && a->tables == b->tables && a->columns == b->columns;
	for (size_t i = 0; ret && i < a->n; i++)
		ret = a->statement[i].classes == b->statement[i].classes && a->statement[i].flags == b->statement[i].flags &&
		      a->statement[i].n == b->statement[i].n;
	return ret && memcmp(&a->after, &b->after, sizeof a->after) == 0;
}

/* EXEC(N'...') of it: the same classes, or DYNAMIC with tables that nobody knows. */
static void wrapped(const struct classify_mode *mode, struct span sql, const struct classify_batch *plain)
{
	static const char head[] = "E\0X\0E\0C\0(\0N\0'\0", tail[] = "'\0)\0";
	struct classify_batch *b = malloc(sizeof *b);
	struct buf text;
	buf_init(&text, sizeof head + sizeof tail + sql.n * 2);
	buf_put(&text, head, sizeof head - 1);
	for (size_t i = 0; i + 2 <= sql.n; i += 2) {
		buf_put(&text, sql.p + i, 2);
		if (sql.p[i] == '\'' && sql.p[i + 1] == 0)
			buf_put(&text, sql.p + i, 2);
	}
	buf_put(&text, tail, sizeof tail - 1);
	if (b) {
		classify_tsql(mode, buf_span(&text), b);
		check(b, text.len);
		uint64_t told = plain->classes & ~(DECIDE_SQL_CLASS(EMPTY) | DECIDE_SQL_CLASS(CONTROL));
		bool unknown = b->n == 1 && !b->statement[0].tables_known;
		if (!(b->flags & DECIDE_SQL_FLAG(DYNAMIC)) || !((b->classes & told) == told || unknown))
			abort();
	}
	buf_done(&text);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct classify_batch *b = calloc(3, sizeof *b);
	if (n > 0 && b) {
		struct span sql = span_of(data + 1, n - 1);
		struct tokens tokens = { .sql = sql, .at = sql.p };
		struct classify_mode mode = { .dialect = CLASSIFY_TSQL, .set = data[0] & 1 ? CLASSIFY_QUOTED_IDENTIFIER : 0 };
		classify_tsql_tokens(&mode, sql, take, &tokens);
		if (tokens.n > sql.n)
			abort();
		classify_tsql(&mode, sql, &b[0]);
		classify_tsql(&mode, sql, &b[1]);
		check(&b[0], sql.n);
		if (!same(&b[0], &b[1]))
			abort();
		if (sql.n % 2 == 0)
			wrapped(&mode, sql, &b[0]);
		mode.set ^= CLASSIFY_QUOTED_IDENTIFIER;
		classify_tsql(&mode, sql, &b[1]);
		mode.unknown = CLASSIFY_QUOTED_IDENTIFIER;
		classify_tsql(&mode, sql, &b[2]);
		check(&b[2], sql.n);
		uint64_t classes = b[0].classes | b[1].classes, flags = (b[0].flags | b[1].flags) & ~DECIDE_SQL_FLAG(TEMP);
		if ((b[2].classes & classes) != classes || (b[2].flags & flags) != flags)
			abort();
	}
	free(b);
	return 0;
}
