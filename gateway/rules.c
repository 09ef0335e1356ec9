#include "gateway/rules.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char internal[] = "The gateway cannot read its rules, please log in again. 网关无法读取规则，请重新登录。";

struct gw_rules_box {
	uint64_t version;
	struct buf rows; /* of all messages so far */
	size_t n, hours; /* rows, and how many of them have hours */
};

struct whole {
	struct gw_rules rules; /* what the caller has of it */
	struct decide_hours *hours;
	struct buf rows; /* what the spans point into */
};

struct row {
	struct decide_sql_rule rule;
	struct span hours, say;
};

struct span gw_rules_say(const struct gw_rules *r, int64_t id)
{
	for (size_t i = 0; i < r->n && id != 0; i++)
		if (r->rules[i].id == id)
			return r->say[i];
	return (struct span){ 0 };
}

struct gw_rules *gw_rules_free(struct gw_rules *r)
{
	struct whole *w = (struct whole *)r;
	if (!w)
		return NULL;
	buf_done(&w->rows);
	free(w->hours);
	free(r->rules);
	free(r->say);
	free(w);
	return NULL;
}

struct gw_rules_box *gw_rules_box_free(struct gw_rules_box *box)
{
	if (box)
		buf_done(&box->rows);
	free(box);
	return NULL;
}

/* One row, in the order of wire.h; false: it is not one. */
static bool row_get(struct rd *r, struct row *ret)
{
	struct row row = { .rule.id = (int64_t)rd_u64le(r) };
	struct decide_sql_rule *rule = &row.rule;
	uint8_t action = rd_u8(r);
	struct span *const texts[] = { &rule->user, &rule->role, &rule->dialect, &rule->database, &rule->tables, &rule->program, &rule->from,
		&row.hours };
	for (size_t t = 0; t < COUNT_OF(texts); t++)
		*texts[t] = rd_str32le(r);
	rule->action = action;
	rule->classes = rd_u64le(r);
	rule->flags = rd_u64le(r);
	rule->without = rd_u64le(r);
	rule->statements = (int64_t)rd_u64le(r);
	rule->rows = (int64_t)rd_u64le(r);
	row.say = rd_str32le(r);
	*ret = row;
	return !r->bad && action < DECIDE_SQL_ACTIONS && rule->id > 0 && rule->statements >= 0 && rule->rows >= 0;
}

static bool text_get(struct span text, char *ret, size_t size)
{
	if (text.n >= size || (text.n > 0 && memchr(text.p, 0, text.n)))
		return false;
	if (text.n > 0)
		memcpy(ret, text.p, text.n);
	ret[text.n] = 0;
	return true;
}

/* The rows of one message, behind those before. */
static bool box_put(struct gw_rules_box *box, const struct wire_rules *m)
{
	struct rd r = rd_of(m->rows);
	struct row row;
	if (m->count > GW_RULES_MAX - box->n)
		return false;
	for (uint32_t i = 0; i < m->count; i++) {
		if (!row_get(&r, &row))
			return false;
		box->hours += row.hours.n > 0;
	}
	buf_put_span(&box->rows, m->rows);
	box->n += m->count;
	return rd_done(&r) && !box->rows.failed;
}

/* Takes the box's rows.  NULL: hours that nobody can read. */
static struct gw_rules *box_open(struct gw_rules_box *box, const struct wire_rules *m)
{
	struct whole *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	w->rows = box->rows;
	buf_init(&box->rows, GW_RULES_BYTES);
	w->rules = (struct gw_rules){ .version = m->version,
		.otherwise = m->otherwise,
		.approval = m->approval != 0,
		.rules = calloc(box->n + 1, sizeof *w->rules.rules),
		.say = calloc(box->n + 1, sizeof *w->rules.say),
		.n = box->n };
	w->hours = calloc(box->hours + 1, sizeof *w->hours);
	if (!w->rules.rules || !w->rules.say || !w->hours)
		abort();
	bool good = m->otherwise < DECIDE_SQL_ACTIONS && text_get(m->user, w->rules.user, sizeof w->rules.user) &&
		    text_get(m->role, w->rules.role, sizeof w->rules.role);
	struct rd r = rd_of(buf_span(&w->rows));
	for (size_t i = 0, hours = 0; good && i < box->n; i++) {
		struct row row;
		good = row_get(&r, &row);
		w->rules.rules[i] = row.rule;
		w->rules.say[i] = row.say;
		if (row.hours.n == 0)
			continue;
		good = good && decide_hours_parse(row.hours, &w->hours[hours], NULL) == 0;
		w->rules.rules[i].hours = &w->hours[hours++];
	}
	return good ? &w->rules : gw_rules_free(&w->rules);
}

static int bad(struct gw_rules_box **box, const struct wire_rules *m, struct err *err)
{
	*box = gw_rules_box_free(*box);
	return fault(err, -EBADMSG, internal, "rules %ju: %u rows of %zu bytes", (uintmax_t)m->version, m->count, m->rows.n);
}

int gw_rules_take(struct gw_rules_box **box, const struct wire_rules *m, struct gw_rules **ret, struct err *err)
{
	if (*box && (*box)->version != m->version) /* a new broker began anew */
		*box = gw_rules_box_free(*box);
	if (!*box) {
		*box = calloc(1, sizeof **box);
		if (!*box)
			abort();
		(*box)->version = m->version;
		buf_init(&(*box)->rows, GW_RULES_BYTES);
	}
	if (!box_put(*box, m))
		return bad(box, m, err);
	if (m->more)
		return 0;
	struct gw_rules *whole = box_open(*box, m);
	if (!whole)
		return bad(box, m, err);
	*box = gw_rules_box_free(*box);
	*ret = whole;
	return 1;
}
