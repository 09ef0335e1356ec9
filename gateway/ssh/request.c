#include "gateway/ssh/request.h"
#include "gateway/core/wire.h"
#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span next_word(struct span *line)
{
	while (line->n > 0 && is_blank(*line->p))
		line->p++, line->n--;
	struct span word = { line->p, 0 };
	while (line->n > 0 && !is_blank(*line->p))
		line->p++, line->n--, word.n++;
	return word;
}

/* A shell does no more with the line than splitting, unquoting and globbing it. */
static bool is_plain(struct span line)
{
	static const char acted_upon[] = ";&|<>()$`\n\r";
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == 0 || memchr(acted_upon, line.p[i], sizeof acted_upon - 1))
			return false;
	return true;
}

/* Flags that scp itself sends to its other half, bundled or not; -t and -f make it that half. */
static bool flags_known(struct span word, bool *remote)
{
	for (size_t i = 1; i < word.n; i++) {
		if (!memchr("dprvqtf", word.p[i], 7))
			return false;
		*remote |= word.p[i] == 't' || word.p[i] == 'f';
	}
	return word.n > 1;
}

uint32_t gw_ssh_request_exec(struct span command)
{
	if (!is_plain(command))
		return WIRE_FEATURE_EXEC;
	struct span rest = command, word = next_word(&rest);
	if (!span_is(word, "scp") && !span_is(word, "/usr/bin/scp"))
		return WIRE_FEATURE_EXEC;
	/* Any other flag, in any place (getopt permutes), could name a program to run: then it is a command. */
	bool remote = false;
	for (word = next_word(&rest); word.n > 0 && !span_is(word, "--"); word = next_word(&rest))
		if (word.p[0] == '-' && !flags_known(word, &remote))
			return WIRE_FEATURE_EXEC;
	return remote ? WIRE_FEATURE_SCP : WIRE_FEATURE_EXEC;
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
