#ifndef WEB_CONN_H
#define WEB_CONN_H
#include "gateway/core/loop.h"
#include "webterm/web.h"
#include <stdbool.h>
struct err;
struct web_request;
struct web_socket;
/*
 * conn - one connection of a browser, from accept to its end.
 *
 * Purpose: the parent's listening socket is accepted from here; what is over a limit is closed before TLS costs anything.
 * Limits:  WEB_CONNECTIONS_MAX; WEB_SOURCE_MAX from one address whose requests had no living console session yet.
 * Owns:    libwebsockets the descriptor; this struct lives until it says that the connection is gone.
 */
struct web_conn {
	struct web *web;
	struct web_conn *next;
	struct lws *wsi;
	char address[WEB_ADDRESS];
	uint16_t port;
	bool known; /* somebody who is signed in: counts no more against the limit of its address */
	struct web_request *request;
	struct web_socket *socket;
	/* the gate, below */
	struct loop_io watch; /* fd: a dup of the connection's, or -1 */
	unsigned open;        /* turns of our loop until it is shut again */
};
struct web_listen *web_conn_new(struct web *web);
struct web_listen *web_conn_free(struct web_listen *l); /* behind lws_context_destroy */
/* Takes the listening socket, in place of an older one; fd is closed on failure. */
int web_conn_listen(struct web_listen *l, int fd, struct err *err);
void web_conn_gone(struct web_conn *c); /* by libwebsockets' last callback */

/*
 * The gate: while a request is answered libwebsockets neither reads from the connection nor waits for it.  It would wait for input
 * that it does not take, and with a client that sends and does not read it would turn without end.  Ours waits: for room, and then
 * opens for one turn; and for the client's end, which ends the request.
 */
void web_conn_shut(struct web_conn *c);  /* the request is here, whole */
void web_conn_want(struct web_conn *c);  /* LWS_CALLBACK_HTTP_WRITEABLE, please */
void web_conn_rest(struct web_conn *c);  /* there is nothing to write now */
void web_conn_open(struct web_conn *c);  /* the answer is out */
#endif
