#include "policy/sql/check.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "policy/decide/net.h"
#include "policy/sql/rules.h"
#include "sqlproxy/classify/classify.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct work {
	struct classify_mode mode;
	struct classify_batch batch;
	struct decide_sql_statement statement[CLASSIFY_STATEMENTS];
	struct pol_sql_rules rules;
	struct decide_sql_ask ask;
	struct decide_sql_fact fact;
	json_t *rows;     /* of the rules */
	struct span sent; /* as a client sends it */
	struct buf utf16, masked;
	struct json j;
};

static struct work *work_free(struct work *w)
{
	buf_done(&w->utf16);
	buf_done(&w->masked);
	free(w);
	return NULL;
}

static bool is_text(struct span s)
{
	uint32_t c;
	size_t n;

	for (; s.n > 0; s.p += n, s.n -= n) {
		n = utf8_get(s, &c);
		if (n == 0 || c == 0)
			return false;
	}
	return true;
}

/* As the session may be when it runs. */
static void set_mode(struct work *w, struct span dialect, struct span text)
{
	bool tsql = span_is(dialect, "tsql");

	w->mode = (struct classify_mode){ .dialect = tsql ? CLASSIFY_TSQL : CLASSIFY_MYSQL, .charset = CLASSIFY_CHARSET_UTF8,
		.set = tsql ? CLASSIFY_QUOTED_IDENTIFIER : 0,
		.unknown = tsql ? CLASSIFY_QUOTED_IDENTIFIER : CLASSIFY_ANSI_QUOTES | CLASSIFY_NO_BACKSLASH_ESCAPES };
	w->sent = text;
	buf_init(&w->utf16, 2 * (size_t)POL_SQL_CHECK_MAX);
	buf_init(&w->masked, 4 * (size_t)POL_SQL_CHECK_MAX);
	if (tsql) {
		tds_text_put(&w->utf16, text);
		w->sent = buf_span(&w->utf16);
	}
}

static void put_digest(struct work *w, struct span bytes)
{
	uint8_t sum[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof sum + 1];

	(void)crypto_hash_sha256(sum, bytes.p, bytes.n);
	sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
	json_str(&w->j, "digest", span_str(hex));
}

static void put_bits(struct work *w, const char *key, uint64_t bits, const char *(*name)(size_t bit))
{
	json_arr(&w->j, key);
	for (size_t bit = 0; name(bit); bit++)
		if (bits >> bit & 1)
			json_str(&w->j, NULL, span_str(name(bit)));
	json_end(&w->j);
}

static void put_tables(struct work *w, const struct span *names, size_t n)
{
	json_arr(&w->j, "tables");
	for (size_t i = 0, put = 0; i < n && put < POL_SQL_CHECK_TABLES; i++) {
		bool before = false;
		for (size_t k = 0; k < i && !before; k++)
			before = span_eq(names[k], names[i]);
		if (!before && put++ < POL_SQL_CHECK_TABLES)
			json_str(&w->j, NULL, names[i]);
	}
	json_end(&w->j);
}

static void put_all_tables(struct work *w)
{
	struct span *names = calloc(CLASSIFY_NAMES, sizeof *names);
	size_t n = 0;

	if (!names)
		abort();
	for (size_t i = 0; i < w->batch.n; i++) {
		const struct classify_statement *s = &w->batch.statement[i];
		for (size_t k = 0; k < s->tables && n < CLASSIFY_NAMES; k++)
			names[n++] = w->batch.name[s->table + k];
	}
	put_tables(w, names, n);
	free(names);
}

static void put_verdict(struct work *w, const struct decide_sql_fact *f)
{
	struct decide_sql_verdict v;
	const json_t *row;
	size_t i;

	decide_sql_judge(&w->ask, f, &v);
	json_str(&w->j, "verdict", span_str(decide_sql_action_name(v.action)));
	json_array_foreach(w->rows, i, row)
		if (v.rule && json_integer_value(json_object_get(row, "id")) == v.rule) {
			json_num(&w->j, "rule", v.rule);
			json_str(&w->j, "rule_name", pol_sql_text(row, "name"));
			return;
		}
	json_none(&w->j, "rule");
	json_str(&w->j, "rule_name", span_str(""));
}

static void put_masked(struct work *w, struct span bytes)
{
	buf_clear(&w->masked);
	classify_masked(&w->mode, bytes, &w->masked);
	struct span s = buf_span(&w->masked);
	if (s.n > POL_SQL_CHECK_TEXT)
		for (s.n = POL_SQL_CHECK_TEXT; s.n > 0 && (s.p[s.n] & 0xc0) == 0x80; s.n--)
			;
	json_str(&w->j, "text", s);
}

static struct span bytes_of(const struct work *w, const struct classify_statement *first, const struct classify_statement *last)
{
	return span_of(w->sent.p + first->at, last->at + last->n - first->at);
}

static void put_statement(struct work *w, size_t i)
{
	const struct classify_statement *s = &w->batch.statement[i];
	struct span bytes = bytes_of(w, s, s);
	struct decide_sql_fact alone = w->fact;

	alone.statements = &w->statement[i];
	alone.n = 1;
	json_obj(&w->j, NULL);
	put_masked(w, bytes);
	put_digest(w, bytes);
	put_bits(w, "classes", s->classes, decide_sql_class_name);
	put_bits(w, "flags", s->flags, decide_sql_flag_name);
	put_tables(w, &w->batch.name[s->table], s->tables);
	json_bool(&w->j, "tables_known", s->tables_known);
	put_verdict(w, &alone);
	json_end(&w->j);
}

static void judge(struct work *w)
{
	const struct classify_batch *b = &w->batch;

	classify(&w->mode, w->sent, &w->batch);
	for (size_t i = 0; i < b->n; i++)
		w->statement[i] = (struct decide_sql_statement){ .classes = b->statement[i].classes, .flags = b->statement[i].flags,
			.tables = &b->name[b->statement[i].table], .n = b->statement[i].tables, .tables_known = b->statement[i].tables_known, .rows = -1 };
	w->fact.statements = w->statement;
	w->fact.n = b->n;
}

static void put_all(struct work *w, const json_t *facts, struct buf *out)
{
	const struct classify_batch *b = &w->batch;
	char hex[2 * CLASSIFY_FINGERPRINT + 1];
	size_t i;
	const json_t *one;

	json_open(&w->j, out);
	json_obj(&w->j, NULL);
	put_bits(w, "classes", b->classes, decide_sql_class_name);
	put_bits(w, "flags", b->flags, decide_sql_flag_name);
	put_all_tables(w);
	sodium_bin2hex(hex, sizeof hex, b->fingerprint, sizeof b->fingerprint);
	json_str(&w->j, "fingerprint", span_str(hex));
	put_digest(w, bytes_of(w, &b->statement[0], &b->statement[b->n - 1]));
	put_verdict(w, &w->fact);
	json_arr(&w->j, "statements");
	for (i = 0; i < b->n; i++)
		put_statement(w, i);
	json_end(&w->j);
	json_arr(&w->j, "approvers");
	json_array_foreach(json_object_get(facts, "approvers"), i, one)
		json_str(&w->j, NULL, span_str(json_string_value(one)));
	json_end(&w->j);
	json_str(&w->j, "approvers_group", pol_sql_text(facts, "approvers_group"));
	json_end(&w->j);
}

int pol_sql_check(json_t *facts, struct span text, const char *address, int64_t now_us, struct buf *out, struct err *err)
{
	if (text.n == 0)
		return fault(err, -EINVAL, "there is no SQL in this", "an empty text");
	if (text.n > POL_SQL_CHECK_MAX)
		return fault(err, -EINVAL, "the SQL is longer than 1 MiB", "%zu bytes", text.n);
	if (!is_text(text))
		return fault(err, -EINVAL, "the SQL is not UTF-8", "%zu bytes", text.n);
	struct work *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	w->rows = json_object_get(facts, "rules");
	w->ask = (struct decide_sql_ask){ w->rules.rule, 0, DECIDE_SQL_DENY, json_is_true(json_object_get(facts, "approval")) };
	w->fact = (struct decide_sql_fact){ .user = pol_sql_text(facts, "user"), .role = pol_sql_text(facts, "role"),
		.dialect = pol_sql_text(facts, "dialect"), .database = pol_sql_text(facts, "database"), .program = span_str(""), .now_us = now_us };
	if (pol_sql_rules_read(w->rows, &w->rules) < 0 || !decide_sql_action(pol_sql_text(facts, "default"), &w->ask.otherwise)) {
		work_free(w);
		return fault(err, -EPROTO, "internal error", "the rules of a target cannot be read");
	}
	w->ask.n = w->rules.n;
	if (decide_net_parse(span_str(address), &w->fact.source) < 0)
		(void)decide_net_parse(span_str("127.0.0.1"), &w->fact.source); /* who is on the gateway itself */
	set_mode(w, w->fact.dialect, text);
	judge(w);
	put_all(w, facts, out);
	work_free(w);
	return out->failed ? fault(err, -EMSGSIZE, "the answer is too long", "over %zu bytes", out->cap) : 0;
}
