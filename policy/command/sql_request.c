/* SQL approval: what somebody wants to run is judged here, with the rules that the database names, and kept by the database. */
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/sql/check.h"
#include "policy/sql/diff.h"
#include "policy/sql/rules.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_MAX = 64 << 10, SHOWN_MAX = 24 << 20 };

struct asked {
	struct buf text, args, findings;
};

static void asked_free(struct pol_call *c)
{
	struct asked *a = c->state;

	buf_done(&a->text);
	buf_done(&a->args);
	buf_done(&a->findings);
}

/* All of the memfd: sealed, so it neither shrinks nor changes meanwhile (pol_call_new has looked). */
static bool text_read(int fd, struct buf *out)
{
	uint8_t piece[16384];

	for (off_t at = 0;;) {
		ssize_t n = pread(fd, piece, sizeof piece, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && !out->failed;
		buf_put(out, piece, (size_t)n);
		at += n;
	}
}

static json_t *facts_of(const struct pg_result *res)
{
	struct span text = pg_span(res, 0, 0);

	return json_loadb((const char *)text.p, text.n, 0, NULL);
}

/* What the judge says goes to the database with the text, or is the answer. */
static void judged(struct pol_call *c)
{
	struct asked *a = c->state;
	scoped(buf_done) struct buf bytes = { 0 }, sql = { 0 };

	if (strcmp(c->command->sql, "api.sql_request_check") == 0) {
		pol_call_answer(c, buf_span(&a->findings));
		return;
	}
	buf_init(&bytes, 2 * (size_t)POL_SQL_CHECK_MAX + 16);
	pg_bytea_text(buf_span(&a->text), &bytes);
	buf_init(&sql, 256);
	buf_printf(&sql, "select %s($1::jsonb, $2::jsonb, $3::bytea, $4::jsonb)", c->command->sql);
	pol_query(&c->b->sql, POL_SQL(buf_str(&sql), c->caller, buf_str(&a->args), buf_str(&bytes), buf_str(&a->findings)), pol_call_sql_answer, c);
}

static void facts_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct asked *a = c->state;
	struct err why = { 0 };

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	json_t *facts = facts_of(res), *caller = json_loads(c->caller, 0, NULL);
	const char *address = json_string_value(json_object_get(caller, "address"));
	buf_init(&a->findings, POL_SQL_CHECK_ANSWER);
	int r = facts ? pol_sql_check(facts, buf_span(&a->text), address ? address : "", clock_wall_us(), &a->findings, &why) :
			fault(&why, -EPROTO, "internal error", "the facts of a target make no sense");
	json_decref(facts);
	json_decref(caller);
	if (r < 0)
		pol_call_fail(c, r, why.say);
	else
		judged(c);
}

void pol_command_sql_request(struct pol_call *c)
{
	struct asked *a = pol_call_state(c, sizeof *a, asked_free);
	struct json j;

	buf_init(&a->text, POL_SQL_CHECK_MAX);
	buf_init(&a->args, ARGS_MAX);
	if (!text_read(c->fd, &a->text)) {
		pol_call_fail(c, a->text.failed ? -EINVAL : -EIO, a->text.failed ? "the SQL is longer than 1 MiB" : "the SQL cannot be read");
		return;
	}
	pol_call_args_open(c, &j, &a->args);
	json_end(&j);
	if (a->args.failed)
		pol_call_fail(c, -EMSGSIZE, "the arguments are too long");
	else
		pol_query(&c->b->sql, POL_SQL("select api.sql_request_check($1::jsonb, $2::jsonb)", c->caller, buf_str(&a->args)), facts_came, c);
}

/* ---- looking at one ---- */

/* The facts as they came, and instead of the text before: what changed. */
static void put_shown(json_t *facts, struct buf *out)
{
	json_t *before = json_object_get(facts, "before");
	struct json j;

	if (json_is_string(before)) {
		scoped(buf_done) struct buf diff = { 0 };
		buf_init(&diff, SHOWN_MAX);
		json_open(&j, &diff);
		json_obj(&j, NULL);
		pol_sql_diff(&j, "diff", pol_sql_text(facts, "before"), pol_sql_text(facts, "text"));
		json_end(&j);
		json_t *both = diff.failed ? NULL : json_loadb((const char *)diff.data, diff.len, 0, NULL);
		(void)json_object_set(facts, "diff", json_object_get(both, "diff"));
		json_decref(both);
	} else {
		(void)json_object_set_new(facts, "diff", json_array());
	}
	(void)json_object_del(facts, "before");
	char *text = json_dumps(facts, JSON_COMPACT);
	buf_put_span(out, span_str(text));
	free(text);
}

static void shown(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	scoped(buf_done) struct buf out = { 0 };

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	json_t *facts = facts_of(res);
	buf_init(&out, SHOWN_MAX);
	if (facts)
		put_shown(facts, &out);
	json_decref(facts);
	if (out.len == 0 || out.failed)
		pol_call_fail(c, -EPROTO, "internal error");
	else
		pol_call_answer(c, buf_span(&out));
}

void pol_command_sql_request_show(struct pol_call *c)
{
	pol_call_sql(c, NULL, shown);
}
