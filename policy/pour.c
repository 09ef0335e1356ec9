#include "policy/pour.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool pol_pour_can(int fd)
{
	struct stat st;
	int type = 0;
	socklen_t n = sizeof type;

	if (fd < 0 || fstat(fd, &st) < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return false;
	return S_ISREG(st.st_mode) ||
	       (S_ISSOCK(st.st_mode) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_STREAM);
}

/* A pipe's flags belong to both ends, a socket's call does not care: it is never written to as a file. */
static ssize_t put(const struct pol_pour *p)
{
	ssize_t n = send(p->fd, p->rest.p, p->rest.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(p->fd, p->rest.p, p->rest.n) : n;
}

static void go_on(struct pol_pour *p, struct loop *loop)
{
	int code = 0;

	while (p->rest.n > 0 && code == 0) {
		ssize_t n = put(p);
		if (n > 0)
			p->rest = span_of(p->rest.p + n, p->rest.n - (size_t)n);
		else if (n == 0 || errno != EINTR)
			code = n == 0 ? -EIO : -errno;
	}
	if (code == -EAGAIN) {
		if (p->io.fd >= 0)
			return;
		p->io.fd = p->fd;
		code = loop_add(loop, &p->io, EPOLLOUT, NULL);
		if (code == 0)
			return;
	}
	loop_del(&p->io);
	p->done(p->ctx, code);
}

static void ready(void *ctx, uint32_t events)
{
	struct pol_pour *p = ctx;

	(void)events;
	go_on(p, p->io.loop);
}

void pol_pour_start(struct pol_pour *p, struct loop *loop, int fd, struct span bytes)
{
	p->io = (struct loop_io){ .fd = -1, .ready = ready, .ctx = p };
	p->fd = fd;
	p->rest = bytes;
	go_on(p, loop);
}

void pol_pour_stop(struct pol_pour *p)
{
	loop_del(&p->io);
}
