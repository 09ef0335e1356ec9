#ifndef POL_REQUEST_H
#define POL_REQUEST_H
struct pol_console;
struct wire_ask;
/*
 * request - a command of the table, asked by somebody who is signed in at the console: the same as at the CLI, as `user:<name>`.
 *
 * Shape:   `ask` in, `ask_answer` pieces of at most 32 KiB out, the last with more = 0.  Several at once, told apart by ticket.
 * Limits:  POL_REQUESTS_MAX at once; one more is told to try again.
 * Ends:    a yanmen-web that goes away cancels what it asked for.
 */
enum { POL_REQUESTS_MAX = 512, POL_REQUEST_PIECE = 32 << 10 };
void pol_request_new(struct pol_console *c, const struct wire_ask *m, int fd); /* takes fd */
void pol_request_free_all(struct pol_console *c);
#endif
