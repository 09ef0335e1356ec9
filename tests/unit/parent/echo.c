/*
 * The smallest protocol: what the client sends comes back.  Whole inputs that are orders: "login", "stubborn" (an end is
 * not obeyed any more), "door" (which target stands behind it, may one log in without TLS), "overstep" (says to the parent what it may not), "crash".
 */
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/proto.h"
#include "gateway/session.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct echo {
	struct gw_session *s;
	int client;
	bool over, stubborn;
};

static int say(struct echo *e, const void *p, size_t n)
{
	return write(e->client, p, n) == (ssize_t)n ? 0 : -EPIPE;
}

static void on_end(void *ctx, const char *reason)
{
	struct echo *e = ctx;
	(void)say(e, reason, strlen(reason));
	e->over = !e->stubborn;
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	(void)reason;
	(void)say(ctx, locked ? "locked" : "unlocked", locked ? 6 : 8);
}

static void on_nothing(void *ctx)
{
	(void)ctx;
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *text)
{
	(void)ctx, (void)channel, (void)request, (void)code, (void)text;
}

static void on_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static const struct gw_session_events events = { on_end, on_lock, on_nothing, on_nothing, on_opened, on_line };

static bool is_sql(void)
{
	return strcmp(program_invocation_short_name, "yanmen-mysql") == 0;
}

static int echo_warm(struct gw_session *s, struct span host_key, void **ret_state, struct err *err)
{
	static struct echo echo;
	struct span certificate, key;
	gw_session_tls(s, &certificate, &key);
	if (is_sql() != (span_is(certificate, "certificate") && span_is(key, "key")))
		return fault(err, -EBADMSG, "", "no certificate, or one too many");
	if (!is_sql() && (host_key.n != GW_HOST_KEY || memcmp(host_key.p, "KEY", 4) != 0))
		return fault(err, -EBADMSG, "", "another key");
	echo.s = s;
	*ret_state = &echo;
	return 0;
}

static int login(struct echo *e, struct err *err)
{
	struct gw_login l;
	int r = gw_session_login(e->s, WIRE_LOGIN_PASSWORD, "alice", span_str("x"), &l, err);
	return r < 0 ? r : l.verdict == WIRE_LOGIN_OK ? say(e, "welcome", 7) : say(e, "denied", 6);
}

static int input(struct echo *e, struct err *err)
{
	char b[4096];
	ssize_t n = read(e->client, b, sizeof b);
	struct span text = span_of(b, n > 0 ? (size_t)n : 0);
	if (n <= 0)
		return -EPIPE;
	if (span_is(text, "login"))
		return login(e, err);
	if (span_is(text, "stubborn"))
		e->stubborn = true;
	if (span_is(text, "overstep"))
		(void)wire_want_send(3, &(struct wire_want){ .job = WIRE_JOB_READ }, -1);
	if (span_is(text, "crash"))
		abort();
	if (span_is(text, "door")) {
		char line[300];
		int length = snprintf(line, sizeof line, "door=%s plain=%d", gw_session_bound_target(e->s), gw_session_plain(e->s));
		return say(e, line, (size_t)length);
	}
	return say(e, b, (size_t)n);
}

static int echo_serve(void *state, int client_fd, struct err *err)
{
	struct echo *e = state;
	int fds[GW_SESSION_FDS], r = 0;
	e->client = client_fd;
	gw_session_listen(e->s, &events, e);
	(void)say(e, "ready", 5);
	while (r == 0 && !e->over) {
		gw_session_fds(e->s, fds);
		struct pollfd p[GW_SESSION_FDS + 1] = { { .fd = client_fd, .events = POLLIN } };
		for (int i = 0; i < GW_SESSION_FDS; i++)
			p[i + 1] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		if (poll(p, COUNT_OF(p), -1) < 0)
			return -errno;
		r = gw_session_pump(e->s, err);
		if (r == 0 && !e->over && p[0].revents)
			r = input(e, err);
	}
	close(client_fd);
	return 0;
}

static int echo_probe(
	void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner, struct err *err)
{
	(void)state, (void)ret_banner;
	if (at->fd < 0)
		return fault(err, -EINVAL, "", "no target");
	buf_printf(ret_host_key, "blob");
	return 0;
}

static struct gw_proto echo = { .name = "echo",
	.role = WIRE_SSH,
	.sandbox = SANDBOX_SSH,
	.warm = echo_warm,
	.serve = echo_serve,
	.probe = echo_probe };

/* By its name it is the worker of the SQL door, too. */
int main(void)
{
	if (is_sql()) {
		echo.role = WIRE_MYSQL;
		echo.sandbox = SANDBOX_MYSQL;
		echo.tls = true;
	}
	return gw_worker_main(&echo);
}
