#include "gateway/core/err.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cutting may have left a piece of a character at the end. */
static void drop_cut_character(char *text)
{
	size_t n = strlen(text), tail = 0;
	while (tail < n && tail < 3 && ((unsigned char)text[n - 1 - tail] & 0xc0) == 0x80)
		tail++;
	unsigned char lead = tail < n ? (unsigned char)text[n - 1 - tail] : 0;
	size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	if (want > tail)
		text[n - 1 - tail] = '\0';
}

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
	if (snprintf(e.say, sizeof e.say, "%s", say ? say : "") >= (int)sizeof e.say)
		drop_cut_character(e.say);
	errno = saved; /* for %m */
	if (vsnprintf(e.detail, sizeof e.detail, fmt, ap) >= (int)sizeof e.detail)
		drop_cut_character(e.detail);
	va_end(ap);
	*err = e;
	errno = saved;
	return code;
}
