#ifndef POL_READING_H
#define POL_READING_H
#include "gateway/core/id.h"
#include "gateway/core/wire.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_broker;
struct pol_worker;
/*
 * reading - one authorised, audited opening of a recording: a reader of its own opens it, once.
 *
 * Order:   b, id, format, from, file, fd, done and ctx are set; pol_reading_start; `done` once, from the loop, unless
 *          pol_reading_drop came first.  The right was checked and the audit row written before.
 * Errors:  done: code < 0 with a line for the person and m NULL; -ENOENT there is no such recording.  m is borrowed.
 * Owns:    the reader: it ends when it is dropped.  fd is the caller's (-1: the format needs none).
 * Trust:   the reader has parsed what a client wrote: hostile, as its permit table says.
 */
struct pol_reading {
	struct pol_broker *b;
	struct id id;
	uint8_t format; /* enum wire_read_format */
	int64_t from; /* as wire_read has it */
	uint32_t file; /* of WIRE_READ_FILE: its number */
	int fd;
	void (*done)(void *ctx, int code, const char *say, const struct wire_read_done *m);
	/* Only WIRE_READ_LINES: a piece of frames.  The link may be paused from here. */
	void (*lines)(void *ctx, struct span frames);
	void *ctx;
	uint64_t reader; /* worker number, 0 = none yet */
	uint64_t ticket;
};
void pol_reading_start(struct pol_reading *r);
void pol_reading_drop(struct pol_reading *r); /* accepts one that was never started */
void pol_reading_pause(struct pol_reading *r, bool paused);
/* The worker says `frames`; its permit table allows it to. */
void pol_reading_lines(struct pol_worker *w, struct span frames);
#endif
