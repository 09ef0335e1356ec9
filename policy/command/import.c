#include "policy/broker.h"
#include "policy/call.h"
#include "policy/say/say.h"
#include <jansson.h>
#include <stdlib.h>

enum { SAY_MAX = 4096 };

/* What is said of a line is for a person: in his language. */
static void say_line(json_t *line)
{
	const char *say = json_string_value(json_object_get(line, "say"));
	struct buf zh;

	buf_init(&zh, SAY_MAX);
	if (say && say[0] && say_zh(span_str(say), &zh) && !zh.failed)
		(void)json_object_set_new(line, "say", json_stringn((const char *)zh.data, zh.len));
	buf_done(&zh);
}

static void run(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	json_t *lines, *line;
	size_t i;

	if (code < 0 || !c->zh || !pg_rows(res)) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	lines = json_loadb((const char *)text.p, text.n, 0, NULL);
	json_array_foreach(lines, i, line)
		say_line(line);
	char *said = json_dumps(lines, JSON_COMPACT);
	pol_call_answer(c, span_str(said ? said : "[]"));
	free(said);
	json_decref(lines);
}

void pol_command_import_run(struct pol_call *c)
{
	pol_call_sql(c, NULL, run);
}
