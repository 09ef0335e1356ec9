#ifndef POL_ENDS_H
#define POL_ENDS_H
#include "gateway/core/loop.h"
#include "policy/decide/end.h"
#include <stdbool.h>
#include <stdint.h>
struct pg_result;
struct pol_broker;
struct pol_worker;
/*
 * ends - the one clock of all sessions: each ends the second its access ends, whatever takes that away.
 *
 * Purpose: the moment of each session's end is computed by policy/decide/end.h, when it begins and again whenever the database
 *          says that something changed (NOTIFY yanmen_access), at each connect, and every POL_ENDS_LOOK_US.  One timer rings
 *          at the earliest.  Known ends hold while the database is away.
 * Notice:  settings.notice_s before a known end the person is told on the terminal, once.
 * Leavers: who is logged in without a session yet, or is being asked for a code, is looked up too, with his certificate; a login that was checked
 *          before a change and would be accepted after it is checked again (`generation`).
 * Ends:    by `control` through the parent, which kills what does not go within a second; audited as session.control.
 */
enum { POL_ENDS_LOOK_US = 30 * 1000 * 1000 };

struct pol_ends {
	struct loop_timer look, ring;
	bool asking, again;
	uint64_t generation; /* of what the database said last */
};
struct pol_ends_session { /* in the worker */
	struct decide_end end;
	bool noticed, ending;
};
void pol_ends_init(struct pol_broker *b);
void pol_ends_done(struct pol_broker *b);
void pol_ends_listen(struct pol_broker *b);
void pol_ends_look(struct pol_broker *b); /* soon: everything may have changed */
/* A grant was given by these facts.  `generation`: as it was when they were read. */
void pol_ends_begin(struct pol_worker *w, const struct decide_end_fact *f, uint64_t generation);
/* Ends it now, once: why for the audit, say for the person. */
void pol_ends_now(struct pol_worker *w, const char *why, const char *say);
#endif
