#include "policy/rotate/rotate.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/rotate/job.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_US = 15 * 1000 * 1000, SEALED_MAX = 65536, BOUND_MAX = 4096, LIVE_MAX = POL_ROTATE_MOST * 24 + 8 };

struct pol_rotate {
	struct pol_broker *b;
	struct loop_timer tick;
	struct pol_rotate_job *jobs;
	size_t n;
	bool asking;
};

const char *pol_rotate_word(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* ---- jobs ---- */

static void from_hex(struct buf *out, const char *hex)
{
	size_t n = 0, max = strlen(hex) / 2 + 1;

	buf_init(out, SEALED_MAX);
	uint8_t *p = buf_room(out, max);
	if (!p || sodium_hex2bin(p, max, hex, strlen(hex), NULL, &n, NULL) != 0)
		n = 0; /* the vault refuses it */
	out->len = n;
}

static void from_base64(struct buf *out, const char *text)
{
	size_t n = 0, max = strlen(text);

	buf_init(out, 4096);
	uint8_t *p = buf_room(out, max + 1);
	if (!p || sodium_base642bin(p, max, text, max, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		n = 0;
	out->len = n;
}

static void job_free(struct pol_rotate_job *j)
{
	struct pol_rotate_job **at = &j->r->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->r->n--;
	pol_rotate_errand_drop(j);
	pol_query_drop(&j->b->sql, j);
	json_decref(j->facts);
	buf_done(&j->fresh);
	buf_done(&j->old);
	buf_done(&j->host_key);
	buf_done(&j->login.sealed);
	buf_done(&j->login.bound);
	free(j);
}

void pol_rotate_job_end(struct pol_rotate_job *j, const json_t *result, int code, const char *say)
{
	pol_rotate_done *done = j->done;
	void *ctx = j->ctx;

	job_free(j);
	if (done)
		done(ctx, result, code, say);
}

void pol_rotate_start(struct pol_rotate *r, const json_t *facts, pol_rotate_done *done, void *ctx)
{
	struct pol_rotate_job *j = calloc(1, sizeof *j);

	if (!j)
		abort();
	j->r = r;
	j->b = r->b;
	j->id = json_integer_value(json_object_get(facts, "rotation"));
	(void)snprintf(j->id_text, sizeof j->id_text, "%" PRId64, j->id);
	j->facts = json_deep_copy(facts);
	j->done = done;
	j->ctx = ctx;
	j->fd = -1;
	from_hex(&j->fresh, pol_rotate_word(facts, "new"));
	from_hex(&j->old, pol_rotate_word(facts, "old"));
	from_base64(&j->host_key, pol_rotate_word(facts, "host_key"));
	buf_init(&j->login.sealed, SEALED_MAX);
	buf_init(&j->login.bound, BOUND_MAX);
	j->next = r->jobs;
	r->jobs = j;
	r->n++;
	pol_rotate_run(j);
}

bool pol_rotate_has_room(const struct pol_rotate *r)
{
	return r->n < POL_ROTATE_MOST;
}

void pol_rotate_drop(struct pol_rotate *r, const void *ctx)
{
	for (struct pol_rotate_job *j = r->jobs; j; j = j->next)
		if (j->ctx == ctx)
			j->done = NULL;
}

/* ---- the clock ---- */

static void told(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_rotate *r = ctx;

	r->asking = false;
	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "rotate.tick", err);
		return;
	}
	struct span text = pg_span(res, 0, 0);
	json_t *todo = json_loadb((const char *)text.p, text.n, 0, NULL), *facts;
	size_t i;
	json_array_foreach(todo, i, facts)
		pol_rotate_start(r, facts, NULL, NULL);
	json_decref(todo);
}

static void tick(void *ctx)
{
	struct pol_rotate *r = ctx;
	char room[24];
	struct buf live;

	loop_timer_set(r->b->loop, &r->tick, TICK_US);
	if (r->asking)
		return;
	buf_init(&live, LIVE_MAX);
	buf_put(&live, "{", 1);
	for (const struct pol_rotate_job *j = r->jobs; j; j = j->next)
		buf_printf(&live, "%s%s", j->id_text, j->next ? "," : "");
	buf_put(&live, "}", 1);
	(void)snprintf(room, sizeof room, "%zu", r->n < POL_ROTATE_JOBS ? POL_ROTATE_JOBS - r->n : 0);
	r->asking = true;
	pol_query(&r->b->sql, POL_SQL("select api.rotations_tick($1::bigint[], $2)", buf_str(&live), room), told, r);
	buf_done(&live);
}

struct pol_rotate *pol_rotate_new(struct pol_broker *b)
{
	struct pol_rotate *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	r->b = b;
	r->tick = (struct loop_timer){ .fire = tick, .ctx = r };
	return r;
}

struct pol_rotate *pol_rotate_free(struct pol_rotate *r)
{
	if (r) {
		loop_timer_del(&r->tick);
		pol_query_drop(&r->b->sql, r);
		while (r->jobs)
			job_free(r->jobs);
		free(r);
	}
	return NULL;
}

void pol_rotate_look(struct pol_rotate *r)
{
	loop_timer_set(r->b->loop, &r->tick, 0);
}
