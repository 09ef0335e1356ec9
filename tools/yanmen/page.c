#include "tools/yanmen/manual.h"
#include <string.h>

static const char *text(bool zh, const char *en, const char *chinese)
{
	return zh ? chinese : en;
}

/* As roff shows it: a backslash and a hyphen are themselves, a dot or quote that begins a line is no request. */
static void put(struct buf *out, const char *s)
{
	for (bool begins = true; *s; s++) {
		if (begins && (*s == '.' || *s == '\''))
			buf_put(out, "\\&", 2);
		if (*s == '\\')
			buf_put(out, "\\e", 2);
		else if (*s == '-')
			buf_put(out, "\\-", 2);
		else
			buf_put(out, s, 1);
		begins = *s == '\n';
	}
}

static void section(struct buf *out, const char *name)
{
	buf_printf(out, ".SH %s\n", name);
}

static void entry(struct buf *out, const char *head, const char *what)
{
	buf_printf(out, ".TP\n.B ");
	put(out, head);
	buf_put(out, "\n", 1);
	put(out, what);
	buf_put(out, "\n", 1);
}

static void command(struct buf *out, bool zh, const struct cli_command *c)
{
	buf_printf(out, ".SS yanmen ");
	put(out, c->words);
	if (c->form[0]) {
		buf_put(out, " ", 1);
		put(out, c->form);
	}
	buf_put(out, "\n", 1);
	put(out, text(zh, c->en, c->zh));
	buf_put(out, "\n", 1);
	if (c->notes_en) {
		buf_printf(out, ".PP\n.nf\n");
		put(out, text(zh, c->notes_en, c->notes_zh));
		buf_printf(out, "\n.fi\n");
	}
	buf_printf(out, ".PP\n%s\n.B yanmen ", text(zh, "Example:", "示例："));
	put(out, c->example);
	buf_put(out, "\n", 1);
}

static void begin(struct buf *out, bool zh)
{
	buf_printf(out, ".TH YANMEN 1 \"\" \"Yanmen %s\" \"%s\"\n", YANMEN_VERSION, text(zh, "Yanmen", "雁门"));
	section(out, text(zh, "NAME", "名称"));
	put(out, text(zh, "yanmen - the command line of the bastion host Yanmen", "yanmen - 堡垒机雁门的命令行"));
	buf_put(out, "\n", 1);
	section(out, text(zh, "SYNOPSIS", "用法"));
	buf_printf(out, ".B yanmen\n[\\-\\-config FILE | \\-\\-url URL \\-\\-token\\-file FILE] [\\-\\-json] %s\n", text(zh, "COMMAND ...", "命令 ..."));
	section(out, text(zh, "DESCRIPTION", "说明"));
	put(out, text(zh, "Every change and every look goes through the gateway on its local socket, is checked against the "
			  "caller's permissions, and stands in the audit log. Secrets are given in files, never as words of a command.",
			 "所有修改与查看都经由网关的本地套接字，按调用者的权限检查，并写入审计日志。密码与密钥只通过文件给出。"));
	buf_put(out, "\n", 1);
	section(out, text(zh, "OPTIONS", "选项"));
	entry(out, "--config FILE", text(zh, "the configuration of the instance", "实例的配置文件"));
	entry(out, "--url https://HOST:PORT, --token-file F, --ca F, --fingerprint SHA256",
		text(zh, "a gateway elsewhere, over HTTPS: its console's address, an API token, and the CA or the certificate that it must show; "
			 "in front of the command",
			"经 HTTPS 使用别处的网关：控制台地址、API 令牌，以及其证书的 CA 或指纹；写在命令之前"));
	entry(out, "--json", text(zh, "answers as JSON, for scripts", "以 JSON 输出，供脚本使用"));
	entry(out, "--help", text(zh, "help for all commands, for one noun, or for one command", "显示全部、某一类或某一条命令的帮助"));
	entry(out, "--version", text(zh, "the release", "版本"));
}

static void end(struct buf *out, bool zh)
{
	static const struct {
		const char *code, *en, *zh;
	} exits[] = {
		{ "0", "done", "完成" },
		{ "1", "failed", "失败" },
		{ "2", "the command was used in a wrong way", "用法错误" },
		{ "3", "not found", "不存在" },
		{ "4", "not allowed", "不允许" },
	};
	section(out, text(zh, "EXIT STATUS", "退出码"));
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		entry(out, exits[i].code, text(zh, exits[i].en, exits[i].zh));
	section(out, text(zh, "ENVIRONMENT", "环境变量"));
	entry(out, "YANMEN_CONFIG", text(zh, "the configuration, where --config does not name it", "未给出 --config 时的配置文件"));
	entry(out, "YANMEN_URL", text(zh, "the gateway's address, where --url does not give it", "未给出 --url 时的网关地址"));
	entry(out, "LC_ALL, LC_MESSAGES, LANG",
		text(zh, "the first that is set chooses the language: zh... is Chinese", "首个已设置者决定语言：zh 开头为中文"));
	section(out, text(zh, "FILES", "文件"));
	entry(out, "/etc/yanmen/yanmen.conf", text(zh, "the configuration, unless another is named", "默认的配置文件"));
	entry(out, "~/.config/yanmen/remote",
		text(zh, "a gateway elsewhere: lines url, token-file, ca, fingerprint, each = its value; mode 0600",
			"别处的网关：url、token-file、ca、fingerprint 各一行，= 其值；权限 0600"));
	section(out, text(zh, "SEE ALSO", "另见"));
	buf_printf(out, ".BR ssh (1),\n.BR sshd (8)\n");
}

void cli_page_put(bool zh, struct buf *out)
{
	begin(out, zh);
	section(out, text(zh, "COMMANDS", "命令"));
	for (size_t i = 0; i < cli_commands_n; i++)
		command(out, zh, &cli_commands[i]);
	end(out, zh);
}
