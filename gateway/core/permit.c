#include "gateway/core/permit.h"
#include <assert.h>
#include <errno.h>

int permit_step(struct permit *p, uint16_t type)
{
	assert(p->n <= 64 && p->state < 32);
	for (size_t i = 0; i < p->n; i++) {
		const struct permit_rule *rule = &p->rules[i];
		uint64_t bit = UINT64_C(1) << i;
		if (rule->type != type || !(rule->from & PERMIT_IN(p->state)))
			continue;
		if (rule->once && (p->used & bit))
			return -EPERM;
		p->used |= bit;
		p->state = rule->to;
		return 0;
	}
	return -EPERM;
}
