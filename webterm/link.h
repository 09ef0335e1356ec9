#ifndef WEB_LINK_H
#define WEB_LINK_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct msgq;
/*
 * link - one message socket of yanmen-web: receives in the loop, sends at once, or later when there is room.
 *
 * Order:   one message a turn of the loop, so `got` may close or free the link it came by.
 * Sending: web_link_try gives a message to the kernel or refuses it (-EAGAIN), and then `room` is told once; web_link_queue
 *          is a queue of at most `cap` bytes before that, for peers that we trust to read.
 * Errors:  `lost` is told once, when the peer is gone or has sent something that is no message; the link is closed by then.
 * Owns:    the socket.  A message's descriptor is closed after `got` unless that took it (take_fd(m->fd)); its body is
 *          borrowed and wiped behind the call, since it may hold a secret.
 */
struct web_msg {
	uint16_t type;
	struct span body;
	int fd; /* -1 = none */
};

struct web_link {
	struct loop *loop;
	struct loop_io io;
	struct msgq *q; /* NULL = closed */
	int sock;
	bool paused, waits;
	void (*got)(void *ctx, struct web_msg *m);
	void (*lost)(void *ctx);
	void (*room)(void *ctx); /* may be NULL when web_link_try is not used */
	void *ctx;
};
/* got, lost, room and ctx are set before; takes sock, also on failure. */
int web_link_open(struct web_link *l, struct loop *loop, int sock, size_t cap, struct err *err);
void web_link_close(struct web_link *l); /* idempotent, accepts a zeroed link */
bool web_link_is_open(const struct web_link *l);
void web_link_pause(struct web_link *l, bool paused); /* stops and starts receiving */
int web_link_try(struct web_link *l, uint16_t type, struct span body);
#endif
