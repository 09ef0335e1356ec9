#ifndef TESTS_UNIT_YANMEN_CAPTURE_H
#define TESTS_UNIT_YANMEN_CAPTURE_H
/* capture - what code of ours prints on standard output, as a string (test programs only). */
#include "tests/unit/core/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
	int before, fd;
	char text[65536];
};

static inline void capture_begin(struct capture *c)
{
	char path[] = "/tmp/yanmen-capture-XXXXXX";

	(void)fflush(stdout);
	c->before = dup(STDOUT_FILENO);
	c->fd = mkstemp(path);
	(void)unlink(path);
	assert_true(c->before >= 0 && c->fd >= 0);
	assert_int_equal(dup2(c->fd, STDOUT_FILENO), STDOUT_FILENO);
}

static inline const char *capture_end(struct capture *c)
{
	(void)fflush(stdout);
	(void)dup2(c->before, STDOUT_FILENO);
	ssize_t n = pread(c->fd, c->text, sizeof c->text - 1, 0);
	c->text[n > 0 ? n : 0] = '\0';
	close(c->fd);
	close(c->before);
	return c->text;
}
#endif
