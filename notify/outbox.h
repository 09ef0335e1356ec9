#ifndef NOTIFY_OUTBOX_H
#define NOTIFY_OUTBOX_H
#include "gateway/core/buf.h"
#include "gateway/core/link.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
struct notify_job;
struct notify_pool;
struct pg;
/*
 * outbox - takes what is due from the database, has it sent, reports how it went.
 *
 * Order:   take (the rows are "sending" from then on) -> the vault opens the channel's secret -> pool -> report.  A report is repeated until
 *          the database has it; rows that are "sending" and in nobody's hands are taken back at the start and after each new connection.
 * Limits:  NOTIFY_POOL messages in hand.
 * Once:    a row is reported once; a process that dies between sending and report sends it again under the same id.
 */
struct notify_outbox {
	struct loop *loop;
	struct pg *pg;
	struct notify_pool *pool;
	struct link vault;
	struct loop_timer tick;
	struct notify_job *jobs[32]; /* in hand */
	size_t n;
	uint64_t ticket;
	bool started, asking, again;
};
int notify_outbox_open(struct notify_outbox *o, struct span ca, struct err *err); /* loop and pg are set before */
int notify_outbox_start(struct notify_outbox *o, struct err *err);                /* inside the sandbox */
int notify_outbox_vault(struct notify_outbox *o, int fd, struct err *err);        /* takes fd */
void notify_outbox_up(struct notify_outbox *o, bool up);                          /* of the database */
void notify_outbox_done(struct notify_outbox *o);
#endif
