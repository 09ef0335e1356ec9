#include "tools/yanmen/export.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/remote.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/tty.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* As cli_connect_ask, but Ctrl-C is a failure like any other: no half file stays behind. */
static int ask(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret)
{
	scoped(scope_close) int sock = -1;
	sigset_t before;
	int r = 1;

	scoped(scope_close) int signals = cli_tty_signals(&before);
	int exit = cli_connect_send(cli, call, fd, &sock);
	while (exit == 0 && r > 0) {
		struct pollfd fds[] = { { .fd = sock, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
		(void)poll(fds, COUNT_OF(fds), -1);
		if (fds[1].revents)
			return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "interrupted", "已中断"));
		if (fds[0].revents)
			r = cli_connect_take(cli, sock, ret);
	}
	return exit != 0 ? exit : -r;
}

int cli_export(const struct cli *cli, struct cli_call *call)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	const char *path = cli_args_get(call, "--output");

	scoped(scope_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			errno == EEXIST ? cli_say_text(cli, "this file exists already; give a new one",
						  "文件已存在;请给出新的文件名")
					: strerror(errno));
	cli_connect_init(&a);
	int exit = cli->remote ? cli_remote_file(cli, call, fd, &a) : ask(cli, call, fd, &a);
	if (exit == 0)
		exit = cli_connect_show(cli, call->command, &a);
	if (exit != CLI_DONE)
		(void)unlink(path);
	return exit;
}
