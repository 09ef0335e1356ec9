#ifndef POL_INDEXER_H
#define POL_INDEXER_H
#include "policy/query.h"
struct pol_broker;
struct pol_indexer;
/*
 * indexer - copies what terminals showed from sealed recordings to the search tables, one recording after the other.
 *
 * Source:  docs/decisions/0010-search-by-chunks.md, "Terminal text".
 * Order:   api.search_next names a recording and how many lines of it are there; a reader gives its lines, those that
 *          are there are skipped; each message is one api.search_put, and the reader waits meanwhile; api.search_done.
 * Killed:  at any moment, by whoever: lines and their number are one transaction, the next start goes on behind them.
 * Errors:  a recording that cannot be read is tried again by search_next, less and less often, eight times.
 * Limits:  setting search.lines a recording.
 * Owns:    nothing of the caller's; sql outlives it.
 */
struct pol_indexer *pol_indexer_new(struct pol_broker *b, struct pol_queries *sql);
struct pol_indexer *pol_indexer_free(struct pol_indexer *x); /* accepts NULL, returns it */
/* Something may be there to do. */
void pol_indexer_poke(struct pol_indexer *x);
#endif
