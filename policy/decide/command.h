#ifndef DECIDE_COMMAND_H
#define DECIDE_COMMAND_H
#include "policy/decide/glob.h"
#include "policy/decide/hours.h"
#include <stdint.h>
/*
 * command - may this command run?  One command's argv and the ordered rules of its cluster in, verdict and rule out.
 *
 * Source:  docs/decisions/0022-rules.md.  Every layer that sees a command (an exec string, a command line, the guard) asks here.
 * Rules:   in order: those of all clusters first, then the cluster's own; the first that fits decides, else the cluster's default.
 *   program   glob over the name of the program (without its folder), as it was called and as the file it is is called; empty = any
 *   args      words with blanks between (\  is a blank in a word); each must fit, in any order:
 *             /etc*  an argument fits this glob          -r      the option r, also among others: -rf
 *             !word  no argument fits it                 a|b     either
 *             a pattern that begins with / is also held against the argument's normal form: /x/../etc// is /etc, and with a known
 *             directory etc is /etc there; without one a relative path is not looked into
 *   path, account, target   globs; empty = any.  hours: NULL = always.
 * Doubt:   what is not known (an opaque word, an unknown path, a pattern dearer than DECIDE_COMMAND_STEPS) fits "maybe".  When a rule that
 *          may fit would decide otherwise than what certainly decides, nobody can tell: the verdict is `unknown` of the cluster, with that rule.
 * Limits:  arguments longer than DECIDE_COMMAND_PATH have no normal form: maybe.  The rules of one judgement share DECIDE_COMMAND_STEPS: bytes compared,
 *          paths made normal, options looked into.  When they are used up every rule that may fit is a maybe, so the verdict is `unknown` at worst.
 * Owns:    nothing, allocates nothing; all spans are borrowed during the call.  Trust: argv hostile.
 */
enum { DECIDE_COMMAND_STEPS = 1 << 24, DECIDE_COMMAND_PATH = 4096 };
enum decide_command_action { /* by severity */
	DECIDE_COMMAND_ALLOW,
	DECIDE_COMMAND_ALERT, /* it runs, and an administrator is told */
	DECIDE_COMMAND_ASK,   /* a second person decides */
	DECIDE_COMMAND_DENY,
	DECIDE_COMMAND_ACTIONS,
};
struct decide_command_word {
	struct span text;
	bool opaque; /* only the shell knows what it will be: $x, $(…), * */
};
struct decide_command_fact {
	const struct decide_command_word *argv;
	size_t n;
	struct span path;      /* of the program's file; empty = not known */
	struct span directory; /* where it runs; empty = not known */
	struct span account, target;
	int64_t now_us; /* since 1970 UTC */
};
struct decide_command_rule {
	int64_t id;
	enum decide_command_action action;
	struct span program, args, path, account, target;
	const struct decide_hours *hours;
};
struct decide_command_ask {
	const struct decide_command_rule *rules;
	size_t n;
	enum decide_command_action otherwise; /* no rule fits */
	enum decide_command_action unknown;   /* nobody can tell */
};
struct decide_command_verdict {
	enum decide_command_action action;
	int64_t rule;  /* 0 = none */
	bool unsure;   /* `unknown` decided */
};
enum decide_fit decide_command_fits(const struct decide_command_rule *r, const struct decide_command_fact *f);
void decide_command_judge(const struct decide_command_ask *ask, const struct decide_command_fact *f, struct decide_command_verdict *ret);

const char *decide_command_name(enum decide_command_action a);
bool decide_command_action(struct span name, enum decide_command_action *ret);
#endif
