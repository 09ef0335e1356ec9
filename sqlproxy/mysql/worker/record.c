#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/decide/sql.h"
#include "sqlproxy/mysql/worker/link.h"
#include <openssl/evp.h>

/* What does not fit one frame is cut: an escaped byte takes six, so the text is halved until it fits. */
enum { TEXT_MIN = 512, TABLES_SHOWN = 64, JSON_MAX = FRAME_BODY_MAX, DIGEST = 32 };

static void record(struct gw_mysql_link *l, uint8_t type, const struct buf *b)
{
	struct err err = { 0 };
	if (gw_tap_frame(l->gw, type, GW_MYSQL_CHANNEL, buf_span(b), &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "mysql.record", &err);
		gw_mysql_link_end(l, err.say);
	}
}

void gw_mysql_record_open(struct gw_mysql_link *l)
{
	scoped(buf_done) struct buf b;
	struct json j;
	buf_init(&b, 8192);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "kind", span_str("sql"));
	json_str(&j, "command", span_str(l->grant.target));
	json_bool(&j, "pty", false);
	json_str(&j, "program", span_str(l->front.program));
	json_str(&j, "database", span_str(*l->front.database ? l->front.database : l->grant.database));
	json_bool(&j, "tls", l->front.private);
	json_end(&j);
	record(l, FRAME_OPEN, &b);
}

void gw_mysql_record_close(struct gw_mysql_link *l)
{
	const struct buf none = { 0 };
	record(l, FRAME_CLOSE, &none);
}

static void put_hex(struct json *j, const char *key, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * DIGEST];
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[p[i] >> 4];
		hex[2 * i + 1] = digits[p[i] & 15];
	}
	json_str(j, key, span_of(hex, 2 * n));
}

static void put_names(struct json *j, const char *key, uint64_t bits, const char *(*name)(size_t))
{
	json_arr(j, key);
	for (size_t i = 0; name(i); i++)
		if (bits >> i & 1)
			json_str(j, NULL, span_str(name(i)));
	json_end(j);
}

static void put_tables(struct json *j, const struct decide_sql_statement *s, size_t n)
{
	size_t shown = 0;
	json_arr(j, "tables");
	for (size_t i = 0; i < n; i++)
		for (size_t t = 0; t < s[i].n && shown < TABLES_SHOWN; t++, shown++)
			json_str(j, NULL, s[i].tables[t]);
	json_end(j);
}

static void put_statement(struct gw_mysql_link *l, const struct gw_mysql_frame *f, size_t text_max, bool all, struct buf *b)
{
	const struct gw_mysql_said *said = f->said;
	const struct gw_mysql_prepared *p = said->prepared;
	struct span shown = span_of(f->masked.p, f->masked.n < text_max ? f->masked.n : text_max);
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct json j;
	json_open(&j, b);
	json_obj(&j, NULL);
	json_num(&j, "n", (int64_t)l->now.number);
	json_str(&j, "kind", span_str(said->kind));
	json_str(&j, "sql", shown);
	if (shown.n < f->masked.n)
		json_bool(&j, "cut", true);
	if (shown.n < f->masked.n)
		json_num(&j, "bytes", (int64_t)said->text.n);
	if (EVP_Digest(said->text.p, said->text.n, digest, NULL, EVP_sha256(), NULL) == 1)
		put_hex(&j, "sha256", digest, DIGEST);
	put_hex(&j, "fingerprint", f->fingerprint, CLASSIFY_FINGERPRINT);
	put_names(&j, "classes", f->classes, decide_sql_class_name);
	put_names(&j, "flags", f->flags, decide_sql_flag_name);
	if (all)
		put_tables(&j, p ? p->statements : l->facts, p ? p->n : l->batch.n);
	json_str(&j, "database", span_str(l->database));
	if (all && said->params.n > 0)
		json_raw(&j, "params", said->params);
	json_str(&j, "verdict", span_str(decide_sql_action_name(f->verdict)));
	json_num(&j, "rule", f->rule);
	if (l->now.permit.request)
		json_num(&j, "request", (int64_t)l->now.permit.request);
	json_end(&j);
}

void gw_mysql_record_statement(struct gw_mysql_link *l, const struct gw_mysql_frame *f)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, JSON_MAX);
	for (size_t most = GW_MYSQL_SHOWN; most >= TEXT_MIN; most /= 2) {
		buf_clear(&b);
		put_statement(l, f, most, most > TEXT_MIN, &b); /* at last without what a statement can fill */
		if (!b.failed) {
			l->now.shown = most >= f->masked.n;
			break;
		}
	}
	record(l, FRAME_STATEMENT, &b);
}

void gw_mysql_record_outcome(struct gw_mysql_link *l)
{
	const struct mysql_result *r = &l->result;
	scoped(buf_done) struct buf b;
	struct json j;
	buf_init(&b, 8192);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_num(&j, "n", (int64_t)l->now.number);
	json_bool(&j, "ok", !r->failed);
	if (r->failed)
		json_none(&j, "rows");
	else
		json_num(&j, "rows", (int64_t)(r->affected ? r->affected : r->rows)); /* changed, or sent */
	if (r->failed) {
		json_num(&j, "code", r->code);
		json_str(&j, "state", span_str(r->state));
		json_str(&j, "words", span_str(r->words));
	}
	json_num(&j, "us", clock_mono_us() - l->now.started_us);
	json_end(&j);
	l->now.told = false;
	record(l, FRAME_OUTCOME, &b);
}
