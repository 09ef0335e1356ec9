#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/rules.h"
#include <assert.h>

/* Rules as a broker sends them, in one part or two: whatever comes out can be judged by. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct gw_rules_box *box = NULL;
	struct gw_rules *rules = NULL;
	struct wire_rules m;
	size_t half = n > 2 ? ((size_t)data[0] << 8 | data[1]) % n : 0;
	const struct span parts[] = { span_of(data, half), span_of(data + half, n - half) };
	for (size_t i = 0; i < COUNT_OF(parts) && !rules; i++)
		if (wire_rules_get(parts[i], &m, NULL) == 0)
			(void)gw_rules_take(&box, &m, &rules, NULL);
	if (rules) {
		struct decide_sql_statement one = { .classes = DECIDE_SQL_CLASS(DROP), .rows = -1 };
		struct decide_sql_fact fact = { .user = span_str(rules->user), .role = span_str(rules->role), .statements = &one, .n = 1 };
		struct decide_sql_ask ask = { rules->rules, rules->n, rules->otherwise, rules->approval };
		struct decide_sql_verdict v;
		decide_sql_judge(&ask, &fact, &v);
		assert(v.action < DECIDE_SQL_ACTIONS);
		(void)gw_rules_say(rules, v.rule);
	}
	(void)gw_rules_free(rules);
	(void)gw_rules_box_free(box);
	return 0;
}
