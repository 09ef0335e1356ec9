#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include "gateway/proto.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* A worker is one process for one connection: this is all it has, and exit frees it. */
static struct gw_session session;
static void *state; /* the protocol's */

static int hello(struct gw_session *s, const struct gw_proto *proto, struct err *err)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, 256);
	wire_hello_put(&b, &(struct wire_hello){ .role = proto->role, .build = span_str(wire_build) });
	int r = gw_link_send(s, GW_CONTROL, WIRE_T_hello, buf_span(&b));
	return r < 0 ? fault(err, r, "", "hello") : 0;
}

/* Waits in the pool.  1: a client (or an errand) came; 0: the parent wants us to leave. */
static int wait_client(struct gw_session *s, uint8_t *ret_job, int *ret_fd, struct err *err)
{
	/* Deaf to the broker: what it says to this worker may overtake the parent's message. */
	struct gw_ask ask = { .to = GW_CONTROL,
		.wait_us = INT64_MAX,
		.answers = { WIRE_T_client },
		.deaf = GW_LINK_BIT(GW_BROKER) | GW_LINK_BIT(GW_RECORDER) };
	int r = gw_ask(s, &ask, err);
	if (r == -EPIPE || r == -ECANCELED)
		return 0;
	if (r < 0)
		return r;
	struct wire_client m;
	scoped(scope_close) int fd = ask.got_fd;
	r = wire_client_get(ask.got_body, &m, err);
	if (r < 0 || gw_link_text(m.address, s->address, sizeof s->address) < 0 || gw_link_text(m.target, s->sql.target, sizeof s->sql.target) < 0 ||
		(m.job != WIRE_JOB_SESSION && m.job != WIRE_JOB_PROBE) || (m.job == WIRE_JOB_SESSION) != (fd >= 0) ||
		m.door > WIRE_DOOR_FORWARD)
		return fault(err, -EBADMSG, "", "client: job %u", m.job);
	s->worker = m.worker;
	s->door = m.door;
	s->sql.plain = m.plain != 0;
	*ret_job = m.job;
	*ret_fd = take_fd(fd);
	return 1;
}

static int serve(struct gw_session *s, const struct gw_proto *proto, int client, struct err *err)
{
	int r = s->door == WIRE_DOOR_FORWARD ? gw_forward_serve(s, client, err) : proto->serve(state, client, err);
	if (!s->ended)
		gw_session_end(s, "the connection broke");
	return r;
}

static int work(struct gw_session *s, const struct gw_proto *proto, struct err *err)
{
	s->is_sql = proto->tls;
	int r = proto->tls ? gw_sql_files(s, GW_TLS_FD, GW_TLS_FD + 1, err) : gw_hostkey_fetch(s, err);
	if (r == 0) /* while files may still be opened */
		r = proto->warm(s, span_of(s->host_key.b, sizeof s->host_key.b), &state, err);
	if (r < 0)
		return r;
	if ((r = sandbox_enter(proto->sandbox, err)) < 0 || (r = hello(s, proto, err)) < 0)
		return r;
	uint8_t job = 0;
	int client = -1;
	r = wait_client(s, &job, &client, err);
	if (r <= 0)
		return r;
	char id[24];
	snprintf(id, sizeof id, "%ju", (uintmax_t)s->worker);
	log_context("worker", id);
	return job == WIRE_JOB_PROBE ? gw_errand(s, proto, state, err) : serve(s, proto, client, err);
}

int gw_worker_main(const struct gw_proto *proto)
{
	struct err err = { 0 };
	log_context("role", proto->name);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return EXIT_FAILURE;
	gw_session_init(&session, GW_FIRST_FD);
	int r = work(&session, proto, &err);
	if (r < 0)
		log_err(r == -EBADMSG ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "worker.ended", &err);
	if (session.unrecorded)
		return WIRE_EXIT_UNRECORDED;
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
