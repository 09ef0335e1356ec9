#include "gateway/xfer/command.h"
#include "gateway/core/scope.h"
#include <stdlib.h>
#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
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

/* The next word with its quotes taken off: 1; 0 at the end; -1 when a quote is not closed. */
static int next_word(struct span *line, struct buf *word)
{
	uint8_t quote = 0;
	buf_clear(word);
	while (line->n > 0 && is_blank(*line->p))
		line->p++, line->n--;
	if (line->n == 0)
		return 0;
	for (; line->n > 0 && (quote || !is_blank(*line->p)); line->p++, line->n--) {
		uint8_t c = *line->p;
		if (c == quote) {
			quote = 0;
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else {
			if (c == '\\' && quote != '\'' && line->n > 1)
				line->p++, line->n--;
			buf_put(word, line->p, 1);
		}
	}
	return quote == 0 && !word->failed ? 1 : -1;
}

static void keep_arg(struct xfer_command *c, struct buf *word)
{
	if (c->args_n == XFER_COMMAND_ARGS) {
		c->more = true;
		return;
	}
	char *copy = strdup(buf_str(word));
	if (!copy)
		abort();
	c->args[c->args_n++] = copy;
}

static void give_up(struct xfer_command *c)
{
	xfer_command_done(c);
	*c = (struct xfer_command){ 0 };
}

/* Flags that scp itself sends to its other half, bundled or not; -t and -f make it that half. */
static bool scp_flags(struct xfer_command *c, const char *word)
{
	if (word[1] == '\0')
		return false;
	for (const char *f = word + 1; *f; f++) {
		if (!strchr("dprvqtf", *f))
			return false;
		c->into |= *f == 'd' || *f == 'r';
		if (*f == 't' || *f == 'f') {
			c->protocol = WIRE_FILE_SCP;
			c->side = *f == 't' ? XFER_UP : XFER_DOWN;
		}
	}
	return true;
}

/* Any other flag, in any place (getopt permutes), could name a program to run: then it is a command. */
static void parse_scp(struct xfer_command *c, struct span rest, struct buf *word)
{
	bool flags = true;
	int r;
	while ((r = next_word(&rest, word)) > 0) {
		const char *w = buf_str(word);
		if (flags && strcmp(w, "--") == 0) {
			flags = false;
		} else if (flags && w[0] == '-') {
			if (!scp_flags(c, w)) {
				give_up(c);
				return;
			}
		} else {
			keep_arg(c, word);
		}
	}
	if (c->protocol == 0 || r < 0)
		give_up(c);
}

static void parse_rsync(struct xfer_command *c, struct span rest, struct buf *word)
{
	bool dot = false, daemon = false;
	int r;
	if (next_word(&rest, word) <= 0 || strcmp(buf_str(word), "--server") != 0)
		return;
	c->protocol = WIRE_FILE_RSYNC;
	c->side = XFER_UP;
	while ((r = next_word(&rest, word)) > 0) {
		const char *w = buf_str(word);
		if (dot)
			keep_arg(c, word);
		else if (strcmp(w, "--sender") == 0)
			c->side = XFER_DOWN;
		daemon |= strcmp(w, "--daemon") == 0;
		dot |= strcmp(w, ".") == 0;
	}
	if (!dot || daemon || r < 0)
		give_up(c);
}

static bool is_sftp_server(const char *path)
{
	static const char *const known[] = { "/usr/lib/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
		"/usr/lib/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/ssh/sftp-server",
		"/usr/libexec/sftp-server", "/usr/local/libexec/sftp-server" };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(path, known[i]) == 0)
			return true;
	return false;
}

void xfer_command_parse(struct span line, struct xfer_command *ret)
{
	scoped(buf_done) struct buf word;
	struct span rest = line;
	*ret = (struct xfer_command){ 0 };
	buf_init(&word, line.n + 1);
	if (!is_plain(line) || next_word(&rest, &word) <= 0)
		return;
	if (strcmp(buf_str(&word), "exec") == 0 && next_word(&rest, &word) <= 0)
		return;
	const char *name = buf_str(&word);
	if (is_sftp_server(name))
		ret->protocol = next_word(&rest, &word) == 0 ? WIRE_FILE_SFTP : 0;
	else if (strcmp(name, "scp") == 0 || strcmp(name, "/usr/bin/scp") == 0)
		parse_scp(ret, rest, &word);
	else if (strcmp(name, "rsync") == 0 || strcmp(name, "/usr/bin/rsync") == 0)
		parse_rsync(ret, rest, &word);
}

void xfer_command_done(struct xfer_command *c)
{
	for (size_t i = 0; i < c->args_n; i++)
		free(c->args[i]);
	c->args_n = 0;
}

/* The last part of a path, slashes at its end left out. */
static struct span base_of(const char *path)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t at = end;
	while (at > 0 && path[at - 1] != '/')
		at--;
	return span_of(path + at, end - at);
}

static void path_up(const struct xfer_command *c, const char *arg, bool deeper, struct buf *ret)
{
	size_t n = strlen(arg);
	buf_put(ret, arg, n);
	if (n > 0 && arg[n - 1] != '/' && (c->into || deeper || strcmp(arg, ".") == 0))
		buf_put(ret, "/", 1);
}

void xfer_command_path(const struct xfer_command *c, const char *folder, struct span name, struct buf *ret)
{
	const char *arg = c->args_n > 0 ? c->args[0] : "";
	struct span first = *folder ? span_of(folder, strcspn(folder, "/")) : name;
	if (c->side == XFER_UP) {
		path_up(c, arg, *folder != '\0', ret);
		if (ret->len > 0 && ret->data[ret->len - 1] != '/')
			return; /* the one file gets the name that the command has */
	} else {
		for (size_t i = 0; i < c->args_n; i++)
			if (span_eq(first, base_of(c->args[i])))
				arg = c->args[i];
		buf_put(ret, arg, (size_t)(base_of(arg).p - (const uint8_t *)arg));
	}
	buf_put_span(ret, span_str(folder));
	buf_put_span(ret, name);
}
