#include "policy/say/say.h"

/* SQL approval.  As texts.c, and looked at before it. */
const struct say_text say_texts_sql[] = {
	{ "no SQL request {}; see: sql-request list", "没有 SQL 申请 {}；请查看 sql-request list" },
	{ "SQL request {} is {}: it cannot become {}", "SQL 申请 {} 处于 {}，不能变为 {}" },
	{ "statement {} of SQL request {} is {}: it cannot become {}", "SQL 申请的第 {} 条语句（申请 {}）处于 {}，不能变为 {}" },
	{ "what SQL request {} asks for never changes", "SQL 申请 {} 的内容不可更改" },
	{ "what was approved of SQL request {} never changes", "SQL 申请 {} 已批准的内容不可更改" },
	{ "the text of SQL request {} is not the one that was asked for: it is not used", "SQL 申请 {} 的内容与申请时不一致，不予使用" },
	{ "not allowed: you do not approve SQL for {}", "不允许：您不审批 {} 的 SQL" },
	{ "not allowed: this is not your request; who decides refuses it", "不允许：这不是您的申请；审批人请使用驳回" },
	{ "SQL request {} was {} already, by {}", "SQL 申请 {} 已处理（{}），处理人 {}" },
	{ "SQL request {} is {}", "SQL 申请 {} 当前为 {}" },
	{ "whoever signs in asks; on the gateway itself nobody does", "须以登录用户身份申请；在网关本机不能申请" },
	{ "you have no account {} on a target named {}", "您没有账号 {}，或没有名为 {} 的资源" },
	{ "\"{}\" is no name of a database", "“{}”不是数据库名" },
	{ "SQL request {} was asked anew already, as {}", "SQL 申请 {} 已重新提交为 {}" },
	{ "the SQL is not UTF-8", "SQL 不是 UTF-8" },
	{ "there is no SQL in this", "其中没有 SQL" },
	{ "the SQL is longer than 1 MiB", "SQL 超过 1 MiB" },
	{ "the SQL cannot be read", "无法读取 SQL" },
	{ "no mode {}; there are: client, job", "没有方式 {}；可用：client、job" },
	{ "the gateway does not run SQL by itself yet: mode client, and send it by your own client",
		"网关尚不能自行执行 SQL：请用 client 方式，由您自己的客户端发送" },
	{ "refused by {}: no approval can let it pass", "被 {} 拒绝：审批也不能放行" },
	{ "20 SQL requests of yours wait for an answer: withdraw some first", "您已有 20 个 SQL 申请待审批，请先撤回一部分" },
	{ "that is more rows than were asked for", "行数多于所申请的" },
	{ "this is not the text of SQL request {}", "这不是 SQL 申请 {} 的内容" },

	/* ---- headings ---- */
	{ "verdict", "结论" },
	{ 0 },
};
