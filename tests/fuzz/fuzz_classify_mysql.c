/* Statements of MySQL and MariaDB: two bytes choose how the server reads, the rest is what the client sends.  Whatever it is: at least one statement, no
 * statement without a class, everything inside the text, the same answer twice, and where something is unknown everything of every certain reading. */
#include "policy/decide/sql.h"
#include "sqlproxy/classify/classify.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct classify_batch all, one, again;

static void check(const struct classify_batch *b, struct span sql)
{
	if (b->n == 0 || b->n > CLASSIFY_STATEMENTS || b->tables + b->columns > CLASSIFY_NAMES || b->used > sizeof b->bytes)
		abort();
	for (size_t i = 0; i < b->n; i++) {
		const struct classify_statement *s = &b->statement[i];
		if (!s->classes || (size_t)s->at + s->n > sql.n || (s->classes & ~b->classes) || (s->flags & ~b->flags))
			abort();
		if ((size_t)s->table + s->tables > b->tables || s->column < CLASSIFY_NAMES - b->columns || s->column + s->columns > CLASSIFY_NAMES)
			abort();
	}
	for (size_t i = 0; i < CLASSIFY_NAMES; i++)
		if ((i < b->tables || i >= CLASSIFY_NAMES - b->columns) &&
			((const char *)b->name[i].p < b->bytes || (const char *)b->name[i].p + b->name[i].n > b->bytes + b->used))
			abort();
}

static void contains(const struct classify_batch *whole, const struct classify_mode *certain, struct span sql)
{
	classify(certain, sql, &one);
	check(&one, sql);
	if (!(whole->classes & DECIDE_SQL_CLASS(UNPARSED)) && ((one.classes & ~whole->classes) || (one.flags & ~whole->flags)))
		abort();
}

static void texts(const struct classify_mode *mode, struct span sql)
{
	struct buf masked, normal;

	buf_init(&masked, 8 << 20);
	buf_init(&normal, 8 << 20);
	classify_masked(mode, sql, &masked);
	classify_normal(mode, sql, &normal);
	buf_done(&masked);
	buf_done(&normal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint32_t versions[] = { 0, 50624, 80036, 90704 };
	if (n < 2 || n > 65536)
		return 0;
	struct span sql = span_of(data + 2, n - 2);
	struct classify_mode mode = {
		.dialect = data[0] & 1 ? CLASSIFY_MARIADB : CLASSIFY_MYSQL,
		.set = (data[0] >> 1) & 7,
		.unknown = (data[0] >> 4) & 7,
		.charset = data[1] % CLASSIFY_CHARSETS,
		.version = data[0] & 1 ? (data[1] & 0x80 ? 101119 : 0) : versions[data[1] >> 6],
	};

	classify(&mode, sql, &all);
	check(&all, sql);
	classify(&mode, sql, &again);
	if (again.n != all.n || again.classes != all.classes || again.flags != all.flags || memcmp(again.fingerprint, all.fingerprint, sizeof all.fingerprint) != 0)
		abort();
	for (uint8_t bits = 0; mode.unknown && bits < 8; bits++) {
		struct classify_mode certain = mode;
		certain.unknown = 0;
		certain.set = (uint8_t)((mode.set & ~mode.unknown) | (bits & mode.unknown));
		contains(&all, &certain, sql);
	}
	for (uint8_t c = 0; mode.charset == CLASSIFY_CHARSET_UNKNOWN && c < CLASSIFY_CHARSET_UNKNOWN; c++) {
		struct classify_mode certain = mode;
		certain.charset = c;
		contains(&all, &certain, sql);
	}
	texts(&mode, sql);
	return 0;
}
