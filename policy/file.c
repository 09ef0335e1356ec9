#include "policy/file.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/worker.h"
#include <sodium.h>
#include <stdio.h>

static bool is_transfer(uint8_t op)
{
	return op == WIRE_FILE_UPLOAD || op == WIRE_FILE_DOWNLOAD;
}

static bool makes_sense(const struct wire_file *m)
{
	return m->protocol > 0 && m->protocol < WIRE_FILE_PROTOCOLS && m->op > 0 && m->op < WIRE_FILE_OPS && m->state > 0 &&
	       m->state < WIRE_FILE_STATES && (m->state != WIRE_FILE_BEGUN || is_transfer(m->op)) &&
	       (m->sha256.n == 0 || m->sha256.n == 32) && m->kept <= 1 && m->size <= INT64_MAX &&
	       m->from <= INT64_MAX;
}

static void write_down(struct pol_fact *f, const struct pol_worker *w, const struct wire_file *m)
{
	char id[ID_TEXT], hex[65];

	id_text(&w->session.id, id);
	pol_fact_open(f);
	pol_fact_text(f, "session", span_str(id));
	pol_fact_num(f, "channel", m->channel);
	pol_fact_num(f, "number", m->number);
	pol_fact_text(f, "protocol", span_str(wire_file_protocol_name(m->protocol)));
	pol_fact_text(f, "op", span_str(wire_file_op_name(m->op)));
	pol_fact_text(f, "state", span_str(wire_file_state_name(m->state)));
	pol_fact_text(f, "path", m->path);
	if (m->to.n)
		pol_fact_text(f, "to", m->to);
	if (m->why.n)
		pol_fact_text(f, "why", m->why);
	if (!is_transfer(m->op) || m->state == WIRE_FILE_BEGUN)
		return;
	pol_fact_num(f, "size", (int64_t)m->size);
	pol_fact_num(f, "from", (int64_t)m->from);
	pol_fact_num(f, "ranges", m->ranges);
	if (m->kept)
		pol_fact_num(f, "kept", 1);
	if (m->sha256.n) {
		sodium_bin2hex(hex, sizeof hex, m->sha256.p, m->sha256.n);
		pol_fact_text(f, "sha256", span_str(hex));
	}
}

void pol_file_told(struct pol_worker *w, const struct wire_file *m)
{
	struct pol_fact f;
	struct err err;
	char kind[40];

	if (!makes_sense(m)) {
		pol_worker_break(w, "file that makes no sense");
		return;
	}
	write_down(&f, w, m);
	(void)snprintf(kind, sizeof kind, "file.%s",
		m->state == WIRE_FILE_BEGUN ? "begun" : wire_file_op_name(m->op));
	if (pol_facts_put(&w->b->facts, kind, &f, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
		pol_worker_control(w->b, w->id, WIRE_END_SESSION,
			"The gateway cannot write its audit. / 网关暂时无法写入审计。");
		return;
	}
	if (link_is_open(&w->link))
		(void)link_sent(
			&w->link, wire_file_answer_queue(w->link.q, &(struct wire_file_answer){ .seq = m->seq }, -1));
}
