#ifndef GATEWAY_RULES_H
#define GATEWAY_RULES_H
#include "gateway/core/buf.h"
#include "policy/decide/sql.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct wire_rules;
/*
 * rules - the SQL rules of a session's target, as the broker sent them.
 *
 * Shape:   one version comes in one `rules` message or more (gateway/core/wire.h); gw_rules_take gathers them, and the last one makes the
 *          version the one in force.
 * Limits:  GW_RULES_MAX rules, GW_RULES_BYTES of them in all.
 * Errors:  -EBADMSG: not the shape, or over a limit; what was in force before stays so, and the session is to end.
 * Owns:    gw_rules_new gives memory that gw_rules_free ends; spans point into it.
 * Trust:   the broker is our own; what it sends is read bounded all the same.
 */
enum { GW_RULES_MAX = 2000, GW_RULES_BYTES = 4 * 1024 * 1024 };
struct gw_rules {
	uint64_t version;
	char user[65], role[65]; /* whose session it is: for struct decide_sql_fact */
	enum decide_sql_action otherwise;
	bool approval;
	struct decide_sql_rule *rules; /* as decide_sql_judge wants them */
	struct span *say;              /* of the same index: what the person is told, English then Chinese; may be empty */
	size_t n;
};
/* What the rule of that id says to the person; empty: nothing, or there is none of that id. */
struct span gw_rules_say(const struct gw_rules *r, int64_t id);

/* What is on its way. */
struct gw_rules_box;
/* Takes one message.  1: a version is whole, *ret is it, the caller's; 0: more is to come. */
int gw_rules_take(struct gw_rules_box **box, const struct wire_rules *m, struct gw_rules **ret, struct err *err);
struct gw_rules *gw_rules_free(struct gw_rules *r); /* returns NULL; accepts NULL, as the next */
struct gw_rules_box *gw_rules_box_free(struct gw_rules_box *box);
#endif
