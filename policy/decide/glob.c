#include "policy/decide/glob.h"
#include <stdint.h>

static uint8_t folded(uint8_t c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Does the next piece of the pattern (no star) fit what stands in the text?  Goes on in both. */
static bool take_one(const struct decide_glob *g, size_t *i, struct span text, size_t *j)
{
	struct span p = g->pattern;

	if (*i >= p.n)
		return false;
	if (p.p[*i] == '?') {
		*i += 1;
		do
			*j += 1;
		while (*j < text.n && (text.p[*j] & 0xc0) == 0x80);
		return true;
	}
	size_t at = *i + (p.p[*i] == '\\' && *i + 1 < p.n);
	if (folded(p.p[at], g->fold) != folded(text.p[*j], g->fold))
		return false;
	*i = at + 1;
	*j += 1;
	return true;
}

enum decide_fit decide_glob_fits_one(const struct decide_glob *g, struct span text, size_t *steps)
{
	struct span p = g->pattern;
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (j < text.n) {
		if (*steps == 0)
			return DECIDE_MAYBE;
		*steps -= 1;
		if (i < p.n && p.p[i] == '*') {
			star = i++;
			mark = j;
		} else if (!take_one(g, &i, text, &j)) {
			if (star == SIZE_MAX)
				return DECIDE_NO;
			i = star + 1;
			j = ++mark;
		}
	}
	while (i < p.n && p.p[i] == '*')
		i++;
	return i == p.n ? DECIDE_YES : DECIDE_NO;
}

bool decide_glob_next(struct span *alternatives, bool *begun, struct span *ret)
{
	struct span all = *alternatives;
	size_t n = 0;

	if (*begun && all.n == 0)
		return false;
	if (*begun) { /* it stands at a | */
		all.p++;
		all.n--;
	}
	*begun = true;
	while (n < all.n && all.p[n] != '|')
		n += all.p[n] == '\\' && n + 1 < all.n ? 2 : 1;
	*ret = span_of(all.p, n);
	*alternatives = span_of(all.p + n, all.n - n);
	return true;
}

enum decide_fit decide_glob_fits(const struct decide_glob *g, struct span text, size_t *steps)
{
	struct span all = g->pattern;
	struct decide_glob one = *g;
	enum decide_fit best = DECIDE_NO;
	bool begun = false;

	while (best != DECIDE_YES && decide_glob_next(&all, &begun, &one.pattern)) {
		enum decide_fit fit = decide_glob_fits_one(&one, text, steps);
		best = fit > best ? fit : best;
	}
	return best;
}
