#include "tools/yanmen/when.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DIGITS_MAX = 9 };

int cli_when_seconds(const char *text, int64_t *ret_s)
{
	static const struct {
		char letter;
		int64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > DIGITS_MAX)
		return -EPROTO;
	int64_t v = strtoll(text, NULL, 10);
	if (text[n] == '\0') {
		*ret_s = v;
		return 0;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (text[n] == units[i].letter && text[n + 1] == '\0') {
			*ret_s = v * units[i].s;
			return 0;
		}
	return -EPROTO;
}

/* "Z", "+08:00", "-0330" or nothing (UTC); the offset in seconds. */
static int zone(const char *text, long *ret_s)
{
	int hours, minutes, n = 0;

	*ret_s = 0;
	if (text[0] == '\0' || ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0'))
		return 0;
	if (text[0] != '+' && text[0] != '-')
		return -EPROTO;
	if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 &&
		    sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &n) != 2) ||
		text[1 + n] != '\0' || hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
		return -EPROTO;
	*ret_s = (text[0] == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
	return 0;
}

static bool is_date(const struct tm *t)
{
	struct tm normal = *t;

	(void)timegm(&normal);
	return normal.tm_mday == t->tm_mday && normal.tm_mon == t->tm_mon && normal.tm_hour == t->tm_hour &&
	       normal.tm_min == t->tm_min;
}

static int rfc3339(const char *text, int64_t *ret_us)
{
	struct tm t = { 0 };
	long offset = 0;

	const char *rest = strptime(text, "%Y-%m-%d", &t);
	if (!rest || rest != text + 10)
		return -EPROTO;
	if (*rest == 'T' || *rest == 't' || *rest == ' ') {
		const char *after = strptime(rest + 1, "%H:%M:%S", &t);
		if (!after)
			after = strptime(rest + 1, "%H:%M", &t);
		if (!after)
			return -EPROTO;
		rest = after;
		if (*rest == '.') /* parts of a second: not needed here */
			rest += 1 + strspn(rest + 1, "0123456789");
	}
	if (!is_date(&t) || zone(rest, &offset) < 0)
		return -EPROTO;
	*ret_us = ((int64_t)timegm(&t) - offset) * 1000000;
	return 0;
}

void cli_when_text(int64_t time_us, char ret[static CLI_WHEN_TEXT])
{
	time_t s = (time_t)(time_us / 1000000);
	struct tm t;

	if (!gmtime_r(&s, &t) || strftime(ret, CLI_WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
		ret[0] = '\0';
}

void cli_when_local(int64_t time_us, char ret[static CLI_WHEN_TEXT])
{
	time_t s = (time_t)(time_us / 1000000);
	struct tm t;

	if (!localtime_r(&s, &t) || strftime(ret, CLI_WHEN_TEXT, "%Y-%m-%d %H:%M:%S", &t) == 0)
		ret[0] = '\0';
}

int cli_when_time(const char *text, int sign, int64_t now_us, char ret[static CLI_WHEN_TEXT])
{
	int64_t s, us;

	if (cli_when_seconds(text, &s) == 0)
		us = now_us + sign * s * 1000000;
	else if (rfc3339(text, &us) < 0)
		return -EPROTO;
	cli_when_text(us, ret);
	return ret[0] ? 0 : -EPROTO;
}
