#include "policy/command/search.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/pg.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/keep/indexer.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVERY_US = 1000 * 1000, ROWS = 500, COPY_US = 60 * 1000 * 1000 };
enum { SAVED_MAX = 100 * 1000 /* rows of one file */, PAGE_MAX = 64 << 20, ARGS_MAX = 64 << 10 };
#define TAKE_SQL "select api.search_take(500)"

struct pol_search {
	struct pol_broker *b;
	struct pol_queries asked, copy;
	struct pol_indexer *indexer;
	struct loop_timer tick;
	bool failing;
};

static void taken(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_search *s = ctx;

	if (code < 0 && !s->failing)
		log_err(LOG_LEVEL_WARN, "search.behind", err);
	s->failing = code < 0;
	pol_indexer_poke(s->indexer);
	loop_timer_set(s->b->loop, &s->tick, code == 0 && pg_int(res, 0, 0) >= ROWS ? 0 : EVERY_US);
}

static void search_tick(void *ctx)
{
	struct pol_search *s = ctx;

	if (pg_is_up(s->copy.pg))
		pol_query(&s->copy, POL_SQL(TAKE_SQL), taken, s);
	else
		loop_timer_set(s->b->loop, &s->tick, EVERY_US);
}

static void search_up(void *ctx, bool up)
{
	(void)ctx;
	(void)up;
}

int pol_search_new(struct pol_search **ret, struct pol_broker *b, const char *conninfo, struct err *err)
{
	struct pol_search *s = calloc(1, sizeof *s);

	if (!s)
		return fault(err, -ENOMEM, "internal error", "no memory for searching");
	s->b = b;
	s->asked.loop = s->copy.loop = b->loop;
	s->tick = (struct loop_timer){ .fire = search_tick, .ctx = s };
	int r = pg_new(&s->asked.pg, b->loop, conninfo, search_up, s, err);
	if (r == 0)
		r = pg_new(&s->copy.pg, b->loop, conninfo, search_up, s, err);
	if (r < 0) {
		s->asked.pg = pg_free(s->asked.pg);
		free(s);
		return r;
	}
	pg_deadline(s->copy.pg, COPY_US);
	s->indexer = pol_indexer_new(b, &s->copy);
	loop_timer_set(b->loop, &s->tick, EVERY_US);
	*ret = s;
	return 0;
}

struct pol_search *pol_search_free(struct pol_search *s)
{
	if (s) {
		loop_timer_del(&s->tick);
		s->indexer = pol_indexer_free(s->indexer);
		pol_query_drop(&s->copy, s);
		s->asked.pg = pg_free(s->asked.pg);
		s->copy.pg = pg_free(s->copy.pg);
		free(s);
	}
	return NULL;
}

static void search_call_free(struct pol_call *c)
{
	pol_query_drop(&c->b->search->asked, c);
}

void pol_search_ask(struct pol_call *c, pg_done *done)
{
	(void)pol_call_state(c, 1, search_call_free);
	pol_call_sql_on(c, &c->b->search->asked, NULL, done);
}

void pol_command_audit_search(struct pol_call *c)
{
	pol_search_ask(c, pol_call_sql_answer);
}

/* ---- audit save: the pages of a search, one behind the other ---- */

struct saving {
	struct buf page;
	uint64_t rows;
	char next[64]; /* where the next page begins; "" = that was all */
};

static void saving_free(struct pol_call *c)
{
	struct saving *s = c->state;

	search_call_free(c);
	buf_done(&s->page);
}

static void save_answer(struct pol_call *c)
{
	const struct saving *s = c->state;
	struct buf out;
	struct json j;

	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "rows", (int64_t)s->rows);
	json_bool(&j, "whole", !s->next[0]);
	json_end(&j);
	pol_call_answer(c, buf_span(&out));
	buf_done(&out);
}

static void save_page(struct pol_call *c);

static void save_written(struct pol_call *c)
{
	const struct saving *s = c->state;

	if (s->next[0] && s->rows < SAVED_MAX)
		save_page(c);
	else
		save_answer(c);
}

static void save_came(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct saving *s = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *page = json_loadb((const char *)text.p, text.n, 0, NULL);
	const json_t *lines = json_object_get(page, "text");
	const char *next = json_string_value(json_object_get(page, "next"));
	buf_done(&s->page);
	buf_init(&s->page, PAGE_MAX);
	buf_put(&s->page, json_string_value(lines), json_string_length(lines));
	s->rows += (uint64_t)json_integer_value(json_object_get(page, "rows"));
	(void)snprintf(s->next, sizeof s->next, "%s", next ? next : "");
	bool whole = json_is_string(lines) && !s->page.failed;
	json_decref(page);
	if (whole)
		pol_call_pour(c, buf_span(&s->page), "the output file cannot be written", save_written);
	else
		pol_call_fail(c, -EPROTO, "the page of the search makes no sense");
}

static void save_page(struct pol_call *c)
{
	const struct saving *s = c->state;
	struct buf args;
	struct json j;

	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	if (s->next[0])
		json_str(&j, "before", span_str(s->next));
	json_end(&j);
	pol_call_sql_on(c, &c->b->search->asked, &args, save_came);
	buf_done(&args);
}

void pol_command_audit_save(struct pol_call *c)
{
	(void)pol_call_state(c, sizeof(struct saving), saving_free);
	save_page(c);
}
