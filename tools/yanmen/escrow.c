#include "tools/yanmen/escrow.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/filing.h"
#include "tools/yanmen/init.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { KEY_TEXT = 64, SEALED_MAX = 1 << 17 };
static const char word[] = "yanmen-escrow-1 ";
struct pair {
	uint8_t public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
};

static void pair_wipe(struct pair *p)
{
	secret_wipe(p, sizeof *p);
}

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static void file_scope(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static int write_pair(const struct cli *cli, const char *path, const struct pair *p)
{
	char text[sizeof word + KEY_TEXT];
	char base64[KEY_TEXT];

	sodium_bin2base64(base64, sizeof base64, p->secret, sizeof p->secret, sodium_base64_VARIANT_ORIGINAL);
	int n = snprintf(text, sizeof text, "%s%s\n", word, base64);
	int r = cli_init_file(path, span_of(text, (size_t)n));
	secret_wipe(text, sizeof text);
	secret_wipe(base64, sizeof base64);
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			r == -EEXIST ? cli_say_text(cli, "this file exists already; give a new one",
					       "文件已存在;请给出新的文件名")
				     : strerror(-r));
	return 0;
}

int cli_escrow_init(const struct cli *cli, struct cli_call *call)
{
	static const struct cli_param public_key = { .kind = CLI_TEXT, .name = "public_key", .key = "public_key" };
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	scoped(pair_wipe) struct pair p;
	const char *path = cli_args_get(call, "--output");
	char base64[KEY_TEXT];

	crypto_box_keypair(p.public, p.secret);
	int exit = write_pair(cli, path, &p);
	if (exit != 0)
		return exit;
	sodium_bin2base64(base64, sizeof base64, p.public, sizeof p.public, sodium_base64_VARIANT_ORIGINAL);
	(void)cli_args_add(call, &public_key, strdup(base64));
	exit = cli_connect_ask(cli, call, -1, &a);
	if (exit == 0)
		exit = cli_connect_show(cli, call->command, &a);
	if (exit != CLI_DONE)
		(void)unlink(path);
	else
		cli_say_note(cli_say_text(cli, "move %s off the gateway: it opens what is typed from now on",
				     "请将 %s 移出网关:它可打开今后键入的内容"),
			path);
	return exit;
}

int cli_escrow_secret(const char *path, uint8_t ret[static 32], struct err *err)
{
	char text[256] = { 0 };
	size_t n = 0;
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (got < 0)
		return cli_filing_complain(err, -errno, path);
	int r = -1;
	if (strncmp(text, word, sizeof word - 1) == 0)
		r = sodium_base642bin(ret, crypto_box_SECRETKEYBYTES, text + sizeof word - 1,
			strcspn(text + sizeof word - 1, "\r\n"), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL);
	secret_wipe(text, sizeof text);
	if (r != 0 || n != crypto_box_SECRETKEYBYTES)
		return fault(err, -EPROTO, "this is no key file of `escrow init`", "%s", path);
	return 0;
}

static int read_pair(const struct cli *cli, const char *path, struct pair *ret)
{
	struct err err = { 0 };

	int r = cli_escrow_secret(path, ret->secret, &err);
	if (r == -EPROTO)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			cli_say_text(cli, "this is no key file of `escrow init`", "这不是 escrow init 生成的密钥文件"));
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_local(cli, err.say, (char[CLI_SAY_ROOM]){ 0 }));
	(void)crypto_scalarmult_base(ret->public, ret->secret);
	return 0;
}

/* Puts "text" (or "base64") beside "length" where the key opens "sealed".  1: opened, 0: nothing sealed, -1: not ours. */
static int open_line(json_t *line, const struct pair *p)
{
	const char *sealed = json_string_value(json_object_get(line, "sealed"));
	uint8_t bytes[SEALED_MAX], plain[SEALED_MAX];
	char base64[sodium_base64_ENCODED_LEN(SEALED_MAX, sodium_base64_VARIANT_ORIGINAL)];
	size_t n = 0;

	if (!sealed)
		return 0;
	if (sodium_base642bin(
		    bytes, sizeof bytes, sealed, strlen(sealed), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		n < crypto_box_SEALBYTES || crypto_box_seal_open(plain, bytes, n, p->public, p->secret) != 0)
		return -1;
	n -= crypto_box_SEALBYTES;
	(void)json_object_del(line, "sealed");
	json_t *text = json_stringn((const char *)plain, n); /* NULL: not UTF-8 */
	if (text)
		return json_object_set_new(line, "text", text) == 0 ? 1 : -1;
	sodium_bin2base64(base64, sizeof base64, plain, n, sodium_base64_VARIANT_ORIGINAL);
	return json_object_set_new(line, "base64", json_string(base64)) == 0 ? 1 : -1;
}

static int open_all(const struct cli *cli, FILE *in, const struct pair *p, size_t *ret_shut)
{
	scoped(scope_free) char *text = NULL;
	size_t room = 0, number = 0;
	ssize_t n;

	while ((n = getline(&text, &room, in)) > 0) {
		number++;
		scoped(json_scope) json_t *line = json_loadb(text, (size_t)n, JSON_ALLOW_NUL, NULL);
		if (!json_is_object(line))
			return cli_say_fail(cli, CLI_FAILED,
				cli_say_text(cli, "line %zu is no JSON object", "第 %zu 行不是 JSON 对象"), number);
		*ret_shut += open_line(line, p) < 0;
		if (json_dumpf(line, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF)
			return cli_say_fail(cli, CLI_FAILED, "%s", strerror(errno));
	}
	return 0;
}

int cli_escrow_open(const struct cli *cli, struct cli_call *call)
{
	scoped(pair_wipe) struct pair p;
	const char *path = cli_args_get(call, "FILE.jsonl");
	size_t shut = 0;

	int exit = read_pair(cli, cli_args_get(call, "--key"), &p);
	if (exit != 0)
		return exit;
	scoped(file_scope) FILE *in = fopen(path, "re");
	if (!in)
		return cli_say_fail(cli, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s", path, strerror(errno));
	exit = open_all(cli, in, &p, &shut);
	if (exit == 0 && shut > 0)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "%zu lines are sealed to another key", "%zu 行由其他密钥密封"), shut);
	return exit;
}
