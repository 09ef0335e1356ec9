#ifndef POL_ROTATE_H
#define POL_ROTATE_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct pol_broker;
/*
 * rotate - passwords of accounts are changed on their targets, one run after the other through its states.
 *
 * Source:  docs/decisions/0021-rotation.md; the states stand in schema/0032_rotation.sql.
 * Order:   make (vault) -> sealed (row) -> dial, worker, allow -> sent (row) -> change (worker) -> try the new one, by a worker of
 *          its own -> else try the old one -> current, failed or unsure (row).  What is written before a step says what a
 *          broker that died there may have left: the clock finds such rows and tries.
 * Limits:  POL_ROTATE_JOBS at once; the clock starts at most so many, people may start more.
 * Owns:    its jobs; a job goes on when the one who asked goes away.
 * Trust:   a target's bytes are read in a sandboxed worker, which gets the secrets from the vault; the broker sees neither.
 */
enum { POL_ROTATE_JOBS = 4, POL_ROTATE_MOST = 16 };
struct pol_rotate;
/* result: {"id", "target", "account", "state", "say"}, or NULL: `code` and the database's words. */
typedef void pol_rotate_done(void *ctx, const json_t *result, int code, const char *say);

struct pol_rotate *pol_rotate_new(struct pol_broker *b);
struct pol_rotate *pol_rotate_free(struct pol_rotate *r);
/* The database is there (again): the clock runs from now on. */
void pol_rotate_look(struct pol_rotate *r);
bool pol_rotate_has_room(const struct pol_rotate *r);
/* facts: of api.account_rotate or api.account_settle.  `done` is called once, never from inside, unless pol_rotate_drop(ctx) came first. */
void pol_rotate_start(struct pol_rotate *r, const json_t *facts, pol_rotate_done *done, void *ctx);
void pol_rotate_drop(struct pol_rotate *r, const void *ctx);
#endif
