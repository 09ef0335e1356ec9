#ifndef POL_SEALER_H
#define POL_SEALER_H
#include "gateway/core/wire.h"
#include <stdint.h>
struct err;
struct pol_broker;
struct pol_sealer;
/*
 * sealer - chains the audit events and has the chain's head signed.
 *
 * Source:  docs/RECORDING.md, "Audit chain".
 * Order:   audit.seal each second (at once again while there is more); a new head is signed by the vault at least every
 *          10 s, at the end of the broker, and on request (an export ends with a fresh signature).
 * Role:    a database connection of its own, as yanmen_sealer, which may do nothing else.
 */
struct pol_sealer_head {
	uint64_t seq;
	struct wire_h32 hash;
	int64_t time_us;
	struct wire_sig signature;
};
int pol_sealer_new(struct pol_sealer **ret, struct pol_broker *b, const char *conninfo, struct err *err);
struct pol_sealer *pol_sealer_free(struct pol_sealer *s);
/* Seals and signs what is there, then calls back. */
void pol_sealer_finish(struct pol_sealer *s, void (*done)(void *ctx), void *ctx);
/* Seconds since the last seal that worked, or since the start. */
int64_t pol_sealer_age_s(const struct pol_sealer *s);
#endif
