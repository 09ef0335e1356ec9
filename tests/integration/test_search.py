"""`audit search` over a whole instance: commands at once, what terminals showed some seconds after the end, and after kills."""

import json
import subprocess

import pytest
from harness import procs
from harness.terminal import EOF, shell, terminal
from harness.wait import until

WITHIN = 60  # seconds, on a busy machine


def shown(instance, user, *lines):
    """Prints the lines on a terminal; returns the session."""
    with terminal(instance, user) as child:
        shell(child)
        for line in lines:
            child.sendline(f"printf '%s\\n' '{line[:3]}''{line[3:]}'")
            child.expect_exact(line)
            child.expect_exact("ready> ")
        child.sendline("exit")
        child.expect(EOF)
    return until(lambda: instance.sessions(user, "closed"), WITHIN, "the end of the session")[-1]["id"]


def output(instance, text, **filters):
    return instance.audit(text=text, kind="output", **filters)


def test_what_a_terminal_showed_is_found_in_both_languages(instance, engineer):
    word = instance.name("zebra").replace("-", "")
    session = shown(instance, engineer, f"{word} connection refused by 10.11.12.13", f"{word} 数据库连接超时")
    found = until(lambda: rows if len(rows := output(instance, word)) >= 2 else None, WITHIN, "the lines")
    assert {r["session"] for r in found} == {session} and {r["user"] for r in found} == {engineer.name}
    [row] = [r for r in output(instance, f"{word} 连接") if r["text"].startswith(word)]
    assert row["text"] == f"{word} 数据库连接超时" and row["target"] == instance.demo and row["channel"] is not None
    assert any(r["text"].endswith("10.11.12.13") for r in output(instance, f'{word} "connection refused" 10.11.12.13'))
    assert output(instance, f"{word} 10.11.12.1") == [] == output(instance, word, user="nobody")
    replayed = subprocess.run(instance.cli_argv("replay", session, "--from", row["offset"], "--speed", "100", "--idle", "0.1"), capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert word in replayed.stdout and "数据库连接超时" in replayed.stdout
    assert any(r["kind"] == "recording.indexed" for r in instance.audit(text=session))


def test_a_command_is_found_at_once_and_by_its_path(instance, engineer):
    path = f"/etc/{instance.name('conf')}/passwd"
    instance.ssh(engineer, f"cat {path}; echo '查看配置'")
    [row] = until(lambda: instance.audit(text=path, kind="command"), WITHIN, "the command")
    assert row["user"] == engineer.name and row["kind"] == "channel.opened" and "查看配置" in row["body"]["text"]
    assert [r["id"] for r in instance.audit(text=f"查看 {path}", kind="command")] == [row["id"]]


def test_typed_text_is_data(instance, engineer):
    instance.ssh(engineer, "echo plain")
    for text in ("'; drop table search.line; --", "%", "\\", "\"", "$1", "𠮷\U0010ffff", "' or 1=1 --", "a" * 1000):
        assert instance.cli("audit", "search", "--since", "1h", "--text", text).code == 0
    raw = subprocess.run([*instance.endpoints["cli"], "audit", "search", "--since", "1h", "--text", b"\xff\xfe\xc0\xaf", "--json"],
                         capture_output=True, timeout=60)
    assert raw.returncode in (0, 2) and (raw.returncode == 2 or all("\ufffd" in r["text"] for r in json.loads(raw.stdout)))
    for bad in (["--text", "a" * 1001], ["--kind", "nonsense"], ["--limit", "100000"], ["--before", "x"]):
        assert instance.cli("audit", "search", "--since", "1h", *bad).code == 2
    assert instance.audit(text="plain")


def test_a_flood_is_one_line_and_the_limit_holds(instance, engineer):
    word = instance.name("flood").replace("-", "")
    instance.ok("settings", "set", "search.lines", "50")
    try:
        instance.ssh(engineer, f"yes {word} | head -20000; seq -f '{word} number %.0f' 1 500; echo {word} after")
        found = until(lambda: rows if len(rows := output(instance, word)) >= 50 else None, WITHIN, "the lines")
        assert len(found) == 50 and sum(r["text"] == word for r in found) == 1
    finally:
        instance.ok("settings", "set", "search.lines", "100000")
    session = found[0]["session"]
    assert instance.ok("audit", "reindex", "--recording", session)["recordings"] == 1
    found = until(lambda: rows if len(rows := output(instance, word)) >= 502 else None, WITHIN, "all lines")
    assert len(found) == 502


def test_with_the_setting_off_it_stays_out_of_the_database(own_instance):
    instance = own_instance
    user = instance.user()
    instance.grant(user, instance.demo)
    instance.ok("settings", "set", "search.terminal", "off")
    word = instance.name("hidden").replace("-", "")
    instance.ssh(user, f"printf '%s%s\\n' {word[:4]} {word[4:]}")
    until(lambda: [r for r in instance.audit(user=user.name) if r["kind"] == "recording.state" and r["body"].get("state") == "closed"],
          WITHIN, "the seal")
    until(lambda: instance.sql("select 1 from search.recording where state = 'waiting'"), WITHIN, "the recording that waits")
    assert output(instance, word) == [] and instance.sql("select count(*) from search.line where kind = 'o'") == ["0"]
    instance.ok("settings", "set", "search.terminal", "on")
    until(lambda: output(instance, word), WITHIN, "the line")


@pytest.mark.parametrize("role", ["reader", "broker", "postgres"])
def test_kill_anywhere_neither_loses_nor_doubles(own_instance, role):
    instance = own_instance
    user = instance.user()
    instance.grant(user, instance.demo)
    word = instance.name("many").replace("-", "")
    instance.ssh(user, f"seq -f '{word} %.0f line' 1 20000", seconds=120)
    until(lambda: int(instance.sql("select coalesce(max(lines), 0) from search.recording where state = 'waiting'")[0]) > 0,
          WITHIN, "the copying", every=0.02)

    def pid_of():
        return instance.service_pid(role) if role == "postgres" else next(iter(instance.pids(role)), None)
    victim = pid_of()
    if victim:  # a reader may just have ended
        procs.kill_hard(victim)

    def done():
        try:
            return instance.sql(f"select count(*) from search.line where text like '{word} %'") == ["20000"]
        except AssertionError:
            return False  # PostgreSQL is not back yet
    until(done, 120, "all lines")
    until(lambda: instance.sql("select count(*) from search.recording where state = 'waiting'") == ["0"], WITHIN, "the end of the copying")
    assert instance.sql(f"select count(*), count(distinct text) from search.line where text like '{word} %'") == ["20000|20000"]
    assert len(output(instance, f"{word} 19999")) == 1
    seen = instance.sql("select count(*) from audit.event where kind = 'recording.indexed' and body like '%" + user.name + "%'")
    assert seen == ["1"]
