#include "sqlproxy/classify/batch.h"
#include "gateway/core/utf8.h"
#include "policy/decide/sql.h"
#include <string.h>

enum { REPLACEMENT = 0xfffd, SLOTS = CLASSIFY_NAMES * 2 };

static struct classify_statement *current(struct classify_batch *b)
{
	return &b->statement[b->n - 1];
}

/* Field by field: what the counts guard needs no zeros. */
void classify_batch_start(struct classify_batch *b, const struct classify_mode *mode)
{
	b->n = b->tables = b->columns = b->used = b->began = 0;
	b->classes = b->flags = 0;
	b->after = *mode;
	b->open = b->spoiled = false;
	memset(b->fingerprint, 0, sizeof b->fingerprint);
	memset(b->slot, 0, sizeof b->slot);
}

void classify_batch_open(struct classify_batch *b, size_t at)
{
	if (b->n == CLASSIFY_STATEMENTS) {
		current(b)->classes |= DECIDE_SQL_CLASS(UNPARSED); /* what comes adds to the last one */
		b->open = true;
		return;
	}
	b->statement[b->n++] = (struct classify_statement){
		.at = (uint32_t)at,
		.table = (uint16_t)b->tables,
		.column = (uint16_t)(CLASSIFY_NAMES - b->columns),
		.tables_known = true,
	};
	b->open = true;
}

void classify_batch_close(struct classify_batch *b, size_t end)
{
	if (!b->open)
		return;
	struct classify_statement *s = current(b);
	s->n = (uint32_t)(end > s->at ? end - s->at : 0);
	if (!s->classes)
		s->classes = DECIDE_SQL_CLASS(UNPARSED);
	if (s->classes & DECIDE_SQL_CLASS(UNPARSED))
		s->tables_known = false;
	b->open = false;
}

void classify_batch_finish(struct classify_batch *b)
{
	if (b->n == 0) {
		classify_batch_open(b, 0);
		classify_batch_classes(b, DECIDE_SQL_CLASS(EMPTY));
	}
	if (b->open)
		classify_batch_close(b, current(b)->at);
	b->classes = b->flags = 0;
	for (size_t i = 0; i < b->n; i++) {
		if (b->n > 1)
			b->statement[i].flags |= DECIDE_SQL_FLAG(MULTI);
		b->classes |= b->statement[i].classes;
		b->flags |= b->statement[i].flags;
	}
}

void classify_batch_classes(struct classify_batch *b, uint64_t classes)
{
	if (b->open)
		current(b)->classes |= classes;
}

void classify_batch_flags(struct classify_batch *b, uint64_t flags)
{
	if (b->open)
		current(b)->flags |= flags;
}

void classify_batch_unknown_tables(struct classify_batch *b)
{
	if (b->open)
		current(b)->tables_known = false;
}

/* ---- names ---- */

void classify_batch_name(struct classify_batch *b)
{
	b->used = b->began;
	b->spoiled = false;
}

static void put(struct classify_batch *b, const void *p, size_t n)
{
	if (n > sizeof b->bytes - b->used) {
		b->spoiled = true;
		return;
	}
	memcpy(b->bytes + b->used, p, n);
	b->used += n;
}

void classify_batch_name_dot(struct classify_batch *b)
{
	put(b, ".", 1);
}

void classify_batch_name_char(struct classify_batch *b, uint32_t c)
{
	uint8_t bytes[4];

	if (c == REPLACEMENT || c == '.')
		b->spoiled = true;
	put(b, bytes, utf8_put(c, bytes));
}

static size_t hash(struct span name, bool table, size_t statement)
{
	uint64_t h = 0xcbf29ce484222325 ^ (statement << 1 | table); /* FNV-1a; the table is small and has a fixed size, and so has the work */

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 0x100000001b3;
	return (size_t)(h ^ h >> 32) % SLOTS;
}

/* Does it stand there already, for this statement and kind?  *ret_slot: where it would go. */
static bool known(const struct classify_batch *b, struct span name, bool table, size_t *ret_slot)
{
	const struct classify_statement *s = &b->statement[b->n - 1];
	size_t from = table ? s->table : (size_t)CLASSIFY_NAMES - b->columns;
	size_t end = table ? b->tables : s->column;
	size_t at = hash(name, table, b->n);

	for (; b->slot[at]; at = (at + 1) % SLOTS) { /* never full: half of the slots at most */
		size_t i = b->slot[at] - 1;
		if (i >= from && i < end && span_eq(b->name[i], name))
			return true;
	}
	*ret_slot = at;
	return false;
}

static void keep(struct classify_batch *b, bool table)
{
	size_t slot = 0;

	if (!b->open)
		return;
	struct classify_statement *s = current(b);
	struct span name = span_of(b->bytes + b->began, b->used - b->began);
	if (b->spoiled && table)
		s->tables_known = false;
	if (name.n == 0 || known(b, name, table, &slot))
		return;
	if (b->tables + b->columns == CLASSIFY_NAMES || b->used == sizeof b->bytes) {
		if (table)
			s->tables_known = false;
		return;
	}
	size_t at = table ? b->tables++ : CLASSIFY_NAMES - ++b->columns;
	if (table) {
		s->tables++;
	} else {
		s->column = (uint16_t)at;
		s->columns++;
	}
	b->name[at] = name;
	b->slot[slot] = (uint16_t)(at + 1);
	b->began = b->used;
}

void classify_batch_table(struct classify_batch *b)
{
	keep(b, true);
	classify_batch_name(b);
}

void classify_batch_column(struct classify_batch *b)
{
	keep(b, false);
	classify_batch_name(b);
}

/* ---- two readings ---- */

static void add_name(struct classify_batch *ret, struct span name, bool table)
{
	classify_batch_name(ret);
	put(ret, name.p, name.n);
	keep(ret, table);
	classify_batch_name(ret);
}

static void add_statement(struct classify_batch *ret, const struct classify_batch *from, size_t i)
{
	const struct classify_statement *s = &from->statement[i];

	classify_batch_classes(ret, s->classes);
	classify_batch_flags(ret, s->flags);
	if (!s->tables_known)
		classify_batch_unknown_tables(ret);
	for (size_t k = 0; k < s->tables; k++)
		add_name(ret, from->name[s->table + k], true);
	for (size_t k = s->columns; k-- > 0;)
		add_name(ret, from->name[s->column + k], false);
}

static struct classify_mode both_modes(const struct classify_mode *a, const struct classify_mode *b)
{
	struct classify_mode ret = *a;

	ret.unknown = (uint8_t)(a->unknown | b->unknown | (a->set ^ b->set));
	ret.charset = a->charset == b->charset ? a->charset : CLASSIFY_CHARSET_UNKNOWN;
	ret.version = a->version == b->version ? a->version : 0;
	return ret;
}

void classify_batch_union(struct classify_batch *ret, const struct classify_batch *a, const struct classify_batch *b)
{
	const struct classify_batch *longer = a->n >= b->n ? a : b, *other = longer == a ? b : a;
	struct classify_mode after = both_modes(&a->after, &b->after);
	bool agree = a->n == b->n;

	classify_batch_start(ret, &after);
	for (size_t i = 0; i < longer->n; i++) {
		const struct classify_statement *s = &longer->statement[i];
		classify_batch_open(ret, s->at);
		add_statement(ret, longer, i);
		if (agree)
			add_statement(ret, other, i);
		else
			classify_batch_classes(ret, DECIDE_SQL_CLASS(UNPARSED) | longer->classes | other->classes);
		classify_batch_flags(ret, agree ? 0 : longer->flags | other->flags);
		classify_batch_close(ret, (size_t)s->at + s->n);
	}
	classify_batch_finish(ret);
	memcpy(ret->fingerprint, a->fingerprint, sizeof ret->fingerprint);
}
