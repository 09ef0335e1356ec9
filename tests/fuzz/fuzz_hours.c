/* Hours: no byte read too far; what is accepted opens at some minute, and how long it lasts agrees with asking again. */
#include "policy/decide/hours.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct decide_hours h;
	int open = 0;

	if (decide_hours_parse(span_of(data, n), &h, NULL) < 0)
		return 0;
	for (int64_t m = 0; m < DECIDE_HOURS_WEEK; m++)
		open += decide_hours_has(&h, m * 60000000);
	int64_t left = decide_hours_left_s(&h, 0);
	if (open == 0 || (left < 0) != (open == DECIDE_HOURS_WEEK) || (left == 0) != !decide_hours_has(&h, 0))
		abort();
	if (left > 0 && (!decide_hours_has(&h, (left - 1) * 1000000) || decide_hours_has(&h, left * 1000000)))
		abort();
	return 0;
}
