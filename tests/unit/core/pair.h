#ifndef UNIT_PAIR_H
#define UNIT_PAIR_H
#include "tests/unit/core/unit.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include <dirent.h>
/* pair - a connected pair of sockets for each case, and how many descriptors are open. */

struct pair {
	int a, b;
};

static inline int open_pair(void **state)
{
	static struct pair p;
	int sv[2];
	if (msg_pair(sv) < 0)
		return -1;
	p = (struct pair){ sv[0], sv[1] };
	*state = &p;
	return 0;
}

static inline int close_pair(void **state)
{
	struct pair *p = *state;
	scope_close(&p->a);
	scope_close(&p->b);
	return 0;
}

static inline int open_fds(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

#define WITH_PAIR(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)
#endif
