#ifndef POL_WORKER_H
#define POL_WORKER_H
#include "gateway/core/permit.h"
#include "gateway/core/wire.h"
#include "policy/ends.h"
#include "gateway/core/link.h"
#include "policy/login/factor.h"
#include "policy/login/login.h"
#include "policy/login/passkey.h"
#include "policy/permits.h"
#include "policy/rules.h"
#include "policy/session.h"
#include "policy/statement.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_attempt;
struct pol_again;
struct pol_jump;
struct pol_broker;
struct pol_reading;
struct pol_visit;
/*
 * worker - one attached process (a client's worker, a probe, a reader) or a browser that logs in: its socket, its permit table, what it is at.
 *
 * Order:   attach -> messages by the table -> gone.  The parent says `gone` when the process has ended; what it had
 *          still sent is read first.
 * Ends:    a worker that breaks its table or sends nonsense is ended through the parent and audited; its session
 *          ends with its process.
 *          A browser is of policy/console, and known to nobody else: its socket is cut, and it is gone with that.
 * Owns:    login, attempt and every question asked for it: pol_worker_gone drops them, late answers find nobody.
 */
enum { POL_WORKER_LOGINS_MAX = 64 }; /* asked on one connection, offered keys included */

struct pol_worker {
	struct pol_worker *next;
	struct pol_broker *b;
	uint64_t id;
	char name[24]; /* id as text */
	uint64_t owes; /* ticket of what a probe or reader was asked; 0 = nothing */
	struct pol_reading *reading; /* of a reader that gives lines; borrowed */
	uint8_t job;
	uint8_t role; /* enum wire_role: whose process it is */
	bool broken;     /* told the parent to end it; nothing it says counts */
	bool unresolved; /* from before our start: not heard until the reconciliation knows its session */
	char address[64];
	uint8_t door;     /* enum wire_door */
	char bound[256]; /* the only target behind its door, or "" */
	struct { /* of one that came through another worker's client, or is a browser's terminal */
		uint64_t root; /* that one, or the one that it came through itself; 0 = none */
		char target[256];
		uint16_t port; /* WIRE_DOOR_FORWARD */
	} through;
	struct pol_jump *jumps; /* connections through this one that have no worker yet */
	unsigned jumps_refused;
	struct pol_visit *visit; /* of WIRE_JOB_VISIT; borrowed */
	char origin[300];        /* of WIRE_JOB_VISIT: the page's */
	char device[72];         /* of WIRE_JOB_VISIT: the hash of its token as bytea's text, or "" */
	struct link link;
	struct permit permit;
	int64_t user_id;
	int64_t certificate; /* its serial, when he logged in by one; else 0 */
	char user[65];
	unsigned logins;
	struct pol_login login;
	struct pol_factor factor; /* between the first factor and the login */
	struct pol_passkey passkey;
	bool factored; /* logged in with a second factor, just now */
	struct pol_attempt *attempt; /* on the way to a target */
	struct pol_again *again;     /* of a SQL door: how its target was reached */
	struct pol_session session;
	struct pol_ends_session ends;
	struct pol_rules_session rules; /* of a SQL door, as the next two */
	struct pol_statements statements;
	uint64_t thread;         /* what the target calls its connection; 0 = not known */
	char told[256]; /* why it was told to end; "" = it was not */
};

void pol_worker_attach(struct pol_broker *b, const struct wire_attach *m, int fd);
/* A browser that logs in; NULL: its socket cannot be used.  Takes fd.  id: one that no worker has. */
struct pol_worker *pol_worker_visit(struct pol_broker *b, struct pol_visit *visit, uint64_t id, struct span address, int fd);
void pol_worker_gone(struct pol_broker *b, const struct wire_gone *m);
void pol_worker_free_all(struct pol_broker *b); /* the broker ends; their sessions go on */
bool pol_worker_is_sql(const struct pol_worker *w);
const char *pol_worker_door(const struct pol_worker *w); /* that he came by, as second factors are remembered: "ssh", "web", "sql" */
const char *pol_worker_protocol(const struct pol_worker *w); /* "ssh", "mysql", "tds" */
struct pol_worker *pol_worker_find(struct pol_broker *b, uint64_t id);
/* The reconciliation has its answer: features of its session row, or NULL when it has none. */
void pol_worker_resolve(struct pol_worker *w, const struct pol_session *session);
/* Asks the parent to end, lock or unlock it. */
void pol_worker_control(struct pol_broker *b, uint64_t worker, uint8_t op, const char *reason);
/* It overstepped. */
void pol_worker_break(struct pol_worker *w, const char *what);
#endif
