"""The real broker, vault and password helpers over a real database; everybody else is played (harness/broker.py)."""

import base64
import json
import os
import signal
import socket
import statistics
import time
import uuid

import pytest
from harness.broker import Parent, secret, session_text
from harness.build import PROGRAMS
from harness.wait import until

KEY_LINE = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"u" * 32).decode() + " alice@laptop"
KEY = base64.b64decode(KEY_LINE.split()[1])
OK, DENIED, WELCOME, UNAVAILABLE = 1, 2, 3, 4
SHELL, EXEC, SFTP, SCP = 1, 2, 4, 8


@pytest.fixture
def gate(db, tmp_path):  # noqa: F811
    """A broker on an empty database, alice with a password and a key, web01 at a port of ours that accepts."""
    parent = Parent(PROGRAMS, tmp_path, f"host={db.cluster.run} dbname={db.name}")
    parent.db = db
    with socket.create_server(("127.0.0.1", 0)) as listener:
        parent.port = listener.getsockname()[1]
        try:
            parent.synced()
            parent.must("settings set", key="login.backoff", value="0")  # all our clients are one
            parent.must("user add", secret("correct horse"), name="alice", role="engineer", key=KEY_LINE)
            parent.must("cluster add", name="samples", network="127.0.0.0/8")
            parent.must("target add", name="web01", kind="linux", address=f"127.0.0.1:{parent.port}", cluster="samples")
            parent.must("account set", secret("s3cret\n"), target="web01", account="cyadmin", kind="password")
            yield parent
        finally:
            reports = parent.stop()
            print((tmp_path / "log").read_text()[-6000:])
    assert not reports, reports


def grant(gate, **more):
    return gate.must("grant add", user="alice", account="cyadmin", target="web01", **more)


def online(gate):
    """alice's worker with a session, and the session's id."""
    w = gate.worker()
    assert w.login("alice", "correct horse")["verdict"] == OK
    name, m = w.target("web01")
    assert name == "grant", m
    os.close(w.fd_of("grant"))
    w.send("reached", outcome=1)
    return w, session_text(m["session"])


def events(gate, kind, count=1):
    return until(lambda: found if len(found := gate.db.events(kind)) >= count else None, 10, kind)


def session(gate, sid):
    return next(s for s in gate.must("session list") if s["id"] == sid)


def recording(gate, sid):
    return next(r for r in gate.must("recording list") if r["id"] == sid)


def spool_bytes(gate):
    return sum((gate.home / "spool" / f).stat().st_size for f in ("facts.a", "facts.b"))


# ---- logging in ----

def test_password_and_key_log_in_and_are_audited(gate):
    w = gate.worker()
    a = w.login("alice#web01", "correct horse")
    assert (a["verdict"], a["user"], a["target"]) == (OK, b"alice", b"web01")
    w = gate.worker()
    assert w.login("alice#cyadmin#web01", key=KEY, offered=True)["verdict"] == WELCOME
    a = w.login("alice#cyadmin#web01", key=KEY)
    assert (a["verdict"], a["account"]) == (OK, b"cyadmin")
    assert [e["method"] for e in events(gate, "login.ok", 2)] == ["password", "key"]


@pytest.mark.alone
def test_refusals_look_and_last_the_same(gate):
    gate.must("user add", secret("another password"), name="gone", role="engineer")
    gate.must("user disable", name="gone")
    gate.must("user add", name="nokey", role="engineer", key=KEY_LINE)
    cases = {"wrong": ("alice", "wrong"), "unknown": ("nobody", "wrong"), "disabled": ("gone", "another password"),
             "without": ("nokey", "wrong"), "no name": ("Not a name!", "wrong"), "target": ("alice#nothing", "wrong")}
    times = {case: [] for case in cases}
    says = set()
    for _ in range(5):
        for case, (user, password) in cases.items():
            w = gate.worker()
            a = w.login(user, password)
            assert (a["verdict"], a["user"], a["target"]) == (DENIED, b"", b"")
            says.add(a["say"])
            times[case].append(a["seconds"])
            w.gone()
    medians = [statistics.median(t) for t in times.values()]
    assert len(says) == 1
    assert max(medians) < 1.05 * min(medians), times


@pytest.mark.alone
def test_keys_that_are_not_his_are_refused_at_one_moment(gate):
    other = KEY[:-1] + b"x"
    w = gate.worker()
    for offered in (True, False):
        known, unknown = [], []
        for _ in range(5):
            for user, key, times in (("alice", other, known), ("nobody", KEY, unknown)):
                answer = w.login(user, key=key, offered=offered)
                assert answer["verdict"] == DENIED
                times.append(answer["seconds"])
        assert abs(statistics.median(known) - statistics.median(unknown)) < 0.05 * statistics.median(known)
    w.gone()
    assert len(events(gate, "login.refused", 11)) == 11  # ten signed, and one for all that were only offered


def test_a_name_in_the_wrong_field_is_not_written_down(gate):
    w = gate.worker()
    w.login("My S3cret Passw0rd", "x")
    [e] = events(gate, "login.refused")
    assert "S3cret" not in json.dumps(e)


def test_worker_that_breaks_its_table_is_ended_and_audited(gate):
    for name, values in (("target", {"target": "web01"}), ("open", {"request": SHELL}), ("targets", {}), ("end", {}),
                         ("hello", {"role": 5})):
        w = gate.worker()
        count = len(gate.control.named("control")) + 1
        w.send(name, **values)
        assert gate.control.wait("control", count)["worker"] == w.number
    w = gate.worker()
    w.sock.send(b"garbage")
    until(lambda: len(gate.control.named("control")) >= 6)
    assert len(events(gate, "worker.broken", 6)) == 6


def test_many_logins_at_once_all_get_their_answer(gate):
    workers = [gate.worker(f"10.1.0.{n % 7}") for n in range(60)]
    for n, w in enumerate(workers):
        w.send("login", method=1, user="alice", proof="correct horse" if n % 2 else "wrong")
    for n, w in enumerate(workers):
        assert w.wait("login_answer", timeout=30)["verdict"] == (OK if n % 2 else DENIED)


def test_the_banner_is_given_with_the_attachment_and_follows_the_setting(gate):
    assert gate.worker().wait("welcome")["text"] == b""
    gate.must("settings set", key="banner.text", value="authorised use only")
    gate.must("settings set", key="banner.text.zh", value="仅限授权使用")
    until(lambda: gate.worker().wait("welcome")["text"] == "authorised use only\n仅限授权使用".encode())


# ---- on the way to the target ----

def test_a_session_from_the_grant_to_its_end(gate):
    grant(gate, feature=["shell", "exec"], idle="60")
    w = gate.worker()
    w.login("alice", "correct horse")
    w.send("targets", search="web", offset=0)
    assert w.wait("targets_answer")["total"] == 1
    name, g = w.target("web01")
    assert name == "grant" and g["features"] == SHELL | EXEC and g["idle_s"] == 60 and g["host_key"] == gate.host_key
    assert (g["target"], g["account"], g["cluster"], g["auth"]) == (b"web01", b"cyadmin", b"samples", 1)
    fd = w.fd_of("grant")
    connection = socket.socket(fileno=fd)
    assert connection.getpeername()[1] == gate.port and not os.get_blocking(fd)
    begin = gate.recorder.wait("begin")
    meta = json.loads(begin["meta"])
    assert begin["worker"] == w.number and meta["user"] == "alice" and meta["target"] == "web01" and meta["address"] == "10.9.8.7"
    w.send("reached", outcome=1)
    assert w.open(EXEC, "uname -a\0x")["code"] == 0
    refused = w.open(SFTP)
    assert refused["code"] < 0 and b"sftp" in refused["say"]
    w.send("end", reason="logout", in_bytes=5, out_bytes=7)
    w.wait("end_answer")
    s = until(lambda: s if (s := session(gate, session_text(g["session"])))["state"] == "closed" else None)
    assert (s["reason"], s["bytes_in"], s["bytes_out"], s["reached"] is not None) == ("logout", 5, 7, True)
    assert [e["request"] for e in events(gate, "channel.opened")] == ["exec"]
    assert [e["request"] for e in events(gate, "channel.refused")] == ["sftp"]
    w.gone()
    time.sleep(0.3)
    assert len(gate.db.events("session.ended")) == 1


def test_what_is_not_granted_is_refused_without_a_hint(gate):
    w = gate.worker()
    w.login("alice", "correct horse")
    says = {w.target(t)[1]["say"] for t in ("web01", "nothing", "no such name!")}
    assert len(says) == 1
    assert len(events(gate, "session.denied", 3)) == 3
    grant(gate)
    assert w.target("web01")[0] == "grant"


def test_failures_on_the_way_are_unwound(gate):
    grant(gate)
    w = gate.worker()
    w.login("alice", "correct horse")
    gate.recorder.refuse = "no room"
    name, m = w.target("web01")
    assert name == "deny" and b"no room" in m["say"]
    gate.recorder.refuse = None
    gate.must("target add", name="closed", kind="linux", address="127.0.0.1:1", cluster="samples")
    gate.db.superuser.rows("update yanmen.target set host_key = %s, pinned_at = now() where name = 'closed'", gate.host_key)
    gate.must("account set", secret("x"), target="closed", account="cyadmin", kind="password")
    gate.must("grant add", user="alice", account="cyadmin", target="closed")
    name, m = w.target("closed")
    assert name == "deny" and b"refuses the connection" in m["say"]
    states = until(lambda: x if len(x := gate.must("session list")) == 2 and all(s["state"] == "closed" for s in x) else None)
    assert {s["target"] for s in states} == {"web01", "closed"}
    assert w.target("web01")[0] == "grant"


def test_addresses_that_may_not_be_dialled(gate):
    gate.must("cluster add", name="lab", network=["10.0.0.0/8", "127.0.0.0/8"])
    for name, address in (("loop", f"127.0.0.1:{gate.port}"), ("outside", "192.0.2.1:22"), ("unknown", "no-such-host.invalid:22")):
        code, answer, _ = gate.ask("target add", name=name, kind="linux", address=address, cluster="lab")
        assert code == 0 and not answer["reachable"] and not answer["pinned"] and answer["say"]


def test_a_client_that_leaves_on_the_way_leaves_no_session(gate):
    grant(gate)
    workers = []
    for _ in range(10):
        w = gate.worker()
        w.login("alice", "correct horse")
        w.send("target", target="web01")
        w.gone()
        workers.append(w)
    until(lambda: all(s["state"] != "online" for s in gate.must("session list")), 10, "no session online")


def test_the_limit_of_sessions_at_once_holds(gate):
    grant(gate, concurrent="1")
    w, _ = online(gate)
    other = gate.worker()
    other.login("alice", "correct horse")
    assert other.target("web01")[0] == "deny"
    w.send("end", reason="done")
    until(lambda: other.target("web01")[0] == "grant")


def test_worker_crash_ends_its_session_once(gate):
    grant(gate)
    w, sid = online(gate)
    w.gone(status=signal.SIGSEGV)
    s = until(lambda: s if (s := session(gate, sid))["state"] == "crashed" else None)
    assert s["reason"] == "worker crashed (signal 11)"


def test_an_end_that_was_sent_before_the_worker_died_counts(gate):
    grant(gate)
    w, sid = online(gate)
    w.send("end", reason="bye")
    w.gone(status=0)
    assert until(lambda: s if (s := session(gate, sid))["state"] != "online" else None)["reason"] == "bye"


# ---- targets and credentials ----

def test_changed_host_key_is_told_and_repin_rebinds(gate):
    assert gate.must("target test", name="web01")["changed"] is False
    gate.host_key = gate.host_key[:-1] + b"z"
    answer = gate.must("target test", name="web01")
    assert answer["changed"] and answer["pinned"] and "repin" in answer["say"]
    [answer] = gate.must("target repin", target=["web01"])
    assert answer["pinned"] and answer["changed"] and "account set" not in answer["say"]
    assert gate.must("target test", name="web01")["changed"] is False
    grant(gate)
    online(gate)  # the vault opens the rebound credential


def test_account_kinds(gate):
    answer = gate.must("account set", target="web01", account="root", kind="ca")
    assert answer["public_key"]
    code, _, say = gate.ask("account set", target="web01", account="root", kind="password")
    assert code == 2 and "file" in say
    assert gate.ask("account set", target="nothing", account="root", kind="ca")[0] == 3


# ---- control ----

def test_kill_lock_and_watch_reach_the_right_process(gate):
    grant(gate)
    w, sid = online(gate)
    gate.must("session lock", id=sid[:13], reason="wait")
    gate.must("session unlock", id=sid)
    gate.must("session kill", id=sid, reason="maintenance")
    until(lambda: len(gate.control.named("control")) == 3)
    assert [(c["worker"], c["op"], c["reason"]) for c in gate.control.named("control")] == [
        (w.number, 2, b"wait"), (w.number, 3, b""), (w.number, 1, b"maintenance")]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    assert gate.must("session watch", theirs.fileno(), id=sid)["user"] == "alice"
    assert gate.recorder.named("watch")
    assert gate.ask("session kill", id="ffffffff", reason="x")[0] == 3
    ours.close()
    theirs.close()


def test_a_session_that_is_killed_before_its_worker_has_read_the_grant_is_closed(gate):
    grant(gate)
    w = gate.worker()
    w.login("alice", "correct horse")
    _, g = w.target("web01")
    sid = session_text(g["session"])
    gate.must("session kill", id=sid, reason="maintenance")
    w.gone()  # it only saw that it is to end: no reached, no end
    s = until(lambda: s if (s := session(gate, sid))["state"] != "online" else None)
    assert (s["state"], s["reason"]) == ("closed", "maintenance")
    w, sid = online(gate)
    gate.must("session kill", id=sid, reason="maintenance")
    w.gone(139)  # a crash is a crash
    assert until(lambda: s if (s := session(gate, sid))["state"] != "online" else None)["state"] == "crashed"


def test_a_disabled_user_is_ended_everywhere(gate):
    grant(gate)
    w, sid = online(gate)
    menu = gate.worker()
    menu.login("alice", "correct horse")
    gate.must("user disable", name="alice")
    until(lambda: {c["worker"] for c in gate.control.named("control")} == {w.number, menu.number})
    assert events(gate, "session.control")[0]["session"] == sid


# ---- recordings ----

def test_a_reading_goes_through_reader_and_vault(gate, tmp_path):
    grant(gate)
    w, sid = online(gate)
    w.send("end", reason="bye")
    head = bytes(range(32))
    gate.recorder.send("recording_answer", id=uuid.UUID(sid).bytes, state=3, seq=4, head=head, signed_us=5, bytes=9)
    events(gate, "recording.state")
    gate.read_done = {"code": 0, "state": 3, "seq": 4, "head": head}
    answer = gate.must("recording verify", id=sid)
    assert answer["verified"] and answer["anchored"] and answer["seq"] == 4
    gate.read_done = {"code": 0, "state": 3, "seq": 3, "head": head}
    assert gate.ask("recording verify", id=sid)[0] == 1
    gate.read_done = {"code": -74, "say": "block 2 was changed"}
    code, _, say = gate.ask("recording verify", id=sid)
    assert code == 1 and say == "block 2 was changed"
    gate.read_done = {"code": 0, "state": 3, "seq": 4}
    with open(tmp_path / "out", "wb") as f:
        gate.must("recording export", f.fileno(), id=sid, format="text")
        assert gate.ask("recording export", f.fileno(), id=sid, format="mp4")[0] == 2
    assert gate.ask("recording export", id=sid, format="text")[0] == 2
    assert len(events(gate, "recording.verified", 3)) == 3


# ---- the audit ----

def test_audit_is_sealed_exported_and_verified(gate, tmp_path):
    def export():
        path = tmp_path / f"audit{time.monotonic_ns()}"
        with open(path, "wb") as f:
            gate.must("audit export", f.fileno())
        return [json.loads(line) for line in path.read_text().splitlines()]

    until(lambda: len(export()) > 6, 10, "events are sealed", 0.5)
    lines = export()
    assert lines[0] == {"format": "yanmen-audit-1", "from": 1, "before": "00" * 32}
    numbers = [line["seq"] for line in lines if "seq" in line]
    assert numbers == list(range(1, len(numbers) + 1)) and lines[-1]["end"] == numbers[-1]
    assert gate.must("audit verify")["verified"]
    gate.db.superuser.rows("alter table audit.event disable trigger all")
    [[part]] = gate.db.superuser.rows("select tableoid::regclass::text from audit.event limit 1")
    gate.db.superuser.rows(f"alter table {part} disable trigger all")
    gate.db.superuser.rows(f"update {part} set body = '{{\"user\": \"mallory\"}}' where id = (select min(id) + 1 from {part})")
    code, _, say = gate.ask("audit verify")
    assert code == 1 and "event 2" in say


# ---- faults ----

def test_database_away_says_so_and_catches_up_in_order(gate):
    grant(gate)
    w, sid = online(gate)
    events(gate, "session.reached")
    server = gate.db.cluster.server
    server.send_signal(signal.SIGSTOP)  # nobody connects
    gate.db.superuser.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name ~ '^yanmen'")
    try:
        for n in range(20):
            assert w.open(EXEC, f"command {n}")["code"] == 0
        until(lambda: spool_bytes(gate) > 0)
    finally:
        server.send_signal(signal.SIGCONT)
    texts = [e["text"] for e in events(gate, "channel.opened", 20)]
    assert texts == [f"command {n}" for n in range(20)]


def test_a_killed_broker_loses_nothing_and_its_sessions_go_on(gate):
    grant(gate, feature=["shell", "exec"])
    going, kept = online(gate)
    dead, lost = online(gate)
    for n in range(5):
        going.open(EXEC, f"before {n}")
    gate.kill_broker()
    gate.start_broker()
    resumed = gate.worker(number=going.number, resumed=1)
    stranger = gate.worker(resumed=1)
    stranger.send("target", target="web01")
    resumed.send("open", channel=0, request=EXEC, text="after")
    gate.synced()
    assert resumed.wait("open_answer")["code"] == 0
    assert b"restarted" in stranger.wait("deny")["say"]
    assert stranger.login("alice", "correct horse")["verdict"] == OK
    assert session(gate, kept)["state"] == "online"
    s = until(lambda: s if (s := session(gate, lost))["state"] != "online" else None)
    assert (s["state"], s["reason"]) == ("closed", "bye")
    assert [e["text"] for e in events(gate, "channel.opened", 6)] == [f"before {n}" for n in range(5)] + ["after"]
    resumed.send("end", reason="done")
    resumed.wait("end_answer")
    until(lambda: session(gate, kept)["state"] == "closed")
    assert resumed.number != dead.number


def test_a_recording_whose_end_was_told_to_nobody_is_asked_for(gate):
    """Recorder and broker killed at once: the session's end is in the spool, the recording's is only in its file."""
    grant(gate)
    w, sid = online(gate)
    w.send("end", reason="done")
    w.wait("end_answer")
    until(lambda: session(gate, sid)["state"] == "closed")
    assert recording(gate, sid)["recording"] == "open"
    gate.kill_broker()
    gate.start_broker()
    gate.synced()
    until(lambda: recording(gate, sid)["recording"] == "closed")
    assert len(events(gate, "recording.state")) == 1 and len(events(gate, "session.ended")) == 1


def test_a_new_recorder_is_asked_for_what_the_old_one_did_not_tell(gate):
    grant(gate)
    gate.synced()
    w, sid = online(gate)
    w.send("end", reason="done")
    w.wait("end_answer")
    until(lambda: session(gate, sid)["state"] == "closed")
    gate.new_recorder()
    until(lambda: recording(gate, sid)["recording"] == "closed")


def test_recorder_away_is_said_and_it_comes_back(gate):
    grant(gate)
    w = gate.worker()
    w.login("alice", "correct horse")
    gate.recorder.close()
    time.sleep(0.2)
    name, m = w.target("web01")
    assert name == "deny" and b"recorder" in m["say"]


def test_no_room_for_recordings_lets_nobody_in_but_admins_work(gate):
    grant(gate)
    w = gate.worker()
    w.login("alice", "correct horse")
    gate.recorder.send("space", state=2, free_bytes=1000)
    events(gate, "space.low")
    name, m = w.target("web01")
    assert name == "deny" and b"room" in m["say"].lower()
    assert "fail" in [c["state"] for c in gate.must("doctor") if c["name"] == "space for recordings"]
    gate.recorder.send("space", state=1, free_bytes=1 << 40)
    events(gate, "space.ok")
    assert w.target("web01")[0] == "grant"


# ---- the CLI's socket ----

def test_commands_are_bounded_by_their_table(gate):
    assert gate.ask("user frobnicate") == (2, None, "no such command")
    assert gate.ask("user add", name="x") == (2, None, "role is missing")
    assert gate.ask("user add", name="x", role="user", colour="red")[0] == 2
    assert gate.ask("user add", name=["x", "y"], role="user")[0] == 2
    assert gate.ask("user add", name="x" * 300, role="user")[0] == 2
    assert gate.ask("user add", name="bob", role="king")[0] == 2
    assert gate.ask("user add", name="bob", role="user", key="ssh-rsa notbase64!")[0] == 2
    assert gate.ask("user add", name="alice", role="user", key=KEY_LINE)[0] == 1
    assert gate.ask("user disable", name="nobody")[0] == 3
    assert gate.ask("user add", secret("short"), name="bob", role="user")[0] == 2
    assert set(gate.must("public keys")) == {"sign", "generation", "ca", "host", "users"}
    assert [u["name"] for u in gate.must("user list")] == ["alice"]
    assert {c["name"]: c["state"] for c in gate.must("doctor")}["database"] == "ok"


def test_a_long_answer_comes_in_pieces(gate):
    for n in range(300):
        gate.must("group add", name=f"group-with-a-rather-long-name-{n:020}")
    assert len(gate.must("group list")) == 300


def test_stop_seals_what_is_there(gate):
    gate.must("group add", name="last")
    gate.control.send("stop")
    assert gate.control.process.wait(10) == 0
    [[sealed, events_, heads]] = gate.db.superuser.rows(
        "select (select count(*) from audit.seal), (select count(*) from audit.event), (select max(seq) from audit.head)")
    assert sealed == events_ == heads
    assert spool_bytes(gate) == 0
