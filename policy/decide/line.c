#include "policy/decide/line.h"
#include "gateway/core/scope.h"
#include <string.h>

/* What runs the command behind it, and which of its options take a value of their own. */
static const struct {
	const char *name, *valued;
} runners[] = {
	{ "sudo", "ugprtChTU" }, { "doas", "uC" }, { "env", "uCS" }, { "nohup", "" }, { "nice", "n" }, { "ionice", "cn" }, { "setsid", "" },
	{ "time", "of" }, { "exec", "a" }, { "command", "" }, { "builtin", "" }, { "busybox", "" }, { "timeout", "ks" }, { "stdbuf", "ioe" }, { "xargs", "adEIiLnPs" },
};
static const char *const keywords[] = { "if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "fi", "done" };

void decide_line_open(struct decide_line *l, struct span text)
{
	l->rest = text;
	l->inner = l->n = l->len = 0;
	l->quoted = l->ticks = l->skips = false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_command(uint8_t c)
{
	return c == ';' || c == '|' || c == '&' || c == '\n' || c == '(' || c == ')';
}

static uint8_t peek(const struct decide_line *l, size_t n)
{
	return n < l->rest.n ? l->rest.p[n] : 0;
}

static void skip(struct decide_line *l, size_t n)
{
	l->rest = span_of(l->rest.p + n, l->rest.n - n);
}

struct word {
	size_t begin; /* in l->text */
	bool any, opaque;
	bool leaves; /* a substitution begins: the command ends here */
};

static void put(struct decide_line *l, struct word *w, uint8_t c)
{
	w->any = true;
	if (l->len < sizeof l->text)
		l->text[l->len++] = c;
	else
		w->opaque = true;
}

/* $…, `…`: the word is opaque; it ends here when a command begins. */
static void take_dollar(struct decide_line *l, struct word *w)
{
	bool runs = peek(l, 0) == '`' || peek(l, 1) == '(';

	w->any = w->opaque = true;
	w->leaves = runs;
	l->ticks = peek(l, 0) == '`';
	skip(l, peek(l, 0) == '$' && peek(l, 1) == '(' ? 2 : 1);
}

static void take_double(struct decide_line *l, struct word *w)
{
	w->any = true;
	while (l->rest.n > 0 && !w->leaves) {
		uint8_t c = peek(l, 0);
		if (c == '"') {
			skip(l, 1);
			return;
		}
		if (c == '$' || c == '`') {
			take_dollar(l, w);
			l->quoted = w->leaves;
		} else {
			bool escaped = c == '\\' && l->rest.n > 1 && strchr("\\\"$`", peek(l, 1)) != NULL;
			put(l, w, peek(l, escaped));
			skip(l, 1 + (size_t)escaped);
		}
	}
}

static void take_single(struct decide_line *l, struct word *w)
{
	w->any = true;
	while (l->rest.n > 0 && peek(l, 0) != '\'') {
		put(l, w, peek(l, 0));
		skip(l, 1);
	}
	skip(l, l->rest.n > 0);
}

/* One word, up to a blank, a redirection or the end of the command. */
static struct word take_word(struct decide_line *l)
{
	struct word w = { .begin = l->len };

	while (l->rest.n > 0 && !w.leaves) {
		uint8_t c = peek(l, 0);
		if (is_blank(c) || ends_command(c) || c == '<' || c == '>' || (c == '`' && l->ticks))
			break;
		if (c == '$' || c == '`') {
			take_dollar(l, &w);
			continue;
		}
		skip(l, 1);
		if (c == '\'')
			take_single(l, &w);
		else if (c == '"')
			take_double(l, &w);
		else if (c == '\\' && l->rest.n > 0) {
			if (peek(l, 0) != '\n')
				put(l, &w, peek(l, 0));
			skip(l, 1);
		} else {
			w.opaque = w.opaque || c == '*' || c == '?' || c == '[' || (c == '{' && peek(l, 0) != 0 && !is_blank(peek(l, 0)));
			put(l, &w, c);
		}
	}
	return w;
}

static struct span word_text(const struct decide_line *l, const struct word *w)
{
	return span_of(l->text + w->begin, l->len - w->begin);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_assignment(struct span s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == '_' || ((s.p[n] | 32) >= 'a' && (s.p[n] | 32) <= 'z') || (n > 0 && is_digit(s.p[n]))))
		n++;
	return n > 0 && n < s.n && s.p[n] == '=';
}

static bool is_keyword(struct span s)
{
	for (size_t i = 0; i < COUNT_OF(keywords); i++)
		if (span_is(s, keywords[i]))
			return true;
	return false;
}

static void keep(struct decide_line *l, const struct word *w)
{
	struct span text = word_text(l, w);

	if (!w->any || (l->n == 0 && (is_keyword(text) || is_assignment(text))))
		return;
	if (l->n == DECIDE_LINE_WORDS) {
		l->words[l->n - 1].opaque = true;
		return;
	}
	l->words[l->n++] = (struct decide_command_word){ text, w->opaque };
}

static bool is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

/* > file, 2>&1, << end: not the command's words. */
static void take_redirection(struct decide_line *l)
{
	while (l->rest.n > 0 && strchr("<>&|", peek(l, 0)))
		skip(l, 1);
	while (is_blank(peek(l, 0)))
		skip(l, 1);
	(void)take_word(l);
}

/* Behind a substitution: what is left of the command around it is not looked at, up to the next one. */
static void pass(struct decide_line *l)
{
	uint8_t quote = l->quoted ? '"' : 0;

	l->quoted = l->skips = false;
	while (l->rest.n > 0 && (quote || !ends_command(peek(l, 0)))) {
		uint8_t c = peek(l, 0);
		bool runs = quote != '\'' && (c == '`' || (c == '$' && peek(l, 1) == '('));
		if (runs) {
			l->quoted = quote == '"';
			l->ticks = c == '`';
			skip(l, c == '$' ? 2 : 1);
			return;
		}
		if (c == '\\' && quote != '\'' && l->rest.n > 1)
			skip(l, 1);
		else if (c == '"' || c == '\'')
			quote = quote == c ? 0 : quote ? quote : c;
		skip(l, 1);
	}
}

static void take_command(struct decide_line *l)
{
	l->n = l->len = 0;
	if (l->skips)
		pass(l);
	while (l->rest.n > 0) {
		uint8_t c = peek(l, 0);
		if (is_blank(c)) {
			skip(l, 1);
		} else if (ends_command(c) || (c == '`' && l->ticks)) {
			skip(l, 1);
			l->skips = c == ')' || c == '`';
			l->ticks = l->ticks && c != '`';
			return;
		} else if (c == '#') {
			while (l->rest.n > 0 && peek(l, 0) != '\n')
				skip(l, 1);
		} else if (c == '<' || c == '>') {
			take_redirection(l);
		} else {
			struct word w = take_word(l);
			bool handle = (peek(l, 0) == '<' || peek(l, 0) == '>') && is_number(word_text(l, &w));
			if (!handle)
				keep(l, &w);
			if (w.leaves)
				return;
		}
	}
}

/* Where the command begins that words[at] runs; 0 = it runs none. */
static size_t run_by(const struct decide_line *l, size_t at)
{
	const char *valued = NULL;

	if (l->words[at].opaque)
		return 0;
	struct span name = l->words[at].text;
	const uint8_t *slash = name.n > 0 ? memrchr(name.p, '/', name.n) : NULL;
	if (slash)
		name = span_of(slash + 1, name.n - (size_t)(slash + 1 - name.p));
	for (size_t i = 0; i < COUNT_OF(runners); i++)
		if (span_is(name, runners[i].name))
			valued = runners[i].valued;
	if (!valued)
		return 0;
	bool waits = span_is(name, "timeout"); /* its first word is the time */
	for (size_t i = at + 1; i < l->n; i++) {
		struct span s = l->words[i].text;
		if (s.n > 1 && s.p[0] == '-')
			i += s.n == 2 && strchr(valued, s.p[1]) != NULL;
		else if (waits)
			waits = false;
		else if (!is_assignment(s))
			return i;
	}
	return 0;
}

bool decide_line_next(struct decide_line *l, const struct decide_command_word **argv, size_t *n)
{
	size_t at = l->inner;

	if (at == 0) {
		do
			take_command(l);
		while (l->n == 0 && l->rest.n > 0);
		if (l->n == 0)
			return false;
	}
	*argv = l->words + at;
	*n = l->n - at;
	l->inner = run_by(l, at);
	return true;
}
