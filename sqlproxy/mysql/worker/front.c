#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "sqlproxy/mysql/worker/greeting.h"
#include "sqlproxy/mysql/worker/link.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <sodium.h>

enum { LOGIN_US = 60 * 1000 * 1000 };

/* Printable, so that no client trips over a NUL. */
static void make_challenge(struct mysql_front *f)
{
	for (size_t i = 0; i < sizeof f->challenge; i++)
		f->challenge[i] = (uint8_t)('!' + randombytes_uniform('~' - '!' + 1));
}

static int refuse(struct gw_mysql_link *l, uint16_t code, const char *state, const char *words, struct err *err)
{
	gw_mysql_link_refuse(l, l->front.seq, code, state, span_str(words));
	struct err ignored;
	(void)gw_mysql_link_flush(l, &l->client, clock_mono_us() + LOGIN_US / 60, &ignored);
	return fault(err, -EACCES, words, "login refused");
}

/* Login of the broker: 0 = logged in, 1 = not by that scramble, or an error. */
static int asked(struct gw_mysql_link *l, bool may_ask_more, struct err *err)
{
	static const char denied[] = "Access denied: wrong user name or password. 用户名或密码错误。";
	const char *say = *l->who.say ? l->who.say : denied;
	switch (l->who.verdict) {
	case WIRE_LOGIN_OK:
		return 0;
	case WIRE_LOGIN_FACTOR:
		return refuse(l, MYSQL_CODE_ACCESS_DENIED, "28000",
			*l->who.say ? l->who.say
				    : "A second factor is needed: log in at the console first, or use an access password (yanmen access-password add). "
				      "需要第二因子：请先登录控制台，或使用访问密码。",
			err);
	case WIRE_LOGIN_UNAVAILABLE:
		return refuse(l, MYSQL_CODE_SERVER_SHUTDOWN, "08S01", say, err);
	default:
		return may_ask_more ? 1 : refuse(l, MYSQL_CODE_ACCESS_DENIED, "28000", say, err);
	}
}

static int by_scramble(struct gw_mysql_link *l, struct err *err)
{
	const struct mysql_front *f = &l->front;
	uint8_t plugin = f->scramble == MYSQL_FRONT_NATIVE ? WIRE_SCRAMBLE_NATIVE : WIRE_SCRAMBLE_SHA2;
	int r = gw_session_login_scramble(l->gw, plugin, f->user, span_of(f->challenge, sizeof f->challenge), f->proof, &l->who, err);
	return r < 0 ? refuse(l, MYSQL_CODE_SERVER_SHUTDOWN, "08S01", err->say, err) : asked(l, true, err);
}

static int by_password(struct gw_mysql_link *l, struct err *err)
{
	int r = gw_session_login(l->gw, WIRE_LOGIN_PASSWORD, l->front.user, l->front.proof, &l->who, err);
	return r < 0 ? refuse(l, MYSQL_CODE_SERVER_SHUTDOWN, "08S01", err->say, err) : asked(l, false, err);
}

/* 1 = one more packet, 0 = logged in. */
static int step(struct gw_mysql_link *l, int what, int64_t due_us, struct err *err)
{
	int r;
	switch (what) {
	case MYSQL_FRONT_TLS:
		r = gw_mysql_link_tls(l, &l->client, l->tls, true, due_us, err);
		if (r < 0)
			return r;
		mysql_front_encrypted(&l->front);
		return 1;
	case MYSQL_FRONT_SCRAMBLE:
		r = by_scramble(l, err);
		if (r <= 0)
			return r;
		r = mysql_front_unknown(&l->front, &l->client.out, err);
		return r < 0 ? refuse(l, MYSQL_CODE_ACCESS_DENIED, "28000", err->say, err) : 1;
	case MYSQL_FRONT_PASSWORD:
		return by_password(l, err);
	default:
		return 1;
	}
}

int gw_mysql_front_login(struct gw_mysql_link *l, struct err *err)
{
	struct mysql_front *f = &l->front;
	struct gw_mysql_greeting g;
	int64_t due_us = clock_mono_us() + LOGIN_US;
	gw_mysql_greeting_read(span_str(gw_session_greeting(l->gw)), &g);
	f->offers = gw_mysql_greeting_offers(&g);
	f->may_tls = l->tls;
	f->may_plain = gw_session_plain(l->gw);
	make_challenge(f);
	mysql_front_greet(f, g.version, gw_session_number(l->gw), &l->client.out);
	int r = 1;
	while (r > 0) {
		struct mysql_packet p;
		r = gw_mysql_link_packet(l, &l->client, due_us, &p, err);
		if (r < 0)
			break;
		r = mysql_front_read(f, p.seq, p.payload, &l->client.out, err);
		if (r == -EACCES || r == -ENOTSUP)
			r = refuse(l, r == -EACCES && !f->private && !f->may_plain ? MYSQL_CODE_SECURE_TRANSPORT_REQUIRED : MYSQL_CODE_NOT_SUPPORTED_AUTH,
				"08004", err->say, err);
		else if (r >= 0)
			r = step(l, r, due_us, err);
		secret_wipe(l->client.in.data, l->client.in.size);
	}
	return r;
}
