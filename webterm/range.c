#include "webterm/range.h"
#include <stdbool.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

/* Takes digits off the front; how many they were. */
static size_t digits(struct span *s, uint64_t *ret)
{
	size_t n = 0;
	*ret = 0;
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && n <= DIGITS_MAX)
		*ret = *ret * 10 + (uint64_t)(s->p[n++] - '0');
	*s = span_of(s->p + n, s->n - n);
	return n;
}

static bool take(struct span *s, const char *text)
{
	size_t n = strlen(text);
	if (s->n < n || memcmp(s->p, text, n) != 0)
		return false;
	*s = span_of(s->p + n, s->n - n);
	return true;
}

enum web_range_kind web_range_of(
	struct span range, struct span if_range, const char *etag, uint64_t size, struct web_range *ret)
{
	uint64_t from, to;
	if (range.n == 0 || (if_range.n > 0 && !span_is(if_range, etag)) || !take(&range, "bytes="))
		return WEB_RANGE_WHOLE;
	size_t first = digits(&range, &from);
	if (!take(&range, "-"))
		return WEB_RANGE_WHOLE;
	size_t last = digits(&range, &to);
	if (range.n > 0 || first > DIGITS_MAX || last > DIGITS_MAX || (first == 0 && last == 0) || (first > 0 && last > 0 && to < from))
		return WEB_RANGE_WHOLE;
	if (first == 0) { /* the last so many */
		if (to == 0 || size == 0)
			return WEB_RANGE_NONE;
		from = to < size ? size - to : 0;
		to = size - 1;
	} else if (from >= size) {
		return WEB_RANGE_NONE;
	}
	*ret = (struct web_range){ .from = from, .to = last == 0 || to >= size ? size - 1 : to };
	return WEB_RANGE_PART;
}
