#ifndef POL_AGAIN_H
#define POL_AGAIN_H
struct pol_choice;
struct pol_worker;
/*
 * again - a second connection to the target of a session that runs, for the worker of a SQL door that cancels a statement there.
 *
 * Why:     a database goes on with a statement whose client is gone, and a worker can open no connection.
 * Shape:   the very address rules and the very secret of the grant; what was withdrawn since does not matter, since a session that ends because of that
 *          is the one that has something to cancel.  Once a session: the permit table says so.
 * Errors:  answered by `again_answer` with a code; the session ends without having cancelled anything.
 */
void pol_again_keep(struct pol_worker *w, struct pol_choice *choice); /* takes what it owns */
void pol_again_ask(struct pol_worker *w);
void pol_again_drop(struct pol_worker *w);
#endif
