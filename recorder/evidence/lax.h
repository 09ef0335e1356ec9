#ifndef EVIDENCE_LAX_H
#define EVIDENCE_LAX_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * lax - picks the values out of a line of JSON whose shape is known.
 *
 * Shape:   literals, decimal numbers, strings with escapes, hexadecimal strings, in the order in which they are asked for.
 * Errors:  `bad` sticks; values read after it are empty.
 * Note:    not a judge of JSON: a caller that must be exact writes the line again and compares.
 * Owns:    nothing; strings are unescaped into `text`, which must have room for the whole line and outlive them.
 * Trust:   input hostile.
 */
struct evidence_lax {
	struct span in;
	struct buf *text;
	bool bad;
};
struct evidence_lax evidence_lax_of(struct span line, struct buf *text);
void evidence_lax_skip(struct evidence_lax *x, const char *literal);
int64_t evidence_lax_number(struct evidence_lax *x);
struct span evidence_lax_string(struct evidence_lax *x);
void evidence_lax_hex(struct evidence_lax *x, uint8_t *ret, size_t n);
#endif
