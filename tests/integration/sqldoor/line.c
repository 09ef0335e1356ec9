/*
 * A SQL door whose clients speak in lines: the harness's side of a database protocol without one, for what the gateway itself does (logins,
 * targets, rules, what is told of statements).  One order a line, words with tabs between; one line answers each.
 *
 *   door                                       bound target, greeting, whether TLS may be left out, whether there is a certificate
 *   password NAME PASSWORD                     gw_session_login
 *   scramble native|sha2 NAME PASSWORD         as a MySQL client answers to a challenge
 *   wrong native|sha2 NAME PASSWORD            the same, with one bit of the answer turned
 *   target TARGET ACCOUNT                      gw_session_target, and its password
 *   reached GREETING                           the target was reached, and greets so
 *   rules VERSION                              waits for rules that are newer, and tells them
 *   judge CLASS TABLE                          by the rules in force
 *   statement VERDICT RULE NUMBER TEXT         gw_session_statement
 *   record TYPE JSON                           a frame: statement, outcome
 *   permit DATABASE SQL                        gw_session_permit
 *   ran REQUEST N STATE ROWS WORDS             gw_session_ran
 *   number, thread N, thread_of N              for KILL
 *   end
 */
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "gateway/proto.h"
#include "gateway/rules.h"
#include "gateway/session.h"
#include "sqlproxy/mysql/auth.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 6, LINE = 8192 };

struct line {
	struct gw_session *s;
	struct span certificate, key;
	int client, target;
	bool over, granted;
	char user[65], role[65];
};

static void answer(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer(struct line *l, const char *format, ...)
{
	char text[LINE];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(text, sizeof text - 1, format, ap);
	va_end(ap);
	if (n >= (int)sizeof text - 1)
		n = (int)sizeof text - 2;
	text[n++] = '\n';
	if (write(l->client, text, (size_t)n) != n)
		l->over = true;
}

static void on_end(void *ctx, const char *reason)
{
	struct line *l = ctx;
	answer(l, "ended\t%s", reason);
	l->over = true;
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	(void)ctx, (void)locked, (void)reason;
}

static void on_nothing(void *ctx)
{
	(void)ctx;
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *say)
{
	(void)ctx, (void)channel, (void)request, (void)code, (void)say;
}

static void on_line(void *ctx, const char *say)
{
	(void)ctx, (void)say;
}

static const struct gw_session_events events = { on_end, on_lock, on_nothing, on_nothing, on_opened, on_line };

/* One turn of the loop; true: the client said something or left. */
static bool turn(struct line *l, int wait_ms)
{
	struct pollfd p[1 + GW_SESSION_FDS];
	int fds[GW_SESSION_FDS];
	struct err err = { 0 };
	gw_session_fds(l->s, fds);
	p[0] = (struct pollfd){ .fd = l->client, .events = POLLIN };
	for (int i = 0; i < GW_SESSION_FDS; i++)
		p[i + 1] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	(void)poll(p, COUNT_OF(p), wait_ms);
	if (l->granted && gw_session_pump(l->s, &err) < 0)
		l->over = true;
	return p[0].revents != 0;
}

/* ---- orders ---- */

static void do_login(struct line *l, uint8_t method, const char *name, const char *password, bool wrong)
{
	static const uint8_t challenge[MYSQL_AUTH_CHALLENGE] = "12345678901234567890";
	struct gw_login who = { 0 };
	struct err err = { 0 };
	struct buf proof;
	int r;
	buf_init(&proof, 64);
	if (method == 0) {
		r = gw_session_login(l->s, WIRE_LOGIN_PASSWORD, name, span_str(password), &who, &err);
	} else {
		const struct mysql_auth_ask ask = {
			.plugin = span_str(method == WIRE_SCRAMBLE_NATIVE ? "mysql_native_password" : "caching_sha2_password"),
			.challenge = span_of(challenge, sizeof challenge),
			.password = span_str(password),
		};
		r = mysql_auth_answer(&ask, &proof, &err);
		if (wrong)
			proof.data[7] ^= 16;
		if (r == 0)
			r = gw_session_login_scramble(l->s, method, name, ask.challenge, buf_span(&proof), &who, &err);
	}
	buf_done(&proof);
	if (r < 0)
		answer(l, "error\t%s", err.say);
	else
		answer(l, "login\t%u\t%s\t%s\t%s\t%s", who.verdict, who.user, who.target, who.account, who.say);
}

static void do_target(struct line *l, const char *target, const char *account)
{
	static struct gw_grant grant;
	struct err err = { 0 };
	struct secret *secret = NULL;
	int r = gw_session_target(l->s, target, account, &grant, &l->target, &err);
	if (r == 0) {
		gw_session_listen(l->s, &events, l);
		l->granted = true;
		r = gw_session_use_password(l->s, &secret, &err);
	}
	if (r < 0)
		answer(l, "error\t%s", err.say);
	else
		answer(l, "target\t%s\t%s\t%zu\t%u\t%s\t%.*s", grant.target, grant.account, grant.host_key_n, grant.features, grant.database,
			(int)secret_span(secret).n, (const char *)secret_span(secret).p);
	(void)secret_free(secret);
}

static void do_rules(struct line *l, uint64_t version)
{
	const struct gw_rules *r;
	while (!l->over && (!(r = gw_session_rules(l->s)) || r->version <= version))
		(void)turn(l, 200);
	if (l->over)
		return;
	char list[LINE / 2] = "";
	for (size_t i = 0, at = 0; i < r->n && at < sizeof list - 100; i++)
		at += (size_t)snprintf(list + at, sizeof list - at, "%s%" PRId64 ":%s", i ? "," : "", r->rules[i].id,
			decide_sql_action_name(r->rules[i].action));
	snprintf(l->user, sizeof l->user, "%s", r->user);
	snprintf(l->role, sizeof l->role, "%s", r->role);
	answer(l, "rules\t%" PRIu64 "\t%s\t%s\t%s\t%s\t%s", r->version, decide_sql_action_name(r->otherwise), r->approval ? "on" : "off", r->user,
		r->role, list);
}

static void do_judge(struct line *l, const char *class, const char *table)
{
	(void)turn(l, 0);
	const struct gw_rules *r = gw_session_rules(l->s);
	struct span tables = span_str(table);
	const struct decide_sql_statement one = {
		.classes = decide_sql_class(span_str(class)), .tables = &tables, .n = table[0] != 0, .tables_known = true, .rows = -1 };
	const struct decide_sql_fact fact = {
		.user = span_str(r->user), .role = span_str(r->role), .dialect = span_str("mysql"), .statements = &one, .n = 1 };
	const struct decide_sql_ask ask = { .rules = r->rules, .n = r->n, .otherwise = r->otherwise, .approval = r->approval };
	struct decide_sql_verdict v;
	decide_sql_judge(&ask, &fact, &v);
	struct span say = gw_rules_say(r, v.rule);
	answer(l, "verdict\t%s\t%" PRId64 "\t%.*s", decide_sql_action_name(v.action), v.rule, (int)say.n, say.n ? (const char *)say.p : "");
}

static void do_record(struct line *l, const char *type, const char *json)
{
	struct err err = { 0 };
	int r = gw_tap_frame(l->s, strcmp(type, "statement") == 0 ? FRAME_STATEMENT : FRAME_OUTCOME, 1, span_str(json), &err);
	answer(l, r < 0 ? "error\t%s" : "recorded%s", r < 0 ? err.say : "");
}

static void do_thread_of(struct line *l, uint32_t ours)
{
	struct err err = { 0 };
	uint64_t theirs = 0;
	if (gw_session_thread_of(l->s, ours, &theirs, &err) < 0)
		answer(l, "error\t%s", err.say);
	else
		answer(l, "thread\t%" PRIu64, theirs);
}

static void do_permit(struct line *l, const char *database, const char *sql)
{
	uint8_t digest[32];
	struct gw_permit p;
	struct err err = { 0 };
	(void)crypto_hash_sha256(digest, (const uint8_t *)sql, strlen(sql));
	if (gw_session_permit(l->s, digest, database, &p, &err) < 0)
		answer(l, "error\t%s", err.say);
	else
		answer(l, "permit\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\t%d", p.request, p.n, p.count, p.rows, p.stop);
}

static void do_ran(struct line *l, char *w[static WORDS])
{
	const struct gw_ran ran = { .request = strtoull(w[1], NULL, 10),
		.n = (uint32_t)strtoul(w[2], NULL, 10),
		.state = (uint8_t)strtoul(w[3], NULL, 10),
		.rows = strtoll(w[4], NULL, 10),
		.us = 1500,
		.code = w[5][0] ? 1064 : 0,
		.sqlstate = span_str(w[5][0] ? "42000" : ""),
		.words = span_str(w[5]) };
	gw_session_ran(l->s, &ran);
	answer(l, "told");
}

static void obey(struct line *l, char *w[static WORDS])
{
	struct err err = { 0 };
	if (strcmp(w[0], "door") == 0)
		answer(l, "door\t%s\t%s\t%d\t%d", gw_session_bound_target(l->s), gw_session_greeting(l->s), gw_session_plain(l->s),
			l->certificate.n > 0 && l->key.n > 0);
	else if (strcmp(w[0], "password") == 0)
		do_login(l, 0, w[1], w[2], false);
	else if (strcmp(w[0], "scramble") == 0 || strcmp(w[0], "wrong") == 0)
		do_login(l, strcmp(w[1], "native") == 0 ? WIRE_SCRAMBLE_NATIVE : WIRE_SCRAMBLE_SHA2, w[2], w[3], w[0][0] == 'w');
	else if (strcmp(w[0], "target") == 0)
		do_target(l, w[1], w[2]);
	else if (strcmp(w[0], "reached") == 0)
		answer(l, "reached\t%d", gw_session_reached(l->s, WIRE_REACHED_OK, w[1], (struct span){ 0 }, &err));
	else if (strcmp(w[0], "rules") == 0)
		do_rules(l, strtoull(w[1], NULL, 10));
	else if (strcmp(w[0], "judge") == 0)
		do_judge(l, w[1], w[2]);
	else if (strcmp(w[0], "record") == 0)
		do_record(l, w[1], w[2]);
	else if (strcmp(w[0], "permit") == 0)
		do_permit(l, w[1], w[2]);
	else if (strcmp(w[0], "ran") == 0)
		do_ran(l, w);
	else if (strcmp(w[0], "number") == 0)
		answer(l, "number\t%" PRIu32, gw_session_number(l->s));
	else if (strcmp(w[0], "thread_of") == 0)
		do_thread_of(l, (uint32_t)strtoul(w[1], NULL, 10));
	else if (strcmp(w[0], "thread") == 0)
		gw_session_thread(l->s, strtoull(w[1], NULL, 10)), answer(l, "told");
	else if (strcmp(w[0], "statement") == 0)
		gw_session_statement(l->s, (uint8_t)strtoul(w[1], NULL, 10), strtoll(w[2], NULL, 10), strtoull(w[3], NULL, 10), span_str(w[4]), span_str("f00d")),
			answer(l, "told");
	else
		l->over = true;
}

static void input(struct line *l)
{
	static char text[LINE];
	static size_t n;
	ssize_t got = read(l->client, text + n, sizeof text - 1 - n);
	if (got <= 0) {
		l->over = true;
		return;
	}
	n += (size_t)got;
	text[n] = 0;
	for (char *feed; !l->over && (feed = strchr(text, '\n'));) {
		char *w[WORDS], *at = text;
		*feed = 0;
		for (int i = 0; i < WORDS; i++) {
			char *word = i == WORDS - 1 ? at : strsep(&at, "\t");
			w[i] = word ? word : "";
		}
		obey(l, w);
		n -= (size_t)(feed + 1 - text);
		memmove(text, feed + 1, n + 1);
	}
}

/* ---- the contract ---- */

static int line_warm(struct gw_session *s, struct span host_key, void **ret_state, struct err *err)
{
	static struct line line;
	struct buf unused;
	buf_init(&unused, 64); /* what OpenSSL does once */
	(void)host_key;
	line.s = s;
	line.target = -1;
	gw_session_tls(s, &line.certificate, &line.key);
	int r = mysql_auth_answer(&(struct mysql_auth_ask){ .plugin = span_str("caching_sha2_password"),
					  .challenge = span_str("12345678901234567890"),
					  .password = span_str("x") },
		&unused, err);
	buf_done(&unused);
	*ret_state = &line;
	return r;
}

static int line_serve(void *state, int client, struct err *err)
{
	struct line *l = state;
	(void)err;
	l->client = client;
	while (!l->over)
		if (turn(l, 500))
			input(l);
	gw_session_end(l->s, "over");
	return 0;
}

/* A server that is called old shows a key. */
static int line_probe(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner, struct err *err)
{
	(void)state;
	if (!at->legacy)
		return fault(err, -ENOTSUP, "this server has no key", "not legacy");
	buf_put(ret_host_key, "the SHA-256 of a TLS public key.", 32);
	buf_put_span(ret_banner, span_str("line 1.0"));
	return 0;
}

int main(void)
{
	static const struct gw_proto proto = {
		.name = "mysql", .role = WIRE_MYSQL, .sandbox = SANDBOX_MYSQL, .tls = true, .warm = line_warm, .serve = line_serve, .probe = line_probe };
	return gw_worker_main(&proto);
}
