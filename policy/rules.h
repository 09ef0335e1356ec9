#ifndef POL_RULES_H
#define POL_RULES_H
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_broker;
struct pol_worker;
/*
 * rules - the SQL rules in force, to each worker of a SQL door: with its grant, and again whenever they are others.
 *
 * Order:   a grant, NOTIFY yanmen_rules, each connect and every POL_RULES_LOOK_US: the database says a digest for each session, and for those
 *          whose digest (or role) is another one than what was sent, the rules.
 * Safety:  a worker lets no statement pass before its first rules.  While the database is away the last ones hold.  More than POL_RULES_MAX
 *          end the session.
 * Owns:    nothing; its questions go with the worker, or with the broker.
 */
enum { POL_RULES_LOOK_US = 30 * 1000 * 1000, POL_RULES_MAX = 2000 };
struct pol_rules {
	struct loop_timer look;
	bool asking, again;
	uint64_t version; /* of the last that were sent to anybody */
};
struct pol_rules_session { /* in the worker */
	char sent[160], asked[160]; /* what they are known by: digest, role and default; "" = nothing */
	char role[65];
	uint8_t otherwise;
	bool approval, asking, again;
};
void pol_rules_init(struct pol_broker *b);
void pol_rules_done(struct pol_broker *b);
void pol_rules_listen(struct pol_broker *b);
void pol_rules_look(struct pol_broker *b); /* soon */
#endif
