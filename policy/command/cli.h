#ifndef POL_CLI_H
#define POL_CLI_H
#include <stdint.h>
struct err;
struct pol_broker;
struct pol_cli;
/*
 * cli - the local socket: one command a connection.
 *
 * Purpose: root and the service's own user act as admin, named `local:<uid>` in the audit; everybody else is refused (exit
 *          4) before a byte is read.
 * Shape:   `command` in, `result` pieces of at most 32 KiB out, the last with more = 0.
 * Limits:  POL_CLI_CLIENTS at once; a command within 10 s of the connection.
 * Ends:    a client that goes away cancels what it asked for.
 */
enum { POL_CLI_CLIENTS = 64, POL_CLI_PIECE = 32 << 10 };
struct pol_cli *pol_cli_new(struct pol_broker *b);
struct pol_cli *pol_cli_free(struct pol_cli *c);
int pol_cli_listen(struct pol_cli *c, int fd, struct err *err); /* takes fd, replaces an older one */
#endif
