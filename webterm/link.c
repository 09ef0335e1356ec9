#include "webterm/link.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <sys/epoll.h>

static void listen_for(struct web_link *l)
{
	(void)loop_mod(&l->io, (l->paused ? 0 : EPOLLIN) | (l->waits ? EPOLLOUT : 0));
}

static void receive(struct web_link *l)
{
	uint8_t body[MSG_BODY_MAX];
	struct web_msg m = { .fd = -1 };
	int n = msg_recv_now(l->sock, &m.type, body, sizeof body, &m.fd, NULL);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		web_link_close(l);
		l->lost(l->ctx);
		return;
	}
	m.body = span_of(body, (size_t)n);
	l->got(l->ctx, &m);
	scope_close(&m.fd);
	secret_wipe(body, (size_t)n);
}

static void ready(void *ctx, uint32_t events)
{
	struct web_link *l = ctx;
	if (l->waits && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
		l->waits = false;
		listen_for(l);
		l->room(l->ctx);
		return; /* what may be received comes in the next turn: l may be gone */
	}
	if (l->paused)
		loop_del(&l->io); /* the peer is gone, which epoll would tell for ever: later, behind what still lies there */
	else
		receive(l);
}

int web_link_open(struct web_link *l, struct loop *loop, int sock, size_t cap, struct err *err)
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

void web_link_close(struct web_link *l)
{
	if (!l->q)
		return;
	loop_del(&l->io);
	l->q = msgq_free(l->q);
	scope_close(&l->sock);
}

bool web_link_is_open(const struct web_link *l)
{
	return l->q != NULL;
}

void web_link_pause(struct web_link *l, bool paused)
{
	if (!l->q || l->paused == paused)
		return;
	l->paused = paused;
	if (l->io.loop) {
		listen_for(l);
	} else if (!paused) {
		l->io.fd = l->sock;
		(void)loop_add(l->loop, &l->io, EPOLLIN, NULL);
	}
}

int web_link_try(struct web_link *l, uint16_t type, struct span body)
{
	int r = l->q ? msg_send_now(l->sock, type, body, -1) : -EPIPE;
	if (r == -EAGAIN) {
		l->waits = true;
		listen_for(l);
	}
	return r;
}
