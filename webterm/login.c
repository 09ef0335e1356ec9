#include "webterm/login.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/link.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "webterm/answer.h"
#include "webterm/broker.h"
#include "webterm/passkey.h"
#include "webterm/vault.h"
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VISITS_MAX = 256, VISIT_US = 120 * 1000 * 1000, TRIES = 6, NAME_MAX_BYTES = 256, TYPED_MAX = 1024, QUEUE = 64 << 10 };

struct visit {
	struct visit *next;
	struct web_visits *all;
	struct link link;
	struct loop_timer late;
	struct web_token cookie;
	struct id id;
	void *op;             /* the request that waits for the answer at hand, or NULL */
	uint8_t step;         /* enum wire_factor_step: what the person was asked; 0 = nothing yet */
	bool again;           /* the last answer was wrong: begin once more before the next one */
	bool wrong;           /* the code at his enrolment was */
	bool alone;           /* by passkey, without a password */
	bool challenged;      /* a passkey may be said, once */
	bool remember;        /* the person wants this browser remembered */
	struct secret *typed; /* what to answer when it was begun once more */
	struct secret *show;  /* of an enrolment: the TOTP secret and the recovery codes, a line each */
	unsigned tries;
	char agent[201];
};

struct web_visits {
	struct web *web;
	struct visit *first;
	size_t n;
};

/* ---- its life ---- */

static void visit_free(struct visit *v)
{
	struct visit **at = &v->all->first;
	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	v->all->n--;
	loop_timer_del(&v->late);
	link_close(&v->link);
	v->typed = secret_free(v->typed);
	v->show = secret_free(v->show);
	secret_wipe(v, sizeof *v);
	free(v);
}

/* The request that waits, which will be answered now; NULL: the browser is gone. */
static struct web_request *back(struct visit *v)
{
	struct web_request *r = v->op ? web_request_back(v->op) : NULL;
	v->op = NULL;
	return r;
}

/* The visit is over, and the browser is told why. */
static void fail(struct visit *v, enum web_problem p, struct span say)
{
	struct web_request *r = back(v);
	if (r)
		web_answer_problem(r, p, say);
	visit_free(v);
}

static void late(void *ctx)
{
	fail(ctx, WEB_PROBLEM_LATE, (struct span){ 0 });
}

static void lost(void *ctx, const struct err *why)
{
	(void)why;
	fail(ctx, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

/* ---- answers to the browser ---- */

static void put_codes(struct json *j, struct span lines)
{
	json_arr(j, "codes");
	while (lines.n > 0) {
		const uint8_t *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) : lines.n;
		if (n > 0)
			json_str(j, NULL, span_of(lines.p, n));
		n += end != NULL;
		lines = span_of(lines.p + n, lines.n - n);
	}
	json_end(j);
}

static const char wrong_en[] = "That code is not right. Look at the time of your device, and try the next one.";
static const char wrong_zh[] = "验证码不正确。请检查设备时间，再试下一个。";

/* What the person is asked.  with: a passkey, or NULL. */
static void ask_person(struct visit *v, struct span user, const struct wire_passkey_asked *with)
{
	static const char *const names[] = { [WIRE_FACTOR_CODE] = "code", [WIRE_FACTOR_ENROL] = "enrol", [WIRE_FACTOR_CODES] = "codes" };
	struct web_request *r = back(v);
	char id[ID_TEXT], cookie[WEB_TOKEN_TEXT], set[200];
	struct span shown = v->show ? secret_span(v->show) : (struct span){ 0 };
	const uint8_t *end = shown.n > 0 ? memchr(shown.p, '\n', shown.n) : NULL;
	size_t first = end ? (size_t)(end - shown.p) : shown.n;
	struct buf body;
	struct json j;
	if (!r)
		return;
	buf_init(&body, 16384);
	id_text(&v->id, id);
	json_open(&j, &body);
	json_obj(&j, NULL);
	json_str(&j, "step", span_str(v->alone ? "passkey" : names[v->step]));
	json_str(&j, "visit", span_str(id));
	if (v->step == WIRE_FACTOR_ENROL) {
		if (v->wrong)
			json_str(&j, "say", span_str(r->zh ? wrong_zh : wrong_en));
		json_str(&j, "user", user);
		json_str(&j, "secret", span_of(shown.p, first));
	} else if (with) {
		web_passkey_put(&j, with);
	} else if (v->step == WIRE_FACTOR_CODES && shown.n > 0) {
		put_codes(&j, span_of(shown.p + first, shown.n - first));
	}
	json_end(&j);
	web_cookie_text(&v->cookie, cookie);
	(void)snprintf(set, sizeof set, "Set-Cookie: %s=%s; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=120\r\n",
		WEB_COOKIE_VISIT, cookie);
	web_answer(r, &(struct web_answer){ .type = "application/json", .headers = set, .body = buf_span(&body) });
	secret_wipe(body.data, body.size);
	buf_done(&body);
}

static void entered(struct visit *v, const struct wire_enter_answer *m)
{
	char text[WEB_TOKEN_TEXT], set[600];
	struct web_token token, csrf, device;
	size_t n;
	struct buf body;
	struct json j;
	if (m->code < 0 || m->token.n != sizeof token.b) {
		fail(v, m->code == -EACCES ? WEB_PROBLEM_NOT_ALLOWED : WEB_PROBLEM_AWAY, m->say);
		return;
	}
	struct web_request *r = back(v);
	if (r) {
		memcpy(token.b, m->token.p, sizeof token.b);
		web_cookie_text(&token, text);
		n = (size_t)snprintf(set, sizeof set, "Set-Cookie: %s=%s; Secure; HttpOnly; SameSite=Strict; Path=/\r\n"
			"Set-Cookie: %s=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0\r\n", WEB_COOKIE_SESSION, text, WEB_COOKIE_VISIT);
		if (m->days > 0 && m->device.n == sizeof device.b) {
			memcpy(device.b, m->device.p, sizeof device.b);
			web_cookie_text(&device, text);
			(void)snprintf(set + n, sizeof set - n, "Set-Cookie: %s=%s; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=%u\r\n",
				WEB_COOKIE_DEVICE, text, m->days * 86400);
			secret_wipe(&device, sizeof device);
		}
		web_cookie_csrf(&token, &csrf);
		web_cookie_text(&csrf, text);
		buf_init(&body, 4096);
		json_open(&j, &body);
		json_obj(&j, NULL);
		json_str(&j, "step", span_str("done"));
		json_str(&j, "csrf", span_str(text));
		json_str(&j, "user", m->user);
		json_str(&j, "role", m->role);
		json_str(&j, "lang", m->lang);
		json_end(&j);
		r->conn->known = true;
		web_answer(r, &(struct web_answer){ .type = "application/json", .headers = set, .body = buf_span(&body) });
		buf_done(&body);
		secret_wipe(set, sizeof set);
	}
	visit_free(v);
}

/* ---- the broker ---- */

static int say_factor(struct visit *v, bool begin, struct span answer)
{
	return wire_factor_queue(v->link.q, &(struct wire_factor){ .begin = begin, .answer = answer }, -1);
}

static int say_enter(struct visit *v)
{
	return wire_enter_queue(v->link.q, &(struct wire_enter){ .agent = span_str(v->agent), .remember = v->remember }, -1);
}

static int login_answered(struct visit *v, struct span body)
{
	struct wire_login_answer m;
	if (wire_login_answer_get(body, &m, NULL) < 0)
		return -EBADMSG;
	if (m.verdict == WIRE_LOGIN_OK)
		return say_enter(v);
	if (m.verdict == WIRE_LOGIN_FACTOR)
		return say_factor(v, true, (struct span){ 0 });
	fail(v, m.verdict == WIRE_LOGIN_DENIED ? WEB_PROBLEM_DENIED : WEB_PROBLEM_AWAY, m.say);
	return 0;
}

/* A visit that ended while the vault was asked is found by its id. */
struct showing {
	struct web_visits *all;
	struct id id;
	char user[65];
};

static struct visit *find(struct web_visits *all, const struct id *id)
{
	struct visit *v = all->first;
	while (v && !id_eq(&v->id, id))
		v = v->next;
	return v;
}

static void shown(void *ctx, struct span secret)
{
	scoped(scope_free) struct showing *s = ctx;
	struct visit *v = find(s->all, &s->id);
	if (!v)
		return;
	v->show = secret_free(v->show);
	if (secret.n == 0 || secret_of(secret, &v->show, NULL) < 0)
		fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
	else
		ask_person(v, span_str(s->user), NULL);
}

static int show(struct visit *v, const struct wire_factor_answer *m)
{
	v->wrong = id_is_zero(&m->id);
	if (v->wrong) {
		ask_person(v, m->user, NULL);
		return 0;
	}
	struct showing *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->all = v->all;
	s->id = v->id;
	(void)snprintf(s->user, sizeof s->user, "%.*s", (int)(m->user.n < 64 ? m->user.n : 64), (const char *)m->user.p);
	int r = web_vault_use(v->all->web->vault, &m->id, shown, s);
	if (r < 0)
		free(s);
	return r;
}

static int asked(struct visit *v, const struct wire_factor_answer *m)
{
	v->step = m->step;
	v->again = false;
	if (m->step == WIRE_FACTOR_CODE && v->typed) {
		int r = say_factor(v, false, secret_span(v->typed));
		v->typed = secret_free(v->typed);
		return r;
	}
	v->typed = secret_free(v->typed);
	if (m->step == WIRE_FACTOR_ENROL)
		return show(v, m);
	if (m->step == WIRE_FACTOR_CODE) /* or a passkey of his */
		return wire_passkey_begin_queue(v->link.q, &(struct wire_passkey_begin){ 0 }, -1);
	ask_person(v, m->user, NULL);
	return 0;
}

static int passkey_asked(struct visit *v, struct span body)
{
	struct wire_passkey_asked m;
	if (wire_passkey_asked_get(body, &m, NULL) < 0)
		return -EBADMSG;
	v->challenged = m.code == 0 && m.rp.n > 0 && (v->alone || m.count > 0);
	if (m.code < 0)
		fail(v, WEB_PROBLEM_AWAY, m.say);
	else if (v->alone && !v->challenged)
		fail(v, WEB_PROBLEM_USAGE, span_str("a passkey belongs to a host name: open the console by its name, not by an IP address"));
	else
		ask_person(v, (struct span){ 0 }, &m);
	return 0;
}

static int factor_answered(struct visit *v, struct span body)
{
	struct wire_factor_answer m;
	struct web_request *r;
	if (wire_factor_answer_get(body, &m, NULL) < 0)
		return -EBADMSG;
	switch (m.step) {
	case WIRE_FACTOR_CODE:
	case WIRE_FACTOR_ENROL:
	case WIRE_FACTOR_CODES:
		return asked(v, &m);
	case WIRE_FACTOR_OK:
		return say_enter(v);
	case WIRE_FACTOR_DENIED:
		if (++v->tries >= TRIES || v->alone) {
			fail(v, WEB_PROBLEM_DENIED, m.say);
			return 0;
		}
		v->again = true;
		r = back(v);
		if (r)
			web_answer_problem(r, WEB_PROBLEM_DENIED, m.say);
		return 0;
	default:
		fail(v, WEB_PROBLEM_AWAY, m.say);
		return 0;
	}
}

static void got(void *ctx, struct link_msg *m)
{
	struct visit *v = ctx;
	struct wire_enter_answer enter;
	int r = -EBADMSG;
	if (m->type == WIRE_T_welcome)
		return;
	if (m->type == WIRE_T_login_answer)
		r = login_answered(v, m->body);
	else if (m->type == WIRE_T_factor_answer)
		r = factor_answered(v, m->body);
	else if (m->type == WIRE_T_passkey_asked)
		r = passkey_asked(v, m->body);
	else if (m->type == WIRE_T_enter_answer && (r = wire_enter_answer_get(m->body, &enter, NULL)) == 0)
		entered(v, &enter);
	if (r == 0)
		return;
	log_ev(LOG_LEVEL_WARN, "web.visit", LOG_S("type", wire_type_name(m->type)), LOG_N("code", r));
	fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

/* ---- requests ---- */

/* A string of a JSON object in a secret; false: it is not there, or too long. */
static bool take_text(json_t *object, const char *key, size_t max, struct secret **ret)
{
	json_t *v = json_object_get(object, key);
	size_t n = json_string_length(v);
	if (!json_is_string(v) || n > max || secret_of(span_of(json_string_value(v), n), ret, NULL) < 0)
		return false;
	secret_wipe((void *)(uintptr_t)json_string_value(v), n);
	return true;
}

static struct visit *visit_new(struct web_visits *all, struct web_request *r)
{
	struct visit *v = calloc(1, sizeof *v);
	int sv[2];
	if (!v)
		abort();
	v->all = all;
	v->late = (struct loop_timer){ .fire = late, .ctx = v };
	v->link = (struct link){ .got = got, .lost = lost, .ctx = v };
	if (msg_pair(sv) < 0) {
		free(v);
		return NULL;
	}
	scoped(scope_close) int theirs = sv[1];
	if (link_open(&v->link, all->web->loop, sv[0], QUEUE, NULL) < 0 ||
		web_broker_visit(all->web->broker,
			&(struct wire_visit){ .address = span_str(r->conn->address), .port = r->conn->port, .origin = span_str(r->origin),
				.device = span_of(r->device.b, r->has_device ? sizeof r->device.b : 0) },
			theirs) < 0) {
		link_close(&v->link);
		free(v);
		return NULL;
	}
	id_new(&v->id);
	randombytes_buf(v->cookie.b, sizeof v->cookie.b);
	memcpy(v->agent, r->agent, sizeof v->agent);
	v->next = all->first;
	all->first = v;
	all->n++;
	loop_timer_set(all->web->loop, &v->late, VISIT_US);
	return v;
}

static struct visit *visit_or_refuse(struct web_request *r)
{
	struct web_visits *all = r->web->visits;
	struct visit *v = all->n < VISITS_MAX ? visit_new(all, r) : NULL;
	if (!v) {
		web_answer_problem(r, all->n < VISITS_MAX ? WEB_PROBLEM_AWAY : WEB_PROBLEM_BUSY, (struct span){ 0 });
		return NULL;
	}
	v->op = web_request_wait(r);
	web_request_within(r, WEB_COMMAND_US); /* the broker holds an answer back, by its back-off */
	return v;
}

static void begin(struct web_request *r, const struct secret *user, const struct secret *password)
{
	struct visit *v = visit_or_refuse(r);
	struct wire_login m = { .method = WIRE_LOGIN_PASSWORD, .user = secret_span(user), .proof = secret_span(password) };
	if (v && wire_login_queue(v->link.q, &m, -1) < 0)
		fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

void web_login_passkey(struct web_request *r)
{
	struct visit *v = visit_or_refuse(r);
	if (!v)
		return;
	v->alone = true;
	if (wire_passkey_begin_queue(v->link.q, &(struct wire_passkey_begin){ 0 }, -1) < 0)
		fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

void web_login_begin(struct web_request *r)
{
	scoped(secret_scope) struct secret *user = NULL, *password = NULL;
	json_t *object = json_loadb((const char *)r->body.data, r->body.len, JSON_REJECT_DUPLICATES, NULL);
	if (take_text(object, "user", NAME_MAX_BYTES, &user) && take_text(object, "password", TYPED_MAX, &password))
		begin(r, user, password);
	else
		web_answer_problem(r, WEB_PROBLEM_MALFORMED, (struct span){ 0 });
	json_decref(object);
}

static void step(struct visit *v, struct web_request *r, struct secret **typed)
{
	v->op = web_request_wait(r);
	web_request_within(r, WEB_COMMAND_US);
	int code;
	if (v->again) {
		v->typed = secret_free(v->typed);
		v->typed = take(*typed);
		code = say_factor(v, true, (struct span){ 0 });
	} else {
		code = say_factor(v, false, secret_span(*typed));
	}
	if (code < 0)
		fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
}

static void step_passkey(struct visit *v, struct web_request *r, json_t *object)
{
	struct web_passkey said;
	if (!v->challenged) {
		web_answer_problem(r, WEB_PROBLEM_DENIED, (struct span){ 0 });
	} else if (!web_passkey_get(object, &said)) {
		web_answer_problem(r, WEB_PROBLEM_MALFORMED, (struct span){ 0 });
	} else {
		v->challenged = false;
		v->op = web_request_wait(r);
		web_request_within(r, WEB_COMMAND_US);
		v->alone = true; /* whatever was wrong with it: the visit is over */
		if (wire_passkey_use_queue(v->link.q, &said.m, -1) < 0)
			fail(v, WEB_PROBLEM_AWAY, (struct span){ 0 });
	}
}

static void step_said(struct visit *v, struct web_request *r, json_t *object)
{
	scoped(secret_scope) struct secret *typed = NULL;
	json_t *passkey = json_object_get(object, "passkey");
	v->remember = json_is_true(json_object_get(object, "remember"));
	if (passkey)
		step_passkey(v, r, passkey);
	else if (v->alone || !take_text(object, "answer", TYPED_MAX, &typed))
		web_answer_problem(r, WEB_PROBLEM_MALFORMED, (struct span){ 0 });
	else
		step(v, r, &typed);
}

void web_login_step(struct web_request *r)
{
	struct id id;
	struct visit *v = id_parse(span_str(r->route.part[0]), &id) == 0 ? find(r->web->visits, &id) : NULL;
	json_t *object = json_loadb((const char *)r->body.data, r->body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!v || !r->has_visit || !web_cookie_is(&r->visit, &v->cookie))
		web_answer_problem(r, WEB_PROBLEM_SIGNED_OUT, (struct span){ 0 });
	else if (v->op || (v->step == 0 && !v->challenged))
		web_answer_problem(r, WEB_PROBLEM_BUSY, (struct span){ 0 });
	else
		step_said(v, r, object);
	json_decref(object);
}

struct web_visits *web_login_new(struct web *web)
{
	struct web_visits *v = calloc(1, sizeof *v);
	if (!v)
		abort();
	v->web = web;
	return v;
}

struct web_visits *web_login_free(struct web_visits *v)
{
	while (v && v->first)
		visit_free(v->first);
	free(v);
	return NULL;
}
