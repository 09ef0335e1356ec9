#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/seal.h"
#include "policy/peers.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_US = 200 * 1000, LOOKS = 125, ARGS_MAX = 1 << 17 };

/* ---- channel add, channel set: the vault seals the secret, bound to where it is for ---- */

/* The first line says of which kind the secret is, the rest what it is bound to. */
static void binding(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	const char *text = code == 0 && pg_rows(res) ? pg_text(res, 0, 0) : NULL;
	const char *rest = text ? strchr(text, '\n') : NULL;

	if (!rest) {
		pol_call_sql_answer(c, code < 0 ? code : -EIO, res, err);
		return;
	}
	pol_seal_run(c, strncmp(text, "mail\n", 5) == 0 ? WIRE_SECRET_MAIL : WIRE_SECRET_HOOK, rest + 1, "host");
}

void pol_command_channel(struct pol_call *c)
{
	struct buf args;
	struct json j;

	if (c->fd < 0) {
		pol_call_sql(c, NULL, pol_call_sql_answer);
		return;
	}
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	json_end(&j);
	pol_query(&c->b->sql, POL_SQL("select api.channel_binding($1::jsonb, $2::jsonb)", c->caller, buf_str(&args)), binding, c);
	buf_done(&args);
}

/* ---- channel test: a message is put into the outbox, and how it went is waited for ---- */

struct test {
	struct loop_timer look;
	char id[24];
	int looks;
};

static void test_free(struct pol_call *c)
{
	struct test *s = c->state;

	loop_timer_del(&s->look);
}

static void looked(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct test *s = c->state;

	if (code < 0 || (pg_rows(res) && pg_text(res, 0, 0)))
		pol_call_sql_answer(c, code, res, err);
	else if (++s->looks >= LOOKS)
		pol_call_fail(c, -ETIMEDOUT, "the message is still under way; see: notice list");
	else
		loop_timer_set(c->b->loop, &s->look, LOOK_US);
}

static void look(void *ctx)
{
	struct pol_call *c = ctx;
	const struct test *s = c->state;

	pol_query(&c->b->sql, POL_SQL("select api.channel_tested($1::bigint)", s->id), looked, c);
}

static void begun(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct test *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *doc = json_loadb((const char *)text.p, text.n, 0, NULL);
	(void)snprintf(s->id, sizeof s->id, "%" PRId64, (int64_t)json_integer_value(json_object_get(doc, "id")));
	json_decref(doc);
	s->look = (struct loop_timer){ .fire = look, .ctx = c };
	loop_timer_set(c->b->loop, &s->look, LOOK_US);
}

void pol_command_channel_test(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct test), test_free);
	pol_call_sql(c, NULL, begun);
}
