#include "gateway/core/sandbox.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/*
 * Who may call what: one row a system call.  What stands in no row kills the process.  None of them may make
 * executable memory, start a program, trace, mount, or change its identity.
 */
enum {
	SSH = 1 << SANDBOX_SSH,
	MYSQL = 1 << SANDBOX_MYSQL,
	PWHASH = 1 << SANDBOX_PWHASH,
	VAULT = 1 << SANDBOX_VAULT,
	BROKER = 1 << SANDBOX_BROKER,
	RECORDER = 1 << SANDBOX_RECORDER,
	READER = 1 << SANDBOX_READER,
	EXPORT = 1 << SANDBOX_EXPORT,
	WEB = 1 << SANDBOX_WEB,
	NOTIFY = 1 << SANDBOX_NOTIFY,
	ALL = (1 << SANDBOX_ROLES) - 1,
	LOOP = PWHASH | VAULT | BROKER | RECORDER | EXPORT | WEB | NOTIFY, /* gateway/core/loop; a worker and a reader poll */
	FILES = BROKER | RECORDER | EXPORT,
	KEEPS = BROKER | RECORDER, /* files that it also removes */
	DIALS = BROKER | EXPORT | WEB | NOTIFY,
	NAMES = FILES | NOTIFY, /* what name lookup reads and probes */
	THREADS = BROKER | RECORDER | NOTIFY,
};

static const struct {
	int call;
	unsigned roles;
} allowed[] = {
	/* descriptors that are there already */
	{ SCMP_SYS(read), ALL },
	{ SCMP_SYS(readv), LOOP },
	{ SCMP_SYS(write), ALL },
	{ SCMP_SYS(writev), ALL },
	{ SCMP_SYS(close), ALL },
	{ SCMP_SYS(lseek), ALL },
	{ SCMP_SYS(poll), ALL },
	{ SCMP_SYS(ppoll), ALL },
	{ SCMP_SYS(epoll_wait), LOOP },
	{ SCMP_SYS(epoll_pwait), LOOP },
	{ SCMP_SYS(epoll_ctl), LOOP },
	{ SCMP_SYS(sendmsg), ALL },
	{ SCMP_SYS(recvmsg), ALL },
	{ SCMP_SYS(sendto), ALL },
	{ SCMP_SYS(recvfrom), ALL },
	{ SCMP_SYS(shutdown), ALL },
	/* itself */
	{ SCMP_SYS(brk), ALL },
	{ SCMP_SYS(munmap), ALL },
	{ SCMP_SYS(mremap), ALL },
	{ SCMP_SYS(madvise), ALL },
	{ SCMP_SYS(mlock), ALL },
	{ SCMP_SYS(munlock), ALL },
	{ SCMP_SYS(futex), ALL },
	{ SCMP_SYS(getrandom), ALL },
	{ SCMP_SYS(getpid), ALL },
	{ SCMP_SYS(gettid), ALL },
	{ SCMP_SYS(clock_gettime), ALL },
	{ SCMP_SYS(clock_nanosleep), NAMES },
	{ SCMP_SYS(rt_sigreturn), ALL },
	{ SCMP_SYS(rt_sigprocmask), ALL },
	{ SCMP_SYS(restart_syscall), ALL },
	{ SCMP_SYS(exit), ALL },
	{ SCMP_SYS(exit_group), ALL },
	/* files: the recorder below its directory, the broker its spool, the export its file; and what name lookup reads */
	{ SCMP_SYS(pread64), LOOP | READER },
	{ SCMP_SYS(openat), NAMES },
	{ SCMP_SYS(newfstatat), NAMES },
	{ SCMP_SYS(fstat), NAMES },
	{ SCMP_SYS(getdents64), KEEPS },
	{ SCMP_SYS(pwrite64), KEEPS | READER },
	{ SCMP_SYS(ftruncate), FILES },
	{ SCMP_SYS(fsync), BROKER },
	{ SCMP_SYS(fdatasync), FILES },
	{ SCMP_SYS(renameat), BROKER },
	{ SCMP_SYS(renameat2), BROKER },
	{ SCMP_SYS(unlinkat), KEEPS },
	{ SCMP_SYS(flock), BROKER },
	{ SCMP_SYS(fstatfs), KEEPS },
	{ SCMP_SYS(mkdirat), RECORDER },
	{ SCMP_SYS(fallocate), RECORDER },
	{ SCMP_SYS(syncfs), RECORDER },
	/* threads: sealing and syncing, name lookup, sending messages */
	{ SCMP_SYS(set_robust_list), THREADS },
	{ SCMP_SYS(rseq), THREADS },
	{ SCMP_SYS(sched_yield), THREADS },
	{ SCMP_SYS(sched_getaffinity), THREADS },
	/* the network: dialling, name lookup, libpq, the CLI's socket */
	{ SCMP_SYS(connect), DIALS },
	{ SCMP_SYS(bind), DIALS }, /* getaddrinfo asks netlink for our addresses */
	{ SCMP_SYS(accept4), BROKER | WEB },
	{ SCMP_SYS(memfd_create), WEB }, /* a secret on its way to the vault */
	{ SCMP_SYS(getsockname), DIALS },
	{ SCMP_SYS(getpeername), DIALS },
	{ SCMP_SYS(getsockopt), DIALS | VAULT | RECORDER },
	{ SCMP_SYS(setsockopt), DIALS },
	{ SCMP_SYS(sendmmsg), DIALS },
	{ SCMP_SYS(recvmmsg), DIALS },
	{ SCMP_SYS(rt_sigaction), THREADS | EXPORT | WEB | NOTIFY }, /* the first thread; libpq and SIGPIPE */
	{ SCMP_SYS(uname), DIALS },
	{ SCMP_SYS(getuid), DIALS },
	{ SCMP_SYS(geteuid), DIALS },
	{ SCMP_SYS(getgid), DIALS },
	{ SCMP_SYS(getegid), DIALS },
};

/* Libraries probe these and live with a refusal. */
static const struct {
	int call;
	unsigned roles;
	int code;
} refused[] = {
	{ SCMP_SYS(clone3), THREADS, ENOSYS }, /* its flags lie in memory: glibc falls back to clone, which we can judge */
	{ SCMP_SYS(open), ALL, EACCES },
	{ SCMP_SYS(openat), ALL & ~NAMES, EACCES },
	{ SCMP_SYS(newfstatat), ALL & ~NAMES, EACCES },
	{ SCMP_SYS(fstat), ALL & ~NAMES, EACCES },
	{ SCMP_SYS(stat), ALL, EACCES },
	{ SCMP_SYS(access), ALL, EACCES },
	{ SCMP_SYS(readlink), ALL, EACCES },
	{ SCMP_SYS(ioctl), ALL & ~DIALS, EACCES },
	{ SCMP_SYS(getcwd), DIALS, EACCES },
	{ SCMP_SYS(prlimit64), NAMES, EACCES },
	{ SCMP_SYS(sysinfo), NAMES | SSH | MYSQL, EACCES }, /* qsort, of OpenSSL too */
};

/* By argument: matches when (argument & mask) == value, counted in 32 bits.  Several rows of one call are alternatives,
 * anything else kills.  code 0 allows. */
enum { WHOLE = -1 };
static const struct {
	int call;
	unsigned roles;
	int code;
	unsigned arg;
	int mask, value;
} judged[] = {
	{ SCMP_SYS(mmap), ALL, 0, 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect), ALL, 0, 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mmap), DIALS, EACCES, 2, PROT_EXEC, PROT_EXEC }, /* a late NSS module */
	{ SCMP_SYS(fcntl), ALL, 0, 1, WHOLE, F_GETFL },
	{ SCMP_SYS(fcntl), ALL, 0, 1, WHOLE, F_SETFL },
	{ SCMP_SYS(fcntl), LOOP, 0, 1, WHOLE, F_DUPFD_CLOEXEC },
	{ SCMP_SYS(fcntl), LOOP, 0, 1, WHOLE, F_GET_SEALS },
	{ SCMP_SYS(fcntl), NAMES | WEB, 0, 1, WHOLE, F_GETFD },
	{ SCMP_SYS(fcntl), NAMES | WEB, 0, 1, WHOLE, F_SETFD },
	{ SCMP_SYS(fcntl), WEB, 0, 1, WHOLE, F_ADD_SEALS },
	{ SCMP_SYS(fcntl), BROKER, 0, 1, WHOLE, F_SETLK },
	{ SCMP_SYS(fcntl), BROKER, 0, 1, WHOLE, F_OFD_SETLK },
	{ SCMP_SYS(ioctl), DIALS, 0, 1, WHOLE, FIONREAD },
	{ SCMP_SYS(ioctl), DIALS, 0, 1, WHOLE, FIONBIO },
	{ SCMP_SYS(ioctl), DIALS, ENOTTY, 1, WHOLE, TCGETS },
	{ SCMP_SYS(ioctl), EXPORT, 0, 1, WHOLE, SIOCOUTQ }, /* what the receiver has not acknowledged */
	{ SCMP_SYS(socketpair), SSH | VAULT | BROKER | WEB | NOTIFY, 0, 0, WHOLE, AF_UNIX },
	{ SCMP_SYS(socket), DIALS, 0, 0, WHOLE, AF_UNIX },
	{ SCMP_SYS(socket), DIALS, 0, 0, WHOLE, AF_INET },
	{ SCMP_SYS(socket), DIALS, 0, 0, WHOLE, AF_INET6 },
	{ SCMP_SYS(socket), DIALS, 0, 0, WHOLE, AF_NETLINK },
	{ SCMP_SYS(setsockopt), SSH | MYSQL, 0, 1, WHOLE, IPPROTO_TCP },
	{ SCMP_SYS(setsockopt), VAULT | RECORDER, 0, 1, WHOLE, SOL_SOCKET },
	{ SCMP_SYS(clone), THREADS, 0, 0, CLONE_THREAD, CLONE_THREAD },
	{ SCMP_SYS(prctl), THREADS, 0, 0, WHOLE, PR_SET_NAME },
};

enum sandbox_verdict sandbox_verdict(enum sandbox_role role, int syscall)
{
	unsigned bit = 1U << role;
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		if (allowed[i].call == syscall && (allowed[i].roles & bit))
			return SANDBOX_ALLOW;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (refused[i].call == syscall && (refused[i].roles & bit))
			return SANDBOX_REFUSE;
	for (size_t i = 0; i < COUNT_OF(judged); i++)
		if (judged[i].call == syscall && (judged[i].roles & bit))
			return SANDBOX_ARGS;
	return syscall == SCMP_SYS(tgkill) ? SANDBOX_ARGS : SANDBOX_KILL;
}

#ifndef YANMEN_SANITIZED
static int add_rules(scmp_filter_ctx filter, unsigned role)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(allowed); i++)
		if (allowed[i].roles & role)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i].call, 0);
	for (size_t i = 0; r == 0 && i < COUNT_OF(refused); i++)
		if (refused[i].roles & role)
			r = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)refused[i].code), refused[i].call, 0);
	for (size_t i = 0; r == 0 && i < COUNT_OF(judged); i++) {
		uint32_t action = judged[i].code == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((unsigned)judged[i].code);
		struct scmp_arg_cmp cmp = { .arg = judged[i].arg, .op = SCMP_CMP_MASKED_EQ,
			.datum_a = (uint32_t)judged[i].mask, .datum_b = (uint32_t)judged[i].value };
		if (judged[i].roles & role)
			r = seccomp_rule_add_array(filter, action, judged[i].call, 1, &cmp);
	}
	/* abort(3) on itself: without it a failed assertion could not even say so. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
			SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()), SCMP_A2_32(SCMP_CMP_EQ, SIGABRT));
	return r;
}

static int load_filter(unsigned role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return -ENOMEM;
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* threads that live already are bound as well */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a chain: cheaper on every call */
	if (r == 0)
		r = add_rules(filter, role);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
#endif

int sandbox_enter(enum sandbox_role role, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fault(err, -errno, "internal error", "PR_SET_NO_NEW_PRIVS: %m");
#ifndef YANMEN_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fault(err, -errno, "internal error", "PR_SET_DUMPABLE: %m");
	int r = load_filter(1U << role);
	if (r < 0)
		return fault(err, r, "internal error", "seccomp for role %d: code %d", (int)role, r);
#else
	(void)role;
#endif
	return 0;
}
