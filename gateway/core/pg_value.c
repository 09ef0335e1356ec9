#include "gateway/core/pg.h"
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>

/* A struct pg_result is libpq's PGresult under a name that keeps libpq-fe.h out of our headers. */
static const PGresult *lib(const struct pg_result *r)
{
	return (const PGresult *)r;
}

int pg_rows(const struct pg_result *r)
{
	return PQntuples(lib(r));
}

const char *pg_text(const struct pg_result *r, int row, int col)
{
	return PQgetisnull(lib(r), row, col) ? NULL : PQgetvalue(lib(r), row, col);
}

struct span pg_span(const struct pg_result *r, int row, int col)
{
	const char *text = pg_text(r, row, col);
	return text ? span_of(text, (size_t)PQgetlength(lib(r), row, col)) : (struct span){ 0 };
}

int64_t pg_int(const struct pg_result *r, int row, int col)
{
	const char *text = pg_text(r, row, col);
	char *end = NULL;
	if (!text || !*text)
		return 0;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? v : 0;
}

bool pg_bool(const struct pg_result *r, int row, int col)
{
	const char *text = pg_text(r, row, col);
	return text && text[0] == 't';
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int pg_bytea(struct span text, struct buf *out)
{
	if (text.n < 2 || text.p[0] != '\\' || text.p[1] != 'x' || text.n % 2 != 0)
		return -EPROTO;
	size_t n = text.n / 2 - 1;
	for (size_t i = 2; i < text.n; i++)
		if (digit(text.p[i]) < 0)
			return -EPROTO;
	uint8_t *room = n > 0 ? buf_room(out, n) : NULL;
	if (!room)
		return n > 0 ? -EMSGSIZE : 0;
	for (size_t i = 0; i < n; i++)
		room[i] = (uint8_t)(digit(text.p[2 + 2 * i]) << 4 | digit(text.p[3 + 2 * i]));
	buf_grew(out, n);
	return 0;
}

void pg_bytea_text(struct span bytes, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	if (bytes.n > out->cap / 2) {
		out->failed = true;
		return;
	}
	uint8_t *room = buf_room(out, 2 + 2 * bytes.n);
	if (!room)
		return;
	*room++ = '\\';
	*room++ = 'x';
	for (size_t i = 0; i < bytes.n; i++) {
		*room++ = (uint8_t)hex[bytes.p[i] >> 4];
		*room++ = (uint8_t)hex[bytes.p[i] & 15];
	}
	buf_grew(out, 2 + 2 * bytes.n);
}
