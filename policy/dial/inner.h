#ifndef POL_INNER_H
#define POL_INNER_H
#include <stdint.h>
struct pol_worker;
/*
 * inner - a worker whose person has logged in elsewhere: through another connection (policy/dial/jump.h), or at the console
 * (policy/console/terminal.h).  It is whose we say, and may do what we say, whatever its client tells it.
 */
struct pol_inner {
	uint8_t door;  /* WIRE_DOOR_INNER, WIRE_DOOR_FORWARD */
	uint64_t root; /* the worker that it came through; 0 = none */
	const char *target;
	uint16_t port; /* WIRE_DOOR_FORWARD */
	const char *user;
	int64_t user_id, certificate; /* certificate: its serial, when he logged in by one; else 0 */
};
void pol_inner_is(struct pol_worker *w, const struct pol_inner *who); /* freshly attached */
#endif
