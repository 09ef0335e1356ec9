#ifndef POL_PERMITS_H
#define POL_PERMITS_H
#include "gateway/core/permit.h"
#include <stddef.h>
#include <stdint.h>
/*
 * permits - what a worker, a probe, a reader and a browser that logs in may say to the broker, and when.
 *
 * Read the tables in permits.c as the specification.  A message that is not listed for the peer's state ends the peer.
 * Every question must be answered before the next one (states *_ASKED), but for `open`, of which several may wait.
 * Trust:   a worker may be taken over by its client: nothing it says moves it further than these rows.
 */
enum pol_state {
	POL_LOGIN, /* nobody yet */
	POL_LOGIN_ASKED,
	POL_PASSKEY, /* nobody yet, and a passkey would do */
	POL_PASSKEY_ASKED,
	POL_FACTOR, /* his first factor was right, the second is wanted */
	POL_FACTOR_ASKED,
	POL_CHOOSE, /* the user is known; a browser may enter */
	POL_MENU_ASKED,
	POL_TARGET_ASKED,
	POL_REACHING, /* granted; the worker logs in to the target */
	POL_LIVE,
	POL_FAILED,  /* granted, but the target was not reached */
	POL_RESUMED, /* granted by an earlier broker; reached or not, nobody knows */
	POL_LOST,    /* served by an earlier broker, without a session: what it knew is gone */
	POL_DONE,
	POL_PROBE, /* asked to look at a target */
	POL_READ,  /* asked to read a recording */
	POL_READ_OPENED,
	POL_LINES, /* the same, to be given its lines for searching */
	POL_LINES_OPENED,
	POL_STATES,
};
extern const struct permit_rule pol_permits_worker[], pol_permits_sql_worker[], pol_permits_probe[], pol_permits_reader[], pol_permits_visit[];
extern const size_t pol_permits_worker_n, pol_permits_sql_worker_n, pol_permits_probe_n, pol_permits_reader_n, pol_permits_visit_n;
struct permit pol_permits_sql(void); /* a session of a SQL door, at its beginning */
struct permit pol_permits_of(uint8_t job, uint8_t state); /* enum wire_job, enum pol_state */
const char *pol_permits_state_name(uint8_t state);
#endif
