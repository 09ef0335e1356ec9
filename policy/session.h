#ifndef POL_SESSION_H
#define POL_SESSION_H
#include "gateway/core/id.h"
#include "policy/facts.h"
#include <stdbool.h>
#include <stdint.h>
struct wire_reached;
struct wire_recording_answer;
/*
 * session - what becomes of a session row after api.session_begin: each step is a fact for the spool.
 *
 * Ends:    once, by whichever comes first: the worker's `end`, its death, the reconciliation, a step on the way to the
 *          target that failed.
 * Owns:    nothing.
 */
struct pol_session {
	bool on; /* a row stands online for it */
	struct id id;
	char user[65];
	int64_t user_id, certificate; /* certificate: as in the worker */
	uint32_t features; /* WIRE_FEATURE_* */
	uint8_t charset;   /* enum charset: of its exec strings */
	char reach[48];    /* target and account, as numbers */
};

struct pol_session_end {
	const char *state;  /* "closed", "crashed" */
	struct span reason; /* for the session list */
	uint64_t in_bytes, out_bytes;
};
/* These log what cannot be written. */
void pol_session_reached(struct pol_facts *facts, const struct pol_session *s, const struct wire_reached *m);
void pol_session_end(struct pol_facts *facts, struct pol_session *s, const struct pol_session_end *end);
/* A session without a worker: state and reason by what the recorder knows. */
void pol_session_reconcile(struct pol_facts *facts, const struct wire_recording_answer *m);
void pol_session_recording(struct pol_facts *facts, const struct wire_recording_answer *m);
/* op: "end", "lock", "unlock". */
void pol_session_control(struct pol_facts *facts, const struct pol_session *s, const char *op, const char *reason);
#endif
