#ifndef POL_OPEN_H
#define POL_OPEN_H
struct pol_broker;
struct pol_worker;
struct wire_open;
/*
 * open - may this shell, exec or subsystem request run?  Answered by the grant's features, written into the spool, and on disk, first.
 *
 * Source:  docs/decisions/0005-channel-requests-are-asked.md.
 * Errors:  what cannot be written does not run.
 */
void pol_open_ask(struct pol_worker *w, const struct wire_open *m);
/* The broker ends: the answers that still wait are dropped; workers ask again. */
void pol_open_free_all(struct pol_broker *b);
#endif
