#include "tools/yanmen/say.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "policy/say/say.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16384 };

bool cli_say_is_zh(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);
		if (value && value[0])
			return strncmp(value, "zh", 2) == 0;
	}
	return false;
}

const char *cli_say_text(const struct cli *cli, const char *en, const char *zh)
{
	return cli->zh && zh ? zh : en;
}

const char *cli_say_local(const struct cli *cli, const char *en, char room[static CLI_SAY_ROOM])
{
	scoped(buf_done) struct buf zh;

	buf_init(&zh, CLI_SAY_ROOM - 1);
	if (!cli->zh || !say_zh(span_str(en), &zh) || zh.failed)
		return en;
	(void)snprintf(room, CLI_SAY_ROOM, "%s", buf_str(&zh));
	return room;
}

void cli_say_clean(struct span text, struct buf *out)
{
	while (text.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(text, &c);
		if (n == 0 || utf8_is_control(c))
			buf_put(out, "\xef\xbf\xbd", 3);
		else
			buf_put(out, text.p, n);
		n += n == 0;
		text = span_of(text.p + n, text.n - n);
	}
}

static void line_to(FILE *to, const char *before, struct span text)
{
	scoped(buf_done) struct buf clean = { 0 };

	buf_init(&clean, 4 * TEXT_MAX);
	cli_say_clean(text, &clean);
	(void)fprintf(to, "%s%s\n", before, buf_str(&clean));
}

__attribute__((format(printf, 2, 0))) static void print_to(struct buf *b, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	int n = vsnprintf(text, sizeof text, fmt, ap);
	buf_init(b, TEXT_MAX);
	buf_put(b, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void error_json(struct span text)
{
	scoped(buf_done) struct buf out = { 0 };
	struct json j;

	buf_init(&out, 8 * TEXT_MAX);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "error", text);
	json_end(&j);
	(void)puts(buf_str(&out));
}

int cli_say_fail(const struct cli *cli, int exit, const char *fmt, ...)
{
	scoped(buf_done) struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	print_to(&text, fmt, ap);
	va_end(ap);
	line_to(stderr, "yanmen: ", buf_span(&text));
	if (cli->json)
		error_json(buf_span(&text));
	return exit;
}

int cli_say_err(const struct cli *cli, const struct err *err)
{
	char room[CLI_SAY_ROOM];
	int exit = err->code == -ENOENT ? CLI_NOT_FOUND : err->code == -EACCES ? CLI_NOT_ALLOWED : CLI_FAILED;

	return cli_say_fail(cli, exit, "%s", err->say[0] ? cli_say_local(cli, err->say, room) : err->detail);
}

void cli_say_note(const char *fmt, ...)
{
	scoped(buf_done) struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	print_to(&text, fmt, ap);
	va_end(ap);
	line_to(stderr, "", buf_span(&text));
}

void cli_say_done(const struct cli *cli, struct span json, const char *fmt, ...)
{
	scoped(buf_done) struct buf text = { 0 };
	va_list ap;

	if (cli->json) {
		(void)printf("%.*s\n", (int)json.n, (const char *)json.p);
		return;
	}
	va_start(ap, fmt);
	print_to(&text, fmt, ap);
	va_end(ap);
	line_to(stdout, "", buf_span(&text));
}

static void usage_line(FILE *to, const struct cli *cli, const struct cli_command *c)
{
	(void)fprintf(to, "%s: yanmen %s%s%s\n", cli_say_text(cli, "usage", "用法"), c->words, c->form[0] ? " " : "",
		c->form);
}

int cli_say_usage(const struct cli *cli, const struct cli_command *c, const char *why, ...)
{
	scoped(buf_done) struct buf text = { 0 };
	va_list ap;

	va_start(ap, why);
	print_to(&text, why, ap);
	va_end(ap);
	line_to(stderr, "yanmen: ", buf_span(&text));
	usage_line(stderr, cli, c);
	if (cli->json)
		error_json(buf_span(&text));
	return CLI_USAGE;
}

void cli_say_help(const struct cli *cli, const struct cli_command *c)
{
	usage_line(stdout, cli, c);
	(void)printf("  %s\n", cli_say_text(cli, c->en, c->zh));
	if (c->notes_en)
		(void)printf("%s\n", cli_say_text(cli, c->notes_en, c->notes_zh));
	(void)printf("%s: yanmen %s\n", cli_say_text(cli, "example", "示例"), c->example);
}

void cli_say_help_all(const struct cli *cli, const char *noun)
{
	(void)printf("%s: yanmen [--config FILE] [--json] %s\n\n", cli_say_text(cli, "usage", "用法"),
		cli_say_text(cli, "COMMAND …", "命令 …"));
	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct cli_command *c = &cli_commands[i];
		if (noun && (strncmp(c->words, noun, strlen(noun)) != 0 || c->words[strlen(noun)] != ' '))
			continue;
		(void)printf("  %s%s%s\n      %s\n", c->words, c->form[0] ? " " : "", c->form,
			cli_say_text(cli, c->en, c->zh));
	}
	(void)printf("\n%s\n", cli_say_text(cli,
				       "yanmen COMMAND --help shows one command with an example.\n"
				       "exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed",
				       "yanmen 命令 --help 显示一条命令及示例。\n"
				       "退出码:0 完成,1 失败,2 用法错误,3 不存在,4 不允许"));
}
