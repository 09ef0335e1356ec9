#ifndef POL_LOGIN_H
#define POL_LOGIN_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_worker;
struct secret;
struct wire_login;
/*
 * login - who is it?  A password or a public key of a user, asked by a worker.
 *
 * Purpose: an answer that tells nothing but yes or no.  An unknown user, a disabled one, one without a password and a wrong
 *          password take the same path (the same queries, the same argon2 work) and are refused at the same moment
 *          (policy/moment.h).  A yes is answered at once.
 * Errors:  no database, no helper, a full queue, a full spool: WIRE_LOGIN_UNAVAILABLE with a line for the person.
 * Limits:  an answer within LOGIN_WITHIN_US, whatever happens.
 */
enum { POL_LOGIN_WITHIN_US = 30 * 1000 * 1000 };

struct pol_login {
	bool on; /* a question is open */
	uint8_t method;
	int64_t asked_us;
	char name[65], target[256], account[65]; /* name "" : no user can be called so */
	char typed[128];                         /* what was typed, for the audit */
	struct secret *password;
	struct buf blob;
	int64_t user_id;     /* 0 = none, or not active */
	uint64_t generation; /* pol_ends, when the facts were asked */
	bool known;          /* he has logged in from this address before */
	bool admitted;       /* counted by the back-off, and held as long as it says */
	bool proven;         /* the first factor was right */
	uint8_t factor;      /* enum pol_factor_mode: what comes behind the first factor */
	struct loop_timer answer, late, hold;
	unsigned keys_refused; /* offered keys, of this connection */
};
void pol_login_init(struct pol_login *l, struct pol_worker *w);
void pol_login_ask(struct pol_worker *w, const struct wire_login *m);
/* The worker is gone: drops what is open; keys that were only offered and never led to a login are audited here. */
void pol_login_done(struct pol_worker *w);
#endif
