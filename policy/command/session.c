#include "gateway/core/err.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/peers.h"
#include "policy/worker.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WATCH_US = 5 * 1000 * 1000 };

/* The session in the answer of api.session_*. */
struct found {
	struct id id;
	uint64_t worker;
};

static int found_get(struct span text, struct found *ret)
{
	json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
	const char *id = json_string_value(json_object_get(j, "id"));
	const char *worker = json_string_value(json_object_get(j, "worker"));
	int r = id && worker ? id_parse(span_str(id), &ret->id) : -EPROTO;

	if (r == 0)
		ret->worker = strtoull(worker, NULL, 10);
	json_decref(j);
	return r;
}

/* ---- watch ---- */

struct watch {
	char *json;
};

static void watch_free(struct pol_call *c)
{
	struct watch *s = c->state;

	free(s->json);
}

static void watching(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct watch *s = c->state;

	if (code < 0)
		pol_call_fail(c, code, "the recorder does not answer; try again");
	else if (reply->watch.code < 0)
		pol_call_fail_as(c, reply->watch.code, reply->watch.say);
	else
		pol_call_answer(c, span_str(s->json));
}

static void watch_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct watch *s = c->state;
	struct found f;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	if (found_get(pg_span(res, 0, 0), &f) < 0) {
		pol_call_fail(c, -EPROTO, "the session's row makes no sense");
		return;
	}
	s->json = strdup(pg_text(res, 0, 0));
	const char *pace = pol_call_arg(c, "pace"); /* api.session_watch has looked at it */
	struct wire_watch m = { .id = f.id, .pace_ms = pace ? (uint32_t)strtoul(pace, NULL, 10) : 0 };
	pol_peers_watch(c->b, &m, c->fd, &(struct pol_ask){ .within_us = WATCH_US, .done = watching, .ctx = c });
}

void pol_command_session_watch(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct watch), watch_free);
	pol_call_sql(c, NULL, watch_found);
}

/* ---- kill, lock, unlock, message: the function has audited it; the parent does it ---- */

static void control(struct pol_call *c, int code, const struct pg_result *res, const struct err *err, uint8_t op)
{
	const char *reason = pol_call_arg(c, "reason");
	struct found f;

	if (code == 0 && found_get(pg_span(res, 0, 0), &f) == 0)
		pol_worker_control(c->b, f.worker, op, reason ? reason : "");
	pol_call_sql_answer(c, code, res, err);
}

static void kill_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	control(ctx, code, res, err, WIRE_END_SESSION);
}

static void lock_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	control(ctx, code, res, err, WIRE_LOCK);
}

static void unlock_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	control(ctx, code, res, err, WIRE_UNLOCK);
}

/* In both languages: the worker knows its client's, and the words are somebody's own. */
static void message_found(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct found f;
	char say[600];

	(void)snprintf(say, sizeof say, "an administrator says / 管理员消息: %s", pol_call_arg(c, "text"));
	if (code == 0 && found_get(pg_span(res, 0, 0), &f) == 0)
		pol_worker_control(c->b, f.worker, WIRE_NOTICE, say);
	pol_call_sql_answer(c, code, res, err);
}

void pol_command_session_message(struct pol_call *c)
{
	pol_call_sql(c, NULL, message_found);
}

void pol_command_session_kill(struct pol_call *c)
{
	pol_call_sql(c, NULL, kill_found);
}

void pol_command_session_lock(struct pol_call *c)
{
	pol_call_sql(c, NULL, lock_found);
}

void pol_command_session_unlock(struct pol_call *c)
{
	pol_call_sql(c, NULL, unlock_found);
}
