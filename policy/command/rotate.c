#include "gateway/core/err.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/rotate/rotate.h"
#include <errno.h>
#include <stdlib.h>

/* account rotate, account settle: the row is begun, a run does the rest; it goes on when the caller leaves. */

static void rotate_free(struct pol_call *c)
{
	pol_rotate_drop(c->b->rotate, c);
}

static void over(void *ctx, const json_t *result, int code, const char *say)
{
	struct pol_call *c = ctx;
	char *text = result ? json_dumps(result, JSON_COMPACT) : NULL;

	if (text)
		pol_call_answer(c, span_str(text));
	else
		pol_call_fail(c, code < 0 ? code : -EIO, say);
	free(text);
}

static void begun(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *facts = json_loadb((const char *)text.p, text.n, 0, NULL);
	pol_rotate_start(c->b->rotate, facts, over, c);
	json_decref(facts);
}

void pol_command_account_rotate(struct pol_call *c)
{
	(void)pol_call_state(c, 1, rotate_free);
	if (pol_rotate_has_room(c->b->rotate))
		pol_call_sql(c, NULL, begun);
	else
		pol_call_fail(c, -EAGAIN, "too many rotations are under way; try again in a minute");
}
