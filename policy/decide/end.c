#include "policy/decide/end.h"
#include "policy/decide/hours.h"

static const struct {
	const char *word, *en, *zh; /* word: in decide_end_fact.withdrawn */
} reasons[DECIDE_END_REASONS] = {
	[DECIDE_END_NONE] = { "", "", "" },
	[DECIDE_END_USER] = { "user", "your account was disabled", "您的账号已被停用" },
	[DECIDE_END_GRANT] = { "grant", "your access was withdrawn", "您的授权已被撤销" },
	[DECIDE_END_TARGET] = { "target", "the target was removed", "该资源已被移除" },
	[DECIDE_END_ACCOUNT] = { "account", "the account on the target is suspended", "资源账号已暂停" },
	[DECIDE_END_GROUP] = { "group", "the target left the group that you may use", "资源已移出您获授权的资源组" },
	[DECIDE_END_CERTIFICATE] = { "certificate", "your certificate was revoked", "您的证书已被吊销" },
	[DECIDE_END_SOURCE] = { NULL, "your access is not valid from this address", "不允许从当前地址访问该资源" },
	[DECIDE_END_EXPIRED] = { NULL, "your access has expired", "您的授权已过期" },
	[DECIDE_END_HOURS] = { NULL, "the hours of your access are over", "授权时段已结束" },
};

const char *decide_end_say(enum decide_end_reason r, bool zh)
{
	return r >= DECIDE_END_REASONS ? "?" : zh ? reasons[r].zh : reasons[r].en;
}

static enum decide_end_reason withdrawn(struct span word)
{
	for (int r = DECIDE_END_USER; r <= DECIDE_END_CERTIFICATE; r++)
		if (span_is(word, reasons[r].word))
			return (enum decide_end_reason)r;
	return word.n ? DECIDE_END_GRANT : DECIDE_END_NONE;
}

static void sooner(struct decide_end *end, int64_t at_us, enum decide_end_reason reason)
{
	if (at_us < end->at_us)
		*end = (struct decide_end){ at_us, reason };
}

void decide_end_judge(const struct decide_end_fact *f, int64_t now_us, struct decide_end *ret)
{
	enum decide_end_reason gone = withdrawn(f->withdrawn);
	struct decide_hours hours;

	*ret = (struct decide_end){ INT64_MAX, DECIDE_END_NONE };
	if (gone != DECIDE_END_NONE)
		sooner(ret, now_us, gone);
	else if (f->nets.n > 0 && decide_net_has(f->nets, &f->source) != 1)
		sooner(ret, now_us, DECIDE_END_SOURCE);
	if (f->until_s != 0)
		sooner(ret, f->until_s > INT64_MAX / 1000000 ? INT64_MAX - 1 : f->until_s * 1000000,
			DECIDE_END_EXPIRED);
	if (decide_hours_parse(f->hours, &hours, NULL) < 0) {
		sooner(ret, now_us, DECIDE_END_HOURS);
		return;
	}
	int64_t left_s = decide_hours_left_s(&hours, now_us);
	if (left_s >= 0) /* it is counted from the second that has begun */
		sooner(ret, now_us - now_us % 1000000 + left_s * 1000000, DECIDE_END_HOURS);
}
