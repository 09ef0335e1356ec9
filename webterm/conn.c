#include "webterm/conn.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include "webterm/request.h"
#include "webterm/socket.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { TOLD_US = 10 * 1000 * 1000 };

struct web_listen {
	struct web *web;
	struct loop_io io;
	struct web_conn *first, *adopting;
	size_t n, open; /* open: gates */
	int64_t told_us; /* when a refusal was last logged */
};

static void watched(void *ctx, uint32_t events);

static bool name_peer(struct web_conn *c, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	bool is_v6 = from->ss_family == AF_INET6;
	if (!is_v6 && from->ss_family != AF_INET)
		return false;
	c->port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
	if (is_v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], c->address, sizeof c->address) != NULL;
	return inet_ntop(from->ss_family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, c->address,
		       sizeof c->address) != NULL;
}

static size_t strangers_from(const struct web_listen *l, const char *address)
{
	size_t n = 0;
	for (const struct web_conn *c = l->first; c; c = c->next)
		n += !c->known && strcmp(c->address, address) == 0;
	return n;
}

static bool has_room(struct web_listen *l, const struct web_conn *c)
{
	if (l->n < WEB_CONNECTIONS_MAX && strangers_from(l, c->address) < WEB_SOURCE_MAX)
		return true;
	if (loop_now_us(l->web->loop) - l->told_us > TOLD_US || l->told_us == 0) {
		l->told_us = loop_now_us(l->web->loop);
		log_ev(LOG_LEVEL_WARN, "web.full", LOG_S("from", c->address), LOG_N("connections", l->n));
	}
	return false;
}

static void adopt(struct web_listen *l, struct web_conn *c, int fd)
{
	lws_adopt_desc_t d = { .vh = l->web->vhost, .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
		.fd.sockfd = fd, .opaque = c };
	c->next = l->first;
	l->first = l->adopting = c;
	l->n++;
	struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&d);
	if (wsi)
		c->wsi = wsi;
	else if (l->adopting)
		web_conn_gone(c); /* it failed before there was anything that could say so */
	l->adopting = NULL;
}

static void ready(void *ctx, uint32_t events)
{
	struct web_listen *l = ctx;
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof from;
	(void)events;
	scoped(scope_close) int fd = accept4(l->io.fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct web_conn *c = fd < 0 ? NULL : calloc(1, sizeof *c);
	if (!c)
		return;
	c->web = l->web;
	c->watch = (struct loop_io){ .fd = -1, .ready = watched, .ctx = c };
	if (name_peer(c, &from) && has_room(l, c))
		adopt(l, c, take_fd(fd));
	else
		free(c);
}

/* ---- the gate ---- */

static void gate(struct web_conn *c, unsigned open)
{
	struct web_listen *l = c->web->listen;
	l->open = l->open + (open > 0) - (c->open > 0);
	c->open = open;
}

static void watched(void *ctx, uint32_t events)
{
	struct web_conn *c = ctx;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_SYNC); /* c is gone now */
		return;
	}
	(void)loop_mod(&c->watch, EPOLLRDHUP);
	gate(c, 2); /* this turn, and what libwebsockets does behind it */
	(void)lws_rx_flow_control(c->wsi, 1);
	(void)lws_callback_on_writable(c->wsi);
}

/* libwebsockets had its turn with each open gate: it has written, or only what it held itself. */
static void shut_gates(void *ctx)
{
	struct web_listen *l = ctx;
	for (struct web_conn *c = l->open > 0 ? l->first : NULL; c; c = c->next) {
		if (c->open == 0)
			continue;
		gate(c, c->open - 1);
		if (c->open > 0)
			continue;
		(void)lws_rx_flow_control(c->wsi, 0);
		(void)loop_mod(&c->watch, EPOLLRDHUP | EPOLLOUT);
	}
}

void web_conn_shut(struct web_conn *c)
{
	(void)lws_rx_flow_control(c->wsi, 0);
	int fd = c->watch.fd >= 0 ? -1 : fcntl(lws_get_socket_fd(c->wsi), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return;
	c->watch.fd = fd;
	if (loop_add(c->web->loop, &c->watch, EPOLLRDHUP, NULL) < 0)
		scope_close(&c->watch.fd);
}

void web_conn_rest(struct web_conn *c)
{
	if (c->watch.fd < 0)
		return;
	gate(c, 0);
	(void)lws_rx_flow_control(c->wsi, 0);
	(void)loop_mod(&c->watch, EPOLLRDHUP);
}

void web_conn_want(struct web_conn *c)
{
	if (c->watch.fd < 0) {
		(void)lws_rx_flow_control(c->wsi, 1); /* its body is still being read, or thrown away */
		(void)lws_callback_on_writable(c->wsi);
		return;
	}
	if (c->open > 0) {
		gate(c, 0);
		(void)lws_rx_flow_control(c->wsi, 0);
	}
	(void)loop_mod(&c->watch, EPOLLRDHUP | EPOLLOUT);
}

static void unwatch(struct web_conn *c)
{
	int fd = c->watch.fd;
	gate(c, 0);
	loop_del(&c->watch);
	scope_close(&fd);
	c->watch.fd = -1;
}

void web_conn_open(struct web_conn *c)
{
	unwatch(c);
	(void)lws_rx_flow_control(c->wsi, 1);
}

void web_conn_gone(struct web_conn *c)
{
	struct web_listen *l = c->web->listen;
	unwatch(c);
	struct web_conn **at = &l->first;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	l->n--;
	if (l->adopting == c)
		l->adopting = NULL;
	web_request_drop(c);
	web_socket_gone(c);
	free(c);
}

struct web_listen *web_conn_new(struct web *web)
{
	struct web_listen *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->web = web;
	l->io = (struct loop_io){ .fd = -1, .ready = ready, .ctx = l };
	loop_idle(web->loop, shut_gates, l);
	return l;
}

static void deafen(struct web_listen *l)
{
	int fd = l->io.fd;
	loop_del(&l->io);
	scope_close(&fd);
}

struct web_listen *web_conn_free(struct web_listen *l)
{
	if (l)
		deafen(l);
	free(l);
	return NULL;
}

int web_conn_listen(struct web_listen *l, int fd, struct err *err)
{
	deafen(l);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* a client may be gone between readiness and accept */
	l->io.fd = fd;
	int r = loop_add(l->web->loop, &l->io, EPOLLIN, err);
	if (r < 0)
		scope_close(&l->io.fd);
	return r;
}
