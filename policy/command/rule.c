/* Rules on trial: the database says which, the deciding is that of the workers (policy/decide/command.h, sql.h). */
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/command/search.h"
#include "policy/decide/line.h"
#include "policy/decide/sql.h"
#include "policy/sql/rules.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 2000, EXAMPLES = 20, ANSWER_MAX = 256 << 10 };

struct trial {
	json_t *doc;
	struct pol_sql_hours hours;
	struct buf out;
	struct json j;
	union {
		struct decide_command_rule command[RULES_MAX];
		struct pol_sql_rules sql;
	} rules;
	size_t n;
	struct decide_line line;
};

static struct trial *trial_free(struct trial *t)
{
	if (t) {
		json_decref(t->doc);
		buf_done(&t->out);
		free(t);
	}
	return NULL;
}

static struct trial *trial_new(struct pol_call *c, const struct pg_result *res)
{
	struct trial *t = calloc(1, sizeof *t);
	struct span text = pg_span(res, 0, 0);

	if (!t) {
		pol_call_fail(c, -ENOMEM, "internal error");
		return NULL;
	}
	t->doc = json_loadb((const char *)text.p, text.n, 0, NULL);
	buf_init(&t->out, ANSWER_MAX);
	if (!t->doc || json_array_size(json_object_get(t->doc, "rules")) > RULES_MAX) {
		pol_call_fail(c, -EPROTO, "internal error");
		return trial_free(t);
	}
	json_open(&t->j, &t->out);
	json_obj(&t->j, NULL);
	return t;
}

static void trial_answer(struct pol_call *c, struct trial *t)
{
	json_end(&t->j);
	pol_call_answer(c, buf_span(&t->out));
	trial_free(t);
}

static const json_t *rule_of(const struct trial *t, int64_t id)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(t->doc, "rules"), i, row)
		if (json_integer_value(json_object_get(row, "id")) == id)
			return row;
	return NULL;
}

/* Which rule, and what whom it stops would read. */
static void put_rule(struct trial *t, int64_t id, bool zh)
{
	const json_t *row = rule_of(t, id);

	if (!row) {
		json_none(&t->j, "rule");
		return;
	}
	json_num(&t->j, "rule", id);
	json_str(&t->j, "name", pol_sql_text(row, "name"));
	struct span reason = pol_sql_text(row, zh ? "reason_zh" : "reason_en");
	json_str(&t->j, "reason", reason.n > 0 ? reason : pol_sql_text(row, zh ? "reason_en" : "reason_zh"));
}

/* What nobody may forget as long as it is so: schema's facts have `enforced: false`, too. */
static void put_not_enforced(struct trial *t, bool zh)
{
	json_bool(&t->j, "enforced", false);
	json_str(&t->j, "say", span_str(zh ? "规则已保存，可试运行，但尚未强制执行" : "rules are kept and tried, not yet enforced"));
}

/* Of databases whose door there is. */
static void put_enforced(struct trial *t, bool zh)
{
	json_bool(&t->j, "enforced", true);
	json_str(&t->j, "say", span_str(zh ? "规则在 SQL 入口强制执行" : "rules are in force at the SQL door"));
}

/* ---- commands ---- */

static void read_commands(struct trial *t)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(t->doc, "rules"), i, row) {
		struct decide_command_rule r = { .id = json_integer_value(json_object_get(row, "id")) };
		bool no = !decide_command_action(pol_sql_text(row, "action"), &r.action);
		r.program = pol_sql_text(row, "program");
		r.args = pol_sql_text(row, "args");
		r.path = pol_sql_text(row, "path");
		r.account = pol_sql_text(row, "account");
		r.target = pol_sql_text(row, "target");
		r.hours = pol_sql_hours_of(&t->hours, pol_sql_text(row, "hours"), &no);
		if (!no)
			t->rules.command[t->n++] = r;
	}
}

/* The surest of what the simple commands of a line are to the rule. */
static enum decide_fit line_fits(struct trial *t, const json_t *row)
{
	struct decide_command_fact f = { .account = pol_sql_text(row, "account"), .target = pol_sql_text(row, "target"),
		.now_us = json_integer_value(json_object_get(row, "at_us")) };
	enum decide_fit best = DECIDE_NO;

	decide_line_open(&t->line, pol_sql_text(row, "text"));
	while (best != DECIDE_YES && decide_line_next(&t->line, &f.argv, &f.n)) {
		enum decide_fit fit = decide_command_fits(&t->rules.command[0], &f);
		best = fit > best ? fit : best;
	}
	return best;
}

static void put_example(struct trial *t, const json_t *row, enum decide_fit fit)
{
	static const char *const keys[] = { "at", "user", "target", "account", "text", "source" };

	json_obj(&t->j, NULL);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		json_str(&t->j, keys[i], pol_sql_text(row, keys[i]));
	json_bool(&t->j, "sure", fit == DECIDE_YES);
	json_end(&t->j);
}

static void tried(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	const json_t *row;
	size_t i;
	int64_t hits = 0, perhaps = 0, pictures = 0;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct trial *t = trial_new(c, res);
	if (!t)
		return;
	const json_t *lines = json_object_get(t->doc, "lines");
	bool shown = json_is_true(json_object_get(t->doc, "shown"));
	read_commands(t);
	json_arr(&t->j, "examples");
	json_array_foreach(lines, i, row) {
		enum decide_fit fit = t->n > 0 ? line_fits(t, row) : DECIDE_NO;
		hits += fit == DECIDE_YES;
		perhaps += fit == DECIDE_MAYBE;
		pictures += fit != DECIDE_NO && span_is(pol_sql_text(row, "source"), "terminal");
		if (fit != DECIDE_NO && shown && hits + perhaps <= EXAMPLES)
			put_example(t, row, fit);
	}
	json_end(&t->j);
	json_num(&t->j, "looked", (int64_t)json_array_size(lines));
	json_num(&t->j, "hits", hits);
	json_num(&t->j, "perhaps", perhaps);
	json_num(&t->j, "pictures", pictures);
	json_str(&t->j, "since", pol_sql_text(t->doc, "since"));
	json_bool(&t->j, "whole", (json_int_t)json_array_size(lines) < json_integer_value(json_object_get(t->doc, "most")));
	json_str(&t->j, "say", span_str(c->zh ? "仅按文本匹配：别名、脚本与变量无法得知；规则已保存，可试运行，但尚未强制执行"
		: "by the text alone: aliases, scripts and variables are not known; rules are kept and tried, not yet enforced"));
	trial_answer(c, t);
}

void pol_command_rule_try(struct pol_call *c)
{
	pol_search_ask(c, tried);
}

static void put_words(struct trial *t, const struct decide_command_fact *f)
{
	struct buf line;

	buf_init(&line, 4096);
	for (size_t i = 0; i < f->n && line.len < 200; i++) {
		if (i > 0)
			buf_put(&line, " ", 1);
		buf_put(&line, f->argv[i].text.p, f->argv[i].text.n < 200 ? f->argv[i].text.n : 200);
	}
	json_str(&t->j, "command", buf_span(&line));
	buf_done(&line);
}

static void check_line(struct pol_call *c, struct trial *t)
{
	struct decide_command_ask ask = { t->rules.command, t->n, DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ASK };
	struct decide_command_fact f = { .account = span_str(""), .target = span_str(""), .directory = span_str(""), .now_us = clock_wall_us() };
	enum decide_command_action severest = DECIDE_COMMAND_ALLOW;
	const char *given;
	size_t n = 0;

	(void)decide_command_action(pol_sql_text(t->doc, "default"), &ask.otherwise);
	(void)decide_command_action(pol_sql_text(t->doc, "unknown"), &ask.unknown);
	f.account = span_str((given = pol_call_arg(c, "account")) ? given : "");
	f.target = span_str((given = pol_call_arg(c, "target")) ? given : "");
	f.directory = span_str((given = pol_call_arg(c, "directory")) ? given : "");
	decide_line_open(&t->line, span_str(pol_call_arg(c, "line")));
	json_arr(&t->j, "commands");
	while (n++ < 100 && decide_line_next(&t->line, &f.argv, &f.n)) {
		struct decide_command_verdict v;
		decide_command_judge(&ask, &f, &v);
		severest = v.action > severest ? v.action : severest;
		json_obj(&t->j, NULL);
		put_words(t, &f);
		json_str(&t->j, "action", span_str(decide_command_name(v.action)));
		json_bool(&t->j, "unsure", v.unsure);
		put_rule(t, v.rule, c->zh);
		json_end(&t->j);
	}
	json_end(&t->j);
	json_str(&t->j, "action", span_str(decide_command_name(severest)));
	json_bool(&t->j, "secure", json_is_true(json_object_get(t->doc, "secure")));
	put_not_enforced(t, c->zh);
}

static void checked(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct trial *t = trial_new(c, res);
	if (!t)
		return;
	read_commands(t);
	check_line(c, t);
	trial_answer(c, t);
}

void pol_command_rule_check(struct pol_call *c)
{
	pol_call_sql(c, NULL, checked);
}

/* ---- SQL ---- */

static int64_t number_of(const struct pol_call *c, const char *key, int64_t without)
{
	const char *given = pol_call_arg(c, key);

	return given && given[0] ? strtoll(given, NULL, 10) : without;
}

enum { TABLES = 32, STATEMENTS = 1000 };

static void judge_sql(struct pol_call *c, struct trial *t)
{
	struct decide_sql_ask ask = { t->rules.sql.rule, t->rules.sql.n, DECIDE_SQL_DENY, json_is_true(json_object_get(t->doc, "approval")) };
	struct decide_sql_fact f = { .role = pol_sql_text(t->doc, "role"), .dialect = pol_sql_text(t->doc, "dialect"), .now_us = clock_wall_us() };
	struct span tables[TABLES];
	struct decide_sql_verdict v;
	const char *given;
	int64_t n = number_of(c, "statements", 1);
	struct decide_sql_statement s = { .tables = tables, .tables_known = true, .rows = number_of(c, "rows", -1) };

	s.classes = pol_sql_bits(json_object_get(t->doc, "class"), decide_sql_class);
	s.flags = pol_sql_bits(json_object_get(t->doc, "flag"), decide_sql_flag);
	for (size_t i = 0; i < c->n && s.n < TABLES; i++)
		if (strcmp(c->values[i].arg->key, "table") == 0 && c->values[i].text[0])
			tables[s.n++] = span_str(c->values[i].text);
	f.user = span_str((given = pol_call_arg(c, "user")) ? given : "");
	f.database = span_str((given = pol_call_arg(c, "database")) ? given : "");
	f.program = span_str((given = pol_call_arg(c, "program")) ? given : "");
	given = pol_call_arg(c, "address");
	(void)decide_net_parse(span_str(given && given[0] ? given : "127.0.0.1"), &f.source);
	struct decide_sql_statement *batch = calloc(STATEMENTS, sizeof *batch);
	if (!batch) {
		pol_call_fail(c, -ENOMEM, "internal error");
		trial_free(t);
		return;
	}
	f.n = n < 1 ? 1 : n > STATEMENTS ? STATEMENTS : (size_t)n;
	for (size_t i = 0; i < f.n; i++)
		batch[i] = s;
	f.statements = batch;
	(void)decide_sql_action(pol_sql_text(t->doc, "default"), &ask.otherwise);
	decide_sql_judge(&ask, &f, &v);
	free(batch);
	json_str(&t->j, "action", span_str(decide_sql_action_name(v.action)));
	put_rule(t, v.rule, c->zh);
	if (span_is(f.dialect, "mysql"))
		put_enforced(t, c->zh);
	else
		put_not_enforced(t, c->zh);
	trial_answer(c, t);
}

static void sql_checked(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct trial *t = trial_new(c, res);
	if (!t)
		return;
	if (pol_sql_rules_read(json_object_get(t->doc, "rules"), &t->rules.sql) < 0) {
		pol_call_fail(c, -EPROTO, "internal error");
		trial_free(t);
		return;
	}
	judge_sql(c, t);
}

void pol_command_sql_check(struct pol_call *c)
{
	pol_call_sql(c, NULL, sql_checked);
}
