#ifndef GATEWAY_SSH_FLOW_H
#define GATEWAY_SSH_FLOW_H
#include "gateway/core/buf.h"
#include <libssh/libssh.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
struct gw_ssh_link;
struct term_screen;
struct xfer;
/*
 * flow - one direction of one channel: bytes from one SSH channel, through the recording, to the other.
 *
 * Shape:   libssh's buffer of the source channel -> `data` -> (recorded) -> ssh_channel_write.  libssh's callbacks only
 *          call gw_ssh_flow_arrived and change nothing else; gw_ssh_flow_pump, from the loop, does the rest: libssh may
 *          run callbacks from inside any of its functions.
 * Order:   a byte is recorded before it is written; what ssh_channel_write did not take (it takes nothing while keys are
 *          exchanged, whatever the window says) stays at the front.
 * Files:   with `xfer` the bytes are read as a file transfer first (gateway/xfer): data that it hashed passes without being
 *          stored (or, where contents are kept, behind its FRAME_CONTENT), what it refuses goes no further, its own answers are put between two packets.  `lost`: it cannot read on, and
 *          the flow stands still until the channel decides (files.c).
 * Limits:  `data` takes new bytes while it holds less than 64 KiB; then they stay in libssh's buffer, which its window
 *          bounds (1.25 MiB), and are taken all at once when `data` is empty: libssh opens the window at each read as
 *          if its buffer were empty, so small reads would let that buffer grow without end.
 *          A peer that ignores the window is cut off at GW_SSH_FLOW_PEER_MAX.
 * Errors:  arrived: false when the peer ignores its window.  pump: recording failed.
 */
enum {
	GW_SSH_FLOW_TAKE = 64 * 1024,
	GW_SSH_FLOW_CHUNK = 32 * 1024,
	GW_SSH_FLOW_PEER_MAX = 4 * 1024 * 1024,
	GW_SSH_FLOW_CAP = 2 * GW_SSH_FLOW_PEER_MAX,
};

struct gw_ssh_flow {
	ssh_channel from, to; /* from: NULL for our own words; to: NULL until there is one */
	int from_err, to_err; /* stderr instead of stdout */
	uint8_t frame;        /* enum frame_type; 0 = our own words, not recorded */
	uint32_t channel;
	struct term_screen *screen; /* fed with what is recorded, or NULL; borrowed */
	struct buf data;
	size_t at, recorded; /* data[at..recorded) is recorded and not written yet */
	bool more;           /* libssh's buffer holds bytes that were not taken */
	bool ended;          /* the source has sent its end of file */
	bool dropped;        /* the sink is gone: read and forget */
	uint64_t total;      /* bytes recorded or digested */
	uint64_t store_max;  /* of them are stored, with `digest` */
	EVP_MD_CTX *digest;  /* or NULL: all are stored */
	struct xfer *xfer;   /* reads the bytes first, or NULL; borrowed */
	size_t owed, drop;   /* behind `recorded`: bytes that xfer passes when they are recorded, or that go nowhere */
	bool lost;
	const char *why;     /* of lost */
};

void gw_ssh_flow_init(struct gw_ssh_flow *f, uint8_t frame, uint32_t channel);
void gw_ssh_flow_done(struct gw_ssh_flow *f);
/* From now on only `store_max` bytes are stored, maybe 0; the whole is digested. */
int gw_ssh_flow_limit(struct gw_ssh_flow *f, uint64_t store_max, struct err *err);
/* The data callback: *ret_taken of the bytes in the channel's buffer were taken. */
bool gw_ssh_flow_arrived(struct gw_ssh_flow *f, const void *p, size_t n, size_t *ret_taken);
/* Takes all that libssh holds, whatever there is already: the source is about to go. */
void gw_ssh_flow_rescue(struct gw_ssh_flow *f);
/* Moves what can be moved now; *moved is set when something was. */
int gw_ssh_flow_pump(struct gw_ssh_flow *f, struct gw_ssh_link *l, bool *moved, struct err *err);
bool gw_ssh_flow_is_empty(const struct gw_ssh_flow *f);
/* The bytes that wait, for a writer of our own, which says how many it wrote. */
struct span gw_ssh_flow_rest(struct gw_ssh_flow *f);
void gw_ssh_flow_wrote(struct gw_ssh_flow *f, size_t n);
/* The bytes that wait, for a reader of our own (the menu); consumes all. */
struct span gw_ssh_flow_take(struct gw_ssh_flow *f);
/* SHA-256 of all so far; only with gw_ssh_flow_limit. */
bool gw_ssh_flow_hash(const struct gw_ssh_flow *f, uint8_t ret[static 32]);
/* FRAME_DIGEST, when not all of this direction was stored, or nothing was to be. */
int gw_ssh_flow_digest(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err);
#endif
