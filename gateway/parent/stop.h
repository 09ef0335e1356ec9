#ifndef GATEWAY_STOP_H
#define GATEWAY_STOP_H
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stddef.h>
struct gw_parent;
/*
 * stop - leaving in good order: the door is closed, clients get a line on their screen, then the services stop one role
 * after the other (gw_roles_stops).
 *
 * Limits:  3 s, then what still lives is killed.
 */
struct gw_stop {
	bool on;
	size_t next; /* in gw_roles_stops */
	struct loop_timer deadline;
};
void gw_stop_begin(struct gw_parent *p);
bool gw_stop_is_on(const struct gw_parent *p);
void gw_stop_service_gone(struct gw_parent *p);
void gw_stop_child_gone(struct gw_parent *p);
#endif
