#ifndef POL_LOOK_H
#define POL_LOOK_H
#include "gateway/core/buf.h"
#include "policy/dial/pin.h"
#include "policy/dial/probe.h"
#include <jansson.h>
#include <stdbool.h>
struct pol_broker;
/*
 * look - one target, looked at: can it be reached, what host key does it show, and (first time, or repin) pin that.
 *
 * Source:  the facts of api.target_test, target_add, target_repin: {id, name, kind, host, port, cluster, networks, samples,
 *          pinned, host_key (base64)}.
 * Answer:  {id, name, kind, cluster, reachable, pinned, changed, host_key ("SHA256:..." of what it shows), banner, say}.
 * Owns:    what it holds until pol_look_drop; the facts are copied.
 */
struct pol_look {
	struct pol_broker *b;
	const char *caller; /* JSON, borrowed */
	bool repin;
	void (*done)(void *ctx, struct span json);
	void *ctx;
	json_t *facts;
	struct pol_probe probe;
	struct pol_pin pin;
	struct buf pinned_key, host_key, banner;
	bool changed, is_sql; /* is_sql: its key is that of its TLS */
};
/* b, caller, repin, done and ctx are set before. */
void pol_look_start(struct pol_look *l, json_t *facts);
void pol_look_drop(struct pol_look *l); /* accepts a zeroed look */
#endif
