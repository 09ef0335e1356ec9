#include "policy/decide/rule.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/decide/hours.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *en, *zh;
} reasons[DECIDE_RULE_REASONS] = {
	[DECIDE_RULE_NO_GRANT] = { "no_grant", "no such target, or no access to it for you",
		"没有这个资源，或您没有访问权限" },
	[DECIDE_RULE_WHICH_ACCOUNT] = { "which_account", "you have several accounts there: say USER#ACCOUNT#TARGET",
		"该资源有多个账号，请用 用户#账号#资源 登录" },
	[DECIDE_RULE_KIND] = { "kind", "this target is not reached through this door", "该资源不能通过此入口访问" },
	[DECIDE_RULE_SOURCE] = { "source", "your access is not valid from this address", "不允许从当前地址访问该资源" },
	[DECIDE_RULE_EXPIRED] = { "expired", "your access has expired", "您的授权已过期" },
	[DECIDE_RULE_HOURS] = { "hours", "your access is not valid at this hour", "当前时间不在授权时段内" },
	[DECIDE_RULE_NO_FORWARD] = { "no_forward", "your access to this target does not include forwarding",
		"您对该资源的授权不包含端口转发" },
	[DECIDE_RULE_NO_FEATURE] = { "no_feature", "your access allows nothing here", "您的授权不包含任何可用功能" },
	[DECIDE_RULE_SUSPENDED] = { "suspended", "the account is suspended since the target changed: tell an administrator",
		"资源信息已变更，该账号已暂停，请联系管理员" },
	[DECIDE_RULE_NOT_PINNED] = { "not_pinned", "the target's key is not known yet: tell an administrator",
		"尚未登记该资源的密钥，请联系管理员" },
	[DECIDE_RULE_CONCURRENT] = { "concurrent", "you have as many sessions open there as you may", "同时在线的会话数已达上限" },
	[DECIDE_RULE_ALLOWED] = { "allowed", "allowed", "允许" },
};

static const struct {
	uint32_t one;
	const char *name;
} features[] = {
	{ WIRE_FEATURE_SHELL, "shell" },
	{ WIRE_FEATURE_EXEC, "exec" },
	{ WIRE_FEATURE_SFTP, "sftp" },
	{ WIRE_FEATURE_SCP, "scp" },
	{ WIRE_FEATURE_UPLOAD, "upload" },
	{ WIRE_FEATURE_DOWNLOAD, "download" },
	{ WIRE_FEATURE_FORWARD, "forward" },
	{ WIRE_FEATURE_REVERSE, "reverse" },
	{ WIRE_FEATURE_AGENT, "agent" },
	{ WIRE_FEATURE_X11, "x11" },
	{ WIRE_FEATURE_QUERY, "query" },
	{ WIRE_FEATURE_INFILE, "infile" },
	{ WIRE_FEATURE_KEEP_UPLOAD, "keep-upload" },
	{ WIRE_FEATURE_KEEP_DOWNLOAD, "keep-download" },
};

const char *decide_rule_name(enum decide_rule_reason r)
{
	return r < DECIDE_RULE_REASONS ? reasons[r].name : "?";
}

const char *decide_rule_say(enum decide_rule_reason r, bool zh)
{
	return r >= DECIDE_RULE_REASONS ? "?" : zh ? reasons[r].zh : reasons[r].en;
}

const char *decide_rule_feature(uint32_t one)
{
	for (size_t i = 0; i < COUNT_OF(features); i++)
		if (features[i].one == one)
			return features[i].name;
	return "?";
}

uint32_t decide_rule_features(struct span text)
{
	uint32_t bits = 0;

	while (text.n > 0) {
		const uint8_t *comma = memchr(text.p, ',', text.n);
		size_t n = comma ? (size_t)(comma - text.p) : text.n;
		for (size_t i = 0; i < COUNT_OF(features); i++)
			if (span_is((struct span){ text.p, n }, features[i].name))
				bits |= features[i].one;
		n += comma != NULL;
		text.p += n;
		text.n -= n;
	}
	return bits;
}

static const struct {
	const char *kind;
	uint32_t features; /* without one of these it allows nothing there */
} doors[] = {
	[DECIDE_RULE_SSH] = { "linux", ~(uint32_t)(WIRE_FEATURE_KEEP | WIRE_FEATURE_QUERY | WIRE_FEATURE_INFILE) },
	[DECIDE_RULE_MYSQL] = { "mysql", WIRE_FEATURE_QUERY },
	[DECIDE_RULE_TDS] = { "sqlserver", WIRE_FEATURE_QUERY },
};

/* What one grant says. */
static enum decide_rule_reason judge(const struct decide_rule_fact *f, const struct decide_rule_ask *ask)
{
	struct decide_hours hours;

	if (!ask->forward && !span_is(f->kind, doors[ask->door].kind))
		return DECIDE_RULE_KIND;
	if (f->from_nets.n > 0 && decide_net_has(f->from_nets, &ask->source) != 1)
		return DECIDE_RULE_SOURCE;
	if (f->until_s != 0 && ask->now_us / 1000000 >= f->until_s)
		return DECIDE_RULE_EXPIRED;
	if (decide_hours_parse(f->hours, &hours, NULL) < 0 || !decide_hours_has(&hours, ask->now_us))
		return DECIDE_RULE_HOURS;
	if (ask->forward && !(decide_rule_features(f->features) & WIRE_FEATURE_FORWARD))
		return DECIDE_RULE_NO_FORWARD;
	if (!ask->forward && (decide_rule_features(f->features) & doors[ask->door].features) == 0)
		return DECIDE_RULE_NO_FEATURE;
	if (!ask->forward && f->suspended)
		return DECIDE_RULE_SUSPENDED;
	if (!ask->forward && f->host_key.n == 0 && !f->bare)
		return DECIDE_RULE_NOT_PINNED;
	if (f->concurrent > 0 && f->online >= f->concurrent)
		return DECIDE_RULE_CONCURRENT;
	return DECIDE_RULE_ALLOWED;
}

/* Which account is meant; false: it cannot be told. */
static bool find_account(const struct decide_rule_ask *ask, struct span *ret)
{
	*ret = ask->facts[0].account;
	for (size_t i = 0; i < ask->n; i++)
		if (ask->facts[i].account_default && !ask->account_named) {
			*ret = ask->facts[i].account;
			return true;
		}
	for (size_t i = 1; i < ask->n; i++)
		if (!span_eq(ask->facts[i].account, *ret))
			return false;
	return true;
}

static uint64_t least(uint64_t limit, int64_t left_s)
{
	uint64_t left = left_s > 0 ? (uint64_t)left_s : 1;

	return limit == 0 || left < limit ? left : limit;
}

static void allow(const struct decide_rule_fact *f, int64_t now_us, struct decide_rule_verdict *ret)
{
	struct decide_hours hours;

	ret->features = decide_rule_features(f->features);
	ret->idle_s = f->idle_s;
	ret->total_s = f->total_s;
	if (f->until_s != 0 && !f->moves)
		ret->total_s = least(ret->total_s, f->until_s - now_us / 1000000);
	if (decide_hours_parse(f->hours, &hours, NULL) == 0) {
		int64_t left = decide_hours_left_s(&hours, now_us);
		if (left >= 0)
			ret->total_s = least(ret->total_s, left);
	}
}

void decide_rule_judge(const struct decide_rule_ask *ask, struct decide_rule_verdict *ret)
{
	struct span account = { 0 };

	*ret = (struct decide_rule_verdict){ .reason = DECIDE_RULE_NO_GRANT, .index = ask->n, .rule = "no grant" };
	if (ask->n == 0)
		return;
	if (!ask->forward && !find_account(ask, &account)) {
		ret->reason = DECIDE_RULE_WHICH_ACCOUNT;
		return;
	}
	for (size_t i = 0; i < ask->n && ret->reason != DECIDE_RULE_ALLOWED; i++) {
		enum decide_rule_reason r = DECIDE_RULE_NO_GRANT;
		if (ask->forward || span_eq(ask->facts[i].account, account))
			r = judge(&ask->facts[i], ask);
		if (r > ret->reason) {
			ret->reason = r;
			ret->index = i;
		}
	}
	(void)snprintf(ret->rule, sizeof ret->rule, "grant %" PRId64, ask->facts[ret->index].grant_id);
	if (ret->reason == DECIDE_RULE_ALLOWED)
		allow(&ask->facts[ret->index], ask->now_us, ret);
}
