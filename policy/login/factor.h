#ifndef POL_FACTOR_H
#define POL_FACTOR_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "gateway/core/loop.h"
#include "policy/login/usercert.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_worker;
struct wire_factor;
/*
 * factor - the second factor of a login: a code of the user's authenticator app, a recovery code, or his enrolment.
 *
 * Purpose: the vault knows the secret and says which time step a code is of; the database uses that step up in the
 *          transaction that lets the login pass, so that no code works twice, not even for two logins at once.
 * Order:   pol_factor_open (the first factor was right) -> begin -> answers -> WIRE_FACTOR_OK.  What enrols is written when the
 *          person has proven that the app works and said that the recovery codes are kept; who leaves before has enrolled
 *          nothing.
 * Errors:  no vault, no database, a full spool: WIRE_FACTOR_UNAVAILABLE with a line for the person, and the login ends.
 * Owns:    buffers and questions until pol_factor_done.
 */
enum pol_factor_mode { POL_FACTOR_NONE, POL_FACTOR_ASK, POL_FACTOR_ENROL };
enum { POL_FACTOR_HASHES = 10 * 32 };

struct pol_factor {
	struct pol_worker *w;
	uint8_t mode; /* enum pol_factor_mode; NONE = not open */
	uint8_t step; /* enum wire_factor_step that the person is at; 0 = not begun */
	bool known;   /* he has logged in from this address before */
	bool admitted;
	bool proven; /* ENROL: a code of the new secret was right */
	char method[24]; /* of both factors, for the audit */
	int64_t user_id;
	struct pol_usercert_mark certificate; /* as in the login */
	char name[65], target[256], account[65];
	struct buf typed;
	struct loop_timer hold;
	struct id show; /* ENROL: what the worker may see at the vault */
	/* ENROL: what will be written */
	struct buf sealed, hashes;
	uint64_t last_step;
	char bound[64];
};
uint8_t pol_factor_mode(struct span text); /* enum pol_factor_mode, of api.login_facts */
void pol_factor_init(struct pol_factor *f, struct pol_worker *w);
void pol_factor_done(struct pol_worker *w);
void pol_factor_open(struct pol_worker *w); /* from what w->login found */
void pol_factor_ask(struct pol_worker *w, const struct wire_factor *m);
void pol_factor_answer(struct pol_worker *w, uint8_t step, const char *say);
/* A passkey was right: the login passes.  Negative: its audit row cannot be written, and nothing was answered. */
int pol_factor_passkey(struct pol_worker *w, int64_t user_id, const char *name, const char *method);
#endif
