#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/tls.h"
#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/worker/greeting.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>

enum { LOGIN_US = 20 * 1000 * 1000, RULES_US = 10 * 1000 * 1000 };

static void scope_ctx(SSL_CTX **p)
{
	SSL_CTX_free(*p);
}

static void put_attribute(struct buf *out, const char *name, const char *value)
{
	mysql_wire_put_text(out, span_str(name));
	mysql_wire_put_text(out, span_str(value));
}

static int send_all(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct err *err)
{
	int r = gw_mysql_link_flush(l, side, due_us, err);
	secret_wipe(side->out.data, side->out.size); /* it may have held the password */
	return r;
}

static int secure(struct gw_mysql_link *l, struct gw_mysql_side *side, struct mysql_login *login, int64_t due_us, struct err *err)
{
	scoped(scope_ctx) SSL_CTX *ctx = NULL;
	int r = tls_client_of_key(l->grant.host_key, &ctx, err);
	if (r == 0)
		r = gw_mysql_link_tls(l, side, ctx, false, due_us, err);
	return r < 0 ? r : mysql_login_encrypted(login, &side->out, err);
}

int gw_mysql_back_talk(struct gw_mysql_link *l, struct gw_mysql_side *side, struct mysql_login *login, int64_t due_us, struct err *err)
{
	int r = mysql_login_start(login, err);
	while (r >= 0 && r != MYSQL_LOGIN_DONE) {
		struct mysql_packet p;
		r = gw_mysql_link_packet(l, side, due_us, &p, err);
		if (r == 0)
			r = mysql_login_feed(login, &p, &side->out, err);
		if (r == MYSQL_LOGIN_TLS)
			r = secure(l, side, login, due_us, err);
		if (r >= 0 && send_all(l, side, due_us, err) < 0)
			r = err->code;
	}
	return r < 0 ? r : 0;
}

static uint8_t outcome_of(int r)
{
	switch (r) {
	case -EKEYREJECTED:
		return WIRE_REACHED_HOST_KEY_CHANGED;
	case -EPERM:
	case -EACCES:
	case -ENOTSUP:
		return WIRE_REACHED_LOGIN_REFUSED;
	case -ETIMEDOUT:
		return WIRE_REACHED_STALLED;
	default:
		return WIRE_REACHED_BROKEN;
	}
}

static void reached(struct gw_mysql_link *l, int r, const struct err *why)
{
	char greeting[GW_SESSION_GREETING];
	struct err err = { 0 };
	gw_mysql_greeting_put(l->login.version, l->login.server_flags, greeting);
	if (gw_session_reached(l->gw, r == 0 ? WIRE_REACHED_OK : outcome_of(r), r == 0 ? greeting : why->say, (struct span){ 0 }, &err) < 0)
		log_err(LOG_LEVEL_WARN, "mysql.reached", &err);
}

static int log_in(struct gw_mysql_link *l, struct err *err)
{
	scoped(secret_scope) struct secret *password = NULL;
	scoped(buf_done) struct buf attributes;
	int r = gw_session_use_password(l->gw, &password, err);
	if (r < 0)
		return r;
	buf_init(&attributes, MYSQL_LOGIN_ATTRIBUTES_MAX);
	put_attribute(&attributes, "program_name", l->front.program);
	put_attribute(&attributes, "yanmen_user", l->who.user);
	uint32_t wants = (l->front.flags & gw_mysql_greeting_passes()) | MYSQL_CAP_SESSION_TRACK | MYSQL_CAP_CONNECT_ATTRS;
	if (!(l->grant.features & WIRE_FEATURE_INFILE))
		wants &= ~(uint32_t)MYSQL_CAP_LOCAL_FILES;
	l->login = (struct mysql_login){ .user = l->grant.account,
		.password = secret_span(password),
		.want_tls = l->grant.host_key_n == TLS_PIN_SIZE,
		.wants = wants,
		.charset = l->front.charset,
		.database = *l->front.database ? l->front.database : l->grant.database,
		.attributes = buf_span(&attributes) };
	r = gw_mysql_back_talk(l, &l->target, &l->login, clock_mono_us() + LOGIN_US, err);
	l->login.password = l->login.attributes = (struct span){ 0 };
	return r;
}

/* The rules come with the grant, by another way than its answer. */
static int await_rules(struct gw_mysql_link *l, struct err *err)
{
	int64_t due_us = clock_mono_us() + RULES_US;
	while (!gw_session_rules(l->gw)) {
		int r = gw_mysql_link_wait(l, &l->target, due_us, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int begin(struct gw_mysql_link *l, struct err *err)
{
	int fd = -1;
	const char *bound = gw_session_bound_target(l->gw), *name = *l->who.target ? l->who.target : bound;
	if (!*name)
		return fault(err, -EACCES, "Name the target in the user name: USER#TARGET. 请在用户名中指明资源：用户#资源。", "no target");
	if (*bound && strcmp(name, bound) != 0)
		return fault(err, -EACCES, "This port leads to another target. 此端口对应另一个资源。", "bound to %s", bound);
	int r = gw_session_target(l->gw, name, l->who.account, &l->grant, &fd, err);
	if (r < 0)
		return r;
	l->granted = true;
	l->granted_us = l->input_us = clock_mono_us();
	gw_mysql_side_open(&l->target, fd, GW_MYSQL_CHUNK * 2, GW_MYSQL_COMMAND_MAX + GW_MYSQL_OUT_HIGH);
	gw_mysql_record_open(l);
	if (l->grant.auth != WIRE_AUTH_PASSWORD || (l->grant.host_key_n != 0 && l->grant.host_key_n != TLS_PIN_SIZE))
		return fault(err, -EPROTO, "internal error 网关内部错误", "auth %u, pin of %zu bytes", l->grant.auth, l->grant.host_key_n);
	return 0;
}

static int both_equal(const struct gw_mysql_link *l, struct err *err)
{
	uint32_t taken = l->front.flags & gw_mysql_greeting_binding();
	if (taken & ~l->login.flags)
		return fault(err, -EPROTO, "The target has changed since the last login; please log in again. 目标已变更，请重新登录。",
			"capabilities %08x, of them the target lacks %08x", taken, taken & ~l->login.flags);
	return 0;
}

int gw_mysql_back_login(struct gw_mysql_link *l, struct err *err)
{
	int r = begin(l, err);
	if (r == 0) {
		r = log_in(l, err);
		if (r != -ECANCELED)
			reached(l, r, err);
	}
	if (r == 0)
		r = both_equal(l, err);
	if (r == 0)
		gw_session_thread(l->gw, l->login.connection);
	if (r == 0)
		r = await_rules(l, err);
	if (r == 0)
		r = gw_mysql_settle(l, err);
	if (r == 0)
		return 0;
	gw_mysql_link_refuse(l, l->front.seq, MYSQL_CODE_ACCESS_DENIED, "28000", span_str(err->say));
	struct err ignored;
	(void)gw_mysql_link_flush(l, &l->client, clock_mono_us() + LOGIN_US / 20, &ignored);
	return r;
}
