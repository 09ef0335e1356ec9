#ifndef EVIDENCE_AUDIT_H
#define EVIDENCE_AUDIT_H
#include "gateway/core/buf.h"
#include "recorder/evidence/sign.h"
#include <stdint.h>
struct err;
struct evidence_keys;
/*
 * audit - the chain of audit events and the export of it, which is verified offline.
 *
 * Source:  docs/RECORDING.md, "Audit chain" and "Audit export".
 * Shape:   hash_n = SHA-256(hash_(n-1) | u64be n | u32be-length-prefixed uid, at_us, kind, actor, body); a line is
 *          canonical JSON: exactly one way to write it.
 * Limits:  a line of EVIDENCE_AUDIT_LINE_MAX bytes.
 * Errors:  -EPROTO a malformed line, -EBADMSG a broken chain, -EACCES a wrong signature, -EAGAIN cut (no last line).
 * Owns:    a log has a scratch buffer: evidence_audit_done.  Spans of an event are borrowed.
 * Trust:   input hostile.
 */
enum { EVIDENCE_AUDIT_LINE_MAX = 1 << 20 };
struct evidence_audit_event {
	uint64_t seq;
	int64_t at_us;
	struct span uid, kind, actor, body;
};
struct evidence_audit_head {
	uint64_t seq;
	uint8_t hash[EVIDENCE_HASH];
	int64_t time_us;
	uint8_t signature[EVIDENCE_SIGNATURE];
};
void evidence_audit_hash(const uint8_t before[static EVIDENCE_HASH], const struct evidence_audit_event *e,
	uint8_t ret[static EVIDENCE_HASH]);

/* Lines of an export, with the line feed. */
void evidence_audit_put_first(struct buf *b, uint64_t from, const uint8_t before[static EVIDENCE_HASH]);
void evidence_audit_put_event(struct buf *b, const struct evidence_audit_event *e, const uint8_t hash[static EVIDENCE_HASH]);
void evidence_audit_put_head(struct buf *b, const char *word /* "head" or "end" */, const struct evidence_audit_head *h);

/* Verifying, line by line. */
struct evidence_audit {
	const struct evidence_keys *keys;
	enum { EVIDENCE_AUDIT_START, EVIDENCE_AUDIT_EVENTS, EVIDENCE_AUDIT_ENDED } state;
	uint64_t from, seq; /* seq: the last event's */
	uint64_t lines, heads;
	uint8_t hash[EVIDENCE_HASH];
	int64_t signed_us; /* of the last head */
	struct buf again, text; /* the line as it should be; a string without its escapes */
};
void evidence_audit_init(struct evidence_audit *a, const struct evidence_keys *keys); /* borrowed */
void evidence_audit_done(struct evidence_audit *a);
int evidence_audit_line(struct evidence_audit *a, struct span line /* with the line feed */, struct err *err);
int evidence_audit_end(const struct evidence_audit *a, struct err *err); /* 0 when the last line was the end */
/* A whole file, read once; the result stands in `a`. */
int evidence_audit_check(int fd, struct evidence_audit *a, struct err *err);
#endif
