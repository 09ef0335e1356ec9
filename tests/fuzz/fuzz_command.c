/* Rules on commands: rule, newline, line.  No byte read too far; what is said stays the same when it is asked again, and is one of the three. */
#include "policy/decide/line.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *first = n > 0 ? memchr(data, '\n', n) : NULL;
	const uint8_t *second = first ? memchr(first + 1, '\n', n - (size_t)(first + 1 - data)) : NULL;
	struct decide_line *line = malloc(sizeof *line);
	struct decide_command_rule r = { .id = 7, .action = DECIDE_COMMAND_DENY };
	struct decide_command_fact f = { .directory = span_str("/srv") };
	size_t commands = 0;

	if (second && line) {
		r.program = span_of(data, (size_t)(first - data));
		r.args = span_of(first + 1, (size_t)(second - first - 1));
		decide_line_open(line, span_of(second + 1, n - (size_t)(second + 1 - data)));
		while (decide_line_next(line, &f.argv, &f.n)) {
			enum decide_fit fit = decide_command_fits(&r, &f);
			if (f.n == 0 || f.n > DECIDE_LINE_WORDS || ++commands > n * DECIDE_LINE_WORDS || fit > DECIDE_YES || fit != decide_command_fits(&r, &f))
				abort();
			struct decide_command_ask ask = { &r, 1, DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ASK };
			struct decide_command_verdict v;
			decide_command_judge(&ask, &f, &v);
			if (v.unsure != (fit == DECIDE_MAYBE) || (v.action == DECIDE_COMMAND_DENY) != (fit == DECIDE_YES))
				abort();
		}
	}
	free(line);
	return 0;
}
