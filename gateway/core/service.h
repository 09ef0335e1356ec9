#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H
#include "gateway/core/loop.h"
#include <stdint.h>
struct err;
/*
 * service - how a service hears its parent: `stop`, and `peer` with a socket to another service.
 *
 * Source:  docs/ARCHITECTURE.md, "The processes".
 * Shape:   descriptor SERVICE_FD is the socket to the parent.
 * Ends:    `stop` ends the loop with 0; a parent that is gone, or says anything else, with 1.
 * Owns:    nothing.  role and ctx are the caller's; `peer` takes fd, also when it fails.
 */
enum { SERVICE_FD = 3 };
struct service {
	struct loop *loop;
	struct loop_io io;
	int (*peer)(void *ctx, uint8_t role, int fd, struct err *err); /* NULL: it has none */
	void *ctx;
};
/* peer and ctx are set before.  Says hello: everything else is ready by then. */
int service_open(struct service *s, struct loop *loop, uint8_t role, struct err *err);
void service_done(struct service *s);
#endif
