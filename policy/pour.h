#ifndef POL_POUR_H
#define POL_POUR_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
/*
 * pour - writes bytes to the descriptor that a command came with: a file at once, a stream socket as fast as its other end reads.
 *
 * Order:   set done and ctx, pol_pour_start, then `done`, once, before it returns or later; pol_pour_stop says nothing any more.
 * Errors:  done gets 0 or a negative errno: -EPIPE nobody reads, -ENOSPC and others of a file.
 * Trust:   the other end may never read: nothing here blocks, and the command's own deadline ends it.
 * Owns:    nothing; the bytes and the descriptor live until `done`.
 */
struct pol_pour {
	struct loop_io io; /* in the loop while there is no room */
	struct span rest;
	int fd;
	void (*done)(void *ctx, int code);
	void *ctx;
};
void pol_pour_start(struct pol_pour *p, struct loop *loop, int fd, struct span bytes);
void pol_pour_stop(struct pol_pour *p);
bool pol_pour_can(int fd); /* a file or stream socket that can be written to */
#endif
