/*
 * yanmen: the CLI.  A skin over the broker's command table, on the local socket or over HTTPS; a few commands work without.
 */
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/cli.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/remote.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGV_MAX = 1024 };
static const char config_path[] = "/etc/yanmen/yanmen.conf";

/* What stands anywhere on the line; the rest stays in `words`. */
struct line {
	const char *config;
	struct cli_remote remote;
	bool json, help, version;
	char *words[ARGV_MAX];
	int n;
};

/* Does the word before take this one as its value?  Then `--reason --json` is a reason. */
static bool is_value(const struct line *l)
{
	if (l->n == 0)
		return false;
	const char *before = l->words[l->n - 1];
	if (strncmp(before, "--", 2) != 0 || strchr(before, '='))
		return false;
	for (size_t i = 0; i < cli_commands_n; i++)
		for (size_t k = 0; k < CLI_PARAMS && cli_commands[i].params[k].name; k++)
			if (strcmp(cli_commands[i].params[k].name, before) == 0)
				return cli_commands[i].params[k].kind != CLI_FLAG;
	return false;
}

/* --url and its like stand in front of the command: behind it, --ca is one of its own.  False: this is none of them. */
static bool take_remote(struct line *l, int argc, char **argv, int *at, int *ret_exit, const struct cli *cli)
{
	static const char *const names[] = { "--url", "--token-file", "--ca", "--fingerprint" };
	char *const rooms[] = { l->remote.url, l->remote.token_file, l->remote.ca, l->remote.fingerprint };
	for (size_t i = 0; l->n == 0 && i < COUNT_OF(names); i++) {
		size_t n = strlen(names[i]);
		const char *word = argv[*at];
		if (strncmp(word, names[i], n) != 0 || (word[n] != '\0' && word[n] != '='))
			continue;
		const char *value = word[n] == '=' ? word + n + 1 : *at + 1 < argc ? argv[++*at] : "";
		if (!value[0] || strlen(value) >= CLI_REMOTE_TEXT)
			*ret_exit = cli_say_fail(cli, CLI_USAGE, cli_say_text(cli, "%s needs a value", "%s 需要一个值"), names[i]);
		else
			memcpy(rooms[i], value, strlen(value) + 1);
		return true;
	}
	return false;
}

static int split(const struct cli *cli, int argc, char **argv, struct line *l)
{
	bool options = true;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		bool ours = options && !is_value(l);
		int exit = 0;
		if (take_remote(l, argc, argv, &i, &exit, cli)) {
			if (exit != 0)
				return exit;
		} else if (ours && strcmp(word, "--json") == 0) {
			l->json = true;
		} else if (ours && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
			l->help = true;
		} else if (ours && strcmp(word, "--version") == 0) {
			l->version = true;
		} else if (ours && strncmp(word, "--config=", 9) == 0) {
			l->config = word + 9;
		} else if (ours && strcmp(word, "--config") == 0) {
			if (++i >= argc)
				return cli_say_fail(
					cli, CLI_USAGE, cli_say_text(cli, "%s needs a value", "%s 需要一个值"), word);
			l->config = argv[i];
		} else if (l->n == ARGV_MAX) {
			return cli_say_fail(cli, CLI_USAGE, "%s", cli_say_text(cli, "too many arguments", "参数过多"));
		} else {
			options = options && !(ours && strcmp(word, "--") == 0);
			l->words[l->n++] = argv[i];
		}
	}
	return 0;
}

/* The longest row that the words begin with; *ret_used: how many words it took. */
static const struct cli_command *find(const struct line *l, int *ret_used)
{
	char two[128];

	for (int used = 2; used >= 1; used--) {
		if (l->n < used)
			continue;
		(void)snprintf(
			two, sizeof two, "%s%s%s", l->words[0], used == 2 ? " " : "", used == 2 ? l->words[1] : "");
		for (size_t i = 0; i < cli_commands_n; i++)
			if (strcmp(cli_commands[i].words, two) == 0) {
				*ret_used = used;
				return &cli_commands[i];
			}
	}
	return NULL;
}

static bool is_noun(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < cli_commands_n; i++)
		if (strncmp(cli_commands[i].words, word, n) == 0 && cli_commands[i].words[n] == ' ')
			return true;
	return false;
}

static int no_command(const struct cli *cli, const struct line *l)
{
	bool noun = l->n > 0 && is_noun(l->words[0]);

	if (l->help) {
		cli_say_help_all(cli, noun ? l->words[0] : NULL);
		return CLI_DONE;
	}
	if (l->n == 0)
		return cli_say_fail(cli, CLI_USAGE, "%s",
			cli_say_text(cli, "which command? see: yanmen --help", "请给出命令;参见:yanmen --help"));
	return cli_say_fail(cli, CLI_USAGE,
		cli_say_text(cli, "there is no command \"%s%s%s\"; see: yanmen --help",
			"没有命令 \"%s%s%s\";参见:yanmen --help"),
		l->words[0], l->n > 1 ? " " : "", l->n > 1 ? l->words[1] : "");
}

static int load(struct cli *cli, const struct cli_command *c, struct line *l)
{
	const char *env = getenv("YANMEN_CONFIG");
	struct err err = { 0 };

	conf_defaults(&cli->conf);
	if (c->offline)
		return 0;
	int exit = cli_remote_find(cli, l->config || (env && env[0]), &l->remote);
	if (exit != 0)
		return exit;
	cli->remote = l->remote.url[0] ? &l->remote : NULL;
	if (cli->remote && c->here)
		return cli_say_fail(cli, CLI_USAGE, "%s",
			cli_say_text(cli, "this command works on the gateway itself alone, without --url",
				"此命令只能在网关本机上使用,不能带 --url"));
	if (cli->remote) {
		cli->conf.listen_ssh[0] = '\0'; /* nobody knows it here */
		return 0;
	}
	int r = conf_load(cli->config, &cli->conf, &err);
	if (r == 0)
		return 0;
	if (r == -ENOENT || r == -EACCES)
		return cli_say_fail(cli, r == -EACCES ? CLI_NOT_ALLOWED : CLI_FAILED,
			cli_say_text(cli, "%s cannot be read: %s; give another with --config FILE or YANMEN_CONFIG",
				"无法读取 %s:%s;请用 --config 文件 或 YANMEN_CONFIG 指定"),
			cli->config, strerror(-r));
	return cli_say_fail(cli, CLI_FAILED, "%s: %s", cli->config, cli_say_local(cli, err.say, (char[CLI_SAY_ROOM]){ 0 }));
}

static int ask(const struct cli *cli, const struct cli_call *call)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };

	int exit = cli_connect_ask(cli, call, call->secret, &a);
	return exit != 0 ? exit : cli_connect_show(cli, call->command, &a);
}

static int run(struct cli *cli, struct line *l)
{
	scoped(cli_args_done) struct cli_call call = { .secret = -1 };
	int used = 0;

	const struct cli_command *c = find(l, &used);
	if (!c)
		return no_command(cli, l);
	if (l->help) {
		cli_say_help(cli, c);
		return CLI_DONE;
	}
	int exit = cli_args_parse(cli, c, l->n - used, (char *const *)l->words + used, &call);
	if (exit == 0)
		exit = load(cli, c, l);
	if (exit != 0)
		return exit;
	return c->run ? c->run(cli, &call) : ask(cli, &call);
}

int main(int argc, char **argv)
{
	struct cli cli = { .zh = cli_say_is_zh() };
	static struct line line;

	/* Widths of characters come from this; the words are our own. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (sodium_init() < 0)
		return CLI_FAILED;
	for (int i = 1; i < argc; i++) /* known before anything can go wrong */
		cli.json = cli.json || strcmp(argv[i], "--json") == 0;
	int exit = split(&cli, argc, argv, &line);
	if (exit != 0)
		return exit;
	cli.json = line.json;
	const char *env = getenv("YANMEN_CONFIG");
	cli.config = line.config ? line.config : env && env[0] ? env : config_path;
	if (line.version) {
		(void)puts("yanmen " YANMEN_VERSION);
		return CLI_DONE;
	}
	exit = run(&cli, &line);
	if (fflush(stdout) != 0 && exit == CLI_DONE)
		exit = CLI_FAILED;
	return exit;
}
