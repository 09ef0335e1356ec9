#ifndef WEB_TERMINAL_H
#define WEB_TERMINAL_H
#include "gateway/core/link.h"
#include "webterm/socket.h"
struct web_request;
struct web_transfer;
/*
 * terminal - open terminals: the socket to each one's process, and the browser's WebSocket on top of it, when there is one.
 *
 * Purpose: frames (frame.h) pass as they are.  A terminal outlives its WebSocket: when that is gone the process is told that
 *          nobody looks (HELLO with 0 columns), and nobody is back within WEB_TERMINAL_AWAY_US the broker is told `leave`.
 * Flow:    one frame is held a direction; what comes behind it stays in the socket it comes from.
 * Rights:  the broker's, each time a terminal is opened or asked for again; who did that may attach by the ticket that he got,
 *          and move files (the last WEB_TERMINAL_OWNERS of his console sessions).
 * Limits:  those of the broker.
 */
enum { WEB_TERMINAL_AWAY_US = 300 * 1000 * 1000, WEB_TERMINAL_OWNERS = 4 };
struct web_terminal {
	struct web_terminal *next;
	struct web *web;
	struct id id;
	struct web_token owners[WEB_TERMINAL_OWNERS];
	unsigned owner; /* the next place in that ring */
	struct link link;
	struct web_socket *socket; /* NULL: nobody looks */
	struct buf to_browser, to_term; /* a frame that waits, or empty */
	bool over; /* the process is gone */
	struct loop_timer away;
	struct web_transfer *transfers;
};
struct web_terminals *web_terminal_table(struct web *web);
struct web_terminals *web_terminal_free(struct web_terminals *t);
void web_terminal_new(struct web_request *r);
void web_terminal_ticket(struct web_request *r);
extern const struct web_socket_kind web_terminal_socket;
/* NULL: there is none of that id for that console session. */
struct web_terminal *web_terminal_find(struct web_terminals *all, const struct id *id, const struct web_token *session);
/* 0, or -EAGAIN: not taken; every transfer is told by web_transfer_room when there is room. */
int web_terminal_send(struct web_terminal *t, struct span frame);
#endif
