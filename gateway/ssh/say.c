#include "gateway/ssh/say.h"
#include "gateway/core/utf8.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ARG_MAX_BYTES = 300 };

static const char *const texts[GW_SSH_SAYS][GW_SSH_LANGS] = {
	[GW_SSH_SAY_ENDED] = { "*** Yanmen: session ended: {} ***", "*** 雁门：会话已结束：{} ***" },
	[GW_SSH_SAY_REFUSED] = { "*** Yanmen: {} ***", "*** 雁门：{} ***" },
	[GW_SSH_SAY_LOCKED] = { "*** input locked by an administrator ***", "*** 管理员已锁定输入 ***" },
	[GW_SSH_SAY_UNLOCKED] = { "*** input unlocked ***", "*** 输入已解锁 ***" },
	[GW_SSH_SAY_NO_RECORDING] = { "the recording is not being written; the session ends",
		"录像无法写入，会话结束" },
	[GW_SSH_SAY_NEEDS_TARGET] = { "name the target in the login: ssh USER#TARGET@GATEWAY COMMAND",
		"请在登录名中指明资源：ssh 用户#资源@网关 命令" },
	[GW_SSH_SAY_HOST_KEY_CHANGED] = { "the host key of the target has changed, nothing was sent to it; "
					  "if that was planned, an admin runs: yanmen target repin {}",
		"目标主机密钥已改变，未向其发送任何凭据；若属计划内变更，请管理员执行：yanmen target repin {}" },
	[GW_SSH_SAY_TARGET_STALLS] = { "the target does not answer in time, try again later",
		"目标未及时响应，请稍后再试" },
	[GW_SSH_SAY_TARGET_BROKEN] = { "the target ended the connection or speaks no SSH that we accept",
		"目标中断了连接，或不支持所要求的 SSH 算法" },
	[GW_SSH_SAY_TARGET_OLD] = { "the target offers only old, weak algorithms; if it must be so, "
				    "an admin runs: yanmen target set {} --legacy on",
		"目标仅提供过时的弱算法；若确需连接，请管理员执行：yanmen target set {} --legacy on" },
	[GW_SSH_SAY_TARGET_LOGIN] = { "the target refused the stored credential of this account, tell an admin",
		"目标拒绝了该账号的托管凭据，请联系管理员" },
	[GW_SSH_SAY_TARGET_GONE] = { "the target closed the connection", "目标已关闭连接" },
	[GW_SSH_SAY_TARGET_REFUSED] = { "the target refused the request", "目标拒绝了该请求" },
	[GW_SSH_SAY_TARGET_X11] = { "*** Yanmen: the target does not forward X11 ***", "*** 雁门：目标不支持 X11 转发 ***" },
	[GW_SSH_SAY_CONNECTING] = { "connecting to {} ...", "正在连接 {} ……" },
	[GW_SSH_SAY_IDLE] = { "idle for too long", "空闲时间过长" },
	[GW_SSH_SAY_TOTAL] = { "the time that the grant allows is over", "授权允许的时长已用完" },
	[GW_SSH_SAY_SUBSYSTEM] = { "the subsystem \"{}\" is not available here", "此处不提供子系统“{}”" },
	[GW_SSH_SAY_NO_UPLOAD] = { "*** Yanmen: you may not upload or change files here ***",
		"*** 雁门：此处不允许上传或修改文件 ***" },
	[GW_SSH_SAY_NO_DOWNLOAD] = { "*** Yanmen: you may not download files here ***", "*** 雁门：此处不允许下载文件 ***" },
	[GW_SSH_SAY_UNREADABLE] = { "this is no file transfer that the gateway can read, and your access limits where files may go",
		"网关无法识别该文件传输，而您的授权限制了文件传输方向" },
	[GW_SSH_SAY_INTERNAL] = { "internal error, please log in again", "网关内部错误，请重新登录" },
	[GW_SSH_SAY_FACTOR_NEXT] = { "Yanmen: a code of your authenticator app comes next; a client that cannot ask for it "
				     "(batch mode, password only) is refused",
		"雁门：下一步需要验证码；无法输入验证码的客户端（批处理、仅密码）将被拒绝" },
	[GW_SSH_SAY_FACTOR_CODE] = { "Code of your authenticator app, or a recovery code", "验证器应用的验证码或恢复码" },
	[GW_SSH_SAY_FACTOR_ENROL] = { "Yanmen asks for a second factor. Add this to an authenticator app:",
		"雁门要求启用第二因子，请在验证器应用中添加：" },
	[GW_SSH_SAY_FACTOR_TYPE] = { "Then type the code that the app shows", "然后输入应用显示的验证码" },
	[GW_SSH_SAY_FACTOR_KEEP] = { "Keep these recovery codes in a safe place; each works once instead of a code:",
		"请妥善保存以下恢复码，每个可代替验证码使用一次：" },
	[GW_SSH_SAY_FACTOR_KEPT] = { "Type yes when you have kept them", "保存后请输入 yes" },
	[GW_SSH_SAY_MENU_TITLE] = { "Yanmen - choose a target", "雁门 - 选择资源" },
	[GW_SSH_SAY_MENU_KEYS] = { "type to search, Enter opens, arrows move, PgUp/PgDn page, q leaves",
		"输入即搜索，回车打开，方向键移动，PgUp/PgDn 翻页，q 退出" },
	[GW_SSH_SAY_MENU_NONE] = { "nothing found", "没有符合的资源" },
	[GW_SSH_SAY_MENU_FIND] = { "search or number: ", "搜索或序号：" },
	[GW_SSH_SAY_MENU_PAGE] = { "page {}", "第 {} 页" },
};

const char *gw_ssh_say(enum gw_ssh_lang lang, enum gw_ssh_say what)
{
	return texts[what][lang];
}

static void put_clean(struct buf *out, struct span s)
{
	if (s.n > ARG_MAX_BYTES)
		s.n = ARG_MAX_BYTES;
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		if (n == 0 || utf8_is_control(c))
			buf_put(out, "?", 1);
		else
			buf_put(out, s.p, n);
		n = n == 0 ? 1 : n;
		s.p += n;
		s.n -= n;
	}
}

void gw_ssh_say_put(struct buf *out, enum gw_ssh_lang lang, enum gw_ssh_say what, const char *arg)
{
	const char *text = gw_ssh_say(lang, what);
	const char *hole = strstr(text, "{}");
	if (!hole) {
		buf_put_span(out, span_str(text));
		return;
	}
	buf_put(out, text, (size_t)(hole - text));
	put_clean(out, span_str(arg));
	buf_put_span(out, span_str(hole + 2));
}

enum gw_ssh_lang gw_ssh_say_lang(struct span locale)
{
	return locale.n >= 2 && strncasecmp((const char *)locale.p, "zh", 2) == 0 ? GW_SSH_ZH : GW_SSH_EN;
}

void gw_ssh_say_ascii(const char *line, char *ret, size_t size)
{
	size_t n = 0;
	while (line[n] >= 0x20 && line[n] < 0x7f)
		n++;
	while (line[n] && n > 0 && strchr(" /(", line[n - 1]))
		n--;
	(void)snprintf(ret, size, "%.*s", (int)n, n ? line : "");
	if (n == 0)
		(void)snprintf(ret, size, "session ended by the gateway");
}
