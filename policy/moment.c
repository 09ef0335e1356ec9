#include "policy/moment.h"

const struct pol_moment pol_moment_login = { .first_us = 400 * 1000, .step_us = 200 * 1000 };
const struct pol_moment pol_moment_offered = { .first_us = 50 * 1000, .step_us = 50 * 1000 };

int64_t pol_moment_due(const struct pol_moment *m, int64_t asked_us, int64_t now_us)
{
	int64_t late_us = now_us - (asked_us + m->first_us);

	if (late_us <= 0)
		return asked_us + m->first_us;
	return asked_us + m->first_us + (late_us + m->step_us - 1) / m->step_us * m->step_us;
}
