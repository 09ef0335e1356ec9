#include "tools/yanmen/done.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/table.h"
#include <string.h>

#define SUSPENDED_EN "[; these accounts need their credential again (account set): {suspended}]"
#define SUSPENDED_ZH "[；以下账号需重新录入凭据（account set）：{suspended}]"
#define ENDS_EN "[; {#sessions} session(s) end]"
#define ENDS_ZH "[；结束 {#sessions} 个会话]"

const struct cli_done cli_done_lines[] = {
	{ "user add", "user {name} added as {role}", "已添加用户 {name}，角色 {role}" },
	{ "user disable", "user {name} disabled" ENDS_EN "[; {rotated} password(s) are rotated]",
		"已停用用户 {name}" ENDS_ZH "[；轮换 {rotated} 个密码]" },
	{ "user remove", "user {name} removed" ENDS_EN, "已移除用户 {name}" ENDS_ZH },
	{ "user enable", "user {name} may log in again", "已恢复用户 {name}" },
	{ "user factor", "second factor of {name}: {policy}", "{name} 的第二因子：{policy}" },
	{ "factor reset", "{name} has no second factor any more", "已清除 {name} 的第二因子" },
	{ "certificate issue", "certificate {serial} for {user}, good until {until}[, from {sources} alone]",
		"已为 {user} 签发证书 {serial}，有效至 {until}[，仅限 {sources}]" },
	{ "certificate revoke", "{revoked} certificate(s) revoked" ENDS_EN, "已吊销 {revoked} 个证书" ENDS_ZH },
	{ "token add", "token {name} of {user} ({scopes}), good until {until}[, from {networks} alone]",
		"已为 {user} 创建令牌 {name}（{scopes}），有效至 {until}[，仅限 {networks}]" },
	{ "access-password add", "access password {name} of {user} for {door}, good until {until}[, from {networks} alone]",
		"已为 {user} 创建访问口令 {name}（{door}），有效至 {until}[，仅限 {networks}]" },
	{ "access-password revoke", "access password {name} of {user} revoked", "已吊销 {user} 的访问口令 {name}" },
	{ "token revoke", "token {name} of {user} revoked", "已吊销 {user} 的令牌 {name}" },
	{ "group add", "group {name} added", "已添加资源组 {name}" },
	{ "group put", "{targets} target(s) put into {name}", "已将 {targets} 个资源放入 {name}" },
	{ "group take", "{targets} target(s) taken out of {name}", "已将 {targets} 个资源移出 {name}" },
	{ "group remove", "group {name} removed[, and {grants} grant(s) to it]", "已移除资源组 {name}[及对它的 {grants} 条授权]" },
	{ "group admin", "{user} is an admin of {name}", "{user} 已成为 {name} 的管理员" },
	{ "cluster add", "cluster {name} added: {networks}", "已添加集群 {name}：{networks}" },
	{ "cluster put", "{targets} target(s) moved into {name}", "已将 {targets} 个资源移入 {name}" },
	{ "cluster admin", "{user} is an admin of {name}", "{user} 已成为 {name} 的管理员" },
	{ "cluster remove", "cluster {name} removed", "已移除集群 {name}" },
	{ "target add", "target {name} added: {say}", "已添加资源 {name}：{say}" },
	{ "target set", "target {name}: {address}, {charset}[, legacy {legacy}]" SUSPENDED_EN,
		"资源 {name}：{address}，{charset}[，过时算法 {legacy}]" SUSPENDED_ZH },
	{ "target remove", "target {name} removed" ENDS_EN, "已移除资源 {name}" ENDS_ZH },
	{ "target test", "{name}: {say}", "{name}：{say}" },
	{ "account set", "{name} on {target}: {auth} sealed[; public key: {public_key}]",
		"{target} 上的 {name}：{auth} 已加密保存[；公钥：{public_key}]" },
	{ "account remove", "{name} on {target} removed" ENDS_EN, "已移除 {target} 上的 {name}" ENDS_ZH },
	{ "account rotate", "{account} on {target}: {state}[; {say}]", "{target} 上的 {account}：{state}[；{say}]" },
	{ "account settle", "{account} on {target}: {state}[; {say}]", "{target} 上的 {account}：{state}[；{say}]" },
	{ "account recover", "{account} on {target} has the other password of rotation {id} now",
		"{target} 上的 {account} 已改用轮换 {id} 的另一个密码" },
	{ "rotation add", "{name}: every {every} days at {at} UTC, {accounts} account(s)", "{name}：每 {every} 天，{at} UTC，{accounts} 个账号" },
	{ "rotation set", "{name}: every {every} days at {at} UTC, {accounts} account(s)", "{name}：每 {every} 天，{at} UTC，{accounts} 个账号" },
	{ "rotation remove", "rotation policy {name} removed", "已移除轮换策略 {name}" },
	{ "template add", "template {name} added: {login}, {kind}", "已添加账号模板 {name}：{login}，{kind}" },
	{ "template set", "template {name}: {login}, {kind}", "账号模板 {name}：{login}，{kind}" },
	{ "template rename", "template {before} is {name} now", "账号模板 {before} 已更名为 {name}" },
	{ "template remove", "template {name} removed", "已移除账号模板 {name}" },
	{ "template apply", "{account} added to {added} target(s)[; there already: {kept}][; not done on {#failed}: see --json]",
		"已为 {added} 个资源添加 {account}[；已存在：{kept}][；{#failed} 个未完成，见 --json]" },
	{ "grant add", "grant {id}: {user} may use {account} on {target}[group {group}][, {hours}][, until {until}] ({features})",
		"授权 {id}：{user} 可使用 {target}[资源组 {group} ]上的 {account}[，{hours}][，至 {until}]（{features}）" },
	{ "grant remove", "grant {id} ended: {user}, {account} on {target}[group {group}]",
		"已撤销授权 {id}：{user}，{target}[资源组 {group} ]上的 {account}" },
	{ "group retention", "recordings of group {name} are kept {days} days (0: for ever)", "资源组 {name} 的录像保留 {days} 天（0 为永久）" },
	{ "group requestable", "group {name} may be asked for: {requestable}", "资源组 {name} 可申请：{requestable}" },
	{ "request add", "request {id}: {state}", "申请 {id}：{state}" },
	{ "request approve", "request {id} of {user} approved, until {until}", "已批准 {user} 的申请 {id}，至 {until}" },
	{ "request refuse", "request {id} of {user} refused", "已驳回 {user} 的申请 {id}" },
	{ "request withdraw", "request {id}: {state}", "申请 {id}：{state}" },
	{ "request extend", "request {id}: {state}", "申请 {id}：{state}" },
	{ "preapproval add", "{name}: {kind} for {role}{user}, group {group}[, {account}], at most {longest} s",
		"{name}：{role}{user} 申请资源组 {group}[ 的 {account}]（{kind}），最长 {longest} 秒" },
	{ "preapproval remove", "pre-approval {name} removed", "已移除预审批 {name}" },
	{ "secure-mode set", "secure mode of {cluster}: {secure}; other doors {doors}, unknown {unknown}, default {default}; kept, not yet enforced",
		"{cluster} 的安全模式：{secure}；其他入口 {doors}，无法判断 {unknown}，默认 {default}；已保存，尚未强制执行" },
	{ "command-rule add", "rule {id} added at place {place}: {action} {program} {args}; kept and tried, not yet enforced",
		"已添加规则 {id}，位置 {place}：{action} {program} {args}；已保存并可试运行，尚未强制执行" },
	{ "command-rule set", "rule {id}: {action} {program} {args}, {enabled}; not yet enforced", "规则 {id}：{action} {program} {args}，{enabled}；尚未强制执行" },
	{ "command-rule move", "rule {id} is at place {place}", "规则 {id} 现位于第 {place} 位" },
	{ "command-rule remove", "rule {id} removed", "已移除规则 {id}" },
	{ "command-rule import", "{rules} rule(s) added, switched off: try them, then command-rule set ID --enabled on",
		"已添加 {rules} 条规则（停用）：请先试运行，再用 command-rule set ID --enabled on 启用" },
	{ "sql-rule add", "rule {id} added at place {place}: {name}, {action}; in force at the MySQL door, not yet for SQL Server",
		"已添加规则 {id}，位置 {place}：{name}，{action}；在 MySQL 入口强制执行，SQL Server 尚未" },
	{ "sql-rule set", "rule {id}: {name}, {action}, {enabled}; in force at the MySQL door, not yet for SQL Server",
		"规则 {id}：{name}，{action}，{enabled}；在 MySQL 入口强制执行，SQL Server 尚未" },
	{ "sql-rule move", "rule {id} is at place {place}", "规则 {id} 现位于第 {place} 位" },
	{ "sql-rule remove", "rule {id} removed", "已移除规则 {id}" },
	{ "sql-rule import", "{rules} rule(s) added, switched off: look at them, then sql-rule set ID --enabled on",
		"已添加 {rules} 条规则（停用）：请先查看，再用 sql-rule set ID --enabled on 启用" },
	{ "sql-policy set", "{target}: default {default}, approval {approval}[, by the admins of {approvers}]; in force at the MySQL door, not yet for SQL Server",
		"{target}：默认 {default}，审批 {approval}[，由 {approvers} 的管理员审批]；在 MySQL 入口强制执行，SQL Server 尚未" },
	{ "duty separate", "duties are separate: {separate}", "三员分立：{separate}" },
	{ "recording hold", "the recording of session {id} stays: {hold}", "会话 {id} 的录像已保留：{hold}" },
	{ "recording release", "the recording of session {id} is no longer on hold", "会话 {id} 的录像已解除保留" },
	{ "retention run", "{removed} recording(s) removed", "已删除 {removed} 个到期录像" },
	{ "key rotate", "the master key is generation {generation}; {resealed} credential(s) sealed anew, {refused} did not open; "
		"now make a backup and publish the new public key file",
		"主密钥为第 {generation} 代；重新密封 {resealed} 个凭据，{refused} 个无法打开；请随即备份并发布新的公钥文件" },
	{ "session kill", "session {id} of {user} on {target} ends", "正在结束 {user} 在 {target} 上的会话 {id}" },
	{ "session lock", "session {id} of {user} on {target} is frozen", "已冻结 {user} 在 {target} 上的会话 {id}" },
	{ "session unlock", "session {id} of {user} on {target} goes on", "已恢复 {user} 在 {target} 上的会话 {id}" },
	{ "settings set", "{name} = {value}", "{name} = {value}" },
};
const size_t cli_done_lines_n = COUNT_OF(cli_done_lines);

static bool is_empty(const json_t *v)
{
	return !v || json_is_null(v) || json_is_false(v) || (json_is_string(v) && json_string_length(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0) || (json_is_integer(v) && json_integer_value(v) == 0);
}

/* One {key} at p, which is behind the brace; returns what follows.  *ret_whole becomes false when there is nothing to show. */
static const char *hole(const char *p, const json_t *answer, struct buf *out, bool *ret_whole)
{
	bool count = *p == '#';
	char key[64] = "";
	p += count;
	size_t n = strcspn(p, "}");
	memcpy(key, p, n < sizeof key ? n : 0);
	const json_t *v = json_object_get(answer, key);
	*ret_whole = *ret_whole && !is_empty(v);
	if (count)
		buf_printf(out, "%zu", json_array_size(v));
	else if (v)
		cli_table_value(v, out);
	return p + n + (p[n] == '}');
}

static void fill(const char *p, const json_t *answer, struct buf *out)
{
	size_t part = SIZE_MAX; /* where the optional part began */
	bool whole = true;

	while (*p) {
		if (*p == '{') {
			p = hole(p + 1, answer, out, &whole);
			continue;
		}
		if (*p == '[') {
			part = out->len;
			whole = true;
		} else if (*p == ']' && part != SIZE_MAX) {
			out->len = whole ? out->len : part;
			part = SIZE_MAX;
		} else {
			buf_put(out, p, 1);
		}
		p++;
	}
}

bool cli_done_put(const struct cli_command *c, bool zh, const json_t *answer, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(cli_done_lines); i++)
		if (strcmp(cli_done_lines[i].words, c->words) == 0 && json_is_object(answer)) {
			fill(zh ? cli_done_lines[i].zh : cli_done_lines[i].en, answer, out);
			return true;
		}
	return false;
}
