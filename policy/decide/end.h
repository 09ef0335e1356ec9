#ifndef DECIDE_END_H
#define DECIDE_END_H
#include "gateway/core/buf.h"
#include "policy/decide/net.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * end - until when may a session that runs go on?  Facts in, a moment out: no clock, no database, no memory of its own.
 *
 * Order:   what was withdrawn ends it now; else a source network that no longer holds; else the earlier of the grant's end and
 *          the end of its hours.
 * Units:   microseconds since 1970 UTC; INT64_MAX = no end is known.
 * Safety:  fails closed: hours or networks that cannot be read, and a word that is not known, end it now.
 * Owns:    nothing; the spans of the facts are borrowed during the call.
 */
struct decide_end_fact {         /* one row of api.sessions_ends */
	struct span withdrawn;   /* "" or what is no longer there: user, grant, target, account, group,
				  * certificate */
	struct span hours, nets; /* of the grant */
	int64_t until_s;         /* since 1970, 0 = no end */
	struct decide_net_addr source;
};
enum decide_end_reason {
	DECIDE_END_NONE,
	DECIDE_END_USER,
	DECIDE_END_GRANT,
	DECIDE_END_TARGET,
	DECIDE_END_ACCOUNT,
	DECIDE_END_GROUP,
	DECIDE_END_CERTIFICATE,
	DECIDE_END_SOURCE,
	DECIDE_END_EXPIRED,
	DECIDE_END_HOURS,
	DECIDE_END_REASONS,
};
struct decide_end {
	int64_t at_us; /* not after now_us: now */
	enum decide_end_reason reason;
};
void decide_end_judge(const struct decide_end_fact *f, int64_t now_us, struct decide_end *ret);
const char *decide_end_say(enum decide_end_reason r, bool zh); /* why, for the person and the audit */
#endif
