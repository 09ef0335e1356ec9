#ifndef EVIDENCE_CHECK_H
#define EVIDENCE_CHECK_H
#include "recorder/evidence/record.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct evidence_keys;
struct evidence_walk;
/*
 * check - is a recording file whole and unaltered?  Needs the public keys alone, reads the file once.
 *
 * Source:  docs/RECORDING.md, "Verifying".
 * Returns: 0 with a verdict; -EACCES a wrong signature; -EPROTO or -EBADMSG damaged or altered; -EAGAIN open or cut (not with
 *          `open_too`: then a cut last record is tolerated and counted); -EIO.
 * Memory:  2 MiB for the hashes that a checkpoint may reach.
 * Trust:   input hostile.
 */
enum evidence_state { EVIDENCE_STATE_OPEN = 1, EVIDENCE_STATE_CLOSED, EVIDENCE_STATE_CRASHED };
struct evidence_verdict {
	struct id id;
	enum evidence_state state;
	uint64_t seq; /* the last record that the last checkpoint covers; open: the last whole record */
	uint8_t head[EVIDENCE_HASH];
	uint8_t signature[EVIDENCE_SIGNATURE]; /* of the last checkpoint; zero when there is none */
	int64_t created_us, ended_us;          /* ended: open: the last block's time */
	int64_t signed_us;                     /* the last checkpoint's time; open: covers only signed_seq */
	uint64_t signed_seq;
	uint64_t bytes, blocks, checkpoints;
	uint64_t dropped; /* bytes that a crash had left half-written, cut off before sealing */
	uint64_t torn;    /* bytes of a cut last record (open only) */
};
int evidence_check(int fd, const struct evidence_keys *keys, bool open_too, struct evidence_verdict *ret,
	struct err *err);

/*
 * The same, record by record, for who does more with the walk.  Without keys signatures are not looked at: the
 * recorder recovering its own files.  keys are borrowed.
 */
struct evidence_checker;
int evidence_checker_new(struct evidence_checker **ret, const struct evidence_walk *w, const struct evidence_keys *keys, struct err *err);
struct evidence_checker *evidence_checker_free(struct evidence_checker *c);
int evidence_checker_feed(struct evidence_checker *c, const struct evidence_record *r, struct err *err);
bool evidence_checker_has_end(const struct evidence_checker *c); /* the last record was an end */
bool evidence_checker_is_sealed(const struct evidence_checker *c);
void evidence_checker_verdict(const struct evidence_checker *c, const struct evidence_walk *w, struct evidence_verdict *ret);
#endif
