#ifndef DECIDE_GLOB_H
#define DECIDE_GLOB_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
/*
 * glob - patterns over names and words.
 *
 * Shape:   * any run, ? one character (of UTF-8), \x the character x itself, a|b either; everything else itself.  Every text is a pattern:
 *          there is none with an error in it.  An empty alternative fits the empty text.
 * Limits:  work is bounded by the product of the lengths and by *steps, which goes down; at 0 the answer is DECIDE_MAYBE.
 * Owns:    nothing, allocates nothing.  Trust: both sides hostile.
 */
enum decide_fit { DECIDE_NO, DECIDE_MAYBE, DECIDE_YES }; /* in this order: "and" is the least of two, "or" the greatest */
struct decide_glob {
	struct span pattern;
	bool fold; /* A = a, of ASCII */
};
enum decide_fit decide_glob_fits(const struct decide_glob *g, struct span text, size_t *steps);
/* Takes the first alternative off; false when there is none left. */
bool decide_glob_next(struct span *alternatives, bool *begun, struct span *ret);
/* As decide_glob_fits, of one alternative: | stands for itself. */
enum decide_fit decide_glob_fits_one(const struct decide_glob *g, struct span text, size_t *steps);
#endif
