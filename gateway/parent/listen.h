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
struct gw_listen {
	struct loop_io io;
	struct loop_timer rest;
	struct gw_parent *parent;
};
int gw_listen_open(const char *where, int *ret_fd, uint16_t *ret_port, struct err *err);
int gw_listen_start(struct gw_parent *p, int fd, struct err *err); /* takes fd */
void gw_listen_stop(struct gw_listen *l);
#endif
