#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <assert.h>
#include <errno.h>

static const char busy[] = "The gateway cannot answer now, please try again later. 网关暂时无法应答，请稍后再试。";
static const char leaving[] = "The gateway is shutting down. 网关正在停止。";

void gw_ask_again(struct gw_session *s, enum gw_link replaced)
{
	if (s->ask && s->ask->to == replaced && !s->ask->got)
		s->ask->sent = false;
	if (replaced != GW_BROKER)
		return;
	for (size_t i = 0; i < COUNT_OF(s->opens); i++)
		s->opens[i].sent = false;
	gw_ledger_again(s);
	gw_sql_again(s);
	gw_ask_pending(s);
}

void gw_ask_pending(struct gw_session *s)
{
	if (s->unsent.len && gw_link_send(s, GW_BROKER, WIRE_T_reached, buf_span(&s->unsent)) == 0)
		buf_clear(&s->unsent);
	for (size_t i = 0; i < COUNT_OF(s->opens); i++) {
		struct gw_open *o = &s->opens[i];
		if (o->state == GW_OPEN_ASKED && !o->sent)
			o->sent = gw_link_send(s, GW_BROKER, WIRE_T_open, buf_span(&o->question)) == 0;
	}
	gw_ledger_pending(s);
	gw_sql_pending(s);
}

/* Sends the question where that is possible now; a service that is away may come back by `replace`. */
static void try_send(struct gw_session *s, struct gw_ask *ask)
{
	if (ask->to == GW_BROKER && !gw_ledger_is_sent(s))
		gw_ask_pending(s); /* the ledger comes before the end */
	if (ask->type && !ask->sent && (ask->to != GW_BROKER || gw_ledger_is_sent(s)))
		ask->sent = gw_link_send(s, ask->to, ask->type, ask->body) == 0;
}

/* Why waiting has no use any more: 0 or a negative errno. */
static int hopeless(const struct gw_session *s, const struct gw_ask *ask, int64_t due_us, struct err *err)
{
	if (s->failed)
		return fault(err, s->failed, busy, "a service sent nonsense before");
	if (s->fd[GW_CONTROL] < 0)
		return fault(err, -EPIPE, leaving, "the parent is gone");
	if (!ask->to_the_end && s->end_reason[0])
		return fault(err, -ECANCELED, s->end_reason, "ended while waiting for an answer");
	if (clock_mono_us() >= due_us)
		return fault(err, s->fd[ask->to] < 0 ? -EPIPE : -ETIMEDOUT, busy, "no answer to %s%s",
			wire_type_name(ask->type), s->fd[ask->to] < 0 ? ": service is away" : "");
	return 0;
}

enum { RETRY_US = 5000 }; /* while the socket is full: poll(2) may call it writable and the message may not fit */

int gw_ask(struct gw_session *s, struct gw_ask *ask, struct err *err)
{
	assert(!s->ask);
	int64_t now = clock_mono_us();
	int64_t due = ask->wait_us > INT64_MAX - now ? INT64_MAX : now + ask->wait_us;
	ask->got = 0;
	ask->got_fd = -1;
	ask->sent = false;
	s->ask = ask;

	int r = 0;
	while (!ask->got && !(r = hopeless(s, ask, due, err)) && !(s->stop && ask->type == 0)) {
		try_send(s, ask);
		int64_t wait = due == INT64_MAX ? due : due - clock_mono_us();
		if (ask->type && !ask->sent && s->fd[ask->to] >= 0 && wait > RETRY_US)
			wait = RETRY_US;
		r = gw_link_turn(s, ask->deaf, wait, err);
		if (r < 0)
			break;
	}
	s->ask = NULL;
	if (ask->got)
		return 0;
	if (r == 0)
		return fault(err, -ECANCELED, leaving, "told to stop");
	if (ask->type && ask->sent && s->fd[ask->to] >= 0)
		s->late[ask->to]++;
	return r;
}
