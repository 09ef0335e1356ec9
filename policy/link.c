#include "policy/link.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void link_lose(struct pol_link *l, const struct err *why)
{
	if (!pol_link_is_open(l))
		return;
	pol_link_close(l);
	l->lost(l->ctx, why);
}

/* 1 when a message was delivered, and then l may be gone; 0 when none waits or the link was lost. */
static int link_receive(struct pol_link *l)
{
	uint8_t body[MSG_BODY_MAX];
	struct err why = { 0 };
	struct pol_msg m = { .fd = -1 };

	int n = msg_recv_now(l->sock, &m.type, body, sizeof body, &m.fd, &why);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n < 0) {
		if (!why.code)
			(void)fault(&why, n, "the peer is gone", "recv: %d", n);
		link_lose(l, &why);
		return 0;
	}
	m.body = span_of(body, (size_t)n);
	l->got(l->ctx, &m);
	scope_close(&m.fd);
	secret_wipe(body, (size_t)n);
	return 1;
}

static void link_ready(void *ctx, uint32_t events)
{
	(void)events; /* also a hang-up is found by receiving, behind what still waits */
	(void)link_receive(ctx);
}

int pol_link_open(struct pol_link *l, struct loop *loop, int sock, size_t cap, struct err *err)
{
	l->sock = sock;
	l->loop = loop;
	l->q = NULL;
	l->io = (struct loop_io){ .fd = sock, .ready = link_ready, .ctx = l };
	int r = msgq_new(&l->q, loop, sock, cap, err);
	if (r >= 0)
		r = loop_add(loop, &l->io, EPOLLIN, err);
	if (r < 0) {
		l->q = msgq_free(l->q);
		scope_close(&l->sock);
	}
	return r;
}

void pol_link_close(struct pol_link *l)
{
	if (!pol_link_is_open(l))
		return;
	loop_del(&l->io);
	l->q = msgq_free(l->q);
	scope_close(&l->sock);
}

bool pol_link_is_open(const struct pol_link *l)
{
	return l->q != NULL;
}

/* `lost` may free the owner, and the caller still uses it: the loop's receive path is the place for that, so the peer is cut
 * off here and found gone there. */
void pol_link_cut(struct pol_link *l)
{
	if (pol_link_is_open(l))
		(void)shutdown(l->sock, SHUT_RDWR);
}

int pol_link_sent(struct pol_link *l, int code)
{
	if (code < 0)
		pol_link_cut(l);
	return code;
}

void pol_link_drain(struct pol_link *l)
{
	while (pol_link_is_open(l) && link_receive(l) > 0)
		;
}

void pol_link_pause(struct pol_link *l, bool paused)
{
	if (!pol_link_is_open(l))
		return;
	(void)loop_mod(&l->io, paused ? 0 : EPOLLIN);
}
