#ifndef POL_RECONCILE_H
#define POL_RECONCILE_H
struct pol_broker;
struct pol_reconcile;
/*
 * reconcile - what became of the sessions while there was no broker.
 *
 * Order:   the parent has attached every living worker (`synced`) -> the spool of the earlier broker is in the database
 *          -> the sessions that are online there: one with a living worker goes on; of one without it the recorder is
 *          asked, and it is closed accordingly.
 * Errors:  a database or a recorder that is away is asked again, until all is known.  Workers of an earlier broker are
 *          not heard before.
 */
struct pol_reconcile *pol_reconcile_new(struct pol_broker *b);
struct pol_reconcile *pol_reconcile_free(struct pol_reconcile *r);
void pol_reconcile_start(struct pol_reconcile *r);
#endif
