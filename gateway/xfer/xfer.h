#ifndef XFER_XFER_H
#define XFER_XFER_H
#include "gateway/core/buf.h"
#include "gateway/core/wire.h"
#include <stdbool.h>
#include <stdint.h>
struct xfer_command;
/*
 * xfer - a channel that moves files, read as its bytes pass: which files, which way, how much, with what SHA-256.
 *
 * Source:  draft-ietf-secsh-filexfer-02 (SFTP 3) with OpenSSH's extensions (its PROTOCOL file, section 4); scp as OpenSSH
 *          speaks it with -O.  rsync is not read: xfer_new knows no such protocol.
 * Shape:   xfer_feed looks at the first bytes of one direction and says of some of them what becomes of them; the caller does
 *          that and comes again.  Events come from inside xfer_feed, before the bytes that they tell of have passed.
 * Rules:   with `upload` or `download` false the requests of that direction are answered here (xfer_answer) and never reach
 *          the target.  Renaming, removing, making folders, links and attributes count as upload.
 * Version: a client that offers a later SFTP than 3 is made to offer 3, the one that OpenSSH speaks: `p` is changed in place.
 * Lost:    XFER_LOST: the bytes cannot be read as this protocol.  From then on nothing is fed; what was open has been told as
 *          partial.  Whether the channel may go on as an ordinary stream is the caller's to decide.
 * Limits:  XFER_FILES open at once, XFER_REQUESTS and XFER_ASKED_BYTES of requests in flight (then the client waits).
 * Owns:    all that it knows; borrows the configuration's pointers until xfer_free.
 * Trust:   both sides are hostile.
 */
enum xfer_side { XFER_UP, XFER_DOWN }; /* client to target, target to client */
enum { XFER_FILES = 256, XFER_REQUESTS = 2048, XFER_ASKED_BYTES = 1 << 20, XFER_PATH_MAX = 4096 };

struct xfer_event {
	uint32_t number; /* of the file or operation, in its session */
	enum wire_file_protocol protocol;
	enum wire_file_op op;
	enum wire_file_state state;
	struct span path, to; /* as the client named them; `to`: of a rename, link or copy */
	uint64_t size, from;  /* bytes that passed, and where in the file they begin */
	uint32_t ranges;      /* pieces that did not follow each other, 1 for a file in order */
	bool hashed;          /* sha256 is that of size bytes at `from` */
	uint8_t sha256[32];
	bool kept;            /* the caller was told to keep all of size bytes (xfer_keeps) */
	const char *why;      /* "" or more about the state */
};

struct xfer_config {
	enum wire_file_protocol protocol;
	const struct xfer_command *command; /* of scp */
	bool upload, download;              /* allowed */
	bool keep[2];                       /* contents of files that go this way */
	uint64_t keep_max;                  /* of that many bytes of one file at most */
	uint32_t *number;                   /* of the last event, counted on here */
	void (*event)(void *ctx, const struct xfer_event *e);
	void *ctx;
};

enum xfer_fate {
	XFER_PASS, /* n bytes go to the other side; `bulk`: they were hashed here, else they are to be recorded */
	XFER_DROP, /* n bytes go nowhere */
	XFER_HOLD, /* more bytes are needed to tell, or (`wait`) something from the other side */
	XFER_LOST, /* see above; why says it */
};
struct xfer_cut {
	enum xfer_fate fate;
	size_t n;
	bool bulk, wait;
	const char *why;
};

struct xfer;
struct xfer *xfer_new(const struct xfer_config *config);
struct xfer *xfer_free(struct xfer *x); /* returns NULL; accepts NULL */
void xfer_feed(struct xfer *x, enum xfer_side side, uint8_t *p, size_t n, struct xfer_cut *ret);
/* Are the next bytes of that direction, of which n are here, those of a file whose contents are to be kept?  Then the caller keeps
 * ret->n of them, or fewer, and feeds just those next.  Asked again before they are fed it says the same. */
struct xfer_piece {
	uint32_t number; /* of the file */
	uint64_t at;     /* in the file */
	size_t n;
};
bool xfer_keeps(struct xfer *x, enum xfer_side side, size_t n, struct xfer_piece *ret);
/* The caller cannot give it more of what it needs: as if feeding had said XFER_LOST.  Tells nothing when that was so. */
void xfer_lost(struct xfer *x, const char *why);
/* Our own bytes for the client, to be put in front of what was not fed yet; empty when there are none, or not just now. */
struct span xfer_answer(const struct xfer *x);
void xfer_answered(struct xfer *x);
/* The channel ends (or stops being read): what is open is told as partial. */
void xfer_end(struct xfer *x, const char *why);
#endif
