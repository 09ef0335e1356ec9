"""What tools/run says, in the language of the person's LANG.  One line each; {name} is filled in by say()."""

import os
import sys

TEXT = {
    "runs": ("Yanmen runs.  Home: {home}", "雁门运行中。目录：{home}"),
    "runs_already": ("Yanmen runs already.  Home: {home}", "雁门已在运行。目录：{home}"),
    "updated": ("A newer build is there: restarting.", "发现新的构建：正在重启。"),
    "stopped": ("Stopped.", "已停止。"),
    "not_running": ("Not running.  Home: {home}", "没有在运行。目录：{home}"),
    "removed": ("Removed all data in {home}.", "已删除 {home} 中的全部数据。"),
    "samples_removed": ("The sample targets are gone.", "示例目标已移除。"),
    "ask_reset": (
        "Delete everything in {home}: users, grants, recordings, audit?  Type yes: ",
        "删除 {home} 中的一切（用户、授权、录像、审计）？输入 yes 确认：",
    ),
    "kept": ("Nothing was deleted.", "没有删除任何内容。"),
    "port_moved": (
        "Port {taken} is taken, so this instance uses {base} and up.",
        "端口 {taken} 已被占用，本实例改用 {base} 起的端口。",
    ),
    "logins": ("Logins (name, role, password):", "登录账号（用户名、角色、密码）："),
    "try": ("Try:", "试一试："),
    "until_stop": ("It runs in the background; ./tools/run --stop ends it.", "已在后台运行；./tools/run --stop 停止。"),
    "until_ctrl_c": ("Ctrl-C ends it.", "按 Ctrl-C 停止。"),
    "fingerprint": ("its certificate is its own; SHA-256 fingerprint:", "证书为自签名；SHA-256 指纹："),
    "query": ("ask the sample database, with the engineer's password", "用 engineer 的口令查询示例数据库"),
    "log_in": ("log in to the sample target", "登录示例目标"),
    "choose": ("choose a target from the menu", "从菜单选择目标"),
    "see": ("see who is online", "查看在线会话"),
    "watch": ("watch one live, then end it", "实时监看，然后断开"),
    "prove": ("prove that nothing was altered", "证明记录未被改动"),
    # what failed
    "bad_home": ("{home} is not an instance of Yanmen: nothing was deleted", "{home} 不是雁门实例：没有删除任何内容"),
    "restore_used": (
        "{home} is in use already: restore into a new --home",
        "{home} 已在使用：请恢复到新的 --home",
    ),
    "home_used": ("{home} holds other files: choose an empty --home", "{home} 已有其他文件：请另选一个空的 --home"),
    "port_taken": ("port {port} is taken: choose another --ports", "端口 {port} 已被占用：请换一个 --ports"),
    "no_ports": ("no free block of ports found from {base} up", "从 {base} 起没有找到空闲端口"),
    "no_build": ("{prefix} has no built yanmend: run ./tools/run", "{prefix} 中没有 yanmend：请运行 ./tools/run"),
    "no_console": ("{folder} has no built console: run ./tools/run", "{folder} 中没有构建好的控制台：请运行 ./tools/run"),
    "no_postgres": ("PostgreSQL 15 or newer is not installed", "没有安装 PostgreSQL 15 或更新版本"),
    "step_failed": ("{step} failed: {why}  Log: {log}", "{step} 失败：{why}  日志：{log}"),
    "not_up": ("{name} did not come up within {seconds} s.  Log: {log}", "{name} 在 {seconds} 秒内没有就绪。日志：{log}"),
    "foreign_user": (
        "the OS user {name} exists and is not ours: no sample target (use --no-samples)",
        "系统用户 {name} 已存在且不是我们创建的：不能建示例目标（请用 --no-samples）",
    ),
    "stop_failed": ("process {pid} did not stop within {seconds} s", "进程 {pid} 在 {seconds} 秒内没有停止"),
    "died": ("the supervisor ended without a word.  Log: {log}", "监管进程意外退出。日志：{log}"),
}


class Failure(Exception):
    """A failure that a person can read in one line."""

    def __init__(self, key, **values):
        super().__init__(text(key, **values))


def chinese():
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return os.environ[name].lower().startswith("zh")
    return False


def text(key, **values):
    return TEXT[key][1 if chinese() else 0].format(**values)


def say(key, **values):
    print(text(key, **values), flush=True)


def complain(failure):
    print("yanmen: " + " ".join(str(failure).split()), file=sys.stderr, flush=True)
