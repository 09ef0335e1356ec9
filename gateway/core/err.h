#ifndef CORE_ERR_H
#define CORE_ERR_H
/*
 * err - the one way a failure travels.
 *
 * Functions that can fail return int: 0 (or a count) on success, a negative errno on failure.
 * Where a person or a peer must learn why, the last parameter is `struct err *err` (may be NULL).
 *   say     shown to the remote peer or the person: no paths, no addresses, no names of other users
 *   detail  for our own log only
 * Vocabulary: -EPROTO hostile or broken peer; -EACCES policy said no; -EPERM a process overstepped;
 *   -EMSGSIZE over a cap; -EAGAIN not yet; -EPIPE peer gone; -ETIMEDOUT deadline; -EBADMSG one of our
 *   own processes sent nonsense; -ENOENT no such thing; -EEXIST already there; -ENOMEM, -ENOSPC.
 * Allocates nothing, cannot fail.
 */
struct err {
	int code;       /* negative errno, same value as returned */
	const char *at; /* "file.c:123" of the first raise; static storage */
	char say[160];
	char detail[320];
};

int err_set(struct err *err, int code, const char *at, const char *say, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#define ERR_STR2(x) #x
#define ERR_STR(x) ERR_STR2(x)
/* return fault(err, -EPROTO, "malformed login", "login cut at byte %zu", n); */
#define fault(err, code, say, ...) err_set(err, code, __FILE__ ":" ERR_STR(__LINE__), say, __VA_ARGS__)

#endif
