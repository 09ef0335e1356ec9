#ifndef EXPORT_ROW_H
#define EXPORT_ROW_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * row - one sealed row of the audit log, as siem.rows gives it.
 *
 * Shape:   at is RFC 3339 in UTC with microseconds; body is a JSON object; hash is the chain's, in hex.  What a row has not
 *          is empty.  failed: it tells of something that did not succeed.
 * Owns:    nothing: spans of a result, valid while that is.
 * Trust:   texts were written by users, targets and strangers at the door: any bytes.
 */
struct export_row {
	int64_t seq;
	struct span uid, at, kind, actor, body, hash, user, target, account, session, ip;
	bool failed;
};
#endif
