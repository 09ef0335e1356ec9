#ifndef TERM_FILTER_H
#define TERM_FILTER_H
#include "gateway/core/buf.h"
#include "gateway/term/safe.h"
#include <stdint.h>
/*
 * filter - the parser under safe.c and plain.c: what is left of a terminal stream when everything but text, a few
 * controls and known sequences is dropped.
 *
 * Calls:   text with runs of printable ASCII; character with any other printable one; control with CR LF BS HT (VT and
 *          FF are LF); sequence with ESC 7 8 D E M (one byte) or a CSI (parameters and final byte, introducer cut off),
 *          not yet checked.
 * Trust:   input hostile.
 */
struct term_filter {
	void (*text)(void *ctx, struct span run);
	void (*character)(void *ctx, uint32_t c);
	void (*control)(void *ctx, uint8_t c);
	void (*escape)(void *ctx, uint8_t final);
	void (*csi)(void *ctx, struct span sequence);
};
void term_filter_feed(struct term_safe *t, struct span in, const struct term_filter *f, void *ctx);
#endif
