#ifndef POL_LINK_H
#define POL_LINK_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * link - the broker's end of one message socket: receives in the loop, sends through a queue, never blocks.
 *
 * Order:   one message a turn of the loop, so `got` may close or free the link it came by.
 * Errors:  `lost` is told once, when the peer is gone (-EPIPE) or has sent something that is no message (-EBADMSG);
 *          the link is closed by then.
 * Owns:    the socket.  A message's descriptor is closed after `got` unless that took it (take_fd(m->fd)); its body is
 *          borrowed and wiped behind the call, since it may hold a password.
 * Trust:   input hostile; the receiver's permit table decides what it may say.
 */
struct pol_msg {
	uint16_t type;
	struct span body;
	int fd; /* -1 = none */
};

struct pol_link {
	struct loop_io io;
	struct msgq *q; /* NULL = closed */
	int sock;
	struct loop *loop;
	void (*got)(void *ctx, struct pol_msg *m);
	void (*lost)(void *ctx, const struct err *why);
	void *ctx;
};

enum { POL_LINK_QUEUE = 4 << 20 };
/* got, lost and ctx are set before; takes sock, also on failure.  cap: bytes that may wait for a slow peer. */
int pol_link_open(struct pol_link *l, struct loop *loop, int sock, size_t cap, struct err *err);
void pol_link_close(struct pol_link *l); /* idempotent, accepts a zeroed link */
bool pol_link_is_open(const struct pol_link *l);
/* Around each wire_<name>_queue(l->q, ...): cuts off a peer that does not read (its queue is full); returns code. */
int pol_link_sent(struct pol_link *l, int code);
/* The peer is cut off, and found gone (`lost`) by the loop's receive path. */
void pol_link_cut(struct pol_link *l);
/* Delivers what already waits in the socket.  For a peer that is known to be gone; the caller then closes. */
void pol_link_drain(struct pol_link *l);
/* Stops and starts receiving. */
void pol_link_pause(struct pol_link *l, bool paused);
#endif
