#ifndef GATEWAY_CHILD_H
#define GATEWAY_CHILD_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/core/permit.h"
#include "gateway/parent/roles.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
struct err;
struct gw_job;
struct gw_parent;
/*
 * child - one worker or reader: its process, its sockets to the services, its one job.
 *
 * The parent keeps the services' ends in `held` until they are due: the vault's at once, broker's and recorder's with
 * the job, so that no byte of the worker comes before its address.
 * Limits:  15 s from start to hello, 1 s from the order to end to its death, 20 s for a probe.
 * Trust:   hostile: it may say hello once and authenticated once, anything else kills it; the parent never waits for
 *          it.
 */
enum gw_child_state { GW_CHILD_STARTING, GW_CHILD_WARM, GW_CHILD_BUSY, GW_CHILD_ENDING };
struct gw_child {
	LIST_ENTRY(gw_child) link;
	struct gw_parent *parent;
	const struct gw_roles_row *row;
	enum gw_child_state state;
	uint64_t id;
	pid_t pid;
	struct loop_io process, sock;
	struct permit permit;
	struct loop_timer timer; /* when it is killed */
	struct gw_job *job;
	int held[GW_GIFTS];
	bool given[GW_GIFTS];
};

int gw_child_start(struct gw_parent *p, uint8_t role, uint64_t id, struct gw_child **ret, struct err *err);
/* Gives it its job; takes job. */
void gw_child_work(struct gw_child *c, struct gw_job *job);
/* That service has (again) come: gives it its end of this child's pair, a new one where it had one before. */
void gw_child_service_ready(struct gw_child *c, uint8_t role);
void gw_child_control(struct gw_child *c, uint8_t op, struct span reason);
void gw_child_end(struct gw_child *c, struct span reason);
void gw_child_await(struct gw_child *c); /* it ends by itself, when its session does */
void gw_child_leave(struct gw_child *c); /* one without a job */
void gw_child_kill(struct gw_child *c);
#endif
