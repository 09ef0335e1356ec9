#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H
#include "gateway/core/buf.h"
struct err;
struct gw_parent;
/*
 * control - what the broker asks of the parent: end, lock or unlock a worker (forwarded to it; one that should end and
 * does not within a second is killed), and a probe or a reader.
 *
 * Errors:  -EBADMSG for nonsense.  A worker that is gone already is no error.
 */
int gw_control_taken(struct gw_parent *p, struct span body, struct err *err);
int gw_control_wanted(struct gw_parent *p, struct span body, int *fd, struct err *err);
#endif
