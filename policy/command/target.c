#include "gateway/core/err.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/look.h"
#include <errno.h>
#include <string.h>

/* Targets that are looked at one after the other. */
struct looks {
	struct pol_look look;
	json_t *facts; /* array */
	size_t at;
	struct buf out;
	bool is_list;
};

static void looks_free(struct pol_call *c)
{
	struct looks *s = c->state;

	pol_look_drop(&s->look);
	json_decref(s->facts);
	buf_done(&s->out);
}

static void looks_next(struct pol_call *c)
{
	struct looks *s = c->state;

	if (s->at < json_array_size(s->facts)) {
		pol_look_start(&s->look, json_array_get(s->facts, s->at++));
		return;
	}
	if (s->is_list)
		buf_put(&s->out, "]", 1);
	pol_call_answer(c, buf_span(&s->out));
}

static void looked(void *ctx, struct span json)
{
	struct pol_call *c = ctx;
	struct looks *s = c->state;

	if (s->is_list && s->at > 1)
		buf_put(&s->out, ",", 1);
	buf_put_span(&s->out, json);
	looks_next(c);
}

/* The facts of one target, or an array of them. */
static void facts_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct looks *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *facts = json_loadb((const char *)text.p, text.n, 0, NULL);
	s->is_list = json_is_array(facts);
	if (s->is_list) {
		s->facts = facts;
		buf_put(&s->out, "[", 1);
	} else {
		s->facts = json_array();
		(void)json_array_append_new(s->facts, facts);
	}
	looks_next(c);
}

static void looks_begin(struct pol_call *c, bool repin)
{
	struct looks *s = pol_call_state(c, sizeof *s, looks_free);

	buf_init(&s->out, 16 << 20);
	s->look = (struct pol_look){ .b = c->b, .caller = c->caller, .repin = repin, .done = looked, .ctx = c };
	pol_call_sql(c, NULL, facts_came);
}

void pol_command_target_add(struct pol_call *c)
{
	looks_begin(c, false);
}

void pol_command_target_test(struct pol_call *c)
{
	looks_begin(c, false);
}

void pol_command_target_repin(struct pol_call *c)
{
	looks_begin(c, true);
}
