#ifndef POL_DURABLE_H
#define POL_DURABLE_H
#include <stddef.h>
#include <stdint.h>
struct err;
struct loop;
/*
 * durable - the thread that makes the spool safe against a power cut: group commit, off the broker's loop.
 *
 * Order:   pol_durable_wrote after each record; a sync of all that was written then begins at once, or behind the one that is
 *          under way, so that a busy moment shares one.  pol_durable_wait calls back when everything written so far is
 *          on disk: at once when it already is.
 * Errors:  a sync that fails is told to whoever waits, with its code; the next record tries again.
 * Owns:    its thread; borrows the descriptors.
 */
enum { POL_DURABLE_FILES = 2 };
struct pol_durable;
typedef void pol_durable_done(void *ctx, int code);
/* syncer: fdatasync, or a test's.  Before the sandbox: it makes a thread. */
int pol_durable_new(struct pol_durable **ret, struct loop *loop, const int fds[static POL_DURABLE_FILES],
	int (*syncer)(int fd), struct err *err);
struct pol_durable *pol_durable_free(struct pol_durable *d); /* syncs what was written; calls nobody; returns NULL */
void pol_durable_wrote(struct pol_durable *d);
void pol_durable_wait(struct pol_durable *d, pol_durable_done *done, void *ctx);
void pol_durable_drop(struct pol_durable *d, const void *ctx);
#endif
