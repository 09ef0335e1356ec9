#include "tools/yanmen/filing.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 256 * 1024, OPEN_DIRS = 16 };

int cli_filing_complain(struct err *err, int code, const char *path)
{
	char say[160];

	(void)snprintf(say, sizeof say, "%.110s: %.40s", path, strerror(-code));
	return fault(err, code, say, "%s", path);
}

int cli_filing_parents(int dir, const char *path, unsigned mode, struct err *err)
{
	char part[CLI_MANIFEST_PATH + 1];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdirat(dir, part, mode) < 0 && errno != EEXIST)
			return cli_filing_complain(err, -errno, part);
	}
	return 0;
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int cli_filing_hash(int fd, int to, struct cli_manifest_file *f, struct err *err)
{
	static uint8_t chunk[CHUNK]; /* one thread */
	crypto_hash_sha256_state st;
	uint64_t size = 0;
	ssize_t n;

	crypto_hash_sha256_init(&st);
	while ((n = pread(fd, chunk, sizeof chunk, (off_t)size)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cli_filing_complain(err, -errno, f->path);
		crypto_hash_sha256_update(&st, chunk, (size_t)n);
		int r = to >= 0 ? write_all(to, chunk, (size_t)n) : 0;
		if (r < 0)
			return cli_filing_complain(err, r, f->path);
		size += (uint64_t)n;
	}
	crypto_hash_sha256_final(&st, f->sha256);
	f->size = size;
	return 0;
}

int cli_filing_write(int dir, struct cli_manifest_file *f, struct span bytes, struct err *err)
{
	scoped(scope_close) int fd = openat(dir, f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return cli_filing_complain(err, -errno, f->path);
	int r = write_all(fd, bytes.p, bytes.n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return cli_filing_complain(err, r, f->path);
	crypto_hash_sha256(f->sha256, bytes.p, bytes.n);
	f->size = bytes.n;
	return 0;
}

int cli_filing_read(int dir, const char *path, size_t max, struct buf *out, struct err *err)
{
	scoped(scope_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;

	if (fd < 0)
		return cli_filing_complain(err, -errno, path);
	do {
		uint8_t *room = out->len < max ? buf_room(out, max - out->len < CHUNK ? max - out->len : CHUNK) : NULL;
		if (!room)
			return cli_filing_complain(err, -EFBIG, path);
		n = read(fd, room, max - out->len < CHUNK ? max - out->len : CHUNK);
		if (n > 0)
			buf_grew(out, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? cli_filing_complain(err, -errno, path) : 0;
}

int cli_filing_secret(int dir, const char *path, size_t max, bool line, struct secret **ret, struct err *err)
{
	scoped(scope_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	scoped(scope_close) int memory = -1;

	if (fd < 0)
		return cli_filing_complain(err, -errno, path);
	int r = secret_to_memfd(fd, max, &memory, err);
	return r < 0 ? r : secret_from_memfd(memory, max, line, ret, err);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)at;
	return (kind == FTW_DP ? rmdir(path) : unlink(path)) < 0 ? -1 : 0;
}

int cli_filing_remove(const char *path)
{
	if (nftw(path, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}
