#ifndef CORE_LINK_H
#define CORE_LINK_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * link - one end of a message socket in a loop: receives, and sends through a queue or at once; never blocks.
 *
 * Order:   one message a turn of the loop, so `got` may close or free the link it came by.
 * Sending: wire_<name>_queue(l->q, ...) with at most `cap` bytes waiting, for peers that ought to read; link_try gives a message to
 *          the kernel or refuses it (-EAGAIN), and then `room` is told once.
 * Errors:  `lost` is told once, when the peer is gone (-EPIPE) or has sent something that is no message (-EBADMSG); the link is closed by then.
 * Owns:    the socket.  A message's descriptor is closed after `got` unless that took it (take_fd(m->fd)); its body is
 *          borrowed and wiped behind the call, since it may hold a password.
 * Trust:   input hostile; the receiver's permit table decides what it may say.
 */
struct link_msg {
	uint16_t type;
	struct span body;
	int fd; /* -1 = none */
};

struct link {
	struct loop *loop;
	struct loop_io io;
	struct msgq *q; /* NULL = closed */
	int sock;
	bool paused, waits;
	void (*got)(void *ctx, struct link_msg *m);
	void (*lost)(void *ctx, const struct err *why);
	void (*room)(void *ctx); /* may be NULL when link_try is not used */
	void *ctx;
};

enum { LINK_QUEUE = 4 << 20 };
/* got, lost, room and ctx are set before; takes sock, also on failure.  cap: bytes that may wait for a slow peer. */
int link_open(struct link *l, struct loop *loop, int sock, size_t cap, struct err *err);
void link_close(struct link *l); /* idempotent, accepts a zeroed link */
bool link_is_open(const struct link *l);
/* Around each wire_<name>_queue(l->q, ...): cuts off a peer that does not read (its queue is full); returns code. */
int link_sent(struct link *l, int code);
/* The peer is cut off, and found gone (`lost`) by the loop's receive path. */
void link_cut(struct link *l);
/* Delivers what already waits in the socket.  For a peer that is known to be gone; the caller then closes. */
void link_drain(struct link *l);
/* Stops and starts receiving; that the peer is gone is found behind what still lies there, when receiving goes on. */
void link_pause(struct link *l, bool paused);
int link_try(struct link *l, uint16_t type, struct span body);
#endif
