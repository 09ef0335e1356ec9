#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { QUEUE = 4 << 20 };

/* ---- what they say ---- */
static void begin(struct recorder *r, const struct wire_begin *m)
{
	struct err err = { 0 };
	int rc = rec_begin(r, m, &err);
	if (rc < 0) {
		log_err(LOG_LEVEL_WARN, "recording.begin", &err);
		rec_peer_begun(r, &m->id, rc, err.say);
	}
}

static void watch(struct recorder *r, const struct wire_watch *m, int *fd)
{
	struct err err = { 0 };
	struct rec *rec = rec_find(r, &m->id);
	int rc = 0;
	if (*fd < 0)
		rc = fault(&err, -EINVAL, "internal error", "watch without a socket");
	else if (!rec || rec->state != REC_OPEN)
		rc = fault(&err, -ENOENT, "this session is not online", "no such recording");
	else
		rc = rec_live_add(rec, take_fd(*fd), m->pace_ms, &err);
	struct wire_watch_answer a = { .ticket = m->ticket, .code = rc, .say = span_str(rc < 0 ? err.say : "") };
	if (r->broker_out)
		(void)wire_watch_answer_queue(r->broker_out, &a, -1);
}

static int from_broker(struct recorder *r, uint16_t type, struct span body, int *fd, struct err *err)
{
	struct wire_begin b;
	struct wire_watch w;
	struct wire_recording q;
	struct wire_remove m;
	int rc;
	switch (type) {
	case WIRE_T_begin:
		if ((rc = wire_begin_get(body, &b, err)) == 0)
			begin(r, &b);
		return rc;
	case WIRE_T_watch:
		if ((rc = wire_watch_get(body, &w, err)) == 0)
			watch(r, &w, fd);
		return rc;
	case WIRE_T_recording:
		if ((rc = wire_recording_get(body, &q, err)) == 0)
			rec_ask(r, &q.id);
		return rc;
	case WIRE_T_remove:
		if ((rc = wire_remove_get(body, &m, err)) == 0)
			rec_remove(r, &m);
		return rc;
	default:
		return fault(err, -EPERM, "internal error", "%s from the broker", wire_type_name(type));
	}
}

static int from_vault(struct recorder *r, uint16_t type, struct span body, int *fd, struct err *err)
{
	struct wire_publics_answer p;
	struct wire_sign_answer s;
	int rc;
	(void)fd;
	switch (type) {
	case WIRE_T_publics_answer:
		if ((rc = wire_publics_answer_get(body, &p, err)) < 0)
			return rc;
		memcpy(r->seal_key, p.seal.b, sizeof r->seal_key);
		r->has_seal_key = true;
		return 0;
	case WIRE_T_sign_answer:
		if ((rc = wire_sign_answer_get(body, &s, err)) == 0)
			rec_sign_answer(r, &s);
		return rc;
	default:
		return fault(err, -EPERM, "internal error", "%s from the vault", wire_type_name(type));
	}
}

/* ---- their sockets ---- */
static void lose(struct recorder *r, struct loop_io *io)
{
	int sock = io->fd;
	struct msgq **out = io == &r->vault ? &r->vault_out : &r->broker_out;
	if (sock < 0)
		return;
	loop_del(io);
	*out = msgq_free(*out);
	scope_close(&sock);
	if (io == &r->vault)
		rec_sign_again(r); /* waits for the next one */
}

static void ready(struct recorder *r, struct loop_io *io,
	int (*handle)(struct recorder *r, uint16_t type, struct span body, int *fd, struct err *err))
{
	static uint8_t body[MSG_BODY_MAX]; /* one receiving thread */
	struct err err = { 0 };
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	int n = msg_recv_now(io->fd, &type, body, sizeof body, &fd, &err);
	if (n == -EAGAIN)
		return;
	if (n >= 0)
		n = handle(r, type, span_of(body, (size_t)n), &fd, &err);
	if (n < 0) {
		if (n != -EPIPE)
			log_err(LOG_LEVEL_ERROR, "peer.broken", &err);
		lose(r, io);
	}
}

static void broker_ready(void *ctx, uint32_t events)
{
	struct recorder *r = ctx;
	(void)events;
	ready(r, &r->broker, from_broker);
}

static void vault_ready(void *ctx, uint32_t events)
{
	struct recorder *r = ctx;
	(void)events;
	ready(r, &r->vault, from_vault);
}

int rec_peer_set(struct recorder *r, uint8_t role, int sock, struct err *err)
{
	bool vault = role == WIRE_VAULT;
	struct loop_io *io = vault ? &r->vault : &r->broker;
	struct msgq **out = vault ? &r->vault_out : &r->broker_out;
	if (!vault && role != WIRE_BROKER) {
		(void)close(sock);
		return fault(err, -EPERM, "internal error", "a socket to role %u", role);
	}
	lose(r, io);
	*io = (struct loop_io){ .fd = sock, .ready = vault ? vault_ready : broker_ready, .ctx = r };
	int rc = msgq_new(out, r->loop, sock, QUEUE, err);
	if (rc == 0)
		rc = loop_add(r->loop, io, EPOLLIN, err);
	if (rc < 0) {
		*out = msgq_free(*out);
		(void)close(sock);
		io->fd = -1;
		return rc;
	}
	if (!vault) {
		rec_sign_tell_all(r);
		return 0;
	}
	rc = wire_publics_queue(r->vault_out, &(struct wire_publics){ 0 }, -1);
	rec_sign_pump(r);
	return rc == -EPIPE ? 0 : rc; /* gone again: its socket will tell */
}

void rec_peer_done(struct recorder *r)
{
	lose(r, &r->broker);
	lose(r, &r->vault);
}

/* ---- what they are told ---- */
bool rec_peer_answer(struct recorder *r, const struct wire_recording_answer *m)
{
	return r->broker_out && wire_recording_answer_queue(r->broker_out, m, -1) == 0;
}

void rec_peer_begun(struct recorder *r, const struct id *id, int code, const char *say)
{
	struct wire_begin_answer m = { .id = *id, .code = code, .say = span_str(say) };
	if (r->broker_out)
		(void)wire_begin_answer_queue(r->broker_out, &m, -1);
}

bool rec_peer_space(struct recorder *r, const struct wire_space *m)
{
	return r->broker_out && wire_space_queue(r->broker_out, m, -1) == 0;
}

bool rec_peer_sign(struct recorder *r, const struct wire_sign *m)
{
	return r->vault_out && wire_sign_queue(r->vault_out, m, -1) == 0;
}
