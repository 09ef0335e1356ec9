#ifndef POL_OPENING_H
#define POL_OPENING_H
struct pol_console;
struct wire_terminal;
/*
 * opening - a browser asks for a terminal: a new one, or one that it had.
 *
 * Order:   whose token is it -> which grant allows target and account now, from there (policy/decide, as at any login) ->
 *          (an id: terminal.h gives its socket out again) -> the gateway's host key, which the terminal compares -> terminal.h makes it.
 *          The session itself is judged, dialled and recorded when the terminal's SSH client has logged in.
 * Errors:  one line in the language asked for; a target that does not exist and one that is not granted are refused alike.
 * Limits:  POL_OPENINGS_MAX under way.
 */
enum { POL_OPENINGS_MAX = 256 };
void pol_opening_new(struct pol_console *c, const struct wire_terminal *m);
void pol_opening_free_all(struct pol_console *c);
#endif
