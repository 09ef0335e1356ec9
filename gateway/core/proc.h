#ifndef CORE_PROC_H
#define CORE_PROC_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
struct err;
/*
 * proc - starting one of our own binaries as its own OS user with exactly the descriptors it is given.
 *
 * The child gets `fds[i]` as descriptor 3 + i, /dev/null as 0 and 1, our stderr as 2, nothing else; an empty
 * environment (PATH and LANG only); no supplementary groups; a new session; core dumps off.
 * user NULL or "" or not running as root: stays who we are.
 */
struct proc_spec {
	const char *path;
	const char *const *argv; /* NULL-terminated, argv[0] included; no secret here */
	const char *user;
	const char *group;       /* supplementary group, or NULL */
	const int *fds;
	size_t n_fds;
	bool die_with_parent;    /* PR_SET_PDEATHSIG SIGKILL */
	long nofile;             /* RLIMIT_NOFILE, 0 = inherit */
	long memlock_bytes;      /* RLIMIT_MEMLOCK, 0 = inherit */
};
/* pidfd is CLOEXEC and becomes readable when the child ends. */
int proc_start(const struct proc_spec *spec, pid_t *ret_pid, int *ret_pidfd, struct err *err);
int proc_nofile_raise(long want); /* returns what is in force */
#endif
