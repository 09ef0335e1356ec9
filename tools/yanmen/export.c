#include "tools/yanmen/export.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

int cli_export(const struct cli *cli, struct cli_call *call)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	const char *path = cli_args_get(call, "--output");

	scoped(scope_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			errno == EEXIST ? cli_say_text(cli, "this file exists already; give a new one",
						  "文件已存在;请给出新的文件名")
					: strerror(errno));
	int exit = cli_connect_ask(cli, call, fd, &a);
	if (exit == 0)
		exit = cli_connect_show(cli, call->command, &a);
	if (exit != CLI_DONE)
		(void)unlink(path);
	return exit;
}
