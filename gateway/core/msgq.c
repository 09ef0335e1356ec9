#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

struct item {
	struct item *next;
	uint16_t type;
	int fd;
	size_t n;
	uint8_t body[];
};

/*
 * While something is queued, the queue waits for room by itself, through a descriptor of its own for the same socket:
 * the owner's loop_io stays as the owner set it.
 */
struct msgq {
	struct loop *loop;
	int sock;
	size_t cap, bytes;
	struct item *first, **last;
	struct loop_io room; /* fd is a dup of sock, or -1 */
	bool gone;
};

static void room_ready(void *ctx, uint32_t events)
{
	(void)events;
	(void)msgq_flush(ctx); /* the owner sees a gone peer on its own side */
}

int msgq_new(struct msgq **ret, struct loop *l, int sock, size_t cap, struct err *err)
{
	struct msgq *q = calloc(1, sizeof *q);
	if (!q)
		return fault(err, -ENOMEM, "internal error", "no memory for a queue");
	q->loop = l;
	q->sock = sock;
	q->cap = cap;
	q->last = &q->first;
	q->room = (struct loop_io){ .fd = -1, .ready = room_ready, .ctx = q };
	*ret = q;
	return 0;
}

static void stop_waiting(struct msgq *q)
{
	int fd = q->room.fd;
	loop_del(&q->room);
	scope_close(&fd);
}

static void drop_first(struct msgq *q)
{
	struct item *item = q->first;
	q->first = item->next;
	if (!q->first)
		q->last = &q->first;
	q->bytes -= sizeof *item + item->n;
	scope_close(&item->fd);
	secret_wipe(item->body, item->n); /* some messages carry one */
	free(item);
}

static void give_up(struct msgq *q)
{
	q->gone = true;
	while (q->first)
		drop_first(q);
	stop_waiting(q);
}

struct msgq *msgq_free(struct msgq *q)
{
	if (q) {
		give_up(q);
		free(q);
	}
	return NULL;
}

static int wait_for_room(struct msgq *q)
{
	if (q->room.fd >= 0)
		return 0;
	int fd = fcntl(q->sock, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	q->room.fd = fd;
	int r = loop_add(q->loop, &q->room, EPOLLOUT, NULL);
	if (r < 0) {
		q->room.fd = -1;
		(void)close(fd);
	}
	return r;
}

static int append(struct msgq *q, uint16_t type, struct span body, int fd)
{
	if (sizeof(struct item) + body.n > q->cap - q->bytes)
		return -EAGAIN;
	int r = wait_for_room(q);
	if (r < 0)
		return r;
	scoped(scope_close) int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && copy < 0)
		return -errno;
	struct item *item = malloc(sizeof *item + body.n);
	if (!item)
		return -ENOMEM;
	*item = (struct item){ .type = type, .fd = take_fd(copy), .n = body.n };
	if (body.n > 0)
		memcpy(item->body, body.p, body.n);
	*q->last = item;
	q->last = &item->next;
	q->bytes += sizeof *item + body.n;
	return 0;
}

int msgq_send(struct msgq *q, uint16_t type, struct span body, int fd)
{
	if (q->gone)
		return -EPIPE;
	if (body.n > MSG_BODY_MAX)
		return -EMSGSIZE;
	int r = q->first ? -EAGAIN : msg_send_now(q->sock, type, body, fd);
	if (r == -EAGAIN)
		return append(q, type, body, fd);
	if (r == -EPIPE)
		give_up(q);
	return r;
}

int msgq_flush(struct msgq *q)
{
	while (q->first) {
		struct item *item = q->first;
		int r = msg_send_now(q->sock, item->type, span_of(item->body, item->n), item->fd);
		if (r == -EAGAIN)
			return 0;
		if (r < 0) {
			give_up(q);
			return r;
		}
		drop_first(q);
	}
	stop_waiting(q);
	return q->gone ? -EPIPE : 0;
}
