#include "recorder/reader/out.h"
#include "gateway/core/frame.h"
#include "gateway/core/msg.h"
#include "gateway/core/wire.h"
#include "recorder/reader/parent.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOME = 32 * 1024, CAP = 1 << 20 };

void reader_out_init(struct reader_out *o, int fd, int parent)
{
	struct stat st;
	int type = 0;
	socklen_t n = sizeof type;
	*o = (struct reader_out){ .fd = fd, .parent = parent };
	if (fstat(fd, &st) == 0) {
		o->is_file = S_ISREG(st.st_mode);
		o->is_socket = S_ISSOCK(st.st_mode) && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
	}
	buf_init(&o->b, CAP);
}

void reader_out_done(struct reader_out *o)
{
	buf_done(&o->b);
}

/* 1: there is room; 0: perhaps. */
static int wait_for_room(const struct reader_out *o)
{
	struct pollfd p[2] = { { .fd = o->fd, .events = POLLOUT }, { .fd = o->parent, .events = POLLIN } };
	if (poll(p, 2, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[1].revents && reader_parent_leaves(o->parent))
		return -ECANCELED;
	if (p[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EPIPE;
	return p[0].revents & POLLOUT ? 1 : 0;
}

static int write_bytes(struct reader_out *o)
{
	size_t done = 0;
	while (done < o->b.len) {
		/* A pipe or stream that is ready takes PIPE_BUF bytes without blocking. */
		size_t n = o->b.len - done;
		int rc = o->is_file ? 1 : wait_for_room(o);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		if (!o->is_file && n > PIPE_BUF)
			n = PIPE_BUF;
		ssize_t wrote = write(o->fd, o->b.data + done, n);
		if (wrote < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return 0;
}

static int send_frames(struct reader_out *o)
{
	uint8_t bytes[MSG_BODY_MAX + 1];
	struct buf b = { .data = bytes, .size = sizeof bytes, .cap = MSG_BODY_MAX };
	wire_frames_put(&b, &(struct wire_frames){ .seq = o->seq + 1, .frames = buf_span(&o->b) });
	int rc;
	while ((rc = b.failed ? -EMSGSIZE : msg_send_now(o->fd, WIRE_T_frames, buf_span(&b), -1)) == -EAGAIN)
		if ((rc = wait_for_room(o)) < 0)
			return rc;
	o->seq++;
	return rc;
}

int reader_out_flush(struct reader_out *o)
{
	if (o->b.failed)
		return -EMSGSIZE;
	if (o->b.len == 0)
		return 0;
	int rc = o->is_socket ? send_frames(o) : write_bytes(o);
	buf_clear(&o->b);
	return rc;
}

int reader_out_some(struct reader_out *o)
{
	return o->b.len >= SOME || o->b.failed ? reader_out_flush(o) : 0;
}
