#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/worker.h"
#include <jansson.h>
#include <stdlib.h>

/* What a removal leaves behind: the sessions that its answer names end. */

static void end_session(struct pol_broker *b, const json_t *row, const char *why, const char *say)
{
	const char *session = json_string_value(json_object_get(row, "session"));
	const char *worker = json_string_value(json_object_get(row, "worker"));
	struct pol_worker *w = worker ? pol_worker_find(b, strtoull(worker, NULL, 10)) : NULL;
	struct id id;

	if (!w || !w->session.on || !session || id_parse(span_str(session), &id) < 0 || !id_eq(&id, &w->session.id))
		return;
	pol_ends_now(w, why, say);
}

static void removed(struct pol_call *c, int code, const struct pg_result *res, const struct err *err, const char *say)
{
	if (code == 0) {
		struct span text = pg_span(res, 0, 0);
		json_t *doc = json_loadb((const char *)text.p, text.n, 0, NULL), *row;
		size_t i;
		json_array_foreach(json_object_get(doc, "sessions"), i, row)
			end_session(c->b, row, c->command->name, say);
		json_decref(doc);
	}
	pol_call_sql_answer(c, code, res, err);
}

static void target_removed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	removed(ctx, code, res, err, "the target was removed / 该资源已被移除");
}

static void account_removed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	removed(ctx, code, res, err, "the account was removed / 该账号已被移除");
}

void pol_command_target_remove(struct pol_call *c)
{
	pol_call_sql(c, NULL, target_removed);
}

void pol_command_account_remove(struct pol_call *c)
{
	pol_call_sql(c, NULL, account_removed);
}
