#ifndef POL_SQL_RULES_H
#define POL_SQL_RULES_H
#include "policy/decide/sql.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
/*
 * rules - SQL rules as the database gives them (yanmen.sql_rule_facts), for decide_sql_judge.
 *
 * Shape:   an array of objects in; rules in the same order out.  Spans point into the objects, which must stay.
 * Limits:  POL_SQL_RULES; hours that differ, POL_SQL_HOURS.
 * Errors:  a rule with an action or hours that nobody knows is -EPROTO, as is one too many: without it another one would decide.
 * Owns:    nothing.  Trust: the database's own rows.
 */
enum { POL_SQL_RULES = 2000, POL_SQL_HOURS = 200 };
/* Hours that are the same text are read once. */
struct pol_sql_hours {
	struct decide_hours of[POL_SQL_HOURS];
	struct span text[POL_SQL_HOURS];
	size_t n;
};
/* NULL: always, or (*no) they cannot be kept. */
const struct decide_hours *pol_sql_hours_of(struct pol_sql_hours *h, struct span text, bool *no);

struct pol_sql_rules {
	struct decide_sql_rule rule[POL_SQL_RULES];
	size_t n;
	struct pol_sql_hours hours;
};
int pol_sql_rules_read(json_t *rows, struct pol_sql_rules *ret);

struct span pol_sql_text(const json_t *object, const char *key); /* of a string; else empty */
uint64_t pol_sql_bits(const json_t *names, uint64_t (*bit)(struct span)); /* of an array of names */
#endif
