#ifndef POL_RETENTION_H
#define POL_RETENTION_H
#include <stdint.h>
struct pol_broker;
struct pol_retention;
/*
 * retention - recordings that are older than their groups keep them are removed, one after the other.
 *
 * Source:  schema/0009_keeping.sql; docs/OPERATIONS.md, "Retention".
 * Order:   api.retention_take (a few that are due, oldest first) -> the recorder removes one and answers its tombstone -> a
 *          fact for the spool -> the next; until none is due.
 * Runs:    once an hour, a minute after the broker's start, and for `retention run`.  One recording at a time.
 */
struct pol_retention *pol_retention_new(struct pol_broker *b);
struct pol_retention *pol_retention_free(struct pol_retention *r); /* returns NULL */
/* For doctor: why the last run ended early, or "". */
const char *pol_retention_trouble(const struct pol_retention *r);
#endif
