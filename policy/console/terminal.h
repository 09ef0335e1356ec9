#ifndef POL_TERMINAL_H
#define POL_TERMINAL_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_caller;
struct pol_console;
/*
 * terminal - a browser's terminal that is open: yanmen-term on one socket, an SSH worker of its person behind it.
 *
 * Source:  docs/decisions/0015-web-terminal-is-an-ssh-client.md.
 * Order:   a stream pair (term, worker) and a message pair (web, term); the term finds `term_begin` on its socket when it
 *          starts; the worker is attached with the browser's address and is the person's, for that one target.  yanmen-web gets
 *          the other end, and a copy stays here: whoever of the same user asks again gets it again, from where his grant holds.
 *          Nobody may shut that end down (shutdown(2)): it is one socket, however often it was given out.
 * Ends:    when its worker or its term is gone it is forgotten; when it is left, or the console session that had it last ends, the
 *          worker is ended.
 * Limits:  POL_TERMINALS_USER of a user, POL_TERMINALS_MAX in all.
 */
enum { POL_TERMINALS_USER = 32, POL_TERMINALS_MAX = 1000 };
struct pol_terminal_want {
	const struct pol_caller *who;
	const char *target, *account, *lang;
	struct span host_key; /* blob */
	uint8_t charset;      /* enum charset, of the target */
	uint8_t paste;        /* enum wire_paste */
	uint32_t paste_max;
	bool no_copy;
	uint8_t layer;        /* enum wire_layer */
	uint16_t port;        /* of the browser */
};
struct pol_terminal_say {
	int code; /* 0, or why there is none */
	const char *en, *zh;
};
/* ret_fd: borrowed, to be given to yanmen-web. */
struct pol_terminal_say pol_terminal_open(
	struct pol_console *c, const struct pol_terminal_want *want, struct id *ret_id, int *ret_fd);
/* Which target and account is it?  False: he has no such terminal. */
bool pol_terminal_find(struct pol_console *c, const struct pol_caller *who, const struct id *id, char target[static 256],
	char account[static 65]);
struct pol_terminal_say pol_terminal_again(
	struct pol_console *c, const struct pol_caller *who, const struct id *id, int *ret_fd);
void pol_terminal_leave(struct pol_console *c, const struct id *id);
/* yanmen-web went away, and what it knew of browsers with it: each terminal waits for its own for `console.away`, then it is left. */
void pol_terminal_web_lost(struct pol_console *c);
void pol_terminal_worker_gone(struct pol_console *c, uint64_t worker);
void pol_terminal_signed_out(struct pol_console *c, const struct id *session);
void pol_terminal_sessions(const struct pol_console *c, struct buf *out); /* as an array of PostgreSQL */
void pol_terminal_free_all(struct pol_console *c); /* the broker ends; their sessions go on */
#endif
