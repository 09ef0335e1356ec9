#ifndef POL_FACTS_H
#define POL_FACTS_H
#include "gateway/core/buf.h"
#include "gateway/core/json.h"
#include "gateway/core/loop.h"
#include "policy/keep/spool.h"
#include "policy/query.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * facts - what happened anyway, told to the audit: into the spool at once, from there to api.spool_apply in order.
 *
 * Order:   one record in flight; the next when the database has answered.  A record that SQL refuses for ever goes to
 *          the spool's `rejected` file and is logged; a database that is away or in trouble is asked again.
 * Use:     pol_fact_open(&f); pol_fact_text(&f, "user", ...); r = pol_facts_put(facts, "login.ok", &f, &err);
 * Errors:  -ENOSPC spool full, others: not written.  Whoever must not go on without its audit row stops then.
 */
struct pol_fact {
	struct buf body;
	struct json json;
};
enum { POL_FACT_TEXT_MAX = 8192 };
void pol_fact_open(struct pol_fact *f);
/* Cut at POL_FACT_TEXT_MAX bytes; a NUL, which the database cannot store, becomes U+FFFD. */
void pol_fact_text(struct pol_fact *f, const char *key, struct span text);
void pol_fact_num(struct pol_fact *f, const char *key, int64_t v);

struct pol_facts {
	struct loop *loop;
	struct pol_queries *sql;
	struct pol_spool *spool;
	struct pol_durable *durable; /* told of each record; NULL: nobody */
	struct loop_timer retry;
	bool in_flight;
	unsigned refusals; /* answers in a row that were neither done nor for ever */
	bool up;
	int64_t away_since_us; /* wall clock; 0 = the database answers */
	void (*drained)(void *ctx);
	void *ctx;
};
void pol_facts_init(struct pol_facts *f, struct loop *loop, struct pol_queries *sql, struct pol_spool *spool);
/* Ends the fact in any case. */
int pol_facts_put(struct pol_facts *f, const char *kind, struct pol_fact *fact, struct err *err);
/* The database came or went. */
void pol_facts_up(struct pol_facts *f, bool up);
/* Calls back, once, when everything has been applied: at once when it already is. */
void pol_facts_when_drained(struct pol_facts *f, void (*drained)(void *ctx), void *ctx);
#endif
