#include "policy/say/say.h"

/* Roles of one's own making, saved searches, columns, favourites.  As texts.c, and looked at before it. */
const struct say_text say_texts_people[] = {
	{ "no role named {}; see: role list", "没有名为 {} 的角色；参见：role list" },
	{ "there is no permission {}; see: role list", "没有权限 {}；参见：role list" },
	{ "the permission {} cannot be had for \"{}\"", "权限 {} 不能限定为“{}”" },
	{ "the permission {} stays with the roles that are shipped: with it one becomes anybody", "权限 {} 仅限内置角色：有此权限者可冒充任何人" },
	{ "not allowed: nobody gives a right that he does not have: {}", "不允许：不得授予自己没有的权限：{}" },
	{ "the role {} would have several duties, which are separate here: {}", "角色 {} 将兼有多项已分立的职责：{}" },
	{ "the users of {} have another duty: add another role for this one", "角色 {} 的用户已有其他职责：请为此职责另添加角色" },
	{ "nobody would be left with a duty that {} has", "角色 {} 所负职责将无人承担" },
	{ "\"{}\" is no name of a role: a-z, 0-9 and _, beginning with a letter, at most 32",
		"“{}”不是角色名：仅限 a-z、0-9、_，以字母开头，最多 32 个字符" },
	{ "there is a role named {} already", "已有名为 {} 的角色" },
	{ "the role {} is shipped and stays as it is: add another one", "角色 {} 为内置角色，不可修改：请另添加角色" },
	{ "these users have the role {}: {}", "以下用户拥有角色 {}：{}" },
	{ "the role {} is still in use: in a document's readers, a pre-approval or a shared view",
		"角色 {} 仍在使用：文档读者、预审批或共享的检索" },
	{ "\"{}\" is no page", "“{}”不是页面" },
	{ "a search is an object of texts", "检索条件应为文本对象" },
	{ "you have 200 saved searches already: remove one first", "您已保存 200 个检索：请先移除一个" },
	{ "you have no saved search {}", "您没有已保存的检索 {}" },
	{ "these are no columns", "列名无效" },
	{ "custom", "自定义" },
	{ "permissions", "权限" },
	{ 0 },
};
