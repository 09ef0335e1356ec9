#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/dial/dial.h"
#include "policy/parent.h"
#include "policy/peers.h"
#include "policy/rotate/job.h"
#include "policy/worker.h"
#include <errno.h>
#include <string.h>

enum { ANSWER_US = 45 * 1000 * 1000, VAULT_US = 10 * 1000 * 1000, SIGNATURES = 4 };

void pol_rotate_errand_drop(struct pol_rotate_job *j)
{
	pol_dial_drop(j->b->dialler, j);
	pol_ask_drop(&j->b->asks, j);
	scope_close(&j->fd);
	if (j->worker) {
		pol_peers_forget(j->b, j->worker);
		if (pol_worker_find(j->b, j->worker))
			pol_worker_control(j->b, j->worker, WIRE_END_SESSION, "rotation over");
	}
	j->worker = 0;
}

static void back(struct pol_rotate_job *j, uint8_t how, bool sent)
{
	pol_rotate_errand_drop(j);
	j->came_back(j, how, sent);
}

/* A worker that is gone, or broke its rules, says nothing: whatever it was told may have been done. */
static void answered(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0)
		back(j, WIRE_ROTATE_BROKEN, true);
	else if (reply->rotate.how < WIRE_ROTATE_DONE || reply->rotate.how >= WIRE_ROTATE_HOWS)
		back(j, WIRE_ROTATE_BROKEN, true);
	else
		back(j, reply->rotate.how, reply->rotate.sent != 0);
}

static uint8_t means_of(const char *kind)
{
	return strcmp(kind, "mysql") == 0     ? WIRE_ROTATE_MYSQL
	       : strcmp(kind, "sqlserver") == 0 ? WIRE_ROTATE_TDS
						: WIRE_ROTATE_SSH;
}

void pol_rotate_errand_send(struct pol_rotate_job *j)
{
	struct pol_worker *w = pol_worker_find(j->b, j->worker);
	struct wire_rotate m = { .op = j->op,
		.means = means_of(pol_rotate_word(j->facts, "kind")),
		.host = span_str(pol_rotate_word(j->facts, "host")),
		.login = span_str(j->login.account),
		.auth = j->login.auth,
		.secret = j->secret_id,
		.account = span_str(pol_rotate_word(j->facts, "account")),
		.fresh = j->fresh_id,
		.host_key = buf_span(&j->host_key),
		.legacy = json_is_true(json_object_get(j->facts, "legacy")) };

	if (!w || !link_is_open(&w->link)) {
		back(j, WIRE_ROTATE_BROKEN, false);
		return;
	}
	m.ticket = pol_ask_add(&j->b->asks, &(struct pol_ask){ .role = WIRE_SSH,
						    .answer = WIRE_T_rotate_answer,
						    .within_us = ANSWER_US,
						    .done = answered,
						    .ctx = j });
	w->owes = m.ticket;
	(void)link_sent(&w->link, wire_rotate_queue(w->link.q, &m, j->fd));
	scope_close(&j->fd);
}

static void allowed_all(struct pol_rotate_job *j)
{
	if (j->op == WIRE_ROTATE_CHANGE)
		j->before_sending(j);
	else
		pol_rotate_errand_send(j);
}

static void allowed_fresh(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0 || reply->allow.code < 0)
		back(j, WIRE_ROTATE_NO_SECRET, false);
	else
		allowed_all(j);
}

static void allowed_login(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0 || reply->allow.code < 0) {
		back(j, WIRE_ROTATE_NO_SECRET, false);
		return;
	}
	if (j->op != WIRE_ROTATE_CHANGE) {
		allowed_all(j);
		return;
	}
	struct wire_allow m = { .worker = j->worker,
		.id = j->fresh_id,
		.kind = WIRE_SECRET_PASSWORD,
		.sealed = buf_span(&j->fresh),
		.bound = span_str(pol_rotate_word(j->facts, "bound")) };
	pol_peers_allow(j->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = allowed_fresh, .ctx = j });
}

static void came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0) {
		back(j, WIRE_ROTATE_BROKEN, false);
		return;
	}
	j->worker = reply->worker->id;
	id_new(&j->secret_id);
	id_new(&j->fresh_id);
	struct wire_allow m = { .worker = j->worker,
		.id = j->secret_id,
		.kind = j->login.auth == WIRE_AUTH_PASSWORD ? WIRE_SECRET_PASSWORD
			: j->login.auth == WIRE_AUTH_KEY    ? WIRE_SECRET_KEY
							    : WIRE_SECRET_CA,
		.login = span_str(j->login.account),
		.sealed = buf_span(&j->login.sealed),
		.bound = buf_span(&j->login.bound),
		.uses = SIGNATURES,
		.legacy = json_is_true(json_object_get(j->facts, "legacy")) };
	pol_peers_allow(j->b, &m, &(struct pol_ask){ .within_us = VAULT_US, .done = allowed_login, .ctx = j });
}

static void dialled(void *ctx, int code, int fd, const struct err *err)
{
	struct pol_rotate_job *j = ctx;

	if (code < 0) {
		log_err(LOG_LEVEL_INFO, "rotate.dial", err);
		back(j, WIRE_ROTATE_BROKEN, false);
		return;
	}
	j->fd = fd;
	pol_parent_want(j->b, &(struct wire_want){ .job = WIRE_JOB_PROBE, .role = WIRE_SSH }, -1, &(struct pol_ask){ .done = came, .ctx = j });
}

void pol_rotate_errand(struct pol_rotate_job *j)
{
	const struct pol_dial_to to = { .host = pol_rotate_word(j->facts, "host"),
		.port = (uint16_t)json_integer_value(json_object_get(j->facts, "port")),
		.networks = pol_rotate_word(j->facts, "networks"),
		.is_samples = json_is_true(json_object_get(j->facts, "samples")) };

	j->fd = -1;
	pol_dial(j->b->dialler, &to, dialled, j);
}
