#ifndef GATEWAY_CLIENT_H
#define GATEWAY_CLIENT_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/parent/listen.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
struct gw_child;
struct gw_parent;
struct wire_want;
/*
 * client - connections and their limits: all at once, before login, before login from one source, the time to log in.
 *
 * A connection is one job for a worker; probes, readers and terminals are jobs without one and are not counted.
 * Units:   a source is an IPv4 address or an IPv6 /64.
 * Owns:    a job owns its descriptor until a worker has it; gw_client_free releases a job and its counts.
 */
struct gw_job {
	TAILQ_ENTRY(gw_job) queue; /* while it waits for a worker */
	TAILQ_ENTRY(gw_job) waiting; /* while its person has not logged in */
	struct gw_parent *parent;
	struct gw_child *child; /* NULL while it waits */
	uint8_t job;            /* enum wire_job */
	uint8_t role;           /* enum wire_role: whose process does it */
	char target[256];       /* of a door to one target; else "" */
	uint64_t ticket, outer; /* outer: the worker whose client it came through; 0 = none */
	uint8_t door;           /* enum wire_door */
	int fd;                 /* -1: none, or handed over */
	char address[GW_LISTEN_ADDRESS];
	uint16_t port;
	uint8_t source[16];
	bool before_login;
	struct loop_timer grace;
};
TAILQ_HEAD(gw_jobs, gw_job);

struct gw_clients {
	struct gw_jobs waiting;
	int64_t before_login, all;
	uint64_t refused; /* since the last line about it in the log */
	int64_t logged_us;
};
void gw_clients_init(struct gw_clients *c);
/* Takes fd: a job for the pool, or closed over a limit. */
void gw_clients_accept(struct gw_parent *p, int fd, const struct gw_door *door, const char *address, uint16_t port);
bool gw_client_is_address(struct span text);
/* A client that came through another one's connection: the parent's word for where it is from, counted with all, but not
 * before the login, which that other one has behind it.  Without an outer worker it is a browser's terminal, and from where
 * the broker says.  Takes fd. */
void gw_clients_inner(struct gw_parent *p, const struct wire_want *m, int fd);
void gw_client_authenticated(struct gw_job *job);
struct gw_job *gw_client_probe(struct gw_parent *p, uint64_t ticket, uint8_t job, uint8_t role); /* NULL: out of memory */
struct gw_job *gw_client_free(struct gw_job *job); /* returns NULL */
#endif
