#ifndef DECIDE_RULE_H
#define DECIDE_RULE_H
#include "gateway/core/buf.h"
#include "policy/decide/net.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * rule - may this user use this target now?  Facts in, verdict out: no clock, no database, no memory of its own.
 *
 * Order:   1. Which account: the named one; else the default account when a grant has it; else the only one; else
 *             DECIDE_RULE_WHICH_ACCOUNT.
 *          2. The grants of that account in the order given: the first that allows decides.
 *          3. When none does, the refusal is that of the grant that came furthest in the order of enum decide_rule_reason.
 * Safety:  fails closed: text that cannot be read (networks, hours) refuses, a feature of an unknown name is not given.
 * Term:    a session never outlives what opened it: total_s is the least of the grant's limit, the time until its end (but
 *          not where the end moves: policy/ends.c watches that one alone) and the time until its hours end.
 * Owns:    nothing; the spans of the facts are borrowed during the call.
 */
struct decide_rule_fact { /* one row of api.target_facts */
	int64_t grant_id;
	struct span kind, account, host_key, from_nets, hours, features;
	bool account_default, suspended;
	bool bare; /* a database that is used without TLS: there is no key to know it by */
	bool moves; /* the end may be put off, or end no session: only who can be told later knows it */
	int64_t until_s; /* since 1970, 0 = no end */
	uint64_t idle_s, total_s;
	int64_t concurrent, online;
};
enum decide_rule_door { DECIDE_RULE_SSH, DECIDE_RULE_MYSQL, DECIDE_RULE_TDS }; /* what the client speaks: which kind it reaches */
struct decide_rule_ask {
	const struct decide_rule_fact *facts;
	size_t n;
	bool account_named;
	uint8_t door;                  /* enum decide_rule_door */
	bool forward;                  /* a connection to one of its ports instead of a login: any kind, any account */
	struct decide_net_addr source; /* of the client */
	int64_t now_us;                /* since 1970 UTC */
};

enum decide_rule_reason { /* in the order in which a grant is looked at */
	DECIDE_RULE_NO_GRANT,     /* also when there is no such target: nobody learns which */
	DECIDE_RULE_WHICH_ACCOUNT,
	DECIDE_RULE_KIND,         /* not one of this door */
	DECIDE_RULE_SOURCE,
	DECIDE_RULE_EXPIRED,
	DECIDE_RULE_HOURS,
	DECIDE_RULE_NO_FORWARD,
	DECIDE_RULE_NO_FEATURE,   /* the grant allows nothing that this gateway knows */
	DECIDE_RULE_SUSPENDED,    /* the target changed since its credential was entered */
	DECIDE_RULE_NOT_PINNED,   /* the target's host key is not known */
	DECIDE_RULE_CONCURRENT,
	DECIDE_RULE_ALLOWED,
	DECIDE_RULE_REASONS,
};
struct decide_rule_verdict {
	enum decide_rule_reason reason;
	size_t index;            /* of the fact that decided; n when none did */
	uint32_t features;       /* WIRE_FEATURE_*; 0 unless allowed, as the next two */
	uint64_t idle_s, total_s; /* 0 = no limit */
	char rule[64];           /* "grant 12", "no grant": for the audit */
};
void decide_rule_judge(const struct decide_rule_ask *ask, struct decide_rule_verdict *ret);

const char *decide_rule_name(enum decide_rule_reason r);          /* "source": for the audit */
const char *decide_rule_say(enum decide_rule_reason r, bool zh);  /* one line for the person */

uint32_t decide_rule_features(struct span text);   /* "shell,sftp" -> WIRE_FEATURE_SHELL | WIRE_FEATURE_SFTP */
const char *decide_rule_feature(uint32_t one);     /* WIRE_FEATURE_SFTP -> "sftp"; "?" */
#endif
