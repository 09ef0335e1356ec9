#include "gateway/ssh/request.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/xfer/command.h"
#include <stdio.h>
#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

uint32_t gw_ssh_request_exec(struct span command, struct xfer_command *ret_moves)
{
	xfer_command_parse(command, ret_moves);
	uint32_t direction = ret_moves->side == XFER_UP ? WIRE_FEATURE_UPLOAD : WIRE_FEATURE_DOWNLOAD;
	switch (ret_moves->protocol) {
	case WIRE_FILE_SFTP:
		return WIRE_FEATURE_SFTP;
	case WIRE_FILE_SCP:
		return WIRE_FEATURE_SCP | direction;
	case WIRE_FILE_RSYNC:
		return WIRE_FEATURE_EXEC | direction;
	default:
		return WIRE_FEATURE_EXEC;
	}
}

uint32_t gw_ssh_request_subsystem(struct span name)
{
	return span_is(name, "sftp") ? WIRE_FEATURE_SFTP : 0;
}

static bool is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
		if (!letter && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return s.n > 0 && s.n <= 128;
}

bool gw_ssh_request_env(const char *allow, struct span name)
{
	if (!is_name(name))
		return false;
	while (*allow) {
		size_t n = strcspn(allow, ",");
		struct span rule = span_of(allow, n);
		allow += n + (allow[n] == ',');
		while (rule.n > 0 && is_blank(rule.p[0]))
			rule.p++, rule.n--;
		while (rule.n > 0 && is_blank(rule.p[rule.n - 1]))
			rule.n--;
		bool any_tail = rule.n > 0 && rule.p[rule.n - 1] == '*';
		if (any_tail ? name.n >= rule.n - 1 && memcmp(name.p, rule.p, rule.n - 1) == 0 : span_eq(rule, name))
			return true;
	}
	return false;
}

/* "Channel opening failure: channel 43 error (2) Connection refused"; the codes: RFC 4254 section 5.1 */
void gw_ssh_request_refusal(const char *who, const char *error, char *ret, size_t ret_n)
{
	static const char *const codes[] = { "", "administratively prohibited", "connect failed",
		"unknown channel type", "resource shortage" };
	const char *at = error ? strstr(error, "error (") : NULL;
	unsigned code = 0;
	int n = 0;
	if (at && sscanf(at, "error (%9u) %n", &code, &n) == 1 && n > 0 && code > 0 && code < COUNT_OF(codes))
		(void)snprintf(ret, ret_n, "the %s refuses it: %s: %.200s", who, codes[code], at + n);
	else
		(void)snprintf(ret, ret_n, "the %s refuses it: %.200s", who, error ? error : "");
}
