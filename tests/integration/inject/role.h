#ifndef TESTS_INJECT_ROLE_H
#define TESTS_INJECT_ROLE_H
#include "gateway/core/sandbox.h"
#include <sys/types.h>
/*
 * role - starts one of our real programs as the parent would, alone, and takes it to its hello: from then on its filter is in
 * force.  The other ends of its sockets are held here.
 */
enum { ROLE_FDS = 4 };
struct role {
	const char *name, *binary, *dir; /* dir: scratch, see role_prepare */
	enum sandbox_role sandbox;
	pid_t pid;
	int peer[ROLE_FDS]; /* -1 where it has no socket; [0] is the parent's */
};
void role_prepare(struct role *r, const char *name, const char *binary); /* files that the programs are given */
void role_start(struct role *r);
void role_end(struct role *r);
void role_remove(struct role *r);
#endif
