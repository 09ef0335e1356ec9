#ifndef XFER_SUM_H
#define XFER_SUM_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
/*
 * sum - SHA-256 and size of the bytes of one file that passed, whatever the order in which they came.
 *
 * Shape:   bytes that follow the last ones are hashed at once, without a copy.  What lies ahead waits in `ahead` until the
 *          gap before it is filled.  A file that is resumed does not begin at 0: when nothing was hashed yet and the
 *          waiting bytes become too many, or at the end, the lowest of them is taken for the beginning (`from`).
 * Limits:  bytes that wait: XFER_SUM_POOL together for all sums that share a pool, in XFER_SUM_RANGES ranges.
 * Honest:  bytes that were written again, a gap that stayed, or more waiting than that: the hash is not known (xfer_sum_end
 *          says false); size and number of ranges are.
 * Trust:   offsets and lengths are hostile.
 * Owns:    the digest and what waits; released by xfer_sum_done.
 */
enum { XFER_SUM_POOL = 4 << 20, XFER_SUM_RANGES = 256 };

struct xfer_sum_range {
	uint64_t at;
	struct buf data;
};

struct xfer_sum {
	EVP_MD_CTX *md;
	uint64_t bytes;        /* that passed */
	uint64_t from, next;   /* hashed: from..next */
	uint64_t last;         /* where the last bytes ended */
	uint32_t ranges;       /* 1 + how often the bytes did not follow the ones before */
	bool hashing;          /* from is known */
	bool lost;             /* no hash any more */
	bool unkept;           /* not all of the contents are with the caller (keep.c) */
	size_t *pool;          /* bytes that wait, of all who share it; borrowed */
	struct xfer_sum_range *ahead; /* in the order of their offsets */
	size_t ahead_n;
};

void xfer_sum_init(struct xfer_sum *s, size_t *pool);
void xfer_sum_done(struct xfer_sum *s);
/* The file begins there, before anything is put: what is appended. */
void xfer_sum_begin(struct xfer_sum *s, uint64_t at);
void xfer_sum_put(struct xfer_sum *s, uint64_t at, struct span data);
/* Bytes passed that nobody saw (a copy inside the target): hash and contents are not known. */
void xfer_sum_unseen(struct xfer_sum *s);
void xfer_sum_lose(struct xfer_sum *s);
/* No more bytes come: true when ret_hash is that of all bytes that passed, from `from` on without a gap. */
bool xfer_sum_end(struct xfer_sum *s, uint8_t ret_hash[static 32]);
#endif
