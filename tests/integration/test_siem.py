"""The audit log on its way to a SIEM: syslog over TCP and JSON lines, through every fault that either side can have."""

import json
import os
import pwd
import re
import subprocess

import pytest
from conftest import LIMITS, work_dir
from harness import procs
from harness.build import SANITIZED, plain_build
from harness.inject import inject, status
from harness.instance import Instance, free_port
from harness.siem import Receiver, arrived, chain, check, happen, in_order, told
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage

FILE = "log/audit.jsonl"


@pytest.fixture(scope="module")
def home():
    return work_dir()


@pytest.fixture(scope="module")
def receiver():
    r = Receiver(free_port()).start()
    yield r
    r.stop()


@pytest.fixture(scope="module")
def siem(home, receiver):
    """An instance that streams to `receiver` and into a file."""
    instance = Instance(home, *LIMITS, "--set", f"siem.syslog=tcp://127.0.0.1:{receiver.port}", "--set", f"siem.file={home / FILE}")
    instance.start()
    try:
        yield instance
        assert not instance.sanitizer_reports()
    finally:
        if os.environ.get("YANMEN_KEEP") != "1":
            instance.run("--reset", "--yes", check=False)


def lines(home):
    return [json.loads(line) for line in (home / FILE).read_text().splitlines()]


def newest(instance):
    return int(instance.sql("select coalesce(max(seq), 0) from audit.seal")[0])


def pile(instance, n, size=1000):
    """Many rows at once."""
    instance.sql(f"select count(audit.add('system', 'group.added', jsonb_build_object('n', n, 'text', repeat('x', {size})))) "
                 f"from generate_series(1, {n}) n")


def reached(instance, sink):
    """The row that has arrived there, as doctor says; 0 when that is not what it says."""
    found = re.search(r"row (\d+) has arrived", check(instance, sink)["say"])
    return int(found.group(1)) if found else 0


# ---- what arrives ----

def test_every_row_arrives_in_order_in_both_sinks_and_is_the_chain(siem, home, receiver):
    user = siem.user()
    siem.grant(user, siem.demo)
    assert siem.ssh(user, "echo hello").stdout == b"hello\n"
    siem.ok("group", "add", "组一\u3001web")
    siem.ok("settings", "set", "banner.text", "line one\nline \"two\" [three] \\ 四")
    refused = siem.user()
    refused.password_file.write_text("not his password")
    assert siem.ssh(refused, "true").returncode != 0
    siem.told(refused, "login.refused")
    seq = happen(siem)
    arrived(receiver, seq)
    until(lambda: lines(home)[-1]["seq"] >= seq, 30, "the file")

    log = {s: (kind, digest, body) for s, kind, digest, body in chain(siem)}
    rows, records = in_order(receiver.rows())[:seq], in_order(lines(home))[:seq]
    assert len(rows) == len(records) == seq
    for row, record in zip(rows, records):
        kind, digest, body = log[int(row["seq"])]
        assert row["event"] == row["msgid"] == record["event"] == kind
        assert row["hash"] == record["hash"] == digest
        assert json.loads(row["text"]) == record["body"] == body
        assert (row["app"], row["facility"], row["id"]) == ("yanmen", 13, "yanmen@32473")
        assert row.get("user") == record.get("user") == body.get("user")
        assert row["outcome"] == record["outcome"]
    by_kind = {r["event"]: r for r in rows}
    start = next(r for r in rows if r["event"] == "session.start" and r["user"] == user.name)
    assert (start["target"], start["account"], start["ip"], start["outcome"], start["severity"]) == (
        siem.demo, siem.account.name, "127.0.0.1", "success", 6)
    assert (by_kind["login.refused"]["outcome"], by_kind["login.refused"]["severity"]) == ("failure", 4)
    assert json.loads(by_kind["setting.changed"]["text"])["value"] == "line one\nline \"two\" [three] \\ 四"
    assert any("组一、web" in r["text"] for r in rows)


def test_doctor_tells_how_far_they_are(siem):
    seq = happen(siem)
    for sink in ("syslog", "file"):
        until(lambda s=sink: reached(siem, s) >= seq, 60, "doctor")
        assert check(siem, sink)["state"] == "ok"
    until(siem.healthy, 20, "health")


def test_a_long_row_is_cut_in_syslog_and_whole_in_the_file(siem, home, receiver):
    siem.sql("select audit.add('system', 'group.added', jsonb_build_object('name', 'long one', 'text', repeat('长', 5000)))")
    seq = happen(siem)
    arrived(receiver, seq)
    row = next(r for r in receiver.rows() if "long one" in r["text"])
    assert row["cut"] == str(len(json.dumps({"name": "long one", "text": "长" * 5000}, ensure_ascii=False).encode()))
    assert row["text"].endswith("长") and len(row["text"]) > 2000
    until(lambda: lines(home)[-1]["seq"] >= seq, 30, "the file")
    assert next(r for r in lines(home) if r["body"].get("name") == "long one")["body"]["text"] == "长" * 5000


# ---- faults ----

def test_rows_go_on_in_order_over_a_restart_of_the_receiver(siem, receiver):
    before = len(receiver.connections)
    arrived(receiver, happen(siem))
    receiver.stop()
    happen(siem, 3)
    told(siem, "syslog", "cannot be reached")
    away = until(lambda: [r for r in siem.audit() if r["kind"] == "siem.away"], 30, "the audit row")
    assert (away[0]["body"]["sink"], away[0]["body"]["reason"]) == ("syslog", "connect")
    receiver.start()
    arrived(receiver, happen(siem))
    assert len(receiver.connections) > before
    in_order(receiver.rows())
    until(lambda: [r for r in siem.audit() if r["kind"] == "siem.back"], 30, "the audit row")
    told(siem, "syslog", "has arrived")


def test_rows_go_on_in_order_after_the_process_was_killed(siem, home, receiver):
    for _ in range(3):
        pid = siem.pids("export")[0]
        happen(siem)
        procs.kill_hard(pid)
        seq = happen(siem)
        arrived(receiver, seq)
        until(lambda s=seq: lines(home)[-1]["seq"] >= s, 30, "the file")
    in_order(receiver.rows())
    in_order(lines(home))


def test_rows_go_on_in_order_after_postgresql_was_killed(siem, home, receiver):
    happen(siem)
    procs.kill_hard(siem.service_pid("postgres"))
    until(siem.healthy, 60, "health")
    seq = happen(siem)
    arrived(receiver, seq)
    until(lambda: lines(home)[-1]["seq"] >= seq, 30, "the file")
    in_order(receiver.rows())
    in_order(lines(home))


def test_a_receiver_that_stands_still_costs_no_memory_and_no_login(siem, receiver):
    arrived(receiver, happen(siem))
    receiver.reads.clear()
    try:
        pile(siem, 6000, 2000)
        told(siem, "syslog", "takes nothing", 60)
        [pid] = siem.pids("export")
        before = procs.private_kib(pid)
        pile(siem, 20000, 2000)
        seq = happen(siem)
        until(lambda: reached(siem, "file") >= seq, 90, "the file")
        after = procs.private_kib(pid)
        assert siem.pids("export") == [pid]
        assert SANITIZED or after < before + 8 * 1024, (before, after)  # a sanitizer keeps what was freed
        user = siem.user()
        siem.grant(user, siem.demo)
        assert siem.ssh(user, "echo in").stdout == b"in\n"
    finally:
        receiver.reads.set()
    arrived(receiver, seq, 120)
    in_order(receiver.rows())
    told(siem, "syslog", "has arrived")


# ---- the file ----

def test_a_file_that_was_moved_away_is_made_anew(siem, home):
    first = happen(siem)
    until(lambda: lines(home)[-1]["seq"] >= first, 30, "the file")
    path = home / FILE
    mode = path.stat()
    assert mode.st_mode & 0o777 == 0o640
    path.rename(path.with_suffix(".1"))
    seq = happen(siem)
    until(lambda: path.exists() and lines(home) and lines(home)[-1]["seq"] >= seq, 30, "the new file")
    old = [json.loads(line) for line in path.with_suffix(".1").read_text().splitlines()]
    in_order(old + lines(home))
    assert path.stat().st_uid == mode.st_uid


def test_a_file_that_was_cut_goes_on(siem, home):
    path = home / FILE
    last = lines(home)[-1]["seq"]
    os.truncate(path, 0)
    seq = happen(siem)
    until(lambda: lines(home) and lines(home)[-1]["seq"] >= seq, 30, "the file")
    assert [r["seq"] for r in lines(home)] == list(range(lines(home)[0]["seq"], lines(home)[-1]["seq"] + 1))
    assert lines(home)[0]["seq"] > last - 50


def test_a_torn_line_is_ended_and_its_row_comes_whole(siem, home):
    path = home / FILE
    procs.kill_hard(siem.pids("export")[0])
    path.rename(path.with_suffix(".2"))
    path.write_text('{"seq":1,"uid":"torn')
    stat = path.with_suffix(".2").stat()
    os.chown(path, stat.st_uid, stat.st_gid)
    path.chmod(0o640)
    seq = happen(siem)
    until(lambda: f'"seq":{seq},' in path.read_text(), 30, "the row")
    first, rest = path.read_text().split("\n", 1)
    assert first == '{"seq":1,"uid":"torn'
    for line in rest.splitlines():
        json.loads(line)
    path.write_text(rest)


def test_a_file_that_may_not_be_written_is_told_and_goes_on_afterwards(siem, home):
    path = home / FILE
    path.chmod(0o644)
    path.rename(path.with_suffix(".3"))
    path.touch(0o644)
    seq = happen(siem)
    assert "give its folder to the OS user" in told(siem, "file", "may not be written")["say"]
    path.unlink()
    until(lambda: path.exists() and lines(home) and lines(home)[-1]["seq"] >= seq, 60, "the file")
    told(siem, "file", "has arrived")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_loses_nothing(siem, home):
    path = home / FILE
    folder = path.parent
    siem.run("--stop")
    path.rename(home / "audit.before")
    owner = folder.stat()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,mode=750,uid={owner.st_uid},gid={owner.st_gid}", "yanmen-test", folder], check=True)
    try:
        siem.start()
        until(siem.healthy, 30, "health")
        ballast = folder / "ballast"
        pile(siem, 2000, 1000)
        told(siem, "file", "no room for the file", 60)
        text = path.read_text()
        assert text == "" or text.endswith("\n")
        for line in text.splitlines():
            json.loads(line)
        assert not ballast.exists()
        user = siem.user()
        siem.grant(user, siem.demo)
        assert siem.ssh(user, "echo in").stdout == b"in\n"
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        seq = happen(siem)
        until(lambda: lines(home) and lines(home)[-1]["seq"] >= seq, 60, "the file")
        found = [r["seq"] for r in lines(home)]
        assert found == list(range(found[0], found[-1] + 1))
        told(siem, "file", "has arrived")
    finally:
        siem.run("--stop", check=False)
        subprocess.run(["umount", "-l", folder], check=False)
        siem.start()


# ---- what it may do ----

EXECVE, PTRACE, CLONE, UNLINKAT, SIGSYS = 59, 101, 56, 263, 31


@plain_build("a sanitizer cannot live under a filter")
def test_it_is_under_a_filter_and_gains_no_privilege(siem):
    facts = status(siem.pids("export")[0])
    assert (facts["Seccomp"], facts["NoNewPrivs"], facts["Groups"]) == ("2", "1", "")
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="OS users and ptrace need root")
def test_it_is_an_os_user_of_its_own_and_holds_no_secret_of_ours(siem):
    pid = siem.pids("export")[0]
    assert pwd.getpwuid(int(status(pid)["Uid"].split()[0])).pw_name == "yanmen-export"
    held = {os.path.realpath(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
    allowed = (str(siem.home / "yanmen.conf"), str(siem.home / "log"), "/dev/null", str(siem.home / "logs/yanmend.log"))
    assert all(x.startswith(allowed) or re.match(r"/proc/\d+/fd/(socket|anon_inode|pipe):", x) for x in held), held


@plain_build("a sanitizer cannot live under a filter")
@pytest.mark.skipif(os.geteuid() != 0, reason="ptrace of an undumpable process needs root")
@pytest.mark.parametrize("call", [EXECVE, PTRACE, CLONE, UNLINKAT])
def test_it_dies_when_it_oversteps_and_goes_on_as_another(siem, receiver, call):
    pid = until(lambda: siem.pids("export"), 20, "the process")[0]
    assert inject(pid, call) == f"killed by {SIGSYS}"
    until(lambda: siem.pids("export") and pid not in siem.pids("export"), 20, "another process")
    arrived(receiver, happen(siem))


# ---- beside it ----

def test_a_gateway_without_a_siem_has_no_such_process(instance):
    wait_service(instance, instance.engineer)
    assert instance.pids("export") == []
    assert check(instance, "syslog") is None and check(instance, "file") is None


def test_a_hangup_starts_it_anew_and_disturbs_nobody(siem, receiver):
    [pid] = until(lambda: siem.pids("export"), 20, "the process")
    brokers = siem.pids("broker")
    os.kill(siem.service_pid("yanmend"), 1)
    until(lambda: siem.pids("export") and pid not in siem.pids("export"), 20, "another process")
    arrived(receiver, happen(siem))
    assert siem.pids("broker") == brokers
