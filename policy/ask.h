#ifndef POL_ASK_H
#define POL_ASK_H
#include "gateway/core/id.h"
#include "gateway/core/loop.h"
#include "gateway/core/wire.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_worker;
/*
 * ask - questions to a service (vault, recorder, parent, a probe, a reader) that wait for their answer.
 *
 * Purpose: an answer finds whoever asked, by ticket or by id; an answer to somebody who is gone is dropped.
 * Order:   pol_ask_add, then send with the ticket; `done` is called exactly once (answer, deadline -ETIMEDOUT, peer
 *          lost -EPIPE) unless pol_ask_drop(ctx) came first.  Never from inside pol_ask_add.
 * Owns:    nothing of the caller's; `ctx` must call pol_ask_drop before it goes.
 */
union pol_reply {
	struct wire_allow_answer allow;
	struct wire_sealed sealed;
	struct wire_publics_answer publics;
	struct wire_sign_answer sign;
	struct wire_factor_made factor_made;
	struct wire_factor_checked factor_checked;
	struct wire_certified certified;
	struct wire_begin_answer begin;
	struct wire_watch_answer watch;
	struct wire_recording_answer recording;
	struct wire_probe_answer probe;
	struct wire_rotate_answer rotate;
	struct wire_rekey_answer rekey;
	struct wire_removed removed;
	struct wire_read_opened read_opened;
	struct wire_read_done read_done;
	struct wire_frames frames;
	struct pol_worker *worker; /* of a `want`: attached */
};
/* reply is NULL when code < 0; its spans are borrowed. */
typedef void pol_ask_done(void *ctx, int code, const union pol_reply *reply);

struct pol_ask {
	uint8_t role;    /* enum wire_role of the peer that owes the answer */
	uint16_t answer; /* enum wire_type of the answer */
	uint64_t ticket; /* 0 = a new one */
	struct id id;    /* for answers that name an id instead of a ticket */
	int64_t within_us;
	pol_ask_done *done;
	void *ctx;
};

struct pol_asks {
	struct loop *loop;
	struct pol_ask_waiting *first;
	uint64_t last_ticket;
};

uint64_t pol_ask_add(struct pol_asks *a, const struct pol_ask *ask);
/* False when nobody waits for it (any more). */
bool pol_ask_answer(struct pol_asks *a, uint16_t type, uint64_t ticket, const union pol_reply *reply);
bool pol_ask_answer_id(struct pol_asks *a, uint16_t type, const struct id *id, const union pol_reply *reply);
/* Ends one question early, with a reason: its send failed. */
void pol_ask_fail(struct pol_asks *a, uint64_t ticket, int code);
void pol_ask_lost(struct pol_asks *a, uint8_t role);
void pol_ask_drop(struct pol_asks *a, const void *ctx);
#endif
