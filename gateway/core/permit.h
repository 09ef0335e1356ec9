#ifndef CORE_PERMIT_H
#define CORE_PERMIT_H
#include <stddef.h>
#include <stdint.h>
/*
 * permit - which request may come next from a sandboxed peer.
 *
 * A table of rules and the peer's current state (0..31).  A request not listed for the state, or a `once`
 * request asked twice, is -EPERM: the caller ends the peer.  Tables are const data, readable as a
 * specification; at most 64 rules.
 */
struct permit_rule {
	uint16_t type; /* enum wire_type */
	uint32_t from; /* PERMIT_IN(a) | PERMIT_IN(b) */
	uint8_t to;    /* the state after it; the service may set another on its answer */
	uint8_t once;
};

struct permit {
	const struct permit_rule *rules;
	size_t n;
	uint8_t state;
	uint64_t used;
};

#define PERMIT_IN(state) (UINT32_C(1) << (state))
int permit_step(struct permit *p, uint16_t type);
#endif
