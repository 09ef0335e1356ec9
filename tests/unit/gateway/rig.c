#include "tests/unit/gateway/rig.h"

static void on_end(void *ctx, const char *reason)
{
	struct rig *r = ctx;
	r->ends++;
	strncpy(r->end_reason, reason, sizeof r->end_reason - 1);
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	struct rig *r = ctx;
	r->locks++;
	r->locked = locked;
	strncpy(r->lock_reason, reason, sizeof r->lock_reason - 1);
}

static void on_screen(void *ctx)
{
	((struct rig *)ctx)->screens++;
}

static void on_flow(void *ctx)
{
	((struct rig *)ctx)->flows++;
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *say)
{
	struct rig *r = ctx;
	r->opened++;
	r->channel = channel;
	r->request = request;
	r->code = code;
	strncpy(r->say, say, sizeof r->say - 1);
}

static void on_notice(void *ctx, const char *line)
{
	struct rig *r = ctx;
	strncpy(r->notice, line, sizeof r->notice - 1);
}

static const struct gw_session_events events = { on_end, on_lock, on_screen, on_flow, on_opened, on_notice };

void rig_open(struct rig *r)
{
	int low[GW_LINKS];
	memset(r, 0, sizeof *r);
	r->s = calloc(1, sizeof *r->s);
	assert_non_null(r->s);
	/* The session takes descriptors in a row, as a worker has them. */
	for (int l = 0; l < GW_LINKS; l++) {
		int sv[2];
		assert_int_equal(msg_pair(sv), 0);
		low[l] = fcntl(sv[0], F_DUPFD_CLOEXEC, 100);
		r->peer[l] = fcntl(sv[1], F_DUPFD_CLOEXEC, 200);
		assert_true(low[l] >= 0 && r->peer[l] >= 0);
		close(sv[0]);
		close(sv[1]);
	}
	gw_session_init(r->s, low[0]);
	for (int l = 0; l < GW_LINKS; l++)
		assert_int_equal(r->s->fd[l], low[l]);
	gw_session_listen(r->s, &events, r);
}

void rig_close(struct rig *r)
{
	gw_session_done(r->s);
	free(r->s);
	for (int l = 0; l < GW_LINKS; l++)
		scope_close(&r->peer[l]);
	clock_fake(0);
}

struct span rig_take(int sock, uint16_t type)
{
	static uint8_t body[MSG_BODY_MAX];
	uint16_t got = 0;
	int fd = -1;
	int n = msg_recv_now(sock, &got, body, sizeof body, &fd, NULL);
	assert_true(n >= 0);
	assert_string_equal(wire_type_name(got), wire_type_name(type));
	assert_int_equal(fd, -1);
	return span_of(body, (size_t)n);
}

void rig_nothing(int sock)
{
	uint8_t body[64];
	uint16_t got = 0;
	int fd = -1;
	assert_int_equal(msg_recv_now(sock, &got, body, sizeof body, &fd, NULL), -EAGAIN);
}

int rig_grant(struct rig *r)
{
	int sv[2], fd = -1;
	struct gw_grant g;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	struct wire_grant m = { .session = { { 7 } },
		.target = span_str("web01"),
		.account = span_str("cyadmin"),
		.cluster = span_str("main"),
		.auth = WIRE_AUTH_KEY,
		.host_key = span_str("blob"),
		.features = WIRE_FEATURE_SHELL,
		.stream_max = 100,
		.env_allow = span_str("LANG"),
		.rule = span_str("grant 4") };
	assert_int_equal(wire_grant_send(r->peer[GW_BROKER], &m, sv[0]), 0);
	assert_int_equal(gw_session_target(r->s, "web01", "", &g, &fd, NULL), 0);
	(void)rig_take(r->peer[GW_BROKER], WIRE_T_target);
	assert_string_equal(g.target, "web01");
	assert_string_equal(g.rule, "grant 4");
	assert_int_equal(g.host_key_n, 4);
	assert_true(fd >= 0);
	close(sv[0]);
	close(fd);
	return sv[1];
}
