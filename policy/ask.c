#include "policy/ask.h"
#include <errno.h>
#include <stdlib.h>

struct pol_ask_waiting {
	struct pol_ask_waiting *next;
	struct pol_asks *all;
	struct pol_ask ask;
	uint64_t ticket;
	int code; /* why it will fail when the timer fires */
	struct loop_timer timer;
};

static void ask_unlink(struct pol_ask_waiting *w)
{
	struct pol_ask_waiting **at = &w->all->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_timer_del(&w->timer);
}

static void ask_finish(struct pol_ask_waiting *w, int code, const union pol_reply *reply)
{
	struct pol_ask ask = w->ask;

	ask_unlink(w);
	free(w);
	ask.done(ask.ctx, code, reply);
}

static void ask_due(void *ctx)
{
	struct pol_ask_waiting *w = ctx;

	ask_finish(w, w->code, NULL);
}

uint64_t pol_ask_add(struct pol_asks *a, const struct pol_ask *ask)
{
	struct pol_ask_waiting *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->all = a;
	w->ask = *ask;
	w->ticket = ask->ticket ? ask->ticket : ++a->last_ticket;
	w->code = -ETIMEDOUT;
	w->timer.fire = ask_due;
	w->timer.ctx = w;
	w->next = a->first;
	a->first = w;
	loop_timer_set(a->loop, &w->timer, ask->within_us);
	return w->ticket;
}

bool pol_ask_answer(struct pol_asks *a, uint16_t type, uint64_t ticket, const union pol_reply *reply)
{
	for (struct pol_ask_waiting *w = a->first; w; w = w->next)
		if (w->ask.answer == type && w->ticket == ticket) {
			ask_finish(w, 0, reply);
			return true;
		}
	return false;
}

bool pol_ask_answer_id(struct pol_asks *a, uint16_t type, const struct id *id, const union pol_reply *reply)
{
	for (struct pol_ask_waiting *w = a->first; w; w = w->next)
		if (w->ask.answer == type && id_eq(&w->ask.id, id)) {
			ask_finish(w, 0, reply);
			return true;
		}
	return false;
}

/* Told from the loop, not from here: the caller is in the middle of asking. */
static void ask_fail_soon(struct pol_ask_waiting *w, int code)
{
	w->code = code;
	loop_timer_del(&w->timer);
	loop_timer_set(w->all->loop, &w->timer, 0);
}

void pol_ask_fail(struct pol_asks *a, uint64_t ticket, int code)
{
	for (struct pol_ask_waiting *w = a->first; w; w = w->next)
		if (w->ticket == ticket)
			ask_fail_soon(w, code);
}

void pol_ask_lost(struct pol_asks *a, uint8_t role)
{
	for (struct pol_ask_waiting *w = a->first; w; w = w->next)
		if (w->ask.role == role)
			ask_fail_soon(w, -EPIPE);
}

void pol_ask_drop(struct pol_asks *a, const void *ctx)
{
	struct pol_ask_waiting *next;

	for (struct pol_ask_waiting *w = a->first; w; w = next) {
		next = w->next;
		if (w->ask.ctx == ctx) {
			ask_unlink(w);
			free(w);
		}
	}
}
