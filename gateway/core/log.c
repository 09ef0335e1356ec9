#include "gateway/core/log.h"
#include "gateway/core/buf.h"
#include "gateway/core/err.h"
#include "gateway/core/utf8.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A line fits PIPE_BUF, so that lines of several processes on one pipe never mix. */
enum { LINE_MAX_BYTES = 4096, VALUE_MAX = 512, CONTEXT_MAX = 4, CONTEXT_VALUE = 65, CONTEXT_KEY = 16 };

const char LOG_NUMBER[] = "#";

static enum log_level level_max = LOG_LEVEL_INFO;
static struct {
	char key[CONTEXT_KEY], value[CONTEXT_VALUE];
} context[CONTEXT_MAX];

struct line {
	size_t n;
	char text[LINE_MAX_BYTES];
};

/* All or nothing: a value is never cut inside an escape. */
static void put(struct line *l, const void *p, size_t n)
{
	if (n > sizeof l->text - 1 - l->n) /* one byte is kept for the line feed */
		return;
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

static void put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static bool is_plain(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-");
	return n > 0 && n <= VALUE_MAX && s[n] == '\0';
}

static void put_escaped(struct line *l, struct span s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		if (n == 0 || utf8_is_control(c) || c == '"' || c == '\\') {
			n += n == 0;
			for (size_t i = 0; i < n; i++) {
				char hex[5];
				(void)snprintf(hex, sizeof hex, "\\x%02x", s.p[i]);
				put(l, hex, 4);
			}
		} else {
			put(l, s.p, n);
		}
		s.p += n;
		s.n -= n;
	}
}

static void put_value(struct line *l, const char *value)
{
	if (!value) {
		put(l, "-", 1);
	} else if (is_plain(value)) {
		put_str(l, value);
	} else {
		size_t n = strnlen(value, VALUE_MAX + 1);
		put(l, "\"", 1);
		put_escaped(l, span_of(value, n > VALUE_MAX ? VALUE_MAX : n));
		put_str(l, n > VALUE_MAX ? "...\"" : "\"");
	}
}

static void put_field(struct line *l, const char *key, const char *value)
{
	put(l, " ", 1);
	put_str(l, key);
	put(l, "=", 1);
	put_value(l, value);
}

void log_fields(enum log_level level, const char *ev, const struct log_field *fields)
{
	if (level > level_max)
		return;
	struct line l;
	l.n = (size_t)snprintf(l.text, sizeof l.text, "<%d>ev=", (int)level);
	put_value(&l, ev);
	for (size_t i = 0; i < CONTEXT_MAX && context[i].key[0]; i++)
		put_field(&l, context[i].key, context[i].value);
	for (; fields->key; fields++) {
		char number[24];
		(void)snprintf(number, sizeof number, "%lld", fields->number);
		put_field(&l, fields->key, fields->value == LOG_NUMBER ? number : fields->value);
	}
	l.text[l.n++] = '\n';
	ssize_t written = write(STDERR_FILENO, l.text, l.n);
	(void)written; /* there is nowhere to tell it */
}

void log_err(enum log_level level, const char *ev, const struct err *err)
{
	log_ev(level, ev, LOG_N("code", err->code), LOG_S("say", err->say), LOG_S("detail", err->detail),
		LOG_S("at", err->at));
}

void log_context(const char *key, const char *value)
{
	for (size_t i = 0; i < CONTEXT_MAX; i++) {
		if (context[i].key[0] && strcmp(context[i].key, key) != 0)
			continue;
		(void)snprintf(context[i].key, sizeof context[i].key, "%s", key);
		(void)snprintf(context[i].value, sizeof context[i].value, "%s", value ? value : "-");
		return;
	}
}

void log_level_set(enum log_level level)
{
	level_max = level;
}
