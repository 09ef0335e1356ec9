#ifndef POL_RECONCILE_H
#define POL_RECONCILE_H
struct pol_broker;
struct pol_reconcile;
/*
 * reconcile - what became of sessions and recordings while there was no broker, or no recorder.
 *
 * Order:   the parent has attached every living worker (`synced`) -> the spool of the earlier broker is in the database
 *          -> the sessions that are online there: one with a living worker goes on; of one without it the recorder is
 *          asked, and it is closed accordingly -> the recorder is asked for every recording that is open in the
 *          database although its session has ended: its last word was lost with a recorder or a broker.
 * Errors:  a database or a recorder that is away is asked again, until all is known.  Workers of an earlier broker are
 *          not heard before.
 */
struct pol_reconcile *pol_reconcile_new(struct pol_broker *b);
struct pol_reconcile *pol_reconcile_free(struct pol_reconcile *r);
void pol_reconcile_start(struct pol_reconcile *r);
void pol_reconcile_recordings(struct pol_reconcile *r); /* the recorder is another one now */
#endif
