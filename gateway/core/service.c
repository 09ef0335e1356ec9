#include "gateway/core/service.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <sys/epoll.h>

enum { BODY_MAX = 1024 };

static int take_peer(struct service *s, struct span body, int *fd, struct err *err)
{
	struct wire_peer m;
	int r = wire_peer_get(body, &m, err);
	if (r < 0)
		return r;
	if (!s->peer || *fd < 0)
		return fault(err, -EBADMSG, "internal error", "peer of role %d", m.role);
	return s->peer(s->ctx, m.role, take_fd(*fd), err);
}

static void heard(void *ctx, uint32_t events)
{
	struct service *s = ctx;
	uint8_t body[BODY_MAX];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct err err = { 0 };
	(void)events;
	int n = msg_recv_now(SERVICE_FD, &type, body, sizeof body, &fd, &err);
	if (n == -EAGAIN)
		return;
	if (n >= 0 && type == WIRE_T_peer && take_peer(s, span_of(body, (size_t)n), &fd, &err) == 0)
		return;
	bool stop = n >= 0 && type == WIRE_T_stop;
	if (n >= 0 && !stop)
		log_ev(LOG_LEVEL_ERROR, "parent.nonsense", LOG_S("type", wire_type_name(type)), LOG_S("detail", err.detail));
	loop_stop(s->loop, stop ? 0 : 1);
}

int service_open(struct service *s, struct loop *loop, uint8_t role, struct err *err)
{
	const struct wire_hello hello = { .role = role, .build = span_str(wire_build) };
	s->loop = loop;
	s->io = (struct loop_io){ .fd = SERVICE_FD, .ready = heard, .ctx = s };
	int r = loop_add(loop, &s->io, EPOLLIN, err);
	if (r < 0)
		return r;
	r = wire_hello_send(SERVICE_FD, &hello, -1);
	return r < 0 ? fault(err, r, "internal error", "no hello to the parent") : 0;
}

void service_done(struct service *s)
{
	loop_del(&s->io);
}
