#include "tools/yanmen/doctor.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

enum { SAY_MAX = 400, NOFILE_ENOUGH = 65536, LIMITS_MAX = 4096 };
#define MEMLOCK_ENOUGH (UINT64_C(256) << 20)

static void json_scope(json_t **j)
{
	json_decref(*j);
}

__attribute__((format(printf, 4, 5))) static void add(json_t *rows, const char *name, const char *state, const char *fmt, ...)
{
	char say[SAY_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(say, sizeof say, fmt, ap);
	va_end(ap);
	(void)json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "name", name, "state", state, "say", say));
}

/* ---- this machine ---- */

static void check_key(const struct cli *cli, json_t *rows)
{
	const char *path = cli->conf.vault_key;
	const struct passwd *vault = geteuid() == 0 && cli->conf.user_vault[0] ? getpwnam(cli->conf.user_vault) : NULL;
	struct stat st;

	if (lstat(path, &st) < 0)
		add(rows, "key file", "fail", cli_say_text(cli, "%s: %s; put it back from a backup: without it the next start fails",
						      "%s:%s;请从备份放回:否则下次启动会失败"), path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		add(rows, "key file", "fail", cli_say_text(cli, "others may read it, and so everything: chmod 600 %s",
						      "其他用户可读取密钥,即可读取一切:请执行 chmod 600 %s"), path);
	else if (st.st_uid != 0 && st.st_uid != geteuid() && !(vault && st.st_uid == vault->pw_uid))
		add(rows, "key file", "fail", cli_say_text(cli, "it belongs to user %u: chown root %s", "它属于用户 %u:请执行 chown root %s"),
			(unsigned)st.st_uid, path);
	else
		add(rows, "key file", "ok", "%s", path);
}

static void check_clock(const struct cli *cli, json_t *rows)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);

	if (state < 0)
		add(rows, "clock", "warn", "adjtimex: %s", strerror(errno));
	else if (state == TIME_ERROR || (t.status & STA_UNSYNC))
		add(rows, "clock", "warn", "%s", cli_say_text(cli,
			"not synchronised: evidence tells wrong times; run chrony or systemd-timesyncd",
			"时钟未同步:证据的时间会有误;请运行 chrony 或 systemd-timesyncd"));
	else
		add(rows, "clock", "ok", cli_say_text(cli, "synchronised, within %ld ms", "已同步,误差 %ld 毫秒以内"), t.maxerror / 1000);
}

static void check_kernel(const struct cli *cli, json_t *rows)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		add(rows, "kernel", "ok", "%s", cli_say_text(cli, "seccomp with user notification", "支持 seccomp 用户通知"));
	else
		add(rows, "kernel", "warn", "%s", cli_say_text(cli, "no seccomp user notification: use Linux 5.9 or later",
						       "不支持 seccomp 用户通知:请使用 Linux 5.9 或更新内核"));
}

/* The recordings' disk is the recorder's to watch; without room for facts the audit stops. */
static void check_spool(const struct cli *cli, json_t *rows)
{
	static const char name[] = "spool disk";
	const char *path = cli->conf.spool_dir;
	struct statvfs v;

	if (statvfs(path, &v) < 0) {
		add(rows, name, "fail", "%s: %s", path, strerror(errno));
		return;
	}
	uint64_t mib = (uint64_t)v.f_bavail * v.f_frsize >> 20, percent = v.f_blocks ? v.f_bavail * 100 / v.f_blocks : 0;
	bool few_files = v.f_files > 0 && v.f_favail < v.f_files / 50;
	const char *state = mib < 64 || percent < 1 ? "fail" : percent < 5 || few_files ? "warn" : "ok";
	add(rows, name, state, few_files ? cli_say_text(cli, "%s: %" PRIu64 " MiB free (%" PRIu64 " %%), but few inodes: make room",
						    "%s:剩余 %" PRIu64 " MiB(%" PRIu64 " %%),但 inode 不足:请清理")
			: state[0] == 'o'
				? cli_say_text(cli, "%s: %" PRIu64 " MiB free (%" PRIu64 " %%)", "%s:剩余 %" PRIu64 " MiB(%" PRIu64 " %%)")
				: cli_say_text(cli, "%s: only %" PRIu64 " MiB free (%" PRIu64 " %%): make room, or move it",
					  "%s:仅剩 %" PRIu64 " MiB(%" PRIu64 " %%):请清理或迁移"),
		path, mib, percent);
}

/* A line of /proc/PID/limits: its soft and hard value, UINT64_MAX for unlimited. */
static bool limit_of(const char *text, const char *name, uint64_t ret[static 2])
{
	const char *line = strstr(text, name);

	if (!line)
		return false;
	line += strlen(name);
	for (int i = 0; i < 2; i++) {
		char *end = NULL;
		while (*line == ' ')
			line++;
		bool unlimited = strncmp(line, "unlimited", 9) == 0;
		ret[i] = unlimited ? UINT64_MAX : strtoull(line, &end, 10);
		if (!unlimited && end == line)
			return false;
		line = unlimited ? line + 9 : end;
	}
	return true;
}

static void check_limits(const struct cli *cli, json_t *rows)
{
	char path[64], text[LIMITS_MAX] = { 0 };
	uint64_t files[2], memory[2];
	pid_t pid = 0;

	if (!cli_connect_peer(cli, &pid))
		return; /* it does not run, and that is said already */
	(void)snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		(void)fclose(f);
	if (n == 0 || !limit_of(text, "Max open files", files) || !limit_of(text, "Max locked memory", memory))
		return;
	if (files[0] < NOFILE_ENOUGH)
		add(rows, "descriptors", "warn", cli_say_text(cli, "yanmend may open %" PRIu64 " files, some %" PRIu64
			" sessions: raise LimitNOFILE to 65536", "yanmend 只能打开 %" PRIu64 " 个文件,约 %" PRIu64 " 个会话:请将 LimitNOFILE 提高到 65536"),
			files[0], files[0] / 8);
	else
		add(rows, "descriptors", "ok", "%" PRIu64, files[0]);
	if (memory[1] < MEMLOCK_ENOUGH && geteuid() != 0)
		add(rows, "locked memory", "warn", cli_say_text(cli, "%" PRIu64
			" KiB: working memory of the vault may be swapped out; raise LimitMEMLOCK to 256 MiB",
			"%" PRIu64 " KiB:保险库的内存可能被换出;请将 LimitMEMLOCK 提高到 256 MiB"), memory[1] >> 10);
	else
		add(rows, "locked memory", "ok", "%s", cli_say_text(cli, "enough", "足够"));
}

/* ---- together ---- */

static bool has_failed(const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *state = json_string_value(json_object_get(json_array_get(rows, i), "state"));
		if (state && strcmp(state, "fail") == 0)
			return true;
	}
	return false;
}

static void name_rows(const struct cli *cli, json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		char room[CLI_SAY_ROOM];
		json_t *name = json_object_get(json_array_get(rows, i), "name");
		if (json_is_string(name))
			(void)json_string_set(name, cli_say_local(cli, json_string_value(name), room));
	}
}

static int show(const struct cli *cli, const struct cli_call *call, struct cli_answer *a, json_t *rows)
{
	if (!cli->json)
		name_rows(cli, rows);
	scoped(scope_free) char *text = json_dumps(rows, JSON_COMPACT);

	buf_clear(&a->json);
	buf_put_span(&a->json, span_str(text ? text : "[]"));
	a->exit = CLI_DONE;
	int exit = cli_connect_show(cli, call->command, a);
	return exit == CLI_DONE && has_failed(rows) ? CLI_FAILED : exit;
}

int cli_doctor(const struct cli *cli, struct cli_call *call)
{
	scoped(cli_connect_done) struct cli_answer a = { 0 };
	struct cli quiet = *cli;

	if (cli->remote) { /* what lies here is not the gateway's */
		int remote = cli_connect_ask(cli, call, -1, &a);
		scoped(json_scope) json_t *told = remote == 0 ? json_loadb((const char *)a.json.data, a.json.len, 0, NULL) : NULL;
		remote = remote == 0 ? cli_connect_show(cli, call->command, &a) : remote;
		return remote == CLI_DONE && has_failed(told) ? CLI_FAILED : remote;
	}
	quiet.json = false; /* what cannot be asked becomes a row */
	int exit = cli_connect_ask(&quiet, call, -1, &a);
	if (exit == 0 && a.exit == CLI_NOT_ALLOWED)
		return cli_connect_show(cli, call->command, &a);
	scoped(json_scope) json_t *rows =
		exit == 0 && a.exit == CLI_DONE ? json_loadb((const char *)a.json.data, a.json.len, 0, NULL) : NULL;
	if (!json_is_array(rows)) {
		json_decref(rows);
		rows = json_array();
		add(rows, "gateway", "fail", "%s", a.say.len > 0 ? buf_str(&a.say)
			: cli_say_text(cli, "does not answer: is it running? see its log", "没有应答:是否在运行?请查看日志"));
		if (exit != 0)
			cli_connect_init(&a);
	}
	check_key(cli, rows);
	check_clock(cli, rows);
	check_kernel(cli, rows);
	check_spool(cli, rows);
	check_limits(cli, rows);
	return show(cli, call, &a, rows);
}
