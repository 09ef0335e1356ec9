#ifndef TESTS_INJECT_ROLE_H
#define TESTS_INJECT_ROLE_H
#include "gateway/core/sandbox.h"
#include <sys/types.h>
/*
 * role - starts one of our real programs as the parent would, alone, and takes it to its hello: from then on its filter
 * is in force.  The other ends of its sockets are held here.  Several are started ahead: some take their time.
 */
enum { ROLE_FDS = 6, ROLE_AHEAD_MAX = 64 };
struct role {
	pid_t pid;          /* 0: none */
	int peer[ROLE_FDS]; /* -1 where it has no socket; [0] is the parent's */
};
struct role_kind;
struct role_house {
	const char *name, *binary;
	const struct role_kind *kind;
	enum sandbox_role sandbox;
	char dir[64]; /* scratch: the files that the programs are given */
	struct role ahead[ROLE_AHEAD_MAX];
	unsigned next, made;
};
void role_open(struct role_house *h, const char *name, const char *binary);
void role_start(struct role_house *h, struct role *ret); /* ready, and traced by us */
void role_end(struct role *r);
void role_close(struct role_house *h);
#endif
