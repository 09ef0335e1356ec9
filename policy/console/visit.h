#ifndef POL_VISIT_H
#define POL_VISIT_H
struct pol_console;
struct pol_visit;
struct wire_enter;
struct wire_visit;
/*
 * visit - a browser that logs in: a socket of its own, on which `login`, `factor` and then, once, `enter` are said.
 *
 * To policy/login it is a worker (WIRE_JOB_VISIT, an id that no worker has), so back-off, held answers, audit and second factor
 * are those of any login.  Only a password counts: nobody has verified a key of a browser.
 * `enter` makes the token: 32 random bytes that are shown this once; the database keeps their hash.
 * Limits:  POL_VISITS_MAX at once (one more has its socket closed), POL_VISIT_US from first to last.
 * Owns:    itself; it goes with its worker (pol_visit_gone), and that with its socket.
 */
enum { POL_VISITS_MAX = 256, POL_VISIT_US = 120 * 1000 * 1000, POL_VISIT_AGENT = 200 };
void pol_visit_new(struct pol_console *c, const struct wire_visit *m, int fd); /* takes fd */
void pol_visit_enter(struct pol_visit *v, const struct wire_enter *m);
void pol_visit_gone(struct pol_visit *v); /* by its worker */
void pol_visit_free_all(struct pol_console *c); /* the broker ends */
#endif
