#include "webterm/term/say.h"
#include "gateway/core/scope.h"
#include <string.h>

static const char *const texts[WEB_TERM_SAYS][2] = {
	[WEB_TERM_SAY_BROKE] = { "the connection inside the gateway broke; please open the terminal again",
		"网关内部连接中断，请重新打开终端" },
	[WEB_TERM_SAY_ZMODEM] = { "rz and sz do not work in a browser: use the file panel", "浏览器中无法使用 rz/sz，请使用文件面板" },
	[WEB_TERM_SAY_INPUT] = { "the program does not read what was typed or pasted; a part was left out",
		"程序未读取输入，部分输入或粘贴的内容已丢弃" },
	[WEB_TERM_SAY_PASTE] = { "pasting is not allowed here", "此处不允许粘贴" },
	[WEB_TERM_SAY_PASTE_MAX] = { "that is more than may be pasted here at once", "超过此处单次粘贴的上限" },
	[WEB_TERM_SAY_ABSENT] = { "there is no such file or folder", "文件或目录不存在" },
	[WEB_TERM_SAY_DENIED] = { "the target does not permit it", "目标拒绝访问（权限不足）" },
	[WEB_TERM_SAY_FAILED] = { "the target could not do it", "目标执行失败" },
	[WEB_TERM_SAY_UNSUPPORTED] = { "the target does not support it", "目标不支持该操作" },
	[WEB_TERM_SAY_EXISTS] = { "there is something of that name already", "同名文件已存在" },
	[WEB_TERM_SAY_FOLDER] = { "that is a folder", "这是一个目录" },
	[WEB_TERM_SAY_SHORTER] = { "the file is shorter than that: it cannot go on from there", "文件长度不足，无法从该位置续传" },
	[WEB_TERM_SAY_BUSY] = { "too much at once: wait until something is done", "同时进行的操作过多，请稍候" },
	[WEB_TERM_SAY_CANCELLED] = { "cancelled", "已取消" },
	[WEB_TERM_SAY_LOST] = { "the file transfer of the target broke; please try again", "目标文件传输服务中断，请重试" },
	[WEB_TERM_SAY_NO_SFTP] = { "the target has no file transfer (SFTP)", "目标不提供文件传输（SFTP）" },
	[WEB_TERM_SAY_REQUEST] = { "malformed request", "请求格式错误" },
	[WEB_TERM_SAY_CREDIT] = { "more was sent than was allowed", "发送的数据超出允许的范围" },
};

const char *web_term_say(bool zh, enum web_term_say what)
{
	return texts[what][zh];
}

static bool starts(struct span *s, const char *with)
{
	size_t n = strlen(with);
	if (s->n < n || memcmp(s->p, with, n) != 0)
		return false;
	*s = span_of(s->p + n, s->n - n);
	return true;
}

static struct span last_line(struct span s)
{
	while (s.n > 0 && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	size_t at = s.n;
	while (at > 0 && s.p[at - 1] != '\n' && s.p[at - 1] != '\r')
		at--;
	return span_of(s.p + at, s.n - at);
}

struct span web_term_say_worker(struct span tail)
{
	static const char *const ended[] = { "session ended: ", "会话已结束：" };
	static const char end[] = " ***";
	struct span s = tail.n > 0 ? last_line(tail) : tail;
	if (s.n < sizeof end || memcmp(s.p + s.n - (sizeof end - 1), end, sizeof end - 1) != 0)
		return (struct span){ 0 };
	s.n -= sizeof end - 1;
	if (!starts(&s, "*** Yanmen: ") && !starts(&s, "*** 雁门："))
		return (struct span){ 0 };
	for (size_t i = 0; i < COUNT_OF(ended); i++)
		(void)starts(&s, ended[i]);
	return s;
}

struct span web_term_say_half(struct span both, bool zh)
{
	const uint8_t *cut = both.n > 0 ? memmem(both.p, both.n, " / ", 3) : NULL;
	if (!cut)
		return both;
	size_t n = (size_t)(cut - both.p);
	return zh ? span_of(cut + 3, both.n - n - 3) : span_of(both.p, n);
}
