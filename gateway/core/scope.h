#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H
#include <stdlib.h>
#include <unistd.h>
/*
 * scope - owned locals.
 *
 * `scoped(scope_free) char *s = NULL;` releases s on every path out of the block;
 * `return take(s);` hands ownership to the caller.  File descriptors: scope_close, take_fd, -1 = none.
 */
#define scoped(fn) __attribute__((cleanup(fn)))
#define take(p) __extension__({ __typeof__(p) take_tmp_ = (p); (p) = NULL; take_tmp_; })
#define take_fd(fd) __extension__({ int take_tmp_ = (fd); (fd) = -1; take_tmp_; })

static inline void scope_free(void *pp)
{
	free(*(void **)pp);
}

/* Closes *fd when it is one, and sets it to -1. */
static inline void scope_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#endif
