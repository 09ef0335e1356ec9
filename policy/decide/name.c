#include "policy/decide/name.h"
#include "gateway/core/err.h"
#include "gateway/core/utf8.h"
#include <errno.h>
#include <string.h>

static bool is_separator(uint32_t c)
{
	return c == '#' || c == '%' || c == '@';
}

/* Blanks (White_Space) and what is not seen; schema/0003_helpers.sql has the same list. */
static bool is_blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
	       (c >= 0x205f && c <= 0x206f) || c == 0x3000 || utf8_is_control(c);
}

static bool is_name(struct span s, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		if (n == 0 || is_separator(c) || is_blank(c))
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

bool decide_name_is_account(struct span s)
{
	return is_name(s, DECIDE_NAME_ACCOUNT_MAX);
}

bool decide_name_is_target(struct span s)
{
	return is_name(s, DECIDE_NAME_TARGET_MAX);
}

bool decide_name_is_user(struct span s)
{
	if (s.n == 0 || s.n > DECIDE_NAME_USER_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool begins = (c >= 'a' && c <= 'z') || c == '_';
		if (!begins && (i == 0 || !((c >= '0' && c <= '9') || c == '.' || c == '-')))
			return false;
	}
	return true;
}

/* Takes the part up to the next separator; *more tells whether there was one. */
static struct span take_part(struct span *rest, uint8_t separator, bool *more)
{
	const uint8_t *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
	struct span part = { rest->p, at ? (size_t)(at - rest->p) : rest->n };

	*more = at != NULL;
	*rest = at ? (struct span){ at + 1, rest->n - part.n - 1 } : (struct span){ 0 };
	return part;
}

static void copy(char *to, struct span s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

int decide_name_parse(struct span login, struct decide_name *ret, struct err *err)
{
	static const char form[] = "a login name is USER, USER#TARGET or USER#ACCOUNT#TARGET";
	struct span part[3] = { 0 };
	size_t parts = 0;
	bool more = true;
	uint8_t separator = '#';

	for (size_t i = 0; i < login.n; i++)
		if (is_separator(login.p[i])) {
			separator = login.p[i];
			break;
		}
	while (more && parts < 3)
		part[parts++] = take_part(&login, separator, &more);
	if (more)
		return fault(err, -EPROTO, form, "login name of more than three parts");
	if (!decide_name_is_user(part[0]))
		return fault(err, -EPROTO, form, "no user name, %zu bytes", part[0].n);
	if (parts > 1 && !decide_name_is_target(part[parts - 1]))
		return fault(err, -EPROTO, form, "no target name, %zu bytes", part[parts - 1].n);
	if (parts > 2 && !decide_name_is_account(part[1]))
		return fault(err, -EPROTO, form, "no account name, %zu bytes", part[1].n);
	*ret = (struct decide_name){ 0 };
	copy(ret->user, part[0]);
	if (parts > 1)
		copy(ret->target, part[parts - 1]);
	if (parts > 2)
		copy(ret->account, part[1]);
	return 0;
}
