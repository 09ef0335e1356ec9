#include "sqlproxy/mysql/worker/greeting.h"
#include "sqlproxy/mysql/flags.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On a port that leads anywhere, and before the first session of one that leads to one target. */
static const char usual[] = "8.0.11-Yanmen";
enum {
	EVERYWHERE = MYSQL_CAP_LONG_PASSWORD | MYSQL_CAP_FOUND_ROWS | MYSQL_CAP_LONG_FLAG | MYSQL_CAP_CONNECT_WITH_DB | MYSQL_CAP_ODBC |
		     MYSQL_CAP_LOCAL_FILES | MYSQL_CAP_IGNORE_SPACE | MYSQL_CAP_PROTOCOL_41 | MYSQL_CAP_INTERACTIVE | MYSQL_CAP_TRANSACTIONS |
		     MYSQL_CAP_SECURE_CONNECTION | MYSQL_CAP_MULTI_STATEMENTS | MYSQL_CAP_MULTI_RESULTS | MYSQL_CAP_PS_MULTI_RESULTS |
		     MYSQL_CAP_PLUGIN_AUTH | MYSQL_CAP_CONNECT_ATTRS | MYSQL_CAP_PLUGIN_AUTH_LENENC,
	WHERE_KNOWN = MYSQL_CAP_SESSION_TRACK | MYSQL_CAP_DEPRECATE_EOF | MYSQL_CAP_QUERY_ATTRIBUTES,
	PASSES = MYSQL_CAP_FOUND_ROWS | MYSQL_CAP_LONG_FLAG | MYSQL_CAP_ODBC | MYSQL_CAP_LOCAL_FILES | MYSQL_CAP_IGNORE_SPACE |
		 MYSQL_CAP_INTERACTIVE | MYSQL_CAP_MULTI_STATEMENTS | MYSQL_CAP_MULTI_RESULTS | MYSQL_CAP_PS_MULTI_RESULTS | WHERE_KNOWN,
};

static bool is_version(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
}

void gw_mysql_greeting_read(struct span text, struct gw_mysql_greeting *ret)
{
	const uint8_t *blank = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;
	size_t n = blank ? (size_t)(blank - text.p) : text.n;
	*ret = (struct gw_mysql_greeting){ 0 };
	if (n >= sizeof ret->version || !is_version(span_of(text.p, n))) {
		(void)snprintf(ret->version, sizeof ret->version, "%s", usual);
		return;
	}
	memcpy(ret->version, text.p, n);
	if (blank && text.n - n - 1 == 8) {
		char digits[9] = { 0 }, *end;
		memcpy(digits, blank + 1, 8);
		ret->flags = (uint32_t)strtoul(digits, &end, 16);
		if (*end)
			ret->flags = 0;
	}
}

void gw_mysql_greeting_put(const char *version, uint32_t flags, char ret[static GW_SESSION_GREETING])
{
	char word[64];
	(void)snprintf(word, sizeof word, "%s", version);
	char *blank = strchr(word, ' ');
	if (blank)
		*blank = '\0';
	(void)snprintf(ret, GW_SESSION_GREETING, "%s %08x", word, flags);
}

uint32_t gw_mysql_greeting_offers(const struct gw_mysql_greeting *g)
{
	return EVERYWHERE | (g->flags & WHERE_KNOWN);
}

uint32_t gw_mysql_greeting_passes(void)
{
	return PASSES;
}

uint32_t gw_mysql_greeting_binding(void)
{
	return WHERE_KNOWN;
}
