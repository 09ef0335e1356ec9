#include "tools/yanmen/samples.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

int cli_samples_remove(const struct cli *cli, struct cli_call *call)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	const char *script = cli->conf.samples;

	int exit = cli_connect_ask(cli, call, -1, &a);
	if (exit != 0)
		return exit;
	if (a.exit == CLI_NOT_FOUND && script[0]) {
		buf_clear(&a.json);
		a.exit = CLI_DONE;
	}
	exit = cli_connect_show(cli, call->command, &a);
	if (exit != CLI_DONE || !script[0])
		return exit;
	/* Its words are for the person: standard output belongs to the answer. */
	(void)fflush(stdout);
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	(void)execl(script, script, "remove", (char *)NULL);
	return cli_say_fail(cli, CLI_FAILED, "%s: %s", script, strerror(errno));
}
