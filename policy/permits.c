#include "policy/permits.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"

#define IN PERMIT_IN

/* clang-format off */
const struct permit_rule pol_permits_worker[] = {
	/* request              allowed in                                                  then */
	{ WIRE_T_login,         IN(POL_LOGIN) | IN(POL_LOST),                               POL_LOGIN_ASKED,  0 },
	{ WIRE_T_factor,        IN(POL_FACTOR),                                             POL_FACTOR_ASKED, 0 },
	{ WIRE_T_factor,        IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_targets,       IN(POL_CHOOSE),                                             POL_MENU_ASKED,   0 },
	{ WIRE_T_targets,       IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_target,        IN(POL_CHOOSE),                                             POL_TARGET_ASKED, 0 },
	{ WIRE_T_target,        IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_target,        IN(POL_RESUMED),                                            POL_FAILED,       1 },
	{ WIRE_T_reached,       IN(POL_REACHING) | IN(POL_RESUMED),                         POL_LIVE,         1 },
	{ WIRE_T_open,          IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_open,          IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_jump,          IN(POL_CHOOSE),                                             POL_CHOOSE,       0 },
	{ WIRE_T_jump,          IN(POL_REACHING),                                           POL_REACHING,     0 },
	{ WIRE_T_jump,          IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_jump,          IN(POL_FAILED),                                             POL_FAILED,       0 },
	{ WIRE_T_jump,          IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_jump,          IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_file,          IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_file,          IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_refused,       IN(POL_CHOOSE),                                             POL_CHOOSE,       0 },
	{ WIRE_T_refused,       IN(POL_REACHING),                                           POL_REACHING,     0 },
	{ WIRE_T_refused,       IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_refused,       IN(POL_FAILED),                                             POL_FAILED,       0 },
	{ WIRE_T_refused,       IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_refused,       IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_end,           IN(POL_REACHING) | IN(POL_LIVE) | IN(POL_FAILED) | IN(POL_RESUMED) | IN(POL_LOST),
	                                                                                    POL_DONE,         1 },
};
const size_t pol_permits_worker_n = COUNT_OF(pol_permits_worker);

/* A SQL client has no menu, no channels and no files, and cannot be asked for a code. */
const struct permit_rule pol_permits_sql_worker[] = {
	{ WIRE_T_login,         IN(POL_LOGIN) | IN(POL_LOST),                               POL_LOGIN_ASKED,  0 },
	{ WIRE_T_login_scramble, IN(POL_LOGIN) | IN(POL_LOST),                              POL_LOGIN_ASKED,  0 },
	{ WIRE_T_target,        IN(POL_CHOOSE),                                             POL_TARGET_ASKED, 0 },
	{ WIRE_T_target,        IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_target,        IN(POL_RESUMED),                                            POL_FAILED,       1 },
	{ WIRE_T_reached,       IN(POL_REACHING) | IN(POL_RESUMED),                         POL_LIVE,         1 },
	{ WIRE_T_statement,     IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_statement,     IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_thread,        IN(POL_REACHING),                                           POL_REACHING,     0 },
	{ WIRE_T_thread,        IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_thread,        IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_thread_of,     IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_thread_of,     IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_again,         IN(POL_LIVE),                                               POL_LIVE,         1 },
	{ WIRE_T_again,         IN(POL_RESUMED),                                            POL_RESUMED,      1 },
	{ WIRE_T_permit,        IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_permit,        IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_permit_done,   IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_permit_done,   IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_refused,       IN(POL_CHOOSE),                                             POL_CHOOSE,       0 },
	{ WIRE_T_refused,       IN(POL_REACHING),                                           POL_REACHING,     0 },
	{ WIRE_T_refused,       IN(POL_LIVE),                                               POL_LIVE,         0 },
	{ WIRE_T_refused,       IN(POL_FAILED),                                             POL_FAILED,       0 },
	{ WIRE_T_refused,       IN(POL_RESUMED),                                            POL_RESUMED,      0 },
	{ WIRE_T_refused,       IN(POL_LOST),                                               POL_LOST,         0 },
	{ WIRE_T_end,           IN(POL_REACHING) | IN(POL_LIVE) | IN(POL_FAILED) | IN(POL_RESUMED) | IN(POL_LOST),
	                                                                                    POL_DONE,         1 },
};
const size_t pol_permits_sql_worker_n = COUNT_OF(pol_permits_sql_worker);

const struct permit_rule pol_permits_probe[] = {
	{ WIRE_T_probe_answer,  IN(POL_PROBE),                                              POL_DONE,         1 },
	{ WIRE_T_rotate_answer, IN(POL_PROBE),                                              POL_DONE,         1 },
};
const size_t pol_permits_probe_n = COUNT_OF(pol_permits_probe);

const struct permit_rule pol_permits_reader[] = {
	{ WIRE_T_read_opened,   IN(POL_READ),                                               POL_READ_OPENED,  1 },
	{ WIRE_T_read_opened,   IN(POL_LINES),                                              POL_LINES_OPENED, 1 },
	{ WIRE_T_frames,        IN(POL_LINES_OPENED),                                       POL_LINES_OPENED, 0 },
	{ WIRE_T_read_done,     IN(POL_READ) | IN(POL_READ_OPENED) | IN(POL_LINES) | IN(POL_LINES_OPENED),
	                                                                                    POL_DONE,         1 },
};
const size_t pol_permits_reader_n = COUNT_OF(pol_permits_reader);

const struct permit_rule pol_permits_visit[] = {
	{ WIRE_T_login,         IN(POL_LOGIN),                                              POL_LOGIN_ASKED,  0 },
	{ WIRE_T_passkey_begin, IN(POL_LOGIN),                                              POL_PASSKEY_ASKED, 0 },
	{ WIRE_T_passkey_use,   IN(POL_PASSKEY),                                            POL_PASSKEY_ASKED, 0 },
	{ WIRE_T_factor,        IN(POL_FACTOR),                                             POL_FACTOR_ASKED, 0 },
	{ WIRE_T_passkey_begin, IN(POL_FACTOR),                                             POL_FACTOR_ASKED, 0 },
	{ WIRE_T_passkey_use,   IN(POL_FACTOR),                                             POL_FACTOR_ASKED, 0 },
	{ WIRE_T_enter,         IN(POL_CHOOSE),                                             POL_DONE,         1 },
};
const size_t pol_permits_visit_n = COUNT_OF(pol_permits_visit);
/* clang-format on */

struct permit pol_permits_sql(void)
{
	return (struct permit){ pol_permits_sql_worker, pol_permits_sql_worker_n, POL_LOGIN, 0 };
}

struct permit pol_permits_of(uint8_t job, uint8_t state)
{
	if (job == WIRE_JOB_PROBE)
		return (struct permit){ pol_permits_probe, pol_permits_probe_n, state, 0 };
	if (job == WIRE_JOB_READ)
		return (struct permit){ pol_permits_reader, pol_permits_reader_n, state, 0 };
	if (job == WIRE_JOB_VISIT)
		return (struct permit){ pol_permits_visit, pol_permits_visit_n, state, 0 };
	return (struct permit){ pol_permits_worker, pol_permits_worker_n, state, 0 };
}

const char *pol_permits_state_name(uint8_t state)
{
	static const char *const names[POL_STATES] = {
		[POL_LOGIN] = "login",
		[POL_LOGIN_ASKED] = "login-asked",
		[POL_PASSKEY] = "passkey",
		[POL_PASSKEY_ASKED] = "passkey-asked",
		[POL_FACTOR] = "factor",
		[POL_FACTOR_ASKED] = "factor-asked",
		[POL_CHOOSE] = "choose",
		[POL_MENU_ASKED] = "menu-asked",
		[POL_TARGET_ASKED] = "target-asked",
		[POL_REACHING] = "reaching",
		[POL_LIVE] = "live",
		[POL_FAILED] = "failed",
		[POL_RESUMED] = "resumed",
		[POL_LOST] = "lost",
		[POL_DONE] = "done",
		[POL_PROBE] = "probe",
		[POL_READ] = "read",
		[POL_READ_OPENED] = "read-opened",
		[POL_LINES] = "lines",
		[POL_LINES_OPENED] = "lines-opened",
	};

	return state < POL_STATES ? names[state] : "?";
}
