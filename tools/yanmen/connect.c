#include "tools/yanmen/connect.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/say/say.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/done.h"
#include "tools/yanmen/remote.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/table.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ANSWER_MAX = 256 << 20, SAY_MAX = 4096, LINE_BYTES = 65536 };

static void json_scope(json_t **j)
{
	json_decref(*j);
}

void cli_connect_init(struct cli_answer *a)
{
	*a = (struct cli_answer){ 0 };
	buf_init(&a->json, ANSWER_MAX);
	buf_init(&a->say, SAY_MAX);
}

void cli_connect_done(struct cli_answer *a)
{
	buf_done(&a->json);
	buf_done(&a->say);
}

static int away(const struct cli *cli, const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return cli_say_fail(cli, CLI_NOT_ALLOWED,
			cli_say_text(cli, "you may not use %s; be root or the service's own user",
				"您无权使用 %s;请以 root 或服务自己的用户运行"),
			path);
	return cli_say_fail(cli, CLI_FAILED,
		cli_say_text(cli,
			"the gateway is not running (no answer on %s); start it with tools/run, or yanmend --config %s",
			"网关没有运行(%s 无应答);请用 tools/run 或 yanmend --config %s 启动"),
		path, cli->config);
}

static int dial(const struct cli *cli, int *ret)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	int n = snprintf(to.sun_path, sizeof to.sun_path, "%s/control.sock", cli->conf.run_dir);
	if (n < 0 || (size_t)n >= sizeof to.sun_path)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "the path of the run folder is too long: %s", "运行目录的路径太长:%s"),
			cli->conf.run_dir);
	scoped(scope_close) int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return cli_say_fail(cli, CLI_FAILED, "socket: %s", strerror(errno));
	if (connect(sock, (const struct sockaddr *)&to, sizeof to) < 0)
		return away(cli, to.sun_path, errno);
	*ret = take_fd(sock);
	return 0;
}

bool cli_connect_peer(const struct cli *cli, pid_t *ret)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	scoped(scope_close) int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	int length = snprintf(to.sun_path, sizeof to.sun_path, "%s/control.sock", cli->conf.run_dir);
	if (length < 0 || (size_t)length >= sizeof to.sun_path || sock < 0 ||
		connect(sock, (const struct sockaddr *)&to, sizeof to) < 0 ||
		getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return false;
	*ret = who.pid;
	return who.pid > 0;
}

int cli_connect_send(const struct cli *cli, const struct cli_call *call, int fd, int *ret_sock)
{
	const struct cli_command *c = call->command;
	scoped(buf_done) struct buf args = { 0 };
	scoped(scope_close) int sock = -1;

	int exit = dial(cli, &sock);
	if (exit != 0)
		return exit;
	buf_init(&args, MSG_BODY_MAX - 1024);
	struct wire_command m = { .name = span_str(c->wire ? c->wire : c->words),
		.lang = span_str(cli->zh ? "zh" : "en") };
	m.count = cli_args_put(call, &args);
	m.args = buf_span(&args);
	if (args.failed)
		return cli_say_fail(
			cli, CLI_USAGE, "%s", cli_say_text(cli, "too many or too long arguments", "参数过多或过长"));
	int r = wire_command_send(sock, &m, fd);
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "the gateway does not listen: %s", "网关没有接收:%s"), strerror(-r));
	*ret_sock = take_fd(sock);
	return 0;
}

static int broken(const struct cli *cli)
{
	return -cli_say_fail(cli, CLI_FAILED, "%s",
		cli_say_text(cli, "the gateway closed the connection before it answered; look at its log",
			"网关在应答之前断开了连接;请查看其日志"));
}

int cli_connect_take(const struct cli *cli, int sock, struct cli_answer *a)
{
	uint8_t body[MSG_BODY_MAX];
	scoped(scope_close) int fd = -1;
	struct wire_result m;
	uint16_t type = 0;

	int n = msg_recv(sock, &type, body, sizeof body, &fd, NULL);
	if (n < 0 || type != WIRE_T_result || wire_result_get(span_of(body, (size_t)n), &m, NULL) < 0)
		return broken(cli);
	buf_put_span(&a->json, m.json);
	if (a->json.failed)
		return -cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "the answer is too long", "应答过长"));
	if (m.more)
		return 1;
	if (!cli->zh || !say_zh(m.say, &a->say))
		buf_put(&a->say, m.say.p, m.say.n < SAY_MAX ? m.say.n : SAY_MAX);
	a->exit = m.exit >= CLI_DONE && m.exit <= CLI_NOT_ALLOWED ? (int)m.exit : CLI_FAILED;
	return 0;
}

int cli_connect_ask(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret)
{
	scoped(scope_close) int sock = -1;
	int r;

	if (cli->remote)
		return cli_remote_ask(cli, call, fd, ret);
	cli_connect_init(ret);
	int exit = cli_connect_send(cli, call, fd, &sock);
	if (exit != 0)
		return exit;
	while ((r = cli_connect_take(cli, sock, ret)) > 0)
		;
	return -r;
}

/* A failure with a document: the document gets the words, so that a script finds both. */
static int show_failed(const struct cli *cli, json_t *doc, struct cli_answer *a)
{
	if (!cli->json || !json_is_object(doc))
		return cli_say_fail(cli, a->exit, "%s", a->say.len > 0 ? buf_str(&a->say) : "failed");
	scoped(json_scope) json_t *say = json_stringn((const char *)a->say.data, a->say.len);
	(void)json_object_set(doc, "error", say);
	scoped(scope_free) char *text = json_dumps(doc, JSON_COMPACT);
	(void)puts(text ? text : "{}");
	cli_say_note("yanmen: %s", buf_str(&a->say));
	return a->exit;
}

/* A line where the command has one, else all of the answer. */
static void show_done(const struct cli *cli, const struct cli_command *c, json_t *doc)
{
	scoped(buf_done) struct buf line;

	buf_init(&line, LINE_BYTES);
	if (cli_done_put(c, cli->zh, doc, &line))
		(void)puts(buf_str(&line));
	else
		cli_table_show(cli, doc, c->columns);
}

int cli_connect_show(const struct cli *cli, const struct cli_command *c, struct cli_answer *a)
{
	json_error_t where;
	scoped(json_scope) json_t *doc = a->json.len > 0 ? json_loadb((const char *)a->json.data, a->json.len,
								   JSON_DECODE_ANY | JSON_ALLOW_NUL, &where)
							 : json_object();

	if (!doc)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "the gateway's answer does not parse: %s", "无法解析网关的应答:%s"),
			where.text);
	if (a->exit != CLI_DONE) {
		if (!cli->json && a->json.len > 0 && json_object_size(doc) > 0)
			cli_table_show(cli, doc, c->columns);
		return show_failed(cli, doc, a);
	}
	if (cli->json)
		(void)printf(
			"%.*s\n", a->json.len > 0 ? (int)a->json.len : 2, a->json.len > 0 ? buf_str(&a->json) : "{}");
	else
		show_done(cli, c, doc);
	if (a->say.len > 0)
		cli_say_note("%s", buf_str(&a->say));
	return CLI_DONE;
}
