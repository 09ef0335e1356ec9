#include "gateway/core/link.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void listen_for(struct link *l)
{
	(void)loop_mod(&l->io, (l->paused ? 0 : EPOLLIN) | (l->waits ? EPOLLOUT : 0));
}

/* 1 when a message was delivered, and then l may be gone; 0 when none waits or the link was lost. */
static int receive(struct link *l)
{
	uint8_t body[MSG_BODY_MAX];
	struct err why = { 0 };
	struct link_msg m = { .fd = -1 };

	int n = msg_recv_now(l->sock, &m.type, body, sizeof body, &m.fd, &why);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n < 0) {
		if (!why.code)
			(void)fault(&why, n, "the peer is gone", "recv: %d", n);
		link_close(l);
		l->lost(l->ctx, &why);
		return 0;
	}
	m.body = span_of(body, (size_t)n);
	l->got(l->ctx, &m);
	scope_close(&m.fd);
	secret_wipe(body, (size_t)n);
	return 1;
}

static void ready(void *ctx, uint32_t events)
{
	struct link *l = ctx;
	if (l->waits && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
		l->waits = false;
		listen_for(l);
		l->room(l->ctx);
		return; /* what may be received comes in the next turn: l may be gone */
	}
	if (l->paused)
		loop_del(&l->io); /* the peer is gone, which epoll would tell for ever */
	else
		(void)receive(l); /* also a hang-up is found by receiving, behind what still waits */
}

int link_open(struct link *l, struct loop *loop, int sock, size_t cap, struct err *err)
{
	l->loop = loop;
	l->sock = sock;
	l->q = NULL;
	l->paused = l->waits = false;
	l->io = (struct loop_io){ .fd = sock, .ready = ready, .ctx = l };
	int r = msgq_new(&l->q, loop, sock, cap, err);
	if (r >= 0)
		r = loop_add(loop, &l->io, EPOLLIN, err);
	if (r < 0) {
		l->q = msgq_free(l->q);
		scope_close(&l->sock);
	}
	return r;
}

void link_close(struct link *l)
{
	if (!link_is_open(l))
		return;
	loop_del(&l->io);
	l->q = msgq_free(l->q);
	scope_close(&l->sock);
}

bool link_is_open(const struct link *l)
{
	return l->q != NULL;
}

/* `lost` may free the owner, and the caller still uses it: the loop's receive path is the place for that, so the peer is cut
 * off here and found gone there. */
void link_cut(struct link *l)
{
	if (link_is_open(l))
		(void)shutdown(l->sock, SHUT_RDWR);
}

int link_sent(struct link *l, int code)
{
	if (code < 0)
		link_cut(l);
	return code;
}

void link_drain(struct link *l)
{
	while (link_is_open(l) && receive(l) > 0)
		;
}

void link_pause(struct link *l, bool paused)
{
	if (!link_is_open(l) || l->paused == paused)
		return;
	l->paused = paused;
	if (l->io.loop) {
		listen_for(l);
	} else if (!paused) {
		l->io.fd = l->sock;
		(void)loop_add(l->loop, &l->io, EPOLLIN, NULL);
	}
}

int link_try(struct link *l, uint16_t type, struct span body)
{
	int r = link_is_open(l) ? msg_send_now(l->sock, type, body, -1) : -EPIPE;
	if (r == -EAGAIN) {
		l->waits = true;
		listen_for(l);
	}
	return r;
}
