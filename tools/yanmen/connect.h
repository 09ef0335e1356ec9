#ifndef TOOLS_YANMEN_CONNECT_H
#define TOOLS_YANMEN_CONNECT_H
#include "tools/yanmen/cli.h"
#include <sys/types.h>
/*
 * connect - the talk with the broker over the local socket: one command, then `result` messages until more = 0.
 *
 * The pieces of JSON are put together; ANSWER_MAX bytes at most.
 * Trust: the broker is trusted; what it passes on (names, banners, audit texts) is not, see say.h and table.h.
 */
struct cli_answer {
	int exit; /* the CLI's exit code */
	struct buf json;
	struct buf say;
};
void cli_connect_init(struct cli_answer *a);
void cli_connect_done(struct cli_answer *a);
/* Connects and sends; *ret_sock is the caller's.  fd -1 = none; borrowed.  0 or an exit code, told already. */
int cli_connect_send(const struct cli *cli, const struct cli_call *call, int fd, int *ret_sock);
/* Takes one message.  1: more will come; 0: the answer is complete; an exit code as -code: told already. */
int cli_connect_take(const struct cli *cli, int sock, struct cli_answer *a);
/* All of it. */
int cli_connect_ask(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret);
/* The process that listens there: yanmend.  False: nobody. */
bool cli_connect_peer(const struct cli *cli, pid_t *ret);
/* Prints the answer as JSON or for a person; returns its exit code. */
int cli_connect_show(const struct cli *cli, const struct cli_command *c, struct cli_answer *a);
#endif
