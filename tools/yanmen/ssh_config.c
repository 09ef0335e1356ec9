#include "tools/yanmen/ssh_config.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/say.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIAS "yanmen-gate"
enum { CONFIG_MAX = 8 << 20, HOST_MAX = 255 };

struct gate {
	char host[HOST_MAX + 1];
	int port;
};

/* A name that OpenSSH takes for nothing else: no pattern, no option, no quote. */
static bool is_host_name(const char *s)
{
	if (!*s || *s == '-' || strcmp(s, ALIAS) == 0)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s) && !((unsigned char)*s & 0x80))
			return false;
	return true;
}

/* "host:port" or "[v6]:port". */
static bool gate_get(const char *text, struct gate *ret)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	char *end = NULL;
	long port = colon && isdigit((unsigned char)colon[1]) ? strtol(colon + 1, &end, 10) : 0;
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0 || n > HOST_MAX || port < 1 || port > 65535 || *end || text[0] == '-' ||
		strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._:-") < n)
		return false;
	(void)snprintf(ret->host, sizeof ret->host, "%.*s", (int)n, text);
	ret->port = (int)port;
	return true;
}

/* As it was said; else as it is configured, where a socket for all addresses is known by the machine's name. */
static int gate_find(const struct cli *cli, const struct cli_call *call, struct gate *ret)
{
	const char *said = NULL;
	for (size_t i = 0; i < call->n; i++)
		if (strcmp(call->values[i].param->name, "--gate") == 0)
			said = call->values[i].text;
	if (!gate_get(said ? said : cli->conf.listen_ssh, ret))
		return cli_say_usage(cli, call->command,
			cli_say_text(cli, "\"%s\" is no address: HOST:PORT", "“%s”不是地址:HOST:PORT"),
			said ? said : cli->conf.listen_ssh);
	if (!said && (strcmp(ret->host, "0.0.0.0") == 0 || strcmp(ret->host, "::") == 0) &&
		gethostname(ret->host, sizeof ret->host) < 0)
		return cli_say_fail(cli, CLI_FAILED, "gethostname: %m");
	return 0;
}

static void put_target(const json_t *t, struct buf *out)
{
	const char *name = json_string_value(json_object_get(t, "name"));
	const json_t *accounts = json_object_get(t, "accounts");
	const char *account = json_string_value(json_array_get(accounts, 0));
	if (!name || !account)
		return;
	if (!is_host_name(name) || !is_host_name(account)) {
		buf_printf(out, "# a target whose name ssh would misread: ssh -J " ALIAS " 'ACCOUNT@NAME'\n\n");
		return;
	}
	for (size_t i = 1; i < json_array_size(accounts); i++) {
		const char *other = json_string_value(json_array_get(accounts, i));
		if (other && is_host_name(other))
			buf_printf(out, "# also: ssh %s@%s\n", other, name);
	}
	buf_printf(out, "Host %s\n\tHostName %s\n\tUser %s\n\tProxyJump " ALIAS "\n\tHostKeyAlias " ALIAS "\n\n", name, name,
		account);
}

/* Everything by answers: {user, targets}, {host}. */
static void put_config(const struct cli *cli, const struct gate *gate, const json_t *answer, const char *line, struct buf *out)
{
	const char *user = json_string_value(json_object_get(answer, "user"));
	size_t i;
	const json_t *t;
	buf_printf(out, "# %s\n# %s\n", cli_say_text(cli, "Yanmen: save as ~/.ssh/yanmen.conf, begin ~/.ssh/config with: Include yanmen.conf",
						  "雁门:存为 ~/.ssh/yanmen.conf,并在 ~/.ssh/config 首行写:Include yanmen.conf"),
		cli_say_text(cli, "Append the next line, without \"# \", to ~/.ssh/known_hosts:", "将下一行(去掉“# ”)追加到 ~/.ssh/known_hosts:"));
	buf_printf(out, "# %s\n\nHost " ALIAS "\n\tHostName %s\n\tPort %d\n\tUser %s\n\tHostKeyAlias " ALIAS "\n\n", line, gate->host,
		gate->port, user ? user : "");
	json_array_foreach(json_object_get(answer, "targets"), i, t)
		put_target(t, out);
}

/* The gateway's host key as a line of known_hosts; "" when the answer has none. */
static void host_line(const json_t *keys, char *ret, size_t size)
{
	const char *host = json_string_value(json_object_get(keys, "host"));
	const char *blob = host ? strchr(host, ' ') : NULL;
	size_t n = blob ? (size_t)(blob - host) + 1 + strcspn(blob + 1, " \r\n") : 0;
	(void)snprintf(ret, size, n ? ALIAS " %.*s" : "%.*s", (int)n, host ? host : "");
}

static int ask(const struct cli *cli, const struct cli_call *call, json_t **ret)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	int exit = cli_connect_ask(cli, call, -1, &a);
	if (exit == 0 && a.exit != CLI_DONE)
		exit = cli_connect_show(cli, call->command, &a);
	if (exit != 0)
		return exit;
	*ret = json_loadb((const char *)a.json.data, a.json.len, 0, NULL);
	return *ret ? 0 : cli_say_fail(cli, CLI_FAILED, "%s", "no JSON");
}

int cli_ssh_config(const struct cli *cli, struct cli_call *call)
{
	static const struct cli_command keys_command = { .words = "public keys" };
	struct cli_call keys_call = { .command = &keys_command, .secret = -1 };
	json_t *answer = NULL, *keys = NULL;
	struct gate gate = { 0 };
	char line[2048] = "";
	scoped(buf_done) struct buf out;

	buf_init(&out, CONFIG_MAX);
	int exit = gate_find(cli, call, &gate);
	if (exit == 0)
		exit = ask(cli, call, &answer);
	if (exit == 0)
		exit = ask(cli, &keys_call, &keys);
	if (exit == 0) {
		host_line(keys, line, sizeof line);
		put_config(cli, &gate, answer, line, &out);
		(void)json_object_set_new(answer, "known_hosts", json_string(line));
		(void)json_object_set_new(answer, "config", json_string(buf_str(&out)));
		if (cli->json)
			(void)json_dumpf(answer, stdout, JSON_COMPACT);
		(void)fputs(cli->json ? "\n" : buf_str(&out), stdout);
	}
	json_decref(answer);
	json_decref(keys);
	return exit;
}
