#include "gateway/core/err.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *err, int code, const char *at, const char *say, const char *fmt, ...)
{
	assert(code < 0);
	if (!err)
		return code;
	int saved = errno;
	va_list ap;
	va_start(ap, fmt);
	struct err e = { .code = code, .at = at };
	/* say may be the caller's err->say: it is copied before err is written. */
	(void)snprintf(e.say, sizeof e.say, "%s", say ? say : "");
	errno = saved; /* for %m */
	(void)vsnprintf(e.detail, sizeof e.detail, fmt, ap);
	va_end(ap);
	*err = e;
	errno = saved;
	return code;
}
