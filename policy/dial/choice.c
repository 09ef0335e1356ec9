#include "policy/dial/choice.h"
#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/json.h"
#include "gateway/core/pg.h"
#include "gateway/core/wire.h"
#include "policy/decide/rule.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum column {
	C_GRANT_ID,
	C_TARGET_ID,
	C_TARGET,
	C_KIND,
	C_HOST,
	C_PORT,
	C_HOST_KEY,
	C_CLUSTER,
	C_NETWORKS,
	C_SAMPLES,
	C_ACCOUNT_ID,
	C_ACCOUNT,
	C_ACCOUNT_DEFAULT,
	C_AUTH,
	C_SEALED,
	C_BOUND,
	C_SUSPENDED,
	C_FROM_NETS,
	C_HOURS,
	C_UNTIL,
	C_FEATURES,
	C_IDLE_S,
	C_TOTAL_S,
	C_CONCURRENT,
	C_ONLINE,
	C_STREAM_MAX,
	C_CHARSET,
	C_LEGACY,
	C_KEEP_MAX,
	C_MOVES,
	C_ENDS,
	C_PASTE,
	C_PASTE_MAX,
	C_COPY,
	C_LAYER,
	C_TLS,
	C_DATABASE,
};
const char pol_choice_sql[] =
	"select grant_id, target_id, target_name, kind, host, port, host_key, cluster, networks, samples, account_id, "
	"account_name, account_default, auth, sealed, bound, suspended, from_nets, hours, until_epoch, features, "
	"idle_s, "
	"total_s, concurrent, online, stream_max, charset, legacy, keep_max, moves, ends_epoch, paste, paste_max, copy, layer, "
	"tls, database "
	"from api.target_facts($1::bigint, $2, $3)";

static bool copy_text(const struct pg_result *res, int row, int col, char *ret, size_t size)
{
	struct span s = pg_span(res, row, col);

	if (s.n >= size)
		return false;
	if (s.n)
		memcpy(ret, s.p, s.n);
	ret[s.n] = '\0';
	return true;
}

static uint8_t auth_of(struct span s)
{
	return span_is(s, "password") ? WIRE_AUTH_PASSWORD
	       : span_is(s, "key")    ? WIRE_AUTH_KEY
	       : span_is(s, "ca")     ? WIRE_AUTH_CA
				      : 0;
}

static bool choice_copy_login(const struct pg_result *res, int i, struct pol_choice *c)
{
	c->auth = auth_of(pg_span(res, i, C_AUTH));
	return c->auth && (c->bare || (pg_bytea(pg_span(res, i, C_HOST_KEY), &c->host_key) == 0 && c->host_key.len)) &&
	       pg_bytea(pg_span(res, i, C_SEALED), &c->sealed) == 0;
}

static uint8_t paste_of(struct span s)
{
	return span_is(s, "allow") ? WIRE_PASTE_ALLOW : span_is(s, "ask") ? WIRE_PASTE_ASK : WIRE_PASTE_DENY;
}

static uint8_t layer_of(struct span s)
{
	return span_is(s, "L3") ? WIRE_LAYER_L3 : span_is(s, "L1") ? WIRE_LAYER_L1 : WIRE_LAYER_L0;
}

/* A database that an administrator uses without TLS. */
static bool is_bare(const struct pg_result *res, int i)
{
	return !pg_bool(res, i, C_TLS) && !span_is(pg_span(res, i, C_KIND), "linux");
}

static int choice_copy(const struct pg_result *res, int i, struct pol_choice *c)
{
	int64_t port = pg_int(res, i, C_PORT);
	int charset = charset_of(pg_span(res, i, C_CHARSET));

	buf_init(&c->host_key, 2048);
	buf_init(&c->sealed, 65536);
	c->grant_id = pg_int(res, i, C_GRANT_ID);
	c->target_id = pg_int(res, i, C_TARGET_ID);
	c->account_id = pg_int(res, i, C_ACCOUNT_ID);
	c->port = (uint16_t)port;
	c->is_samples = pg_bool(res, i, C_SAMPLES);
	c->auth = WIRE_AUTH_NONE;
	c->stream_max = (uint64_t)pg_int(res, i, C_STREAM_MAX);
	c->keep_max = (uint64_t)pg_int(res, i, C_KEEP_MAX);
	c->ends_s = pg_int(res, i, C_ENDS);
	c->charset = charset < 0 ? CHARSET_UTF8 : (uint8_t)charset;
	c->legacy = pg_bool(res, i, C_LEGACY);
	c->paste = paste_of(pg_span(res, i, C_PASTE));
	c->paste_max = (uint32_t)pg_int(res, i, C_PASTE_MAX);
	c->no_copy = !pg_bool(res, i, C_COPY);
	c->layer = layer_of(pg_span(res, i, C_LAYER));
	c->bare = is_bare(res, i);
	bool whole = copy_text(res, i, C_TARGET, c->target, sizeof c->target) &&
		     copy_text(res, i, C_ACCOUNT, c->account, sizeof c->account) &&
		     copy_text(res, i, C_CLUSTER, c->cluster, sizeof c->cluster) &&
		     copy_text(res, i, C_HOST, c->host, sizeof c->host) &&
		     copy_text(res, i, C_NETWORKS, c->networks, sizeof c->networks) &&
		     copy_text(res, i, C_BOUND, c->bound, sizeof c->bound) &&
		     copy_text(res, i, C_DATABASE, c->database, sizeof c->database) && copy_text(res, i, C_HOURS, c->hours, sizeof c->hours) &&
		     copy_text(res, i, C_FROM_NETS, c->from_nets, sizeof c->from_nets) &&
		     (c->forward || choice_copy_login(res, i, c));
	return whole && port > 0 && port < 65536 ? 0 : -EPROTO;
}

static void fact_of(const struct pg_result *res, int i, struct decide_rule_fact *f)
{
	*f = (struct decide_rule_fact){
		.grant_id = pg_int(res, i, C_GRANT_ID),
		.kind = pg_span(res, i, C_KIND),
		.account = pg_span(res, i, C_ACCOUNT),
		.host_key = pg_span(res, i, C_HOST_KEY), /* only whether there is one counts */
		.from_nets = pg_span(res, i, C_FROM_NETS),
		.hours = pg_span(res, i, C_HOURS),
		.features = pg_span(res, i, C_FEATURES),
		.account_default = pg_bool(res, i, C_ACCOUNT_DEFAULT),
		.suspended = pg_bool(res, i, C_SUSPENDED),
		.bare = is_bare(res, i),
		.moves = pg_bool(res, i, C_MOVES),
		.until_s = pg_int(res, i, C_UNTIL),
		.idle_s = (uint64_t)pg_int(res, i, C_IDLE_S),
		.total_s = (uint64_t)pg_int(res, i, C_TOTAL_S),
		.concurrent = pg_int(res, i, C_CONCURRENT),
		.online = pg_int(res, i, C_ONLINE),
	};
}

const char *pol_choice_protocol(const struct pol_choice *c)
{
	return c->forward ? "forward" : c->door == DECIDE_RULE_MYSQL ? "mysql" : c->door == DECIDE_RULE_TDS ? "tds" : "ssh";
}

int pol_choice_make(
	const struct pg_result *res, const struct pol_choice_ask *asked, struct pol_choice *ret, unsigned *ret_reason)
{
	struct decide_rule_fact facts[POL_CHOICE_FACTS_MAX];
	struct decide_rule_ask ask = { .facts = facts,
		.account_named = asked->account_named,
		.door = asked->door,
		.forward = asked->forward != 0,
		.now_us = clock_wall_us() };
	struct decide_rule_verdict v;

	for (; ask.n < (size_t)pg_rows(res) && ask.n < POL_CHOICE_FACTS_MAX; ask.n++)
		fact_of(res, (int)ask.n, &facts[ask.n]);
	/* An address that is none stays ::, which no rule about sources holds. */
	(void)decide_net_parse(span_str(asked->address), &ask.source);
	decide_rule_judge(&ask, &v);
	*ret_reason = v.reason;
	*ret = (struct pol_choice){
		.features = v.features, .idle_s = v.idle_s, .total_s = v.total_s, .forward = asked->forward, .door = asked->door
	};
	(void)snprintf(ret->rule, sizeof ret->rule, "%s", v.rule);
	if (v.reason != DECIDE_RULE_ALLOWED)
		return -EACCES;
	return choice_copy(res, (int)v.index, ret);
}

void pol_choice_done(struct pol_choice *c)
{
	buf_done(&c->host_key);
	buf_done(&c->sealed);
}

void pol_choice_row(const struct pol_choice *c, const struct pol_choice_who *who, struct buf *out)
{
	struct json j;
	char id[ID_TEXT];

	id_text(who->id, id);
	json_open(&j, out);
	json_obj(&j, NULL);
	json_str(&j, "id", span_str(id));
	json_str(&j, "worker", span_str(who->worker));
	json_num(&j, "user_id", who->user_id);
	if (who->certificate)
		json_num(&j, "certificate", who->certificate);
	json_num(&j, "target_id", c->target_id);
	json_num(&j, "account_id", c->account_id);
	json_num(&j, "grant_id", c->grant_id);
	json_str(&j, "protocol", span_str(pol_choice_protocol(c)));
	if (c->forward)
		json_num(&j, "port", c->forward);
	json_str(&j, "address", span_str(who->address));
	json_str(&j, "rule", span_str(c->rule));
	json_num(&j, "started_us", who->started_us);
	json_end(&j);
}

static void time_text(int64_t us, char *ret, size_t size)
{
	time_t s = (time_t)(us / 1000000);
	struct tm tm;
	char date[32];

	(void)gmtime_r(&s, &tm);
	(void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret, size, "%s.%06dZ", date, (int)(us % 1000000));
}

void pol_choice_meta(const struct pol_choice *c, const struct pol_choice_who *who, struct buf *out)
{
	struct json j;
	char id[ID_TEXT], started[48];

	id_text(who->id, id);
	time_text(who->started_us, started, sizeof started);
	json_open(&j, out);
	json_obj(&j, NULL);
	json_str(&j, "session", span_str(id));
	json_str(&j, "user", span_str(who->user));
	json_str(&j, "target", span_str(c->target));
	json_str(&j, "cluster", span_str(c->cluster));
	json_str(&j, "account", span_str(c->forward ? "" : c->account));
	json_str(&j, "protocol", span_str(pol_choice_protocol(c)));
	if (c->forward)
		json_num(&j, "port", c->forward);
	json_str(&j, "address", span_str(who->address));
	json_str(&j, "started", span_str(started));
	json_num(&j, "grant", c->grant_id);
	json_str(&j, "rule", span_str(c->rule));
	json_str(&j, "charset", span_str(charset_name(c->charset)));
	json_bool(&j, "legacy", c->legacy);
	json_str(&j, "gateway", span_str(YANMEN_VERSION));
	json_end(&j);
}
