"""The broker's side of the web console: logins of browsers, their commands and terminals.  yanmen-web, workers and terminals are
played (harness/console.py, harness/broker.py); broker, vault, password helpers and database are real."""

import base64
import hashlib
import hmac
import os
import socket
import struct
import time
import uuid

import pytest
from harness import wire
from harness.broker import Parent, secret, session_text
from harness.build import PROGRAMS
from harness.console import AWAY, CODE, CODES, ENROL, PASSED, REFUSED, Web
from harness.wait import until

OK, DENIED, UNAVAILABLE, FACTOR = 1, 2, 4, 5
END_SESSION = 1
ENOENT, EACCES, EAGAIN, EKEYEXPIRED = -2, -13, -11, -127


@pytest.fixture
def gate(db, tmp_path):
    """alice and bob with passwords; alice may use cyadmin on web01, at a port of ours that accepts."""
    parent = Parent(PROGRAMS, tmp_path, f"host={db.cluster.run} dbname={db.name}")
    parent.db = db
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            parent.synced()
            parent.must("settings set", key="login.backoff", value="0")  # all our browsers are one
            for name, role in (("alice", "engineer"), ("bob", "engineer"), ("boss", "admin")):
                parent.must("user add", secret("correct horse"), name=name, role=role)
            parent.must("cluster add", name="samples", network="127.0.0.0/8")
            parent.must("target add", name="web01", kind="linux", address=f"127.0.0.1:{listener.getsockname()[1]}", cluster="samples")
            parent.must("account set", secret("s3cret\n"), target="web01", account="cyadmin", kind="password")
            parent.must("grant add", user="alice", account="cyadmin", target="web01")
            parent.web = Web(parent)
            yield parent
            parent.web.stop()
        finally:
            reports = parent.stop()
            print((tmp_path / "log").read_text()[-6000:])
    assert not reports, reports


def events(gate, kind, count=1):
    return until(lambda: found if len(found := gate.db.events(kind)) >= count else None, 15, kind)


def told_to_end(gate, worker):
    def found():
        return [m["reason"].decode() for m in gate.control.named("control") if m["worker"] == worker.number and m["op"] == END_SESSION]
    return until(found, 15, "the end")[0]


def totp(base32, at):
    digest = hmac.new(base64.b32decode(base32), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[19] & 15:][:4])[0] & 0x7fffffff
    return f"{number % 1000000:06}"


# ---- logging in ----

def test_a_browser_logs_in_and_enters_once(gate):
    visitor = gate.web.visit("192.0.2.77")
    assert visitor.login("alice", "correct horse")["verdict"] == OK
    answer = visitor.enter("Firefox\n\x1b[31m é")
    assert (answer["code"], answer["user"], answer["role"], len(answer["token"])) == (0, b"alice", b"engineer", 32)
    [row] = gate.must("console list")
    assert (row["user"], row["address"], row["agent"], row["id"]) == ("alice", "192.0.2.77", "Firefox??[31m ??", session_text(answer["id"]))
    [login] = events(gate, "login.ok")
    assert (login["user"], login["method"], login["door"], login["address"]) == ("alice", "password", "web", "192.0.2.77")
    [entered] = events(gate, "console.login")
    assert entered["console"] == row["id"]
    visitor.send("enter", agent="again")
    until(lambda: visitor.closed, 15, "a second enter cuts the visit")
    assert events(gate, "worker.broken")
    assert len(gate.must("console list")) == 1


@pytest.mark.parametrize("message, values", [("enter", {}), ("target", {"target": "web01"}), ("jump", {"host": "web01", "port": 22}),
                                             ("targets", {}), ("factor", {"begin": 1}), ("end", {})])
def test_a_visit_says_nothing_but_its_login(gate, message, values):
    visitor = gate.web.visit()
    visitor.send(message, **values)
    until(lambda: visitor.closed, 15, "the visit is cut")
    [broken] = events(gate, "worker.broken")
    assert broken["what"] == message
    assert gate.web.sign_in(), "and the others go on"


@pytest.mark.parametrize("method", [2, 3, 16])
def test_a_key_of_a_browser_counts_for_nothing(gate, method):
    visitor = gate.web.visit()
    visitor.send("login", method=method, user="alice", proof=b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"u" * 32)
    until(lambda: visitor.closed, 15, "the visit is cut")
    assert gate.db.events("login.ok") == []


def test_a_wrong_password_is_refused_and_may_be_tried_again(gate):
    visitor = gate.web.visit()
    assert visitor.login("alice", "wrong")["verdict"] == DENIED
    assert visitor.login("nobody", "correct horse")["verdict"] == DENIED
    assert [e["door"] for e in events(gate, "login.refused", 2)] == ["web", "web"]
    assert visitor.login("alice", "correct horse")["verdict"] == OK


def test_guessing_is_slowed_as_at_the_ssh_door(gate):
    gate.must("settings set", key="login.backoff", value="16")
    visitors = [gate.web.visit() for _ in range(24)]
    for v in visitors:
        v.send("login", method=1, user="alice", proof="wrong")
    answers = [v.wait("login_answer", 1, 30) for v in visitors]
    assert {a["verdict"] for a in answers} == {DENIED, UNAVAILABLE}
    assert all(b"Too many wrong logins" in a["say"] for a in answers if a["verdict"] == UNAVAILABLE), answers


def test_who_enrols_sees_the_secret_through_web_alone(gate):
    gate.must("user factor", name="alice", policy="required")
    visitor = gate.web.visit()
    assert visitor.login("alice", "correct horse")["verdict"] == FACTOR
    step = visitor.factor()
    assert (step["step"], step["user"]) == (ENROL, b"alice")
    kind, shown = gate.web.vault.use(step["id"])
    assert kind == "use_secret"
    key, *recovery = shown["text"].decode().split()
    assert len(recovery) == 10
    assert gate.web.vault.use(step["id"])[0] == "use_denied"
    assert visitor.factor("000000" if totp(key, time.time()) != "000000" else "000001")["step"] == ENROL
    assert visitor.factor(totp(key, time.time()))["step"] == CODES
    assert visitor.factor("yes")["step"] == PASSED
    assert visitor.enter()["code"] == 0
    assert gate.web.visit().login("alice", "correct horse")["verdict"] == OK, "remembered, for this address"
    assert gate.worker(address="192.0.2.9").login("alice", "correct horse")["verdict"] == FACTOR, "but not at the other door"
    gate.must("settings set", key="factor.remember", value="0")
    gate.db.superuser.rows("delete from yanmen.factor_seen")
    again = gate.web.visit()
    assert again.login("alice", "correct horse")["verdict"] == FACTOR
    assert again.factor()["step"] == CODE
    assert again.factor("12")["step"] in (REFUSED, AWAY)
    third = gate.web.visit()
    assert third.login("alice", "correct horse")["verdict"] == FACTOR
    assert third.factor()["step"] == CODE
    assert third.factor(recovery[0])["step"] == PASSED
    assert third.enter()["code"] == 0


def test_at_the_vault_web_uses_and_nothing_else(gate):
    gate.web.vault.send("publics")
    until(lambda: gate.web.vault.closed, 15, "the vault cuts it")


def test_a_user_who_is_disabled_at_the_login_page_does_not_come_in(gate):
    visitor = gate.web.visit()
    assert visitor.login("alice", "correct horse")["verdict"] == OK
    gate.must("user disable", name="alice")
    until(lambda: visitor.closed, 15, "the visit is cut")
    assert gate.must("console list") == []


def test_257_visits_are_one_too_many_and_those_that_leave_make_room(gate):
    visitors = [gate.web.visit() for _ in range(256)]
    last = gate.web.visit()
    until(lambda: last.closed, 15, "the last one is refused")
    assert not any(v.closed for v in visitors)
    for v in visitors[:3]:
        v.close()
    assert gate.web.sign_in()
    for v in visitors[3:]:
        v.close()


# ---- commands ----

def test_a_command_is_run_as_who_is_signed_in(gate):
    boss, alice = gate.web.sign_in("boss"), gate.web.sign_in("alice")
    code, users, _ = gate.web.ask(boss, "user list")
    assert code == 0 and [u["name"] for u in users] == ["alice", "bob", "boss"]
    code, _, say = gate.web.ask(alice, "user list")
    assert code == 4 and "user.list" in say
    assert gate.web.ask(boss, "group add", name="web")[0] == 0
    [added] = events(gate, "group.added")
    assert (added["actor"], added["address"]) == ("user:boss", "192.0.2.9")
    assert gate.web.ask(boss, "group add")[0] == 2
    assert gate.web.ask(boss, "group remove", name="nothing")[0] == 3
    assert gate.web.ask(boss, "group add", name="web")[0] == 1
    assert gate.web.ask(boss, "no such thing")[0] == 2
    assert gate.web.ask(boss, "user add", secret("another horse"), name="carol", role="user")[0] == 0
    assert gate.web.sign_in("carol", "another horse")


def test_a_token_that_is_nobodys_is_told_to_sign_in(gate):
    for token in (b"", b"x" * 32, b"x" * 3000):
        assert gate.web.ask(token, "console list") == (5, None, "please sign in again")
        assert gate.web.terminal(token)[0]["code"] == EKEYEXPIRED
    token = gate.web.sign_in()
    assert gate.web.ask(token, "console logout")[0] == 0
    assert gate.web.ask(token, "console list")[0] == 5
    assert [e["user"] for e in events(gate, "console.logout")] == ["alice"]


def test_several_commands_at_once_and_an_answer_in_pieces(gate):
    boss = gate.web.sign_in("boss")
    gate.db.superuser.rows("insert into yanmen.resource_group (name) select 'group-' || n from generate_series(1, 2000) n")
    tickets = [gate.web.start(boss, "group list") for _ in range(20)]
    for ticket in tickets:
        pieces = [m for m, _ in gate.web._answer("ask_answer", ticket)]
        assert len(pieces) > 3 and [m["more"] for m in pieces] == [1] * (len(pieces) - 1) + [0]
        assert b"".join(m["json"] for m in pieces).count(b"group-") == 2000


def test_a_web_that_comes_back_finds_its_people_signed_in(gate):
    token = gate.web.sign_in("boss")
    visitor = gate.web.visit()
    for _ in range(30):
        gate.web.start(token, "doctor")
    gate.web.stop()
    gate.web = Web(gate)
    assert gate.web.ask(token, "console list")[0] == 0
    assert events(gate, "process.restarted")[-1]["process"] == "web"
    visitor.close()


def test_a_word_that_web_may_not_say_cuts_it_off(gate):
    gate.web.send("control", worker=1, op=1)
    until(lambda: gate.web.closed, 15, "the link is cut")
    gate.web.stop()
    gate.web = Web(gate)
    assert gate.web.sign_in()


# ---- terminals ----

def open_terminal(gate, token, **more):
    """The terminal's id, web's socket, the term's socket, its stream, its worker."""
    n = len(gate.inner)
    m, web = gate.web.terminal(token, **more)
    assert m["code"] == 0, m
    until(lambda: len(gate.inner) > n and len(gate.terms) > n, 15, "worker and term")
    term, worker = gate.terms[-1], gate.inner[-1]
    name, begin, stream = wire.receive(term)
    assert name == "term_begin"
    return m["id"], web, term, (begin, socket.socket(fileno=stream)), worker


def log_in(worker, account="cyadmin"):
    """As yanmen-ssh does for an inner connection."""
    worker.send("login", method=16, user=account)
    answer = worker.wait("login_answer")
    assert (answer["verdict"], answer["user"], answer["target"]) == (OK, b"alice", b"web01")
    name, m = worker.target("web01", account)
    assert name == "grant", m
    os.close(worker.fd_of("grant"))
    worker.send("reached", outcome=1)
    return session_text(m["session"])


def test_a_terminal_is_a_session_of_its_user_from_the_browsers_address(gate):
    token = gate.web.sign_in(address="192.0.2.50")
    tid, web, term, (begin, stream), worker = open_terminal(gate, token, address="192.0.2.50", lang="zh")
    assert (begin["target"], begin["account"], begin["lang"]) == (b"web01", b"cyadmin", b"zh")
    assert begin["host_key"] == base64.b64decode(gate.must("public keys")["host"].split()[1]) and len(begin["host_key"]) == 51
    assert begin["charset"] == 0
    assert worker.address == "192.0.2.50" and worker.wait("welcome")["text"] == b""
    stream.send(b"SSH-2.0-term\r\n")
    assert worker.client.recv(100) == b"SSH-2.0-term\r\n", "term and worker hold the two ends of one stream"
    wire.send(web, "term", frame=b"\x01abcd")
    assert wire.receive(term)[:2] == ("term", {"frame": b"\x01abcd"})
    session = log_in(worker)
    [row] = [s for s in gate.must("session list") if s["id"] == session]
    assert (row["user"], row["target"], row["account"], row["address"], row["protocol"]) == ("alice", "web01", "cyadmin", "192.0.2.50", "ssh")
    [opened] = events(gate, "terminal.opened")
    assert (opened["user"], opened["target"], opened["account"], opened["address"], opened["terminal"]) == (
        "alice", "web01", "cyadmin", "192.0.2.50", session_text(tid))


def test_a_worker_of_a_browser_is_for_that_target_alone(gate):
    token = gate.web.sign_in()
    *_, worker = open_terminal(gate, token)
    worker.send("login", method=1, user="boss", proof="correct horse")
    assert "rules" in told_to_end(gate, worker)


def test_what_is_not_granted_does_not_exist(gate):
    gate.must("target add", name="db01", kind="linux", address="127.0.0.1:1", cluster="samples")
    alice, bob = gate.web.sign_in("alice"), gate.web.sign_in("bob")
    said = {(m["code"], m["say"]) for m, _ in (gate.web.terminal(alice, "db01"), gate.web.terminal(alice, "nothing"),
                                             gate.web.terminal(bob, "web01"), gate.web.terminal(alice, "web01", "root"),
                                             gate.web.terminal(alice, "web01\0"), gate.web.terminal(alice, "x" * 300),
                                             gate.web.terminal(alice, ""))}
    assert {code for code, _ in said} == {ENOENT} and len(said) == 1
    m, _ = gate.web.terminal(alice, "nothing", lang="zh-CN")
    assert m["say"].decode() == "没有这个资源，或您没有访问权限"
    assert gate.terms == [] and gate.inner == []


def test_a_grant_that_does_not_hold_now_says_why(gate):
    for g in gate.must("grant list"):
        gate.must("grant remove", id=str(g["id"]))
    gate.must("grant add", user="alice", account="cyadmin", target="web01", from_="10.0.0.0/8")
    m, _ = gate.web.terminal(gate.web.sign_in())
    assert m["code"] == EACCES and m["say"]


def test_a_terminal_is_given_out_again_to_its_user_alone(gate):
    first, second, bob = gate.web.sign_in(), gate.web.sign_in(), gate.web.sign_in("bob")
    tid, web, term, _, worker = open_terminal(gate, first)
    web.close()
    m, web = gate.web.terminal(second, again=tid)
    assert (m["code"], m["id"]) == (0, tid)
    wire.send(term, "term", frame=b"\x82still here")
    assert wire.receive(web)[1]["frame"] == b"\x82still here"
    for token, wanted in ((bob, tid), (first, uuid.uuid4().bytes)):
        m, none = gate.web.terminal(token, again=wanted)
        assert m["code"] == ENOENT and none is None
    assert [e["terminal"] for e in events(gate, "terminal.again")] == [session_text(tid)]
    gate.web.stop()  # also a new yanmen-web gets it
    gate.web = Web(gate)
    m, web = gate.web.terminal(first, again=tid)
    wire.send(term, "term", frame=b"\x82and here")
    assert wire.receive(web)[1]["frame"] == b"\x82and here"
    assert not worker.closed


def test_a_terminal_is_given_out_again_where_its_grant_holds(gate):
    [old] = gate.must("grant list")
    gate.must("grant remove", id=str(old["id"]))
    gate.must("grant add", user="alice", account="cyadmin", target="web01", from_="192.0.2.0/24", concurrent="1")
    token = gate.web.sign_in()
    tid, *_, worker = open_terminal(gate, token)
    log_in(worker)
    assert gate.web.terminal(token, again=tid, address="192.0.2.200")[0]["code"] == 0
    m, none = gate.web.terminal(token, again=tid, address="198.51.100.1")
    assert m["code"] == EACCES and none is None


def test_a_terminal_whose_term_or_worker_is_gone_is_forgotten(gate):
    token = gate.web.sign_in()
    tid, _, term, _, _ = open_terminal(gate, token)
    term.close()
    until(lambda: gate.web.terminal(token, again=tid)[0]["code"] == ENOENT, 15, "forgotten")
    tid, _, _, _, worker = open_terminal(gate, token)
    worker.gone()
    until(lambda: gate.web.terminal(token, again=tid)[0]["code"] == ENOENT, 15, "forgotten")


def test_a_terminal_without_a_worker_ends_by_itself(gate):
    gate.wanted = False
    m, web = gate.web.terminal(gate.web.sign_in())
    assert m["code"] == 0
    while True:  # what the broker said to the term that never came is not for us
        try:
            wire.receive(web)
        except (EOFError, ConnectionResetError):
            break


def test_who_does_not_come_back_is_ended(gate):
    token = gate.web.sign_in()
    tid, _, _, _, worker = open_terminal(gate, token)
    gate.web.send("leave", id=uuid.uuid4().bytes)
    gate.web.send("leave", id=tid)
    assert "did not come back" in told_to_end(gate, worker)
    assert [e["terminal"] for e in events(gate, "terminal.left")] == [session_text(tid)]
    assert gate.web.terminal(token, again=tid)[0]["code"] == ENOENT


def test_signing_out_ends_the_terminals_that_one_had_last(gate):
    first, second = gate.web.sign_in(), gate.web.sign_in()
    *_, mine = open_terminal(gate, first)
    moved, *_, kept = open_terminal(gate, first)
    assert gate.web.terminal(second, again=moved)[0]["code"] == 0
    assert gate.web.ask(first, "console logout")[0] == 0
    assert "signed out" in told_to_end(gate, mine)
    assert gate.web.terminal(second, again=moved)[0]["code"] == 0
    [row] = gate.must("console list")
    gate.must("console end", id=row["id"])
    assert "signed out" in told_to_end(gate, kept)
    assert gate.web.ask(second, "console list")[0] == 5


def test_disabling_a_user_ends_all_that_he_has_at_the_console(gate):
    token, boss = gate.web.sign_in(), gate.web.sign_in("boss")
    *_, idle = open_terminal(gate, token)
    *_, busy = open_terminal(gate, token)
    log_in(busy)
    assert gate.web.ask(boss, "user disable", name="alice")[0] == 0
    assert told_to_end(gate, idle) and told_to_end(gate, busy)
    assert gate.web.ask(token, "console list")[0] == 5
    assert gate.web.terminal(token)[0]["code"] == EKEYEXPIRED


def test_kill_lock_and_the_end_of_a_grant_work_on_a_browsers_session(gate):
    token, boss = gate.web.sign_in(), gate.web.sign_in("boss")
    *_, killed = open_terminal(gate, token)
    session = log_in(killed)
    assert gate.web.ask(boss, "session lock", id=session)[0] == 0
    until(lambda: any(m["op"] == 2 and m["worker"] == killed.number for m in gate.control.named("control")), 15, "lock")
    assert gate.web.ask(boss, "session kill", id=session, reason="enough")[0] == 0
    assert "enough" in told_to_end(gate, killed)
    *_, ended = open_terminal(gate, token)
    log_in(ended)
    [grant] = gate.must("grant list")
    gate.must("grant remove", id=str(grant["id"]))
    assert told_to_end(gate, ended)


def test_33_terminals_of_one_user_are_one_too_many(gate):
    token = gate.web.sign_in()
    for _ in range(32):
        assert gate.web.terminal(token)[0]["code"] == 0
    m, none = gate.web.terminal(token)
    assert m["code"] == EAGAIN and none is None and b"close some" in m["say"]
    gate.must("grant add", user="bob", account="cyadmin", target="web01")
    assert gate.web.terminal(gate.web.sign_in("bob"))[0]["code"] == 0


def test_a_new_broker_knows_who_is_signed_in_and_has_no_terminals(gate):
    token = gate.web.sign_in()
    tid, web, term, _, worker = open_terminal(gate, token)
    gate.kill_broker()
    gate.web.stop()
    gate.start_broker()
    gate.synced()
    gate.web = Web(gate)
    assert gate.web.ask(token, "console list")[0] == 0
    assert gate.web.terminal(token, again=tid)[0]["code"] == ENOENT
    wire.send(term, "term", frame=b"\x82goes on")
    assert until(lambda: wire.receive(web)[1].get("frame"), 10) == b"\x82goes on", "what web holds, it keeps"


def test_without_the_database_nobody_is_signed_out(gate):
    token = gate.web.sign_in()
    tid, *_ = open_terminal(gate, token)
    gate.db.superuser.rows("alter role yanmen_broker connection limit 0")
    try:
        gate.db.superuser.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'yanmen-%%'")
        code, _, say = until(lambda: a if (a := gate.web.ask(token, "console list"))[0] != 0 else None, 15, "away")
        assert code == 1 and "database is away" in say
        assert gate.web.terminal(token, again=tid)[0]["code"] == EAGAIN
    finally:
        gate.db.superuser.rows("alter role yanmen_broker connection limit -1")
    until(lambda: gate.web.ask(token, "console list")[0] == 0, 30, "the database is back")
    assert gate.web.terminal(token, again=tid)[0]["code"] == 0
