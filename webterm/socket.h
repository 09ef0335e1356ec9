#ifndef WEB_SOCKET_H
#define WEB_SOCKET_H
#include "gateway/core/id.h"
#include "webterm/conn.h"
#include "webterm/cookie.h"
/*
 * socket - one WebSocket: let in by cookie, Origin and ticket; whole messages in, whole messages out.
 *
 * Order:   confirm -> open -> hear and give as the browser sends and reads -> close, once, whatever happens.
 * Flow:    `give` is asked for one message each time the browser can take one; web_socket_hold stops reading from it.
 * Limits:  a message of WEB_FRAME_MAX; a ping each WEB_PING_S, dead after WEB_DEAD_S.
 * Rights:  each minute, and when accounts or console sessions changed, the database is asked whether the person is still signed
 *          in; if not, the socket is closed with WEB_SOCKET_SIGNED_OUT.
 */
enum {
	WEB_SOCKET_DONE = 1000, WEB_SOCKET_NONSENSE = 1008, WEB_SOCKET_AWAY = 1013,
	WEB_SOCKET_SIGNED_OUT = 4401, WEB_SOCKET_TAKEN = 4409, /* the terminal was attached to elsewhere */
};
struct web_message {
	struct span bytes; /* until the next call */
	bool text;
};
struct web_socket;
struct web_socket_kind {
	const char *protocol; /* "" = none is needed */
	void (*open)(struct web_socket *s);
	bool (*hear)(struct web_socket *s, struct span message); /* false: nonsense */
	bool (*give)(struct web_socket *s, struct web_message *ret);
	void (*close)(struct web_socket *s);
};
struct web_socket {
	struct web_socket *next;
	struct web *web;
	struct web_conn *conn;
	const struct web_socket_kind *kind;
	void *ctx; /* of the kind */
	uint64_t number;
	struct web_token session;
	struct id id;  /* of the terminal or the session */
	char from[24]; /* of a replay, ms */
	char pace[8];  /* of watching, ms */
	bool zh, opened;
	struct buf in;
	uint16_t closing; /* 0 = it goes on */
};
struct web_sockets *web_socket_new(struct web *web);
struct web_sockets *web_socket_free(struct web_sockets *l);
/* libwebsockets' callbacks: 0, or -1 = close. */
int web_socket_confirm(struct web_conn *c);
int web_socket_open(struct web_conn *c);
int web_socket_received(struct web_conn *c, struct span bytes);
int web_socket_write(struct web_conn *c);
void web_socket_gone(struct web_conn *c); /* idempotent */

void web_socket_ready(struct web_socket *s); /* there is something to give */
void web_socket_hold(struct web_socket *s, bool hold);
void web_socket_close(struct web_socket *s, uint16_t code); /* behind what was given */
struct web_socket *web_socket_first(struct web_sockets *l);
void web_socket_recheck(struct web_sockets *l); /* is everybody still signed in? */
#endif
