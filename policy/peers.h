#ifndef POL_PEERS_H
#define POL_PEERS_H
#include "gateway/core/wire.h"
#include "policy/ask.h"
struct pol_broker;
/*
 * peers - the talk with vault and recorder, and what the broker wants from the parent.
 *
 * Use:     each function sends one question and has `ask->done` called with the answer; role, answer and ticket are
 *          filled in here.  A peer that is away is -EPIPE, told from the loop.
 * Unasked: recording_answer (a recording was sealed or anchored) and space come by themselves.
 */
void pol_peers_init(struct pol_broker *b);
/* The parent's `peer`: takes fd.  A new one replaces the old one, and what that still owed is -EPIPE. */
void pol_peers_open(struct pol_broker *b, uint8_t role, int fd);
/* A service came back: the audit knows when one was replaced. */
void pol_peers_restarted(struct pol_broker *b, uint8_t role);

void pol_peers_allow(struct pol_broker *b, struct wire_allow *m, const struct pol_ask *ask);
void pol_peers_forget(struct pol_broker *b, uint64_t worker);
void pol_peers_seal(struct pol_broker *b, struct wire_seal *m, int fd, const struct pol_ask *ask);
void pol_peers_make(struct pol_broker *b, struct wire_make *m, const struct pol_ask *ask);
void pol_peers_rebind(struct pol_broker *b, struct wire_rebind *m, const struct pol_ask *ask);
void pol_peers_publics(struct pol_broker *b, const struct pol_ask *ask);
void pol_peers_sign(struct pol_broker *b, struct wire_sign *m, const struct pol_ask *ask);
void pol_peers_factor_new(struct pol_broker *b, struct wire_factor_new *m, const struct pol_ask *ask);
void pol_peers_factor_check(struct pol_broker *b, struct wire_factor_check *m, const struct pol_ask *ask);
void pol_peers_certify(struct pol_broker *b, struct wire_certify *m, const struct pol_ask *ask);
void pol_peers_begin(struct pol_broker *b, const struct wire_begin *m, const struct pol_ask *ask);
void pol_peers_watch(struct pol_broker *b, struct wire_watch *m, int fd, const struct pol_ask *ask);
void pol_peers_remove(struct pol_broker *b, const struct wire_remove *m, const struct pol_ask *ask);
void pol_peers_recording(struct pol_broker *b, const struct id *id, const struct pol_ask *ask);
#endif
