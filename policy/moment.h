#ifndef POL_MOMENT_H
#define POL_MOMENT_H
#include <stdint.h>
/*
 * moment - when a refused login is answered: at a fixed time after it was asked, later only in whole steps.
 *
 * Purpose: what the broker found (no such user, a wrong password, a key that is not his) takes different times; the
 *          answer shows none of it.
 * Units:   microseconds of clock_mono_us.
 */
struct pol_moment {
	int64_t first_us, step_us;
};
extern const struct pol_moment pol_moment_login;   /* a password, or a key that signed */
extern const struct pol_moment pol_moment_offered; /* "is signing worth it?": a client asks for each of its keys */
int64_t pol_moment_due(const struct pol_moment *m, int64_t asked_us, int64_t now_us);
#endif
