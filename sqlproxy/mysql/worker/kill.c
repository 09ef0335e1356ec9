#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <strings.h>

/*
 * KILL [HARD|SOFT] [CONNECTION|QUERY] NUMBER, with blanks and nothing else.  A client knows the number that our greeting gave it; the target knows
 * its own.  Whatever is written in another way is no kill of one's own connection.
 */
static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct span *s)
{
	while (s->n > 0 && is_blank(*s->p))
		*s = span_of(s->p + 1, s->n - 1);
}

static bool word(struct span *s, const char *w)
{
	size_t n = strlen(w);
	skip(s);
	if (s->n <= n || strncasecmp((const char *)s->p, w, n) != 0 || !is_blank(s->p[n]))
		return false;
	*s = span_of(s->p + n, s->n - n);
	return true;
}

static bool number(struct span *s, uint64_t *ret)
{
	size_t digits = 0;
	*ret = 0;
	for (skip(s); s->n > 0 && *s->p >= '0' && *s->p <= '9' && digits < 19; digits++) {
		*ret = *ret * 10 + (uint64_t)(*s->p - '0');
		*s = span_of(s->p + 1, s->n - 1);
	}
	skip(s);
	if (s->n > 0 && *s->p == ';') {
		*s = span_of(s->p + 1, s->n - 1);
		skip(s);
	}
	return digits > 0 && s->n == 0;
}

int gw_mysql_kill_number(struct gw_mysql_link *l, uint64_t ours, uint64_t *ret)
{
	struct err err = { 0 };
	if (ours == gw_session_number(l->gw)) {
		*ret = l->login.connection;
		return 0;
	}
	if (ours > UINT32_MAX)
		return -ENOENT;
	int r = gw_session_thread_of(l->gw, (uint32_t)ours, ret, &err);
	return r < 0 ? -ENOENT : 0;
}

int gw_mysql_kill(struct gw_mysql_link *l, struct span text, struct buf *ret)
{
	uint64_t ours, theirs = 0;
	if (!word(&text, "KILL"))
		return -ENOENT;
	bool hard = word(&text, "HARD"), soft = !hard && word(&text, "SOFT");
	bool query = word(&text, "QUERY");
	if (!query)
		(void)word(&text, "CONNECTION");
	if (word(&text, "ID")) /* MariaDB: the number of a query, which no greeting gave */
		return -ENOENT;
	if (!number(&text, &ours) || gw_mysql_kill_number(l, ours, &theirs) < 0)
		return -ENOENT;
	buf_clear(ret);
	buf_printf(ret, "KILL %s%s%ju", hard ? "HARD " : soft ? "SOFT " : "", query ? "QUERY " : "CONNECTION ", (uintmax_t)theirs);
	return 1;
}
