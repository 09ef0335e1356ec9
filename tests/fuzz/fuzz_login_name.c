/* Login names: no byte read too far; what is accepted consists of valid parts and is the input again. */
#include "policy/decide/name.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct decide_name name;

	if (decide_name_parse(span_of(data, n), &name, NULL) < 0)
		return 0;
	size_t user = strlen(name.user), account = strlen(name.account), target = strlen(name.target);
	if (!decide_name_is_user(span_str(name.user)) || (target && !decide_name_is_target(span_str(name.target))) ||
		(account && (!target || !decide_name_is_account(span_str(name.account)))))
		abort();
	if (user + account + target + (account > 0) + (target > 0) != n || memcmp(data, name.user, user) != 0 ||
		(target && memcmp(data + n - target, name.target, target) != 0) ||
		(account && memcmp(data + user + 1, name.account, account) != 0))
		abort();
	return 0;
}
