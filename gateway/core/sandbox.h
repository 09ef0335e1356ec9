#ifndef CORE_SANDBOX_H
#define CORE_SANDBOX_H
#include <stddef.h>
struct err;
/*
 * sandbox - give up what a role never needs.  Irreversible; call once, when the role's own set-up is done.
 *
 * Sets no_new_privs, undumpable, and a seccomp filter (libseccomp) whose default kills the process.  Each role's
 * list is data in sandbox.c; sandbox_verdict lends it to the tests, which try every system call inside the real
 * binaries.  A sanitizer build cannot live under a filter: there sandbox_enter only sets no_new_privs.
 */
enum sandbox_role {
	SANDBOX_SSH,      /* worker: use descriptors, never make them */
	SANDBOX_PWHASH,   /* argon2 helper */
	SANDBOX_VAULT,    /* no network, no files, no SQL: sockets it was given, socketpair for agent streams */
	SANDBOX_BROKER,   /* PostgreSQL, dialling, name lookup, accept on the control socket; appends to its spool */
	SANDBOX_RECORDER, /* files below one directory, threads */
	SANDBOX_READER,   /* after opening its one recording: read, decrypt, write to the given descriptor */
	SANDBOX_EXPORT,   /* PostgreSQL, name lookup, connecting out; appends to one file */
	SANDBOX_TERM,     /* a browser's terminal: two sockets that it was given */
	SANDBOX_WEB,      /* accept on the browsers' socket, PostgreSQL, socket pairs for the broker, secrets in memfds */
	SANDBOX_NOTIFY,   /* PostgreSQL, name lookup, connecting out; writes no file */
	SANDBOX_MYSQL,    /* worker: as SSH, without making socket pairs */
	SANDBOX_ROLES
};

enum sandbox_verdict { SANDBOX_KILL, SANDBOX_ALLOW, SANDBOX_REFUSE /* EACCES */, SANDBOX_ARGS /* by argument */ };
int sandbox_enter(enum sandbox_role role, struct err *err);
enum sandbox_verdict sandbox_verdict(enum sandbox_role role, int syscall);
#endif
