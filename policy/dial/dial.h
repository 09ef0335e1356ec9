#ifndef POL_DIAL_H
#define POL_DIAL_H
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * dial - a connection to a target, to the very address that was checked.
 *
 * Source:  docs/ARCHITECTURE.md; RFC 9293 for what refused and timed out mean.
 * Order:   the name is resolved once; the addresses that policy/decide/net.h allows and that are not the gateway's own
 *          are tried one after the other, within one deadline.
 * Errors:  -ENOENT name unknown, -EACCES no allowed address, -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, -EAGAIN; `say`
 *          is one line for the person, without the address.
 * Owns:    `done` gets the descriptor (non-blocking, TCP_NODELAY, keep-alive); -1 with an error.  Called once, never
 *          from inside pol_dial, unless pol_dial_drop(ctx) came first.
 */
enum { POL_DIAL_WITHIN_US = 8 * 1000 * 1000 };
typedef void pol_dial_done(void *ctx, int code, int fd, const struct err *err);
struct pol_dial_to {
	const char *host; /* a name or an address */
	uint16_t port;
	const char *networks; /* of the target's cluster: CIDR with commas between */
	bool is_samples;      /* loopback is allowed */
};
struct pol_dialler;
int pol_dialler_new(struct pol_dialler **ret, struct loop *loop, struct err *err);
struct pol_dialler *pol_dialler_free(struct pol_dialler *d); /* drops what is under way */
void pol_dial(struct pol_dialler *d, const struct pol_dial_to *to, pol_dial_done *done, void *ctx);
void pol_dial_drop(struct pol_dialler *d, const void *ctx);
#endif
