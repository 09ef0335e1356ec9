#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <stdio.h>

static const char lost[] = "Recording has stopped, so this session ends. 录像中断，会话结束。";
static const char leaving[] = "The gateway is shutting down. 网关正在停止。";
static const char ended[] = "The session was ended. 会话已被终止。";
static const char unanswered[] = "The gateway did not answer in time. 网关应答超时。";

void gw_session_listen(struct gw_session *s, const struct gw_session_events *events, void *ctx)
{
	s->events = events;
	s->ctx = ctx;
}

void gw_session_fds(const struct gw_session *s, int ret[static GW_SESSION_FDS])
{
	ret[0] = s->fd[GW_CONTROL];
	ret[1] = s->fd[GW_BROKER];
	ret[2] = s->fd[GW_RECORDER];
}

void gw_pump_end(struct gw_session *s, struct span reason)
{
	if (s->end_reason[0])
		return;
	gw_link_line(reason.n ? reason : span_str(ended), s->end_reason, sizeof s->end_reason);
	s->notes |= GW_NOTE_END;
}

const char *gw_session_ending(const struct gw_session *s)
{
	return s->end_reason[0] ? s->end_reason : NULL;
}

int gw_pump_answered(struct gw_session *s, const struct wire_open_answer *m)
{
	for (size_t i = 0; i < COUNT_OF(s->opens); i++) {
		struct gw_open *o = &s->opens[i];
		if (o->state != GW_OPEN_ASKED || !o->sent || o->channel != m->channel || o->request != m->request)
			continue;
		o->state = GW_OPEN_ANSWERED;
		o->code = m->code == 0 ? 0 : m->code < 0 && m->code > -4096 ? (int)m->code : -EACCES;
		gw_link_line(m->say, o->say, sizeof o->say);
		return 0;
	}
	/* One that was given up here has had its event already. */
	if (s->late_opens == 0)
		return -EBADMSG;
	s->late_opens--;
	return 0;
}

int64_t gw_session_due_us(const struct gw_session *s)
{
	if (s->notes)
		return 0;
	int64_t due = gw_tap_lost_us(s);
	for (size_t i = 0; i < COUNT_OF(s->opens); i++) {
		const struct gw_open *o = &s->opens[i];
		if (o->state == GW_OPEN_ANSWERED)
			return 0;
		if (o->state == GW_OPEN_ASKED && o->due_us < due)
			due = o->due_us;
	}
	return due;
}

static void expire(struct gw_session *s)
{
	int64_t now = clock_mono_us();
	for (size_t i = 0; i < COUNT_OF(s->opens); i++) {
		struct gw_open *o = &s->opens[i];
		if (o->state != GW_OPEN_ASKED || now < o->due_us)
			continue;
		o->state = GW_OPEN_ANSWERED;
		o->code = -ETIMEDOUT;
		snprintf(o->say, sizeof o->say, "%s", unanswered);
		s->late_opens += o->sent;
	}
	if (gw_tap_is_lost(s))
		gw_pump_end(s, span_str(lost));
}

static void fire_opened(struct gw_session *s)
{
	for (size_t i = 0; i < COUNT_OF(s->opens); i++) {
		struct gw_open *o = &s->opens[i];
		if (o->state != GW_OPEN_ANSWERED)
			continue;
		o->state = GW_OPEN_FREE; /* the callback may ask again, here */
		struct gw_open answer = *o;
		s->events->opened(s->ctx, answer.channel, answer.request, answer.code, answer.say);
	}
}

/* The protocol may call any gw_ function from inside an event: each note is taken off before it is told. */
static void fire(struct gw_session *s)
{
	unsigned notes = s->notes;
	s->notes = 0;
	if (!s->events)
		return;
	if (notes & GW_NOTE_LOCK)
		s->events->lock(s->ctx, s->locked, s->lock_reason);
	fire_opened(s);
	if (notes & GW_NOTE_SCREEN)
		s->events->screen(s->ctx);
	if (notes & GW_NOTE_FLOW)
		s->events->flow(s->ctx);
	if (notes & GW_NOTE_NOTICE)
		s->events->notice(s->ctx, s->notice);
	if (notes & GW_NOTE_END)
		s->events->end(s->ctx, s->end_reason);
}

int gw_session_pump(struct gw_session *s, struct err *err)
{
	int r = gw_link_turn(s, 0, 0, err);
	if (r < 0)
		return r;
	gw_ask_pending(s);
	expire(s);
	fire(s);
	if (s->fd[GW_CONTROL] < 0)
		return fault(err, -EPIPE, leaving, "the parent is gone");
	if (s->fd[GW_RECORDER] < 0)
		return fault(err, -EPIPE, lost, "the recorder is gone");
	return 0;
}
