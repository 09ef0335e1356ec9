#include "tools/yanmen/init.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/webcert.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MASTER = 32 };

static int write_all(int fd, struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int cli_init_file(const char *path, struct span bytes)
{
	scoped(scope_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int r = write_all(fd, bytes);
	if (r < 0)
		(void)unlink(path);
	return r;
}

/* An older file is kept; but one that the vault could not use is better told now. */
static int check_old(const struct cli *cli, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < MASTER) /* longer once it was rotated */
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "%s is no master key: it holds fewer than 32 bytes",
				"%s 不是主密钥:不足 32 字节"),
			path);
	if (st.st_mode & 077)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "others may read the master key: chmod 600 %s",
				"其他用户可读取主密钥:请执行 chmod 600 %s"),
			path);
	return 0;
}

static int write_pair(const struct cli *cli, struct span certificate, struct span key)
{
	const char *path = cli->conf.web_key;
	int r = cli_init_file(path, key);

	if (r == 0) {
		path = cli->conf.web_certificate;
		r = cli_init_file(path, certificate);
		if (r == 0 && chmod(path, 0644) < 0)
			r = -errno;
		if (r < 0)
			(void)unlink(cli->conf.web_key);
	}
	return r == 0 ? 0 : cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(-r));
}

/* *ret_made: whether there is a new certificate.  Where one of the two files is there, somebody has put it there. */
static int init_web(const struct cli *cli, bool *ret_made)
{
	struct buf certificate, key;
	struct err err = { 0 };
	char machine[256] = "";

	*ret_made = false;
	if (!cli->conf.listen_web[0] || access(cli->conf.web_key, F_OK) == 0 || access(cli->conf.web_certificate, F_OK) == 0)
		return 0;
	(void)gethostname(machine, sizeof machine - 1);
	buf_init(&certificate, CLI_WEBCERT_MAX);
	buf_init(&key, CLI_WEBCERT_MAX);
	int r = cli_webcert_make(machine, &certificate, &key, &err);
	r = r < 0 ? cli_say_fail(cli, CLI_FAILED, "%s", err.say) : write_pair(cli, buf_span(&certificate), buf_span(&key));
	*ret_made = r == 0;
	secret_wipe(key.data, key.size);
	buf_done(&key);
	buf_done(&certificate);
	return r;
}

int cli_init(const struct cli *cli, struct cli_call *call)
{
	const char *path = cli->conf.vault_key;
	scoped(buf_done) struct buf out = { 0 };
	uint8_t master[MASTER];
	struct json j;
	bool made = false;

	(void)call;
	randombytes_buf(master, sizeof master);
	int r = cli_init_file(path, span_of(master, sizeof master));
	secret_wipe(master, sizeof master);
	if (r < 0 && r != -EEXIST)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(-r));
	if (r == -EEXIST && (r = check_old(cli, path)) != 0)
		return r;
	r = init_web(cli, &made);
	if (r != 0)
		return r;
	buf_init(&out, 2048);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "vault_key", span_str(path));
	if (made)
		json_str(&j, "web_certificate", span_str(cli->conf.web_certificate));
	json_end(&j);
	cli_say_done(cli, buf_span(&out),
		cli_say_text(cli,
			"master key: %s (keep a copy in a safe place: without it no credential and no recording can be "
			"opened)",
			"主密钥:%s(请在安全处保存副本:没有它,任何凭据和录像都无法打开)"),
		path);
	return CLI_DONE;
}
