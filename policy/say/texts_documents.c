#include "policy/say/say.h"

/* Documents, and saving what was searched for.  As texts.c, and looked at before it. */
const struct say_text say_texts_documents[] = {
	{ "no document named {}; see: document list", "没有名为 {} 的文档；参见 document list" },
	{ "{} was changed by {} meanwhile; look at it again", "{} 已被 {} 修改；请重新查看" },
	{ "\"{}\" is no name of a document: at most 200 characters, no / and \\, not digits alone",
		"“{}”不能用作文档名称：最长 200 个字符，不得含 / 和 \\，不得全为数字" },
	{ "there is a document named {} already", "已有名为 {} 的文档" },
	{ "this document has {} bytes; the setting document.most allows {}", "该文档有 {} 字节；设置 document.most 允许 {} 字节" },
	{ "this document is empty", "该文档为空" },
	{ "documents have {} bytes already, of {} that the setting document.total allows; remove some",
		"文档已占用 {} 字节，设置 document.total 允许 {} 字节；请先移除一些" },
	{ "nothing to change is given", "没有给出要修改的内容" },
	{ "{} has no version {}; see: document versions", "{} 没有版本 {}；参见 document versions" },
	{ "with whom? give a user, a role or a group", "与谁共享？请给出用户、角色或资源组" },
	{ "version {} is the one that is read; restore another one before", "版本 {} 是当前版本；请先恢复另一个版本" },
	{ "the document cannot be read", "无法读取文档" },
	{ "the document makes no sense", "文档数据有误" },
	{ "a document has bytes, and a name, or stands in for an older one", "文档须有内容，并给出名称，或指明要替换的文档" },
	{ "the database's disk is full; free some space there", "数据库所在磁盘已满；请释放空间" },
	{ "format is csv or jsonl", "format 为 csv 或 jsonl" },
	{ "the page of the search makes no sense", "检索结果数据有误" },

	/* ---- headings ---- */
	{ "type", "格式" },
	{ "version", "版本" },
	{ "current", "当前" },
	{ "changed", "修改" },
	{ "changed_by", "修改人" },
	{ "users", "用户" },
	{ "roles", "角色" },
	{ "uploaded", "上传" },
	{ "uploaded_by", "上传人" },
	{ "removed", "已移除" },
	{ "note", "备注" },
	{ 0 },
};
