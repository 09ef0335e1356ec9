#include "policy/keep/spool.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The spool's file after a broker was killed, or a disk lied: whatever lies there, it opens, and goes on behind it. */
static int dir_fd(void)
{
	static char path[] = "/tmp/yanmen-fuzz-spool-XXXXXX";
	static int fd = -1;

	if (fd < 0) {
		if (!mkdtemp(path))
			abort();
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			abort();
	}
	return fd;
}

static void fill(const char *name, const uint8_t *data, size_t n)
{
	int fd = openat(dir_fd(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	(void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pol_spool_entry e;
	struct pol_spool *s = NULL;
	size_t cut = 0, half = n ? data[0] * n / 256 : 0;
	int entries = 0, last = 0;

	fill("facts.a", data, half);
	fill("facts.b", data + half, n - half);
	if (pol_spool_open(&s, dir_fd(), 4 << 20, &cut, NULL) < 0)
		abort();
	if (pol_spool_add(s, "fuzz.last", (struct span){ (const uint8_t *)"{}", 2 }, NULL) < 0)
		abort();
	while (pol_spool_next(s, &e, NULL) == 0 && entries++ < 10000) {
		last = strcmp(e.kind, "fuzz.last") == 0;
		pol_spool_applied(s);
	}
	if (!last)
		abort(); /* what was added last comes last */
	pol_spool_free(s);
	return 0;
}
