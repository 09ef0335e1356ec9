#ifndef WEB_WEB_H
#define WEB_WEB_H
#include "gateway/core/conf.h"
#include "gateway/core/msg.h"
#include <libwebsockets.h>
#include <stdint.h>
struct loop;
struct pg;
struct web_answers;
struct web_bearers;
struct web_broker;
struct web_events;
struct web_files;
struct web_listen;
struct web_results;
struct web_sockets;
struct web_terminals;
struct web_tickets;
struct web_vault;
struct web_visits;
/*
 * web - yanmen-web as its parts see each other.
 *
 * Purpose: HTTPS and WebSockets for browsers, and nothing else: it keeps what browsers give it, asks the broker for every
 *          write (broker.h) and the database for every read (read.h), and passes terminals on without reading them.
 * Shape:   libwebsockets owns the loop; ours is lent to it (main.c).  One struct web_conn (conn.h) a connection; on it one
 *          struct web_request at a time, or a struct web_socket for the rest of its life.
 * Source:  design section 7; docs/openapi.yaml is what it serves.
 * Limits:  below, and in each part.
 * Trust:   every byte of a browser is hostile; broker, database and vault are trusted as far as their messages go.
 */
enum {
	WEB_CONNECTIONS_MAX = 2000,
	WEB_SOURCE_MAX = 64,         /* connections from one address before a login on them */
	WEB_HEADERS_MAX = 8 << 10,
	WEB_URL_MAX = 2 << 10,
	WEB_BODY_MAX = 1 << 20,
	WEB_DRAIN_MAX = 16 << 20,    /* of a refused body is read and thrown away: a client that only writes hears nothing */
	WEB_ROOM = 32 << 10,         /* bytes given to libwebsockets at once */
	WEB_REQUEST_US = 30 * 1000 * 1000, /* headers, body and answer of a small request */
	WEB_COMMAND_US = 70 * 1000 * 1000, /* commands that test a target take up to a minute */
	WEB_PING_S = 20, WEB_DEAD_S = 40,
	WEB_ADDRESS = 46,
};

struct web {
	struct loop *loop;
	struct conf conf;
	struct lws_context *lws;
	struct lws_vhost *vhost;
	struct pg *pg;
	struct web_answers *answers;
	struct web_bearers *bearers;
	struct web_broker *broker;
	struct web_events *events;
	struct web_files *files;
	struct web_listen *listen;
	struct web_results *results;
	struct web_sockets *sockets;
	struct web_terminals *terminals;
	struct web_tickets *tickets;
	struct web_vault *vault;
	struct web_visits *visits;
	char certificate[100]; /* SHA-256 of ours, as browsers show it; "" before it is loaded */
	unsigned documents; /* on their way, each with a memfd */
	unsigned refused;   /* requests of other pages since refused_us, when that was logged */
	int64_t refused_us;
	uint32_t last_transfer; /* begins at random: an earlier yanmen-web may have left some at work */
	uint8_t room[LWS_PRE + MSG_BODY_MAX]; /* what is written just now */
};
#endif
