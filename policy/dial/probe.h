#ifndef POL_PROBE_H
#define POL_PROBE_H
#include "gateway/core/buf.h"
#include "policy/dial/dial.h"
#include <stdbool.h>
struct err;
struct pol_broker;
/*
 * probe - a look at a target's host key, or at a database's TLS key, by a sandboxed worker of its own, without logging in.
 *
 * Order:   dial -> a probe worker from the parent -> the target's bytes are read there, never here.
 * Errors:  code and one line; `done` is called once, never from inside pol_probe_start, unless pol_probe_drop came first.
 * Owns:    what it holds until pol_probe_drop, which accepts a zeroed probe; the result's spans die with the call.
 */
struct pol_probe_result {
	int code;
	const char *say;
	struct span host_key, banner;
};
struct pol_probe {
	struct pol_broker *b;
	void (*done)(void *ctx, const struct pol_probe_result *r);
	void *ctx;
	struct buf pinned;
	int fd;
	uint8_t role;
	bool on, legacy;
};
struct pol_probe_to {
	uint8_t role;       /* enum wire_role: the worker that speaks its protocol */
	struct pol_dial_to dial;
	struct span pinned; /* the known key, whose type is preferred, or empty */
	bool legacy;        /* old algorithms will do */
};
void pol_probe_start(struct pol_probe *p, struct pol_broker *b, const struct pol_probe_to *to);
void pol_probe_drop(struct pol_probe *p);
#endif
