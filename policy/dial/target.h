#ifndef POL_TARGET_H
#define POL_TARGET_H
struct pol_worker;
struct wire_target;
/*
 * target - from the user's choice to the grant: facts -> verdict (policy/decide) -> row and audit row -> dial ->
 * vault -> recorder -> grant with the connection.
 *
 * Order:   the recorder comes last, since nothing undoes a `begin`; behind it only the grant is left.
 * Errors:  every failure unwinds what stands (connection, permission at the vault, session row), is audited and
 *          answered by `deny` with one line.  A row whose fate is unknown is closed too.
 * Limits:  one attempt a worker; POL_TARGET_WITHIN_US for all of it.
 */
enum { POL_TARGET_WITHIN_US = 20 * 1000 * 1000 };
void pol_target_ask(struct pol_worker *w, const struct wire_target *m);
void pol_target_drop(struct pol_worker *w); /* the worker is gone */
#endif
