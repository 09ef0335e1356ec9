#include "policy/dial/dial.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "policy/decide/net.h"
#include "policy/dial/resolve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static const char say_names[] = "the name server does not answer";

struct dial {
	struct dial *next;
	struct pol_dialler *d;
	char host[256], networks[4096];
	uint16_t port;
	bool is_samples;
	pol_dial_done *done;
	void *ctx;
	struct pol_resolve_addrs addrs;
	size_t tried;
	struct loop_io io; /* the connection that is being made */
	int fd;
	struct loop_timer late;
	struct err why; /* of the address that came furthest */
};

struct pol_dialler {
	struct loop *loop;
	struct pol_resolver *resolver;
	struct dial *first;
};

static void dial_free(struct dial *x)
{
	struct dial **at = &x->d->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	pol_resolve_drop(x->d->resolver, x);
	loop_timer_del(&x->late);
	loop_del(&x->io);
	scope_close(&x->fd);
	free(x);
}

static void dial_finish(struct dial *x, int fd)
{
	pol_dial_done *done = x->done;
	void *ctx = x->ctx;
	struct err why = x->why;

	if (fd >= 0) {
		loop_del(&x->io);
		x->fd = -1;
	}
	dial_free(x);
	done(ctx, fd < 0 ? why.code : 0, fd, &why);
}

/* What the person is told: of an address that was dialled, rather than of one that may not be. */
static void dial_failed(struct dial *x, int code)
{
	const char *say = code == -ECONNREFUSED ? "the target refuses the connection"
			  : code == -ETIMEDOUT  ? "the target does not answer"
						: "the target cannot be reached";

	(void)fault(&x->why, code, say, "%s port %u: %s", x->host, x->port, strerror(-code));
}

/* A route whose source is the destination leads to this very machine.  connect(2) of a datagram socket sends nothing. */
static bool is_own(const struct sockaddr *sa, socklen_t n)
{
	struct sockaddr_storage source = { 0 };
	struct decide_net_addr from, to;
	socklen_t len = sizeof source;
	scoped(scope_close) int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, sa, n) < 0)
		return false; /* no route: the connection will say so */
	if (getsockname(fd, (struct sockaddr *)&source, &len) < 0)
		return true;
	return decide_net_of((struct sockaddr *)&source, len, &from) == 0 && decide_net_of(sa, n, &to) == 0 &&
	       decide_net_eq(&from, &to);
}

static int dial_check(const struct dial *x, const struct sockaddr *sa, socklen_t n, struct err *why)
{
	struct decide_net_addr a;

	if (decide_net_of(sa, n, &a) < 0)
		return fault(why, -EACCES, "the target's address is of an unknown kind", "family %d", sa->sa_family);
	int r = decide_net_may_dial(&a, span_str(x->networks), x->is_samples, why);
	if (r == 0 && !(x->is_samples && decide_net_is_loopback(&a)) && is_own(sa, n))
		r = fault(why, -EACCES, "the target's address is the gateway's own", "%s", x->host);
	return r;
}

static void socket_tune(int fd)
{
	const int on = 1, idle_s = 60, interval_s = 15, probes = 4;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* 0: under way.  Otherwise the reason stands in x->why. */
static int dial_try(struct dial *x, const struct sockaddr *sa, socklen_t n)
{
	struct err why;
	int r = dial_check(x, sa, n, &why);

	if (r < 0) {
		x->why = x->why.code ? x->why : why;
		return r;
	}
	x->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0) {
		dial_failed(x, -errno);
		return -errno;
	}
	socket_tune(x->fd);
	if (connect(x->fd, sa, n) < 0 && errno != EINPROGRESS) {
		dial_failed(x, -errno);
		scope_close(&x->fd);
		return -EHOSTUNREACH;
	}
	x->io.fd = x->fd;
	r = loop_add(x->d->loop, &x->io, EPOLLOUT, &x->why);
	if (r < 0)
		scope_close(&x->fd);
	return r;
}

static void dial_next(struct dial *x)
{
	while (x->tried < x->addrs.n) {
		size_t i = x->tried++;
		if (dial_try(x, (const struct sockaddr *)&x->addrs.at[i].sa, x->addrs.at[i].len) == 0)
			return;
	}
	dial_finish(x, -1);
}

static void dial_ready(void *ctx, uint32_t events)
{
	struct dial *x = ctx;
	int code = 0;
	socklen_t n = sizeof code;

	(void)events;
	if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &code, &n) < 0)
		code = errno;
	if (code == 0) {
		dial_finish(x, x->fd);
		return;
	}
	dial_failed(x, -code);
	loop_del(&x->io);
	scope_close(&x->fd);
	dial_next(x);
}

static void dial_late(void *ctx)
{
	struct dial *x = ctx;

	if (x->addrs.n)
		dial_failed(x, -ETIMEDOUT);
	else
		(void)fault(&x->why, -EAGAIN, say_names, "%s: late", x->host);
	dial_finish(x, -1);
}

static void dial_resolved(void *ctx, int code, const struct pol_resolve_addrs *addrs)
{
	struct dial *x = ctx;

	if (code < 0) {
		const char *say = code == -ENOENT ? "the target's host name is unknown" : say_names;
		(void)fault(&x->why, code, say, "%s: %d", x->host, code);
		dial_finish(x, -1);
		return;
	}
	x->addrs = *addrs;
	dial_next(x);
}

/* A literal address needs no resolver. */
static bool dial_literal(struct dial *x)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&x->addrs.at[0].sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&x->addrs.at[0].sa;

	if (inet_pton(AF_INET, x->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(x->port);
		x->addrs.at[0].len = sizeof *v4;
	} else if (inet_pton(AF_INET6, x->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(x->port);
		x->addrs.at[0].len = sizeof *v6;
	} else {
		return false;
	}
	x->addrs.n = 1;
	return true;
}

/* First step, from the loop: so that `done` never comes from inside pol_dial. */
static void dial_start(void *ctx)
{
	struct dial *x = ctx;

	x->late.fire = dial_late;
	loop_timer_set(x->d->loop, &x->late, POL_DIAL_WITHIN_US);
	if (dial_literal(x)) {
		dial_next(x);
		return;
	}
	int r = pol_resolve(x->d->resolver, x->host, x->port, dial_resolved, x);
	if (r < 0) {
		(void)fault(&x->why, r, "too many host names are being looked up", "%s: %d", x->host, r);
		dial_finish(x, -1);
	}
}

int pol_dialler_new(struct pol_dialler **ret, struct loop *loop, struct err *err)
{
	struct pol_dialler *d = calloc(1, sizeof *d);

	if (!d)
		return fault(err, -ENOMEM, "internal error", "no memory for the dialler");
	d->loop = loop;
	int r = pol_resolver_new(&d->resolver, loop, err);
	if (r < 0) {
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct pol_dialler *pol_dialler_free(struct pol_dialler *d)
{
	if (d) {
		while (d->first)
			dial_free(d->first);
		pol_resolver_free(d->resolver);
		free(d);
	}
	return NULL;
}

void pol_dial(struct pol_dialler *d, const struct pol_dial_to *to, pol_dial_done *done, void *ctx)
{
	struct dial *x = calloc(1, sizeof *x);

	if (!x)
		abort();
	x->d = d;
	(void)snprintf(x->host, sizeof x->host, "%s", to->host);
	int n = snprintf(x->networks, sizeof x->networks, "%s", to->networks);
	if (n >= (int)sizeof x->networks)
		x->networks[0] = '\0'; /* half a list would be another list: then nothing is allowed */
	x->port = to->port;
	x->is_samples = to->is_samples;
	x->done = done;
	x->ctx = ctx;
	x->fd = -1;
	x->io = (struct loop_io){ .fd = -1, .ready = dial_ready, .ctx = x };
	x->late = (struct loop_timer){ .fire = dial_start, .ctx = x };
	x->next = d->first;
	d->first = x;
	loop_timer_set(d->loop, &x->late, 0);
}

void pol_dial_drop(struct pol_dialler *d, const void *ctx)
{
	struct dial *next;

	for (struct dial *x = d->first; x; x = next) {
		next = x->next;
		if (x->ctx == ctx)
			dial_free(x);
	}
}
