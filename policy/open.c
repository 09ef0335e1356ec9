#include "policy/open.h"
#include "gateway/core/charset.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "policy/broker.h"
#include "policy/decide/rule.h"
#include "policy/keep/durable.h"
#include "policy/worker.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What a channel is asked for: one of the first, and a direction where its bytes go one way only. */
enum {
	FEATURES = WIRE_FEATURE_SHELL | WIRE_FEATURE_EXEC | WIRE_FEATURE_SFTP | WIRE_FEATURE_SCP | WIRE_FEATURE_FORWARD |
		   WIRE_FEATURE_REVERSE | WIRE_FEATURE_AGENT | WIRE_FEATURE_X11,
	DIRECTIONS = WIRE_FEATURE_UPLOAD | WIRE_FEATURE_DOWNLOAD,
};

static bool is_one(uint32_t bits)
{
	return bits && (bits & (bits - 1)) == 0;
}

static bool makes_sense(uint32_t request)
{
	uint32_t direction = request & DIRECTIONS;

	return (request & (FEATURES | DIRECTIONS)) == request && is_one(request & FEATURES) && (!direction || is_one(direction));
}

/* The exec string as the target reads it: rules and searches want it as text. */
static void put_text(struct pol_fact *f, const struct pol_worker *w, struct span text)
{
	struct buf utf8;

	buf_init(&utf8, MSG_BODY_MAX * 3);
	charset_to_utf8(w->session.charset, text, &utf8);
	pol_fact_text(f, "text", buf_span(&utf8));
	buf_done(&utf8);
}

static int open_audit(struct pol_worker *w, const struct wire_open *m, bool allowed, struct err *err)
{
	struct pol_fact f;
	char id[ID_TEXT];

	id_text(&w->session.id, id);
	pol_fact_open(&f);
	pol_fact_text(&f, "session", span_str(id));
	pol_fact_num(&f, "channel", m->channel);
	pol_fact_text(&f, "request", span_str(decide_rule_feature(m->request & FEATURES)));
	if (m->request & DIRECTIONS)
		pol_fact_text(&f, "direction", span_str(decide_rule_feature(m->request & DIRECTIONS)));
	if (m->text.n)
		put_text(&f, w, m->text);
	return pol_facts_put(&w->b->facts, allowed ? "channel.opened" : "channel.refused", &f, err);
}

static void answer(struct pol_worker *w, const struct wire_open_answer *a)
{
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_open_answer_queue(w->link.q, a, -1));
}

/* ---- it runs when its record is on disk, and not before ---- */

struct pol_open_held {
	struct pol_open_held *next;
	struct pol_broker *b;
	uint64_t worker;
	uint32_t channel, request;
};

static void held_free(struct pol_open_held *h)
{
	struct pol_open_held **at = &h->b->opens;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	pol_durable_drop(h->b->durable, h);
	free(h);
}

static void durable(void *ctx, int code)
{
	struct pol_open_held *h = ctx;
	struct pol_worker *w = pol_worker_find(h->b, h->worker);
	struct wire_open_answer a = { .channel = h->channel, .request = h->request };

	if (code < 0) {
		a.code = -EIO;
		a.say = span_str("The gateway cannot write its audit. / 网关暂时无法写入审计。");
	}
	held_free(h);
	if (w)
		answer(w, &a);
}

static void hold(struct pol_worker *w, const struct wire_open_answer *a)
{
	struct pol_open_held *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	*h = (struct pol_open_held){
		.next = w->b->opens, .b = w->b, .worker = w->id, .channel = a->channel, .request = a->request
	};
	w->b->opens = h;
	pol_durable_wait(w->b->durable, durable, h);
}

void pol_open_ask(struct pol_worker *w, const struct wire_open *m)
{
	struct wire_open_answer a = { .channel = m->channel, .request = m->request };
	char say[128] = "";
	struct err err;

	if (!makes_sense(m->request)) {
		pol_worker_break(w, "open of an unknown request");
		return;
	}
	uint32_t missing = m->request & ~w->session.features;
	bool allowed = w->session.on && !missing;
	if (!allowed) {
		const char *what = decide_rule_feature(missing & FEATURES ? missing & FEATURES : missing);
		a.code = -EACCES;
		(void)snprintf(say, sizeof say, "%s is not allowed here. / 此处不允许 %s。", what, what);
	}
	if (open_audit(w, m, allowed, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
		a.code = -ENOSPC;
		(void)snprintf(say, sizeof say, "The gateway cannot write its audit. / 网关暂时无法写入审计。");
	}
	a.say = span_str(say);
	if (a.code < 0)
		answer(w, &a);
	else
		hold(w, &a);
}

void pol_open_free_all(struct pol_broker *b)
{
	while (b->opens)
		held_free(b->opens);
}
