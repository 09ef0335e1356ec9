#include "policy/console/opening.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/console/caller.h"
#include "policy/console/console.h"
#include "policy/console/terminal.h"
#include "policy/decide/rule.h"
#include "policy/dial/choice.h"
#include "policy/login/pubkey.h"
#include "policy/peers.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VAULT_US = 5 * 1000 * 1000, KEY_MAX = 1024 };

struct pol_opening {
	struct pol_opening *next;
	struct pol_console *c;
	uint64_t ticket;
	struct id id;
	struct pol_caller who;
	uint16_t port;
	uint8_t charset; /* enum charset, of the target */
	uint8_t paste;   /* enum wire_paste */
	uint32_t paste_max;
	bool no_copy;
	uint8_t layer; /* enum wire_layer */
	char target[256], account[65], lang[9];
};

static const struct pol_terminal_say say_due = { -EACCES, "Set up your sign-in first: open \"Sign-in and security\".", "请先在“登录与安全”页完成登录设置。" };
static const struct pol_terminal_say say_unknown = { -ENOENT, "no such target, or no access to it for you",
	"没有这个资源，或您没有访问权限" };
static const struct pol_terminal_say say_database = { -EAGAIN, "Yanmen's database is away, try again in a minute",
	"数据库暂时不可用，请稍后再试" };
static const struct pol_terminal_say say_vault = { -EAGAIN, "Yanmen's vault is away, try again in a minute",
	"密钥库暂时不可用，请稍后再试" };
static const struct pol_terminal_say say_many = { -EAGAIN, "too many terminals are being opened, try again",
	"正在打开的终端过多，请重试" };
static const struct pol_terminal_say say_internal = { -EIO, "internal error", "网关内部错误" };
static const struct pol_terminal_say say_gone = { -ENOENT, "this terminal has ended", "该终端已结束" };
static const struct pol_terminal_say say_signed_out = { -EKEYEXPIRED, "please sign in again", "请重新登录" };

static void opening_free(struct pol_opening *o)
{
	struct pol_opening **at = &o->c->openings;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	pol_query_drop(&o->c->b->sql, o);
	pol_ask_drop(&o->c->b->asks, o);
	free(o);
}

void pol_opening_free_all(struct pol_console *c)
{
	while (c->openings)
		opening_free(c->openings);
}

static void tell(struct pol_console *c, struct wire_terminal_answer *m, const struct pol_terminal_say *say, bool zh, int fd)
{
	m->code = say->code;
	m->say = span_str(say->code == 0 ? "" : zh ? say->zh : say->en);
	if (link_is_open(&c->web))
		(void)link_sent(&c->web, wire_terminal_answer_queue(c->web.q, m, fd));
}

static bool is_zh(const char *lang)
{
	return strncmp(lang, "zh", 2) == 0;
}

/* The end of the question. */
static void answer(struct pol_opening *o, const struct pol_terminal_say *say, const struct id *id, int fd)
{
	struct wire_terminal_answer m = { .ticket = o->ticket };

	if (id)
		m.id = *id;
	tell(o->c, &m, say, is_zh(o->lang), fd);
	opening_free(o);
}

static void refuse(struct pol_opening *o, const struct pol_terminal_say *say)
{
	answer(o, say, NULL, -1);
}

static void key_came(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_opening *o = ctx;
	struct buf host_key;
	struct id id;
	int fd = -1;

	buf_init(&host_key, KEY_MAX);
	if (code < 0 || pol_pubkey_get(reply->publics.host, &host_key, NULL) < 0) {
		buf_done(&host_key);
		refuse(o, &say_vault);
		return;
	}
	struct pol_terminal_want want = { .who = &o->who,
		.target = o->target,
		.account = o->account,
		.lang = o->lang,
		.host_key = buf_span(&host_key),
		.charset = o->charset,
		.paste = o->paste,
		.paste_max = o->paste_max,
		.no_copy = o->no_copy,
		.layer = o->layer,
		.port = o->port };
	struct pol_terminal_say say = pol_terminal_open(o->c, &want, &id, &fd);
	buf_done(&host_key);
	if (say.code < 0)
		refuse(o, &say);
	else
		answer(o, &say, &id, fd);
}

static void come_back(struct pol_opening *o)
{
	int fd = -1;
	struct pol_terminal_say say = pol_terminal_again(o->c, &o->who, &o->id, &fd);

	answer(o, &say, &o->id, fd);
}

static void judged(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_opening *o = ctx;
	struct pol_choice choice = { 0 };
	unsigned reason = 0;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "terminal.facts", err);
		refuse(o, &say_database);
		return;
	}
	bool again = !id_is_zero(&o->id);
	struct pol_choice_ask ask = { .address = o->who.address, .account_named = o->account[0] != '\0' };
	int r = pol_choice_make(res, &ask, &choice, &reason);
	if (again && (r == 0 || reason == DECIDE_RULE_CONCURRENT /* it is one of them itself */)) {
		pol_choice_done(&choice);
		come_back(o);
		return;
	}
	if (r == 0) {
		memcpy(o->target, choice.target, sizeof o->target);
		memcpy(o->account, choice.account, sizeof o->account);
		o->charset = choice.charset;
		o->paste = choice.paste;
		o->paste_max = choice.paste_max;
		o->no_copy = choice.no_copy;
		o->layer = choice.layer;
		pol_peers_publics(
			o->c->b, &(struct pol_ask){ .within_us = VAULT_US, .done = key_came, .ctx = o });
	}
	pol_choice_done(&choice);
	if (r == 0)
		return;
	if (reason == DECIDE_RULE_NO_GRANT)
		refuse(o, &say_unknown);
	else if (reason == DECIDE_RULE_ALLOWED) /* a row that makes no sense */
		refuse(o, &say_internal);
	else
		refuse(o, &(struct pol_terminal_say){ -EACCES, decide_rule_say(reason, false), decide_rule_say(reason, true) });
}

static void known(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_opening *o = ctx;
	char user[24];

	if (code == 0)
		code = pol_caller_get(res, &o->who);
	if (code == 0 && id_is_zero(&o->who.session))
		code = -EKEYEXPIRED; /* an API token opens no terminal */
	if (code < 0) {
		if (code != -EKEYEXPIRED && err)
			log_err(LOG_LEVEL_WARN, "terminal.caller", err);
		refuse(o, code == -EKEYEXPIRED ? &say_signed_out : &say_database);
		return;
	}
	if (o->who.due) {
		refuse(o, &say_due);
		return;
	}
	if (!id_is_zero(&o->id) && !pol_terminal_find(o->c, &o->who, &o->id, o->target, o->account)) {
		refuse(o, &say_gone);
		return;
	}
	(void)snprintf(user, sizeof user, "%" PRId64, o->who.user_id);
	pol_query(&o->c->b->sql, POL_SQL(pol_choice_sql, user, o->target, o->account), judged, o);
}

/* False: no target and no account is called so. */
static bool copy(struct span s, char *ret, size_t size)
{
	if (s.n >= size || memchr(s.p, '\0', s.n))
		return false;
	(void)snprintf(ret, size, "%.*s", (int)s.n, (const char *)s.p);
	return true;
}

static unsigned count(const struct pol_console *c)
{
	unsigned n = 0;

	for (const struct pol_opening *o = c->openings; o; o = o->next)
		n++;
	return n;
}

void pol_opening_new(struct pol_console *c, const struct wire_terminal *m)
{
	if (count(c) >= POL_OPENINGS_MAX) {
		struct wire_terminal_answer a = { .ticket = m->ticket };
		tell(c, &a, &say_many, false, -1);
		return;
	}
	struct pol_opening *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->c = c;
	o->ticket = m->ticket;
	o->id = m->id;
	o->port = m->port;
	(void)copy(m->lang, o->lang, sizeof o->lang);
	pol_caller_address(m->address, &o->who);
	o->next = c->openings;
	c->openings = o;
	bool named = copy(m->target, o->target, sizeof o->target) && copy(m->account, o->account, sizeof o->account);
	if (named)
		pol_caller_ask(c->b, m->token, m->address, known, o);
	else
		refuse(o, &say_unknown);
}
