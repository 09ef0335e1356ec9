#include "gateway/core/scope.h"
#include "tools/yanmen/remote.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 8192 };

bool cli_remote_url_is_good(const char *url)
{
	static const char scheme[] = "https://",
			  letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
	if (strncmp(url, scheme, sizeof scheme - 1) != 0)
		return false;
	url += sizeof scheme - 1;
	size_t n = strspn(url, letters);
	return n > 0 && (url[n] == '\0' || strcmp(url + n, "/") == 0);
}

bool cli_remote_fingerprint(const char *text, uint8_t ret[static 32])
{
	size_t n = 0;
	const char *end = NULL;
	if (strncasecmp(text, "sha256:", 7) == 0)
		text += 7;
	return sodium_hex2bin(ret, 32, text, strlen(text), ":", &n, &end) == 0 && n == 32 && *end == '\0';
}

static char *field(struct cli_remote *r, const char *key)
{
	return strcmp(key, "url") == 0		 ? r->url
		: strcmp(key, "token-file") == 0  ? r->token_file
		: strcmp(key, "ca") == 0	  ? r->ca
		: strcmp(key, "fingerprint") == 0 ? r->fingerprint
						  : NULL;
}

/* key = value, in place; false: no such line. */
static bool take_line(struct cli_remote *ret, char *line)
{
	line += strspn(line, " \t");
	if (line[0] == '\0' || line[0] == '#')
		return true;
	size_t n = strcspn(line, " \t=");
	char *value = line + n + strspn(line + n, " \t");
	if (*value != '=')
		return false;
	line[n] = '\0';
	value++;
	value += strspn(value, " \t");
	size_t length = strlen(value);
	while (length > 0 && strchr(" \t\r", value[length - 1]))
		value[--length] = '\0';
	char *room = field(ret, line);
	if (!room || room[0] || length == 0 || length >= CLI_REMOTE_TEXT)
		return false;
	memcpy(room, value, length + 1);
	return true;
}

static int open_own(const struct cli *cli, const char *path)
{
	struct stat st;
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno)) - 1000;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return -cli_say_fail(cli, CLI_NOT_ALLOWED,
				cli_say_text(cli, "%s must be yours and nobody else's: chmod 600", "%s 须为您所有且仅您可读:chmod 600"),
				path) - 1000;
	return take_fd(fd);
}

/* The file's text, 0-terminated: its length, or an exit code as -1000 - code; -ENOENT: there is none. */
static int read_own(const struct cli *cli, const char *path, char *room, size_t size)
{
	int opened = open_own(cli, path);
	scoped(scope_close) int fd = opened < 0 ? -1 : opened;
	if (fd < 0)
		return opened;
	ssize_t n = read(fd, room, size);
	if (n < 0 || (size_t)n == size)
		return -cli_say_fail(cli, CLI_FAILED, "%s: %s", path, n < 0 ? strerror(errno) : strerror(EFBIG)) - 1000;
	room[n] = '\0';
	return (int)n;
}

static int take_file(const struct cli *cli, struct cli_remote *ret)
{
	char path[CLI_REMOTE_TEXT], text[FILE_MAX];
	struct cli_remote file = { 0 };
	const char *home = getenv("HOME");
	int number = 0;
	if (!home || snprintf(path, sizeof path, "%s/.config/yanmen/remote", home) >= (int)sizeof path)
		return 0;
	int n = read_own(cli, path, text, sizeof text);
	if (n < 0)
		return n == -ENOENT ? 0 : -(n + 1000);
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		number++;
		if (!take_line(&file, line))
			return cli_say_fail(cli, CLI_FAILED,
				cli_say_text(cli, "%s, line %d: expected url, token-file, ca or fingerprint, each once, = and its value",
					"%s 第 %d 行:应为 url、token-file、ca 或 fingerprint 各至多一次,= 及其值"),
				path, number);
	}
	bool elsewhere = ret->url[0] && file.url[0] && strcmp(ret->url, file.url) != 0; /* then its token is not for there */
	if (!ret->url[0])
		memcpy(ret->url, file.url, sizeof ret->url);
	if (!ret->token_file[0] && !elsewhere)
		memcpy(ret->token_file, file.token_file, sizeof ret->token_file);
	if (!ret->ca[0] && !ret->fingerprint[0] && !elsewhere) {
		memcpy(ret->ca, file.ca, sizeof ret->ca);
		memcpy(ret->fingerprint, file.fingerprint, sizeof ret->fingerprint);
	}
	return 0;
}

static int check(const struct cli *cli, const struct cli_remote *r)
{
	uint8_t sum[32];
	if (!cli_remote_url_is_good(r->url))
		return cli_say_fail(cli, CLI_USAGE,
			cli_say_text(cli, "\"%s\" is no address of a console: https://HOST:PORT", "\"%s\" 不是控制台地址:https://主机:端口"),
			r->url);
	if (!r->token_file[0])
		return cli_say_fail(cli, CLI_USAGE, "%s",
			cli_say_text(cli, "which token? give --token-file FILE", "使用哪个令牌?请给出 --token-file 文件"));
	if (r->ca[0] && r->fingerprint[0])
		return cli_say_fail(cli, CLI_USAGE, "%s",
			cli_say_text(cli, "give --ca FILE or --fingerprint SHA256, not both", "请在 --ca 文件 与 --fingerprint 之间给出一个"));
	if (r->fingerprint[0] && !cli_remote_fingerprint(r->fingerprint, sum))
		return cli_say_fail(cli, CLI_USAGE, "%s",
			cli_say_text(cli, "a fingerprint is 64 hexadecimal digits", "指纹应为 64 位十六进制数字"));
	return 0;
}

int cli_remote_find(const struct cli *cli, bool here, struct cli_remote *ret)
{
	bool said = ret->url[0];
	const char *env = getenv("YANMEN_URL");
	if (here && !said) {
		*ret = (struct cli_remote){ 0 };
		return 0;
	}
	if (!said && env && env[0] && strlen(env) < sizeof ret->url)
		(void)snprintf(ret->url, sizeof ret->url, "%s", env);
	int exit = take_file(cli, ret);
	return exit != 0 || !ret->url[0] ? exit : check(cli, ret);
}

int cli_remote_token(const struct cli *cli, char ret[static CLI_REMOTE_TOKEN])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char text[256];
	int n = read_own(cli, cli->remote->token_file, text, sizeof text);
	if (n == -ENOENT)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", cli->remote->token_file, strerror(ENOENT));
	if (n < 0)
		return -(n + 1000);
	size_t length = strspn(text, letters);
	bool good = length == CLI_REMOTE_TOKEN - 1 && strncmp(text, "ymt_", 4) == 0 && strspn(text + length, "\r\n") == (size_t)n - length;
	if (good) {
		memcpy(ret, text, CLI_REMOTE_TOKEN - 1);
		ret[CLI_REMOTE_TOKEN - 1] = '\0';
	}
	sodium_memzero(text, sizeof text);
	return good ? 0 : cli_say_fail(cli, CLI_FAILED, cli_say_text(cli, "%s holds no API token", "%s 中没有 API 令牌"),
			cli->remote->token_file);
}
