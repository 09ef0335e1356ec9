#ifndef POL_JUMP_H
#define POL_JUMP_H
struct pol_worker;
struct wire_jump;
struct wire_refused;
/*
 * jump - a connection that a client wants through its own one (ssh -J, -L, -D): which granted target is it, and is it SSH?
 *
 * Order:   the worker asks -> api.jump finds the target -> (not SSH: policy/decide/rule.h judges the forward) -> audit ->
 *          the asker gets one end of a socket pair, the parent the other, for a worker of its own -> that worker is
 *          attached and is told nothing that the client said: user, address and target are those that were decided here.
 *          An SSH connection is judged like any login when its first channel asks for the target.
 * Errors:  a target that does not exist and one that is not granted are refused alike.
 * Limits:  POL_JUMPS_MAX workers behind one connection of the network, however deep; POL_JUMPS_TOLD refusals of one
 *          connection are audited one by one, the others as a number when it ends.
 * Owns:    what waits for its worker; pol_jump_drop gives it up.
 */
enum { POL_JUMPS_MAX = 32, POL_JUMPS_TOLD = 200 };
void pol_jump_ask(struct pol_worker *w, const struct wire_jump *m);
/* The worker has refused something by itself: for the audit. */
void pol_jump_refused(struct pol_worker *w, const struct wire_refused *m);
void pol_jump_drop(struct pol_worker *w); /* it is gone */
#endif
