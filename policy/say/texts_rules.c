#include "policy/say/say.h"

/* Command rules and SQL rules.  As texts.c, and looked at before it. */
const struct say_text say_texts_rules[] = {
	{ "not allowed: these rules are not of your clusters", "不允许：这些规则不属于您管理的集群" },
	{ "no rule {}; see the list of rules", "没有规则 {}；请查看规则列表" },
	{ "{} is one line of at most {} bytes", "{} 须为一行，最多 {} 字节" },
	{ "{} is one of: {}", "{} 可取：{}" },
	{ "no {}: {}; there are: {}", "没有这样的 {}：{}；可用：{}" },
	{ "at most 500 rules of one scope", "同一范围最多 500 条规则" },
	{ "to is the place, 1 for the first", "to 为位置，1 表示最前" },
	{ "what does the rule look at? give program, args or path", "规则看什么？请给出 program、args 或 path" },
	{ "give one of cluster, group, target; none means everything", "请给出 cluster、group、target 之一；都不给表示全部" },
	{ "{} is no database", "{} 不是数据库资源" },

	/* ---- headings ---- */
	{ "secure", "安全模式" },
	{ "doors", "其他入口" },
	{ "unknown", "无法判断时" },
	{ "default", "默认" },
	{ "rules", "规则数" },
	{ "approval", "审批" },
	{ "approvers", "审批人" },
	{ "place", "位置" },
	{ "enabled", "启用" },
	{ "action", "动作" },
	{ "program", "程序" },
	{ "args", "参数" },
	{ "classes", "语句类别" },
	{ "flags", "标志" },
	{ "without", "不含" },
	{ "tables", "表" },
	{ 0 },
};
