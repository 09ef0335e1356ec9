#include "gateway/core/secret.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

enum { SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW };

struct secret { /* lies at the start of its own mapping */
	size_t n, mapped;
	uint8_t bytes[];
};

static void lock_pages(void *p, size_t n)
{
	static bool told;
	(void)madvise(p, n, MADV_DONTDUMP);
	if (mlock(p, n) == 0 || told)
		return;
	told = true;
	log_ev(LOG_LEVEL_WARN, "secret.unlocked", LOG_S("detail", "mlock failed; raise RLIMIT_MEMLOCK"));
}

int secret_new(size_t n, struct secret **ret, struct err *err)
{
	if (n > SECRET_MAX)
		return fault(err, -EMSGSIZE, "the secret is too long", "secret of %zu bytes", n);
	size_t mapped = (sizeof(struct secret) + n + 4095) & ~(size_t)4095;
	struct secret *s = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return fault(err, -errno, "internal error", "mmap of a secret: %m");
	lock_pages(s, mapped);
	s->n = n;
	s->mapped = mapped;
	*ret = s;
	return 0;
}

int secret_of(struct span bytes, struct secret **ret, struct err *err)
{
	int r = secret_new(bytes.n, ret, err);
	if (r == 0 && bytes.n > 0)
		memcpy((*ret)->bytes, bytes.p, bytes.n);
	return r;
}

struct secret *secret_free(struct secret *s)
{
	if (s) {
		size_t mapped = s->mapped;
		explicit_bzero(s, mapped);
		(void)munmap(s, mapped);
	}
	return NULL;
}

void secret_scope(struct secret **s)
{
	*s = secret_free(*s);
}

struct span secret_span(const struct secret *s)
{
	return (struct span){ s->bytes, s->n };
}

uint8_t *secret_bytes(struct secret *s)
{
	return s->bytes;
}

void secret_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

int secret_from_memfd(int fd, size_t max, int line, struct secret **ret, struct err *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return fault(err, -EPROTO, "internal error", "a secret came in something else than a sealed memfd");
	off_t size = lseek(fd, 0, SEEK_END); /* not fstat: glibc's is a path call, and sandboxes have none */
	if (size < 0)
		return fault(err, -EPROTO, "internal error", "lseek in a memfd: %m");
	if ((uint64_t)size > max)
		return fault(err, -EMSGSIZE, "the secret is too long", "secret of %lld bytes", (long long)size);
	scoped(secret_scope) struct secret *s = NULL;
	int r = secret_new((size_t)size, &s, err);
	if (r < 0)
		return r;
	for (size_t got = 0; got < s->n;) {
		ssize_t n = pread(fd, s->bytes + got, s->n - got, (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fault(err, -EPROTO, "internal error", "memfd ends at byte %zu", got);
		got += (size_t)n;
	}
	if (line && s->n > 0 && s->bytes[s->n - 1] == '\n')
		s->n--;
	*ret = take(s);
	return 0;
}

static int copy_all(int from, int to, size_t max, struct err *err)
{
	scoped(secret_scope) struct secret *room = NULL;
	int r = secret_new(max < SECRET_MAX ? max + 1 : SECRET_MAX, &room, err);
	if (r < 0)
		return r;
	size_t total = 0;
	for (;;) {
		ssize_t n = read(from, room->bytes, room->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault(err, -errno, "the file cannot be read", "read of a secret: %m");
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max)
			return fault(err, -EMSGSIZE, "the file is too long for a secret", "more than %zu bytes", max);
		if (write(to, room->bytes, (size_t)n) != n)
			return fault(err, -ENOSPC, "internal error", "write to a memfd: %m");
	}
}

static int new_memfd(int *ret_fd, struct err *err)
{
	*ret_fd = memfd_create("secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return *ret_fd < 0 ? fault(err, -errno, "internal error", "memfd_create: %m") : 0;
}

static int seal(int fd, struct err *err)
{
	return fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0 ? fault(err, -errno, "internal error", "F_ADD_SEALS: %m") : 0;
}

int secret_to_memfd(int file, size_t max, int *ret_fd, struct err *err)
{
	scoped(scope_close) int fd = -1;
	int r = new_memfd(&fd, err);
	if (r == 0)
		r = copy_all(file, fd, max, err);
	if (r == 0)
		r = seal(fd, err);
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}

int secret_span_to_memfd(struct span bytes, int *ret_fd, struct err *err)
{
	scoped(scope_close) int fd = -1;
	int r = new_memfd(&fd, err);
	if (r == 0 && write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
		r = fault(err, -ENOSPC, "internal error", "write to a memfd: %m");
	if (r == 0)
		r = seal(fd, err);
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}
