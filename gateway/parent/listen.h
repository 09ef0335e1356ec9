#ifndef GATEWAY_LISTEN_H
#define GATEWAY_LISTEN_H
#include "gateway/core/loop.h"
#include <stdint.h>
struct err;
struct gw_parent;
/*
 * listen - the door: a listening TCP socket, and connections taken from it.
 *
 * Shape:   "address:port", "[v6]:port"; port 0 lets the kernel choose (the log line `listening` tells).
 * Limits:  a queue of 512 in the kernel; at most 64 connections a turn; out of descriptors it rests for 100 ms.
 */
enum { GW_LISTEN_ADDRESS = 64 };
struct gw_door { /* what a client finds behind it */
	uint8_t role;     /* enum wire_role: the worker that serves him */
	char target[256]; /* the only one behind it, or "" */
};
struct gw_listen {
	struct gw_door door;
	struct loop_io io;
	struct loop_timer rest;
	struct gw_parent *parent;
};
int gw_listen_open(const char *where, int *ret_fd, uint16_t *ret_port, struct err *err);
/* All doors of the configuration, for clients of SSH and of SQL: -1 where one cannot be opened, then none is.  They lie in p->listen. */
int gw_listen_open_all(struct gw_parent *p, struct err *err);
int gw_listen_start_all(struct gw_parent *p, struct err *err);
void gw_listen_stop_all(struct gw_parent *p);
#endif
