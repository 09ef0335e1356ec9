#include "tools/yanmen/args.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/when.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 65536, SECRET_FILE_MAX = 16384, CONTENT_MAX = 32 << 20, SQL_MAX = 1 << 20 };

int cli_args_add(struct cli_call *call, const struct cli_param *p, char *text)
{
	if (call->owned_n == CLI_VALUES || call->n == CLI_VALUES) {
		free(text);
		return -EMSGSIZE;
	}
	call->owned[call->owned_n++] = text;
	call->values[call->n++] = (struct cli_value){ p, text };
	return 0;
}

void cli_args_done(struct cli_call *call)
{
	for (size_t i = 0; i < call->owned_n; i++)
		free(call->owned[i]);
	call->owned_n = call->n = 0;
	scope_close(&call->secret);
}

int cli_args_replace(struct cli_call *call, const char *name, char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->n; i++)
		if (strcmp(call->values[i].param->name, name) != 0)
			call->values[kept++] = call->values[i];
	call->n = kept;
	for (size_t i = 0; i < CLI_PARAMS && call->command->params[i].name; i++)
		if (strcmp(call->command->params[i].name, name) == 0)
			return cli_args_add(call, &call->command->params[i], text);
	free(text);
	return -ENOENT;
}

const char *cli_args_get(const struct cli_call *call, const char *name)
{
	for (size_t i = 0; i < call->n; i++)
		if (strcmp(call->values[i].param->name, name) == 0)
			return call->values[i].text;
	return NULL;
}

uint32_t cli_args_put(const struct cli_call *call, struct buf *out)
{
	uint32_t count = 0;

	for (size_t i = 0; i < call->n; i++) {
		const struct cli_param *p = call->values[i].param;
		if (p->kind_value) {
			wr_str32le(out, span_str("kind"));
			wr_str32le(out, span_str(p->kind_value));
			count++;
		}
		if (!p->key || p->kind == CLI_SECRET || p->kind == CLI_CONTENT || p->kind == CLI_SQL)
			continue;
		wr_str32le(out, span_str(p->key));
		wr_str32le(out, span_str(call->values[i].text));
		count++;
	}
	return count;
}

static const struct cli_param *option_named(const struct cli_command *c, const char *name, size_t n)
{
	for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++)
		if (strlen(c->params[i].name) == n && strncmp(c->params[i].name, name, n) == 0 && name[0] == '-')
			return &c->params[i];
	return NULL;
}

/* The n-th positional, or the row that takes all that are left. */
static const struct cli_param *positional(const struct cli_command *c, size_t n)
{
	const struct cli_param *spread = NULL;

	for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++) {
		const struct cli_param *p = &c->params[i];
		if (p->kind == CLI_WORDS || (p->kind == CLI_WORD && n-- == 0))
			return p;
		if (p->kind == CLI_SPREAD)
			spread = p;
	}
	return spread;
}

static bool was_given(const struct cli_call *call, const struct cli_param *p)
{
	for (size_t i = 0; i < call->n; i++)
		if (call->values[i].param == p)
			return true;
	return false;
}

static int open_named(const struct cli *cli, const struct cli_param *p, const char *path, int *ret)
{
	if (strcmp(path, "-") == 0)
		return cli_say_fail(cli, CLI_USAGE,
			cli_say_text(
				cli, "%s takes the name of a file, not standard input", "%s 需要文件名,不能用标准输入"),
			p->name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	*ret = fd;
	return 0;
}

static int take_secret(const struct cli *cli, struct cli_call *call, const struct cli_param *p, const char *path)
{
	scoped(scope_close) int file = -1;
	struct err err = { 0 };

	int exit = open_named(cli, p, path, &file);
	if (exit != 0)
		return exit;
	if (call->secret >= 0)
		return cli_say_usage(cli, call->command, "%s",
			cli_say_text(cli, "only one secret can be given", "只能给出一个密钥文件"));
	size_t max = p->kind == CLI_CONTENT ? CONTENT_MAX : p->kind == CLI_SQL ? SQL_MAX : SECRET_FILE_MAX;
	int r = secret_to_memfd(file, max, &call->secret, &err);
	if (r == -EMSGSIZE && p->kind == CLI_SQL)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, cli_say_text(cli, "the SQL is longer than 1 MiB", "SQL 超过 1 MiB"));
	if (r == -EMSGSIZE && p->kind == CLI_CONTENT)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			cli_say_text(cli, "this file is larger than any document may be (32 MiB)", "文件超过文档允许的最大尺寸(32 MiB)"));
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, cli_say_local(cli, err.say, (char[CLI_SAY_ROOM]){ 0 }));
	call->values[call->n++] = (struct cli_value){ p, path };
	return 0;
}

/* Public keys, one a line; comment lines are not. */
static int take_lines(const struct cli *cli, struct cli_call *call, const struct cli_param *p, const char *path)
{
	scoped(scope_close) int file = -1;
	char text[FILE_MAX];
	char *rest = text;
	size_t n = 0, before = call->n;
	ssize_t got;

	int exit = open_named(cli, p, path, &file);
	if (exit != 0)
		return exit;
	while (n < sizeof text - 1 && (got = read(file, text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	for (char *line; (line = strsep(&rest, "\r\n"));) {
		line += strspn(line, " \t");
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (cli_args_add(call, p, strdup(line)) < 0)
			return cli_say_fail(
				cli, CLI_FAILED, "%s: %s", path, cli_say_text(cli, "too many lines", "行数过多"));
	}
	return call->n > before ? 0
				: cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
					  cli_say_text(cli, "there is no key in this file", "文件里没有密钥"));
}

static int take_time(const struct cli *cli, struct cli_call *call, const struct cli_param *p, const char *value)
{
	char text[CLI_WHEN_TEXT];
	int64_t s = 0;
	int r;

	if (p->kind == CLI_SECONDS) {
		r = cli_when_seconds(value, &s);
		(void)snprintf(text, sizeof text, "%lld", (long long)s);
	} else {
		r = cli_when_time(value, p->kind == CLI_SINCE ? -1 : 1, clock_wall_us(), text);
	}
	if (r < 0)
		return cli_say_usage(cli, call->command,
			cli_say_text(cli, "%s: \"%s\" is no time; such as 30m, 1h, 7d%s",
				"%s:\"%s\" 不是时间;例如 30m、1h、7d%s"),
			p->name, value, p->kind == CLI_SECONDS ? "" : ", 2026-11-30T09:00:00Z");
	(void)cli_args_add(call, p, strdup(text));
	return 0;
}

static int take_value(const struct cli *cli, struct cli_call *call, const struct cli_param *p, const char *value)
{
	bool repeats = p->kind == CLI_MANY || p->kind == CLI_SPREAD || p->kind == CLI_LINES || p->kind == CLI_WORDS;

	if (call->n == CLI_VALUES)
		return cli_say_usage(cli, call->command, "%s", cli_say_text(cli, "too many arguments", "参数过多"));
	if (!repeats && was_given(call, p))
		return cli_say_usage(
			cli, call->command, cli_say_text(cli, "%s was given twice", "%s 给出了两次"), p->name);
	switch (p->kind) {
	case CLI_SECRET:
	case CLI_CONTENT:
	case CLI_SQL:
		return take_secret(cli, call, p, value);
	case CLI_LINES:
		return take_lines(cli, call, p, value);
	case CLI_SINCE:
	case CLI_UNTIL:
	case CLI_SECONDS:
		return take_time(cli, call, p, value);
	default:
		call->values[call->n++] = (struct cli_value){ p, value };
		return 0;
	}
}

static int take_option(const struct cli *cli, struct cli_call *call, char *const *argv, int argc, int *at)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	const struct cli_param *p = option_named(call->command, word, equals ? (size_t)(equals - word) : strlen(word));

	if (!p)
		return cli_say_usage(
			cli, call->command, cli_say_text(cli, "there is no option %s", "没有选项 %s"), word);
	if (p->kind == CLI_FLAG)
		return equals ? cli_say_usage(cli, call->command, cli_say_text(cli, "%s takes no value", "%s 不带值"),
					p->name)
			      : take_value(cli, call, p, p->fixed ? p->fixed : "1");
	if (!equals && *at + 1 >= argc)
		return cli_say_usage(
			cli, call->command, cli_say_text(cli, "%s needs a value", "%s 需要一个值"), p->name);
	return take_value(cli, call, p, equals ? equals + 1 : argv[++*at]);
}

static int check_needed(const struct cli *cli, const struct cli_call *call)
{
	const struct cli_command *c = call->command;

	for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++)
		if (c->params[i].needed && !was_given(call, &c->params[i]))
			return cli_say_usage(cli, c, cli_say_text(cli, "%s is missing", "缺少 %s"), c->params[i].name);
	for (uint8_t k = 1; k <= CLI_CHOICES && c->choices[k - 1].en; k++) {
		int given = 0;
		for (size_t i = 0; i < CLI_PARAMS && c->params[i].name; i++)
			given += c->params[i].choice == k && was_given(call, &c->params[i]);
		if (given == 0 || (given > 1 && c->choices[k - 1].at_most_one))
			return cli_say_usage(
				cli, c, "%s", cli_say_text(cli, c->choices[k - 1].en, c->choices[k - 1].zh));
	}
	return 0;
}

int cli_args_parse(
	const struct cli *cli, const struct cli_command *c, int argc, char *const *argv, struct cli_call *call)
{
	bool options = true;
	size_t positionals = 0;
	int exit = 0;

	*call = (struct cli_call){ .command = c, .secret = -1 };
	for (int i = 0; exit == 0 && i < argc; i++) {
		const char *word = argv[i];
		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			exit = take_option(cli, call, argv, argc, &i);
		} else {
			const struct cli_param *p = positional(c, positionals++);
			exit = p ? take_value(cli, call, p, word)
				 : cli_say_usage(
					   cli, c, cli_say_text(cli, "\"%s\" is too much", "多余的参数 \"%s\""), word);
		}
	}
	return exit != 0 ? exit : check_needed(cli, call);
}
