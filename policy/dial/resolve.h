#ifndef POL_RESOLVE_H
#define POL_RESOLVE_H
#include "gateway/core/loop.h"
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
struct err;
/*
 * resolve - host names to addresses without blocking the loop: getaddrinfo(3) in a few threads.
 *
 * Limits:  POL_RESOLVE_WAITING names at once, beyond it -EAGAIN; the first 8 addresses of a name.
 * Errors:  `done` gets -ENOENT (no such name), -EAGAIN (the name server does not answer); its time is bounded by the
 *          resolver's own settings, so the asker keeps a deadline too.
 * Order:   `done` is called from the loop, exactly once, unless pol_resolve_drop(ctx) came first.
 * Threads: they touch their request and the lock, nothing else of the broker.
 */
enum { POL_RESOLVE_THREADS = 2, POL_RESOLVE_WAITING = 256, POL_RESOLVE_ADDRS = 8 };
struct pol_resolve_addrs {
	size_t n;
	struct {
		struct sockaddr_storage sa;
		socklen_t len;
	} at[POL_RESOLVE_ADDRS];
};
typedef void pol_resolve_done(void *ctx, int code, const struct pol_resolve_addrs *addrs);

struct pol_resolver;
int pol_resolver_new(struct pol_resolver **ret, struct loop *loop, struct err *err);
/* A thread that is inside getaddrinfo keeps its part until it comes back; nobody is called any more. */
struct pol_resolver *pol_resolver_free(struct pol_resolver *r);
int pol_resolve(struct pol_resolver *r, const char *host, uint16_t port, pol_resolve_done *done, void *ctx);
void pol_resolve_drop(struct pol_resolver *r, const void *ctx);
#endif
