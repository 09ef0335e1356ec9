#ifndef GATEWAY_SERVICE_H
#define GATEWAY_SERVICE_H
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/permit.h"
#include "gateway/parent/roles.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
struct gw_parent;
/*
 * service - one long-lived process (vault, recorder, broker, password helper): start, hello, wiring, restart.
 *
 * A service that ends is started again after 100 ms, doubling to 5 s while it keeps failing; ten failures in 30 s are
 * logged as an error and the parent goes on trying.  At its hello it is wired anew with every service that is ready.
 * Limits:  4 MiB of messages queued for one service; it is ended when it does not read them, or says what its
 *          permit table does not allow, or is silent for 30 s after its start.
 */
enum gw_service_state { GW_SERVICE_DOWN, GW_SERVICE_STARTING, GW_SERVICE_READY };
enum { GW_SERVICE_FAILURES = 10 };

struct gw_service {
	struct gw_parent *parent;
	const struct gw_roles_row *row;
	enum gw_service_state state;
	pid_t pid;
	struct loop_io child, sock; /* pidfd and our end of its descriptor 3 */
	struct msgq *q;
	struct permit permit;
	bool stale;                 /* its files changed while it was starting: renewed at its hello */
	struct loop_timer timer;    /* down: start again; starting: the hello is overdue */
	int64_t backoff_us, ready_us;
	int64_t failures_us[GW_SERVICE_FAILURES]; /* a ring: when it ended, lately */
	unsigned failures;
};

void gw_service_start_all(struct gw_parent *p);
/* The one of that role that is ready, or NULL. */
struct gw_service *gw_service_of(struct gw_parent *p, uint8_t role);
/* The outcome of a wire_*_queue to it: where that failed the service does not read any more and is ended. */
void gw_service_sent(struct gw_service *s, int result);
/* Tells all of that role to stop.  How many of them still live? */
unsigned gw_service_stop(struct gw_parent *p, uint8_t role);
unsigned gw_service_alive(const struct gw_parent *p, uint8_t role);
/* It leaves, and is started again with its files opened anew. */
void gw_service_renew(struct gw_parent *p, uint8_t role);
void gw_service_kill_all(struct gw_parent *p);
#endif
