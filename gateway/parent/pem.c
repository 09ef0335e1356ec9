#include "gateway/parent/pem.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int complain(struct err *err, int code, const char *line, const char *path)
{
	char say[200];
	snprintf(say, sizeof say, "%s: %.100s", line, path);
	errno = -code;
	return fault(err, code, say, "%m");
}

int gw_pem_open(enum gw_pem_kind kind, const char *section, const char *path, int *ret_fd, struct err *err)
{
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char line[80];
	if (fd < 0 || fstat(fd, &st) < 0) {
		int code = -errno;
		snprintf(line, sizeof line, "cannot open a file of %.16s", section);
		return complain(err, code, line, path);
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(line, sizeof line, "a file of %.16s is not a regular file", section);
		return complain(err, -EINVAL, line, path);
	}
	if (kind == GW_PEM_KEY && (st.st_mode & 07)) {
		snprintf(line, sizeof line, "%.16s.key is open to others: chmod 0640", section);
		return complain(err, -EPERM, line, path);
	}
	*ret_fd = take_fd(fd);
	return 0;
}
