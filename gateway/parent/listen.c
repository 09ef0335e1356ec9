#include "gateway/parent/listen.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/parent/parent.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BACKLOG = 512, BURST = 64, REST_US = 100000 };

/* "[v6]:port" or "address:port" into its two halves. */
static int split(const char *where, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(where, ':');
	if (!colon || colon == where || !colon[1])
		return -EINVAL;
	size_t n = (size_t)(colon - where);
	if (where[0] == '[') {
		if (n < 3 || where[n - 1] != ']')
			return -EINVAL;
		where++;
		n -= 2;
	}
	if (n >= size)
		return -EINVAL;
	memcpy(host, where, n);
	host[n] = 0;
	*ret_port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *ai, uint16_t *ret_port)
{
	scoped(scope_close) int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { 0 };
	socklen_t n = sizeof at;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
		bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 ||
		getsockname(fd, &at.any, &n) < 0)
		return -errno;
	*ret_port = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
	return take_fd(fd);
}

int gw_listen_open(const char *where, int *ret_fd, uint16_t *ret_port, struct err *err)
{
	char host[GW_LISTEN_ADDRESS], say[160];
	const char *port = NULL;
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *ai = NULL;

	snprintf(say, sizeof say, "cannot listen on %s", where);
	if (split(where, host, sizeof host, &port) < 0)
		return fault(err, -EINVAL, say, "expected address:port or [v6]:port");
	int r = getaddrinfo(host, port, &hints, &ai);
	if (r != 0)
		return fault(err, -EINVAL, say, "%s", gai_strerror(r));
	r = bind_to(ai, ret_port);
	freeaddrinfo(ai);
	if (r < 0) {
		errno = -r;
		return fault(err, r, say, "%m");
	}
	*ret_fd = r;
	return 0;
}

/* The text of an address; an IPv4 one that came to a v6 socket reads as IPv4. */
static void address_text(const struct sockaddr_in6 *at, char *ret, uint16_t *ret_port)
{
	*ret_port = ntohs(at->sin6_port); /* both families have it at the same place */
	ret[0] = 0;
	if (at->sin6_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, at, sizeof v4);
		(void)inet_ntop(AF_INET, &v4.sin_addr, ret, GW_LISTEN_ADDRESS);
	} else if (IN6_IS_ADDR_V4MAPPED(&at->sin6_addr)) {
		(void)inet_ntop(AF_INET, &at->sin6_addr.s6_addr[12], ret, GW_LISTEN_ADDRESS);
	} else {
		(void)inet_ntop(AF_INET6, &at->sin6_addr, ret, GW_LISTEN_ADDRESS);
	}
}

static bool is_short_of(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_ready(void *ctx, uint32_t events)
{
	struct gw_listen *l = ctx;
	(void)events;
	for (int i = 0; i < BURST; i++) {
		struct sockaddr_in6 at = { 0 };
		socklen_t n = sizeof at;
		char address[GW_LISTEN_ADDRESS];
		uint16_t port;
		int one = 1;
		scoped(scope_close) int fd = accept4(l->io.fd, (struct sockaddr *)&at, &n, SOCK_CLOEXEC);
		if (fd < 0) {
			if (is_short_of(errno)) {
				log_ev(LOG_LEVEL_ERROR, "accept.failed", LOG_N("errno", errno));
				(void)loop_mod(&l->io, 0);
				loop_timer_set(l->parent->loop, &l->rest, REST_US);
				return;
			}
			if (errno == EAGAIN)
				return;
			continue; /* that one connection is gone already */
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
		address_text(&at, address, &port);
		gw_clients_accept(l->parent, take_fd(fd), &l->door, address, port);
	}
}

static void on_rested(void *ctx)
{
	struct gw_listen *l = ctx;
	(void)loop_mod(&l->io, EPOLLIN);
}

static int open_one(struct gw_parent *p, const char *where, uint8_t role, const char *target, const char *event, struct err *err)
{
	struct gw_listen *l = &p->listen[p->listens];
	uint16_t port = 0;
	int fd = -1;
	int r = gw_listen_open(where, &fd, &port, err);
	if (r < 0)
		return r;
	*l = (struct gw_listen){ .parent = p,
		.door.role = role,
		.io = { .fd = fd, .ready = on_ready, .ctx = l },
		.rest = { .fire = on_rested, .ctx = l } };
	snprintf(l->door.target, sizeof l->door.target, "%s", target);
	p->listens++;
	log_ev(LOG_LEVEL_INFO, event, LOG_S("on", where), LOG_N("port", port), LOG_S("target", target));
	return 0;
}

static int open_list(struct gw_parent *p, const char *list, uint8_t role, const char *event, struct err *err)
{
	struct conf_door door;
	int r;
	while ((r = conf_door(&list, &door)) > 0)
		if ((r = open_one(p, door.where, role, door.target, event, err)) < 0)
			return r;
	return r < 0 ? fault(err, r, "a list of doors is not one", "%s", list) : 0;
}

int gw_listen_open_all(struct gw_parent *p, struct err *err)
{
	int r = open_one(p, p->conf.listen_ssh, WIRE_SSH, "", "listening", err);
	if (r == 0)
		r = open_list(p, p->conf.listen_mysql, WIRE_MYSQL, "mysql.listening", err);
	return r < 0 ? r : open_list(p, p->conf.listen_tds, WIRE_TDS, "tds.listening", err);
}

int gw_listen_start_all(struct gw_parent *p, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < p->listens; i++)
		r = loop_add(p->loop, &p->listen[i].io, EPOLLIN, err);
	return r;
}

void gw_listen_stop_all(struct gw_parent *p)
{
	for (; p->listens > 0; p->listens--) {
		struct gw_listen *l = &p->listen[p->listens - 1];
		int fd = l->io.fd;
		loop_timer_del(&l->rest);
		loop_del(&l->io);
		scope_close(&fd);
	}
}
