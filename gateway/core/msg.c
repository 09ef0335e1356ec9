#include "gateway/core/msg.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { HEAD = 8 };

union control { /* room for one descriptor, aligned for the kernel's header */
	struct cmsghdr align;
	char raw[CMSG_SPACE(sizeof(int))];
};

int msg_pair(int ret_sv[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_sv) < 0 ? -errno : 0;
}

void msg_sndbuf(int sock, int bytes)
{
	if (setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
		(void)setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static int gone(int error)
{
	return error == ECONNRESET || error == ENOTCONN || error == ESHUTDOWN ? -EPIPE : -error;
}

static void attach_fd(struct msghdr *m, union control *control, int fd)
{
	m->msg_control = control->raw;
	m->msg_controllen = sizeof control->raw;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

int msg_send_now(int sock, uint16_t type, struct span body, int fd)
{
	if (body.n > MSG_BODY_MAX)
		return -EMSGSIZE;
	uint8_t head[HEAD] = { (uint8_t)type, (uint8_t)(type >> 8), MSG_VERSION, 0, (uint8_t)body.n,
		(uint8_t)(body.n >> 8), (uint8_t)(body.n >> 16), 0 };
	struct iovec iov[2] = { { head, sizeof head }, { (void *)(uintptr_t)body.p, body.n } };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = body.n > 0 ? 2 : 1 };
	if (fd >= 0)
		attach_fd(&m, &control, fd);
	ssize_t n;
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? gone(errno) : 0;
}

static void wait_for(int sock, short events)
{
	struct pollfd p = { .fd = sock, .events = events };
	(void)poll(&p, 1, -1); /* EINTR: the caller tries again anyway */
}

int msg_send(int sock, uint16_t type, struct span body, int fd)
{
	int r;
	while ((r = msg_send_now(sock, type, body, fd)) == -EAGAIN)
		wait_for(sock, POLLOUT);
	return r;
}

/* Takes the one descriptor.  False when there were more, or anything else; then all are closed. */
static bool take_rights(struct msghdr *m, int *ret_fd)
{
	bool good = true;
	int fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			good = false;
			continue;
		}
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int got;
			memcpy(&got, CMSG_DATA(c) + i * sizeof got, sizeof got);
			if (fd >= 0) {
				good = false;
				(void)close(got);
			} else {
				fd = got;
			}
		}
	}
	if (!good)
		scope_close(&fd);
	*ret_fd = fd;
	return good;
}

int msg_recv_now(int sock, uint16_t *ret_type, void *body, size_t cap, int *ret_fd, struct err *err)
{
	uint8_t head[HEAD];
	struct iovec iov[2] = { { head, sizeof head }, { body, cap } };
	union control control;
	struct msghdr m = {
		.msg_iov = iov, .msg_iovlen = 2, .msg_control = control.raw, .msg_controllen = sizeof control.raw
	};
	ssize_t n;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return gone(errno);
	scoped(scope_close) int fd = -1;
	bool rights = take_rights(&m, &fd);
	if (n == 0)
		return -EPIPE; /* the end, or an empty message: nothing of ours sends one */
	struct rd r = rd_of(span_of(head, (size_t)n < sizeof head ? (size_t)n : sizeof head));
	uint16_t type = rd_u16le(&r);
	uint8_t version = rd_u8(&r), flags = rd_u8(&r);
	uint32_t length = rd_u32le(&r);
	if (!rights || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || r.bad || version != MSG_VERSION || flags != 0 ||
		length > MSG_BODY_MAX || length != (size_t)n - sizeof head)
		return fault(err, -EBADMSG, "internal error", "bad message: %zd bytes, type %04x, room for %zu", n, type, cap);
	*ret_type = type;
	*ret_fd = take_fd(fd);
	return (int)length;
}

int msg_recv(int sock, uint16_t *ret_type, void *body, size_t cap, int *ret_fd, struct err *err)
{
	int r;
	while ((r = msg_recv_now(sock, ret_type, body, cap, ret_fd, err)) == -EAGAIN)
		wait_for(sock, POLLIN);
	return r;
}
