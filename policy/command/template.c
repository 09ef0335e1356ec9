#include "gateway/core/err.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/seal.h"
#include "policy/peers.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* template apply: one target after the other, each credential sealed for its own; what fails on one does not stop the others. */
enum { ARGS_MAX = 1 << 20 };

struct apply {
	json_t *plan, *failed; /* the answer of api.template_apply; array of {target, say} */
	size_t at, done;
	uint8_t kind; /* enum wire_secret */
};

static void apply_free(struct pol_call *c)
{
	struct apply *s = c->state;

	json_decref(s->plan);
	json_decref(s->failed);
}

static const char *word(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static const json_t *target_now(const struct apply *s)
{
	return json_array_get(json_object_get(s->plan, "targets"), s->at);
}

static void apply_next(struct pol_call *c);

static void apply_failed(struct pol_call *c, const char *say)
{
	struct apply *s = c->state;

	(void)json_array_append_new(s->failed, json_pack("{s:s, s:s}", "target", word(target_now(s), "target"), "say", say));
	s->at++;
	apply_next(c);
}

static void apply_end(struct pol_call *c)
{
	struct apply *s = c->state;
	json_t *answer = json_pack("{s:s, s:s, s:I, s:O, s:O}", "name", word(s->plan, "name"), "account", word(s->plan, "account"),
		"added", (json_int_t)s->done, "kept", json_object_get(s->plan, "kept"), "failed", s->failed);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	json_decref(answer);
	if (text)
		pol_call_answer(c, span_str(text));
	else
		pol_call_fail(c, -ENOMEM, "internal error");
	free(text);
}

static void written(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct apply *s = c->state;

	(void)res;
	if (code < 0) {
		apply_failed(c, err->say[0] ? err->say : "the database does not answer");
		return;
	}
	s->done++;
	s->at++;
	apply_next(c);
}

static void write_row(struct pol_call *c, const struct wire_sealed *m)
{
	const struct apply *s = c->state;
	struct buf args;
	struct json j;

	buf_init(&args, ARGS_MAX);
	json_open(&j, &args);
	json_obj(&j, NULL);
	json_str(&j, "target", span_str(word(target_now(s), "target")));
	json_str(&j, "account", span_str(word(s->plan, "account")));
	json_str(&j, "kind", span_str(word(s->plan, "kind")));
	pol_seal_put(&j, m->sealed);
	json_str(&j, "bound", span_str(word(target_now(s), "bound")));
	json_str(&j, "public_key", m->public_key);
	json_num(&j, "template_id", json_integer_value(json_object_get(s->plan, "template_id")));
	json_end(&j);
	pol_query(&c->b->sql, POL_SQL("select api.account_set($1::jsonb, $2::jsonb)", c->caller, buf_str(&args)), written, c);
	buf_done(&args);
}

static void sealed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	char say[160];

	if (code < 0) {
		apply_failed(c, "the vault does not answer; try again");
	} else if (reply->sealed.code < 0) {
		struct span s = reply->sealed.say;
		(void)snprintf(say, sizeof say, "%.*s", (int)(s.n < 150 ? s.n : 150), (const char *)s.p);
		apply_failed(c, say);
	} else {
		write_row(c, &reply->sealed);
	}
}

static void apply_next(struct pol_call *c)
{
	struct apply *s = c->state;

	if (!target_now(s)) {
		apply_end(c);
		return;
	}
	pol_seal_ask(c, s->kind, word(target_now(s), "bound"), sealed);
}

static void planned(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct apply *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	s->plan = json_loadb((const char *)text.p, text.n, 0, NULL);
	const char *kind = word(s->plan, "kind");
	s->kind = strcmp(kind, "password") == 0 ? WIRE_SECRET_PASSWORD
		  : strcmp(kind, "key") == 0    ? WIRE_SECRET_KEY
						: WIRE_SECRET_CA;
	if ((s->kind == WIRE_SECRET_CA) != (c->fd < 0) && target_now(s))
		pol_call_fail(c, -EINVAL, s->kind == WIRE_SECRET_CA ? "this template needs no secret: leave it out"
								    : "this template needs a secret: give a password or a key in a file");
	else
		apply_next(c);
}

void pol_command_template_apply(struct pol_call *c)
{
	struct apply *s = pol_call_state(c, sizeof *s, apply_free);

	s->failed = json_array();
	pol_call_sql(c, NULL, planned);
}
