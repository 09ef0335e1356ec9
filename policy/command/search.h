#ifndef POL_SEARCH_H
#define POL_SEARCH_H
#include "gateway/core/pg.h"
struct err;
struct pol_broker;
struct pol_call;
struct pol_search;
/*
 * search - keeps the search tables up with the audit log and the recordings, and answers `audit search`.
 *
 * Source:  docs/decisions/0010-search-by-chunks.md, schema/0014_search.sql.
 * Order:   api.search_take each second, at once again while there is more.
 * Role:    two database connections of its own, as yanmen_broker: neither a search nor the copying delays a login.
 * Errors:  logged once; tried again each second.  What is not copied yet is found in the log itself.
 */
int pol_search_new(struct pol_search **ret, struct pol_broker *b, const char *conninfo, struct err *err);
struct pol_search *pol_search_free(struct pol_search *s);
/* The command's SQL function, on the connection of the searches; takes the call's state. */
void pol_search_ask(struct pol_call *c, pg_done *done);
#endif
