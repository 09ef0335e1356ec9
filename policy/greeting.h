#ifndef POL_GREETING_H
#define POL_GREETING_H
struct pol_worker;
/*
 * greeting - the first word to a worker: the login banner, and for a SQL door how the database behind it greets.
 *
 * Errors:  a database that is away, or has nothing: the banner alone.
 */
void pol_greeting_welcome(struct pol_worker *w);
#endif
