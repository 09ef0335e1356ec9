#ifndef POL_SPOOL_H
#define POL_SPOOL_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * spool - facts on their way to the database: a bounded file, in order, that survives a kill of the broker.
 *
 * Source:  docs/decisions/0004-spool-first.md.
 * Shape:   two files, `facts.a` and `facts.b`.  A record: u32le n | 16 bytes BLAKE2b of the next n bytes | u64le seq |
 *          16 bytes uid | i64le at_us | u32le kind_n, kind | u32le body_n, body (JSON text).
 *          New records go to one file until it is SPOOL_TURN bytes long and the other one empty, then to the other; a
 *          file is cut to nothing when all of it has been applied.
 * Limits:  each file at most half of `cap`: beyond that pol_spool_add is -ENOSPC and whoever asks is refused.
 * Errors:  a record that was being written when the broker was killed is cut off at the next start, and said (ret_cut):
 *          nobody was told that it was taken.  A write that fails leaves the file as it was.
 * Durable: against a kill of the process.  Against a power cut by policy/keep/durable.h, a moment later.
 * Owns:    the descriptors that it opens; borrows dir_fd during pol_spool_open only.
 */
enum { POL_SPOOL_TURN = 1 << 20, POL_SPOOL_CAP = 64 << 20, POL_SPOOL_RECORD_MAX = 128 << 10 };

struct pol_spool_entry {
	struct id uid;
	int64_t at_us;
	const char *kind, *body; /* borrowed until pol_spool_applied or pol_spool_reject */
};

struct pol_spool;
/* ret_cut: bytes of torn records that were cut off. */
int pol_spool_open(struct pol_spool **ret, int dir_fd, size_t cap, size_t *ret_cut, struct err *err);
struct pol_spool *pol_spool_free(struct pol_spool *s); /* returns NULL */
int pol_spool_add(struct pol_spool *s, const char *kind, struct span body, struct err *err);
/* Would a fact of n bytes still fit? */
bool pol_spool_has_room(const struct pol_spool *s, size_t n);
/* The oldest entry that was not applied; -ENOENT when there is none, -EIO when it cannot be read. */
int pol_spool_next(struct pol_spool *s, struct pol_spool_entry *ret, struct err *err);
void pol_spool_applied(struct pol_spool *s);
/* The database refuses this one for ever: into the file `rejected` (a line of JSON), with the reason. */
int pol_spool_reject(struct pol_spool *s, const char *why, struct err *err);
void pol_spool_fds(const struct pol_spool *s, int ret[static 2]); /* of the two files, borrowed */
bool pol_spool_is_empty(const struct pol_spool *s);
size_t pol_spool_bytes(const struct pol_spool *s);
size_t pol_spool_rejected_bytes(const struct pol_spool *s); /* of all times: somebody should look at that file */
#endif
