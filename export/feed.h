#ifndef EXPORT_FEED_H
#define EXPORT_FEED_H
#include "export/row.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct pg;
/*
 * feed - the rows on their way to one sink: fetches them when the sink takes more, and keeps in the database how far it is.
 *
 * Order:   as the chain has them, without a gap, from behind the last one that had arrived when we began.  What went out and
 *          did not arrive goes out again, in order: at least once, never past one.
 * Limits:  one page at a time (EXPORT_FEED_ROWS, EXPORT_FEED_BYTES of bodies), and the next one when the sink asks: a sink
 *          that stands still costs no memory and no query.
 * Trouble: is told to the log and to the audit when it has lasted for 5 s, and its end.
 * Units:   seq is the number of a row in the chain.
 */
enum { EXPORT_FEED_ROWS = 500, EXPORT_FEED_BYTES = 1 << 20 };
struct export_feed_sink {
	void (*take)(void *ctx, const struct export_row *row); /* keeps what it needs; nothing is sent yet */
	void (*flush)(void *ctx); /* the page is whole */
	void (*tick)(void *ctx);  /* each second */
};

struct export_feed {
	struct loop *loop;
	struct pg *pg; /* borrowed */
	const char *name, *destination;
	const struct export_feed_sink *sink;
	void *ctx;
	struct loop_timer tick;
	bool started;      /* we know where to go on */
	bool asking, stale, wanted; /* a page is on its way; it is not wanted any more; the sink waits for one */
	int64_t seq;       /* of the last row that the sink was given */
	int64_t arrived;   /* every row up to it */
	/* what is told */
	const char *why;   /* a word of siem.advice */
	char detail[200];
	int64_t trouble_us; /* since when; 0 = none */
	bool away;         /* and that was told */
	bool known;        /* how it does: it was well or away */
	bool reporting, changed;
	int64_t reported, reported_us;
};

/* name: "syslog" or "file"; destination: for people.  Both are borrowed. */
void export_feed_open(struct export_feed *f, struct loop *loop, struct pg *pg, const char *name, const char *destination,
	const struct export_feed_sink *sink, void *ctx);
void export_feed_done(struct export_feed *f);
void export_feed_want(struct export_feed *f); /* the next page, please, as soon as there are rows */
void export_feed_arrived(struct export_feed *f, int64_t seq);
void export_feed_again(struct export_feed *f); /* what had not arrived is lost; the sink is empty and wants nothing */
void export_feed_trouble(struct export_feed *f, const char *why, const char *detail);
void export_feed_well(struct export_feed *f);
#endif
