#include "policy/dial/again.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/dial/choice.h"
#include "policy/dial/dial.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <string.h>

enum { PEER_US = 1000 * 1000 };

struct pol_again {
	struct pol_worker *w;
	struct pol_choice choice;
	int fd;
};

void pol_again_keep(struct pol_worker *w, struct pol_choice *choice)
{
	struct pol_again *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	a->w = w;
	a->fd = -1;
	a->choice = *choice;
	memset(choice, 0, sizeof *choice);
	w->again = a;
}

void pol_again_drop(struct pol_worker *w)
{
	struct pol_again *a = w->again;

	if (!a)
		return;
	pol_ask_drop(&w->b->asks, a);
	pol_dial_drop(w->b->dialler, a);
	scope_close(&a->fd);
	pol_choice_done(&a->choice);
	w->again = NULL;
	free(a);
}

static void answer(struct pol_worker *w, int code, int fd)
{
	if (code < 0)
		log_ev(LOG_LEVEL_INFO, "target.uncancelled", LOG_S("worker", w->name), LOG_N("code", code));
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_again_answer_queue(w->link.q, &(struct wire_again_answer){ .code = code }, fd));
}

static void vault_done(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_again *a = ctx;

	answer(a->w, code < 0 ? code : (int)reply->allow.code, code == 0 && reply->allow.code == 0 ? a->fd : -1);
	scope_close(&a->fd);
}

static void dial_done(void *ctx, int code, int fd, const struct err *err)
{
	struct pol_again *a = ctx;
	const struct pol_choice *c = &a->choice;

	(void)err;
	if (code < 0) {
		answer(a->w, code, -1);
		return;
	}
	a->fd = fd;
	struct wire_allow m = { .worker = a->w->id,
		.id = a->w->session.id,
		.kind = WIRE_SECRET_PASSWORD,
		.login = span_str(c->account),
		.sealed = buf_span(&c->sealed),
		.bound = span_str(c->bound),
		.uses = 1,
		.legacy = c->legacy };
	pol_peers_allow(a->w->b, &m, &(struct pol_ask){ .within_us = PEER_US, .done = vault_done, .ctx = a });
}

void pol_again_ask(struct pol_worker *w)
{
	const struct pol_again *a = w->again;

	if (!a || !w->session.on || a->choice.auth != WIRE_AUTH_PASSWORD) {
		answer(w, -EAGAIN, -1); /* granted by an earlier broker */
		return;
	}
	pol_dial(w->b->dialler,
		&(struct pol_dial_to){ .host = a->choice.host,
			.port = a->choice.port,
			.networks = a->choice.networks,
			.is_samples = a->choice.is_samples },
		dial_done, w->again);
}
