#ifndef POL_LOGIN_H
#define POL_LOGIN_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "policy/login/scramble.h"
#include "policy/login/usercert.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_worker;
struct secret;
struct wire_login;
struct wire_login_scramble;
/*
 * login - who is it?  A password, a public key of a user or a certificate over one, an access password, asked by a worker.
 *
 * Purpose: an answer that tells nothing but yes or no.  An unknown user, a disabled one, one without a password and a wrong
 *          password take the same path (the same queries, the same argon2 work) and are refused at the same moment
 *          (policy/moment.h).  A yes is answered at once.  A certificate that is refused goes the way of one that is not, too.
 * Audit:   a refused password or signature at once; keys that were only offered once a connection, unless one was a
 *          certificate of our CA, which nobody gets by guessing.
 * Errors:  no database, no helper, a full queue, a full spool: WIRE_LOGIN_UNAVAILABLE with a line for the person.
 * Limits:  an answer within LOGIN_WITHIN_US, whatever happens.
 */
enum { POL_LOGIN_WITHIN_US = 30 * 1000 * 1000 };
/* An access password at a SQL door: in clear, when it has the form of one, or as an answer to a challenge.  Beside enum wire_login_method. */
enum { POL_LOGIN_ACCESS = 64 };
#define POL_LOGIN_ACCESS_FORM "ym-"

struct pol_login {
	bool on; /* a question is open */
	uint8_t method;
	int64_t asked_us;
	char name[65], target[256], account[65]; /* name "" : no user can be called so */
	char typed[128];                         /* what was typed, for the audit */
	struct secret *password;
	struct buf blob; /* of ACCESS: what the client answered to the challenge, none: the password is there */
	uint8_t plugin;  /* of ACCESS: enum wire_scramble */
	uint8_t challenge[POL_SCRAMBLE_CHALLENGE];
	int64_t access;  /* the access password that it was; 0 = none */
	bool factored;   /* ... which was made after a second factor */
	bool certified; /* blob is a certificate ... */
	struct pol_usercert_mark certificate; /* ... of our CA */
	const char *why; /* it is refused: static words for the audit; "" = a certificate that is not */
	int64_t user_id;     /* 0 = none, or not active */
	uint64_t generation; /* pol_ends, when the facts were asked */
	bool known;          /* he has logged in from this address before */
	bool admitted;       /* counted by the back-off, and held as long as it says */
	bool proven;         /* the first factor was right */
	uint8_t factor;      /* enum pol_factor_mode: what comes behind the first factor */
	struct loop_timer answer, late, hold;
	struct { /* offered keys of this connection that the audit does not have */
		unsigned n;
		bool certified; /* the last one */
		const char *why;
	} refused;
};
void pol_login_init(struct pol_login *l, struct pol_worker *w);
const char *pol_login_method(uint8_t method, bool certified); /* for the audit: "password", "key", "certificate", "access password" */
void pol_login_ask(struct pol_worker *w, const struct wire_login *m);
void pol_login_scramble(struct pol_worker *w, const struct wire_login_scramble *m);
/* The worker is gone: drops what is open; keys that were only offered and never led to a login are audited here. */
void pol_login_done(struct pol_worker *w);
#endif
