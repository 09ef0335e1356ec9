#include "notify/text.h"
#include "gateway/core/scope.h"
#include "notify/job.h"
#include <stdbool.h>
#include <string.h>

/* {n} number, {w} who, {t} targets, {b} by whom, {u} until or when, {x} what, {e} what it extends. */
static const struct sentence {
	const char *kind;
	bool extends; /* of an extension */
	const char *en, *zh;
} sentences[] = {
	{ "request.asked", true, "Request {n}: {w} asks for more time on {t}", "申请 {n}：{w} 申请延长对 {t} 的访问" },
	{ "request.asked", false, "Request {n}: {w} asks for access to {t}", "申请 {n}：{w} 申请访问 {t}" },
	{ "request.nobody", false, "Request {n}: nobody may approve it ({w}, {t})", "申请 {n}：无人有权审批（{w}，{t}）" },
	{ "request.approved", true, "Request {n} was approved: more time on {t}", "申请 {n} 已批准：延长对 {t} 的访问" },
	{ "request.approved", false, "Request {n} was approved: {t}", "申请 {n} 已批准：{t}" },
	{ "request.refused", false, "Request {n} was refused: {t}", "申请 {n} 被拒绝：{t}" },
	{ "request.ending", false, "Access to {t} ends at {u}", "对 {t} 的访问将于 {u} 到期" },
	{ "request.ended", false, "Access to {t} has ended", "对 {t} 的访问已结束" },
	{ "sql.asked", false, "SQL request {n}: {w} asks to run SQL on {t}", "SQL 申请 {n}：{w} 申请在 {t} 上执行 SQL" },
	{ "sql.nobody", false, "SQL request {n}: nobody may approve it ({w}, {t})", "SQL 申请 {n}：无人有权审批（{w}，{t}）" },
	{ "sql.approved", false, "SQL request {n} was approved: {t}", "SQL 申请 {n} 已批准：{t}" },
	{ "sql.refused", false, "SQL request {n} was refused: {t}", "SQL 申请 {n} 被拒绝：{t}" },
	{ "sql.ended", false, "SQL request {n} on {t}: {x}", "SQL 申请 {n}（{t}）：{x}" },
	{ "session.ended", false, "{b} ended your session on {t}", "{b} 结束了您在 {t} 上的会话" },
	{ "alert", false, "Yanmen alert: {x}", "雁门告警：{x}" },
	{ "test", false, "Yanmen: this is a test", "雁门：这是一条测试消息" },
};

static const struct fact {
	enum notify_column column;
	const char *en, *zh;
} facts[] = {
	{ NOTIFY_WHO, "Who", "申请人" },
	{ NOTIFY_TARGETS, "Targets", "资源" },
	{ NOTIFY_ACCOUNT, "Account", "账号" },
	{ NOTIFY_UNTIL, "Time", "时间" },
	{ NOTIFY_REASON, "Reason", "事由" },
	{ NOTIFY_BY, "By", "处理人" },
	{ NOTIFY_ANSWER, "Answer", "答复" },
};

static const struct sentence *sentence_of(const struct notify_job *j)
{
	const char *kind = notify_job_text(j, NOTIFY_KIND);
	bool extends = notify_job_text(j, NOTIFY_EXTENDS)[0] != '\0';
	for (size_t i = 0; i < COUNT_OF(sentences); i++)
		if (strcmp(sentences[i].kind, kind) == 0 && (!sentences[i].extends || extends))
			return &sentences[i];
	return &sentences[COUNT_OF(sentences) - 1];
}

static bool is_zh(const struct notify_job *j)
{
	return strcmp(notify_job_text(j, NOTIFY_LANG), "zh") == 0;
}

/* As much of it as there is room for, and no half character; line: what would break it becomes a space. */
static void put(struct buf *b, const char *text, bool line)
{
	size_t n = strlen(text), room = b->cap - b->len;
	if (n > room) {
		n = room;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		bool odd = (unsigned char)c < ' ' && (line || (c != '\n' && c != '\t'));
		buf_put(b, odd || c == 0x7f ? " " : &c, 1);
	}
}

static void put_sentence(struct buf *b, const struct notify_job *j)
{
	static const struct {
		char mark;
		enum notify_column column;
	} marks[] = { { 'n', NOTIFY_NUMBER }, { 'w', NOTIFY_WHO }, { 't', NOTIFY_TARGETS }, { 'b', NOTIFY_BY },
		{ 'u', NOTIFY_UNTIL }, { 'x', NOTIFY_WHAT } };
	const struct sentence *s = sentence_of(j);
	for (const char *p = is_zh(j) ? s->zh : s->en; *p;) {
		const char *next = strchr(p, '{');
		char part[120] = { 0 };
		size_t n = next ? (size_t)(next - p) : strlen(p);
		memcpy(part, p, n < sizeof part ? n : sizeof part - 1);
		put(b, part, true);
		p += n;
		for (size_t i = 0; next && i < COUNT_OF(marks); i++)
			if (next[1] == marks[i].mark)
				put(b, notify_job_text(j, marks[i].column), true);
		p += next ? 3 : 0;
	}
}

void notify_text_put(const struct notify_job *j, struct buf *subject, struct buf *text)
{
	bool zh = is_zh(j);
	buf_init(subject, NOTIFY_TEXT_SUBJECT);
	buf_init(text, NOTIFY_TEXT_MAX);
	put_sentence(subject, j);
	put(text, buf_str(subject), true);
	put(text, "\n\n", false);
	for (size_t i = 0; i < COUNT_OF(facts); i++) {
		const char *value = notify_job_text(j, facts[i].column);
		if (!value[0])
			continue;
		put(text, zh ? facts[i].zh : facts[i].en, true);
		put(text, zh ? "：" : ": ", true);
		put(text, value, false);
		put(text, "\n", false);
	}
	if (notify_job_text(j, NOTIFY_LINK)[0]) {
		put(text, "\n", false);
		put(text, notify_job_text(j, NOTIFY_LINK), true);
		put(text, "\n", false);
	}
}
