#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* What a worker may say: frames, and only while something is recorded for it. */
enum { W_IDLE, W_RECORDING, W_OVER };
static const struct permit_rule worker_rules[] = {
	{ WIRE_T_frames, PERMIT_IN(W_RECORDING), W_RECORDING, 0 },
	/* Frames sent before it learned that recording has failed. */
	{ WIRE_T_frames, PERMIT_IN(W_OVER), W_OVER, 0 },
};
enum { QUEUE = 64 * 1024, BATCH = 8, LAST = 65536 /* messages: far more than fit a socket */ };

static int handle(struct rec_worker *w, uint16_t type, struct span body, struct err *err)
{
	struct wire_frames m;
	if (permit_step(&w->permit, type) < 0)
		return fault(err, -EPERM, "internal error", "%s in state %u", wire_type_name(type), w->permit.state);
	int rc = wire_frames_get(body, &m, err);
	if (rc < 0 || !w->rec)
		return rc;
	return rec_take(w->rec, &m, err);
}

/* What lies in its socket, at most so many messages.  False: it was dropped. */
static bool read_some(struct rec_worker *w, int messages)
{
	static uint8_t body[MSG_BODY_MAX]; /* one receiving thread */
	struct err err = { 0 };
	while (messages-- > 0) {
		uint16_t type = 0;
		scoped(scope_close) int fd = -1;
		int n = msg_recv_now(w->sock, &type, body, sizeof body, &fd, &err);
		if (n == -EAGAIN)
			return true;
		if (n >= 0 && fd >= 0)
			n = fault(&err, -EPERM, "internal error", "a descriptor with %s", wire_type_name(type));
		if (n >= 0)
			n = handle(w, type, span_of(body, (size_t)n), &err);
		if (n < 0) {
			if (n != -EPIPE)
				log_err(LOG_LEVEL_WARN, "worker.cut_off", &err);
			rec_worker_drop(w);
			return false;
		}
	}
	return true;
}

static void ready(void *ctx, uint32_t events)
{
	(void)events;
	(void)read_some(ctx, BATCH);
}

void rec_worker_last(struct rec_worker *w)
{
	if (read_some(w, LAST))
		rec_worker_drop(w);
}

int rec_worker_add(struct recorder *r, uint64_t number, int sock, struct err *err)
{
	struct rec_worker *w = calloc(1, sizeof *w);
	if (!w) {
		(void)close(sock);
		return fault(err, -ENOMEM, "internal error", "no memory for a worker");
	}
	*w = (struct rec_worker){ .r = r, .number = number, .sock = sock, .next = r->workers,
		.permit = { .rules = worker_rules, .n = COUNT_OF(worker_rules), .state = W_IDLE },
		.io = { .fd = sock, .ready = ready, .ctx = w } };
	r->workers = w;
	int rc = msgq_new(&w->out, r->loop, sock, QUEUE, err);
	if (rc == 0)
		rc = loop_add(r->loop, &w->io, EPOLLIN, err);
	if (rc < 0)
		rec_worker_drop(w);
	return rc;
}

struct rec_worker *rec_worker_find(struct recorder *r, uint64_t number)
{
	struct rec_worker *w = r->workers;
	while (w && w->number != number)
		w = w->next;
	return w;
}

void rec_worker_begin(struct rec_worker *w, struct rec *rec)
{
	w->rec = rec;
	rec->worker = w;
	w->permit.state = W_RECORDING;
}

void rec_worker_leave(struct rec_worker *w)
{
	if (w->rec)
		w->rec->worker = NULL;
	w->rec = NULL;
	w->permit.state = W_OVER;
}

void rec_worker_drop(struct rec_worker *w)
{
	struct rec_worker **at = &w->r->workers;
	struct rec *rec = w->rec;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	rec_worker_leave(w);
	if (rec)
		rec_end(rec);
	loop_del(&w->io);
	w->out = msgq_free(w->out);
	scope_close(&w->sock);
	free(w);
}

/* A worker that does not read what we say has lost its recorder: the next message from it, or its end, will show. */
static void check(struct rec_worker *w, int rc)
{
	if (rc == -EAGAIN)
		(void)shutdown(w->sock, SHUT_RDWR);
}

void rec_worker_sealed(struct rec *rec, size_t bytes)
{
	rec->under_way -= bytes;
	rec->r->under_way -= bytes;
	rec_worker_credit(rec);
}

void rec_worker_credit(struct rec *rec)
{
	size_t ahead = rec->r->under_way <= REC_AHEAD_ALL ? REC_AHEAD : 0;
	if (!rec->worker || rec->uncredited < REC_CREDIT_STEP || rec->under_way > ahead)
		return;
	check(rec->worker,
		wire_credit_queue(rec->worker->out, &(struct wire_credit){ .bytes = (uint32_t)rec->uncredited }, -1));
	rec->uncredited = 0;
}

void rec_worker_durable(struct rec *rec)
{
	if (rec->worker)
		check(rec->worker,
			wire_durable_queue(rec->worker->out, &(struct wire_durable){ .seq = rec->durable_seq }, -1));
}

void rec_worker_unrecorded(struct rec *rec, int code, const char *say)
{
	if (!rec->worker)
		return;
	struct wire_unrecorded m = { .code = code, .say = span_str(say) };
	check(rec->worker, wire_unrecorded_queue(rec->worker->out, &m, -1));
	rec_worker_leave(rec->worker);
}

void rec_worker_keyframe(struct rec *rec)
{
	if (rec->worker)
		check(rec->worker, wire_keyframe_queue(rec->worker->out, &(struct wire_keyframe){ 0 }, -1));
}
