"""schema/: sessions, what comes through the spool, recordings, settings and samples."""

import base64
import json
import threading
import time
import uuid

import psycopg2
import pytest
from harness.wait import until
from harness.cluster import Connection, Refused, refused

pytestmark = pytest.mark.schema

KNOWN = "0190a5b2-7c00-7000-8000-000000000001"


# ---- sessions ----

def test_a_session_begins_with_its_row_and_its_audit_row(db):
    db.ready()
    sid = str(uuid.uuid4())
    db.session(sid, started_us=1763823600123456)
    [s] = db.api("session_list")
    assert s["id"] == s["session"] == sid and (s["user"], s["target"], s["cluster"], s["account"], s["protocol"], s["state"]) == (
        "alice", "web01", "lab", "cyadmin", "ssh", "online")
    assert s["started"] == "2025-11-22T15:00:00.123456Z" and s["ended"] is None
    [e] = db.events("session.start")
    assert (e["actor"], e["session"], e["user"], e["target"], e["account"]) == ("user:alice", sid, "alice", "web01", "cyadmin")
    assert db.broker.rows("select * from api.sessions_online()") == [(sid, "w1", "alice", "shell,exec,sftp,scp,upload,download,forward,query", "utf-8", 1, 0, "1/1")]
    with pytest.raises(psycopg2.errors.UniqueViolation):
        db.session(sid)
    assert s["layer"] == e["layer"] == "L0"  # nothing more is in force yet
    assert len(db.events("session.start")) == 1


def test_no_more_sessions_than_the_grant_allows_even_at_the_same_moment(db):
    db.ready(concurrent="2")
    db.session(str(uuid.uuid4()))
    outcomes = []

    def begin():
        c = Connection(db.cluster, db.name, "yanmen_broker")
        try:
            c.rows("begin")
            c.rows("select api.session_begin(%s::jsonb)", json.dumps(row | {"id": str(uuid.uuid4())}))
            time.sleep(0.05)
            c.rows("commit")
            outcomes.append("began")
        except Refused as e:
            outcomes.append(e.code)
        finally:
            c.close()

    f = db.facts()[0]
    row = {"worker": "w", "user_id": db.broker.rows("select user_id from api.login_facts('alice')")[0][0],
           "target_id": f["target_id"],
           "account_id": f["account_id"], "grant_id": f["grant_id"], "protocol": "ssh", "address": "x", "started_us": 1}
    threads = [threading.Thread(target=begin) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(outcomes) == ["YM403"] * 5 + ["began"]
    assert db.facts()[0]["online"] == 2


@pytest.mark.parametrize("withdraw", ["grant", "user", "account"])
def test_access_withdrawn_since_the_facts_were_read_begins_nothing(db, withdraw):
    db.ready()
    f = db.facts()[0]
    [[user_id]] = db.broker.rows("select user_id from api.login_facts('alice')")
    if withdraw == "grant":
        db.api("grant_remove", id=str(f["grant_id"]))
    elif withdraw == "user":
        db.api("user_disable", name="alice")
    else:
        f["account_id"] += 1
    row = {"id": str(uuid.uuid4()), "worker": "w", "user_id": user_id, "target_id": f["target_id"], "account_id": f["account_id"],
           "grant_id": f["grant_id"], "protocol": "ssh", "address": "x", "started_us": 1}
    assert "withdrawn" in refused("YM403", db.broker.rows, "select api.session_begin(%s::jsonb)", json.dumps(row))
    assert db.api("session_list") == [] and db.events("session.start") == []


def test_disabling_a_user_waits_for_a_session_that_is_just_beginning(db):
    db.ready()
    begin, sid, answer = db.connect("yanmen_broker"), str(uuid.uuid4()), []
    begin.rows("begin")
    db.session(sid, begin)
    other = db.connect("yanmen_broker")
    t = threading.Thread(target=lambda: answer.append(other.api("user_disable", name="alice")))
    t.start()
    time.sleep(0.2)
    assert answer == []
    begin.rows("commit")
    t.join()
    assert [s["session"] for s in answer[0]["sessions"]] == [sid]


def test_session_commands_find_the_session_by_its_beginning(db):
    db.ready()
    a, b, c = ("0190a5b2-7c00-7000-8000-000000000001", "0190a5b2-7c00-7000-8000-000000000002",
               "0190ffff-7c00-7000-8000-000000000003")
    for sid in (a, b, c):
        db.session(sid)
    assert db.api("session_lock", id="0190f", reason="look")["locked"] is True
    assert [s["locked"] for s in db.api("session_list")] == [False, False, True]
    assert db.api("session_unlock", id=c.upper())["locked"] is False
    assert "several" in refused("YM400", db.api, "session_kill", id="0190a5b2", reason="x")
    for bad in ("019", "", "0190; x", "0190a5b2%", "-----", a + "0"):
        refused("YM400", db.api, "session_kill", id=bad, reason="x")
    assert "session list" in refused("YM404", db.api, "session_kill", id="ffff", reason="x")
    refused("YM400", db.api, "session_kill", id=a)
    assert db.api("session_kill", id=a, reason="you are fired")["worker"] == "w1"
    assert db.events("session.kill")[0] | {"kind": ""} == {"kind": "", "actor": "local:0", "session": a, "user": "alice",
                                                           "target": "web01",
                                                          "reason": "you are fired", "address": "local"}
    db.spool(str(uuid.uuid4()), "session.ended", {"session": a, "reason": "killed: you are fired", "bytes_in": 5, "bytes_out": 6})
    assert "has ended" in refused("YM404", db.api, "session_watch", id=a)
    assert [s["id"] for s in db.api("session_list", state="online")] == [b, c]
    [s] = db.api("session_list", state="closed")
    assert (s["reason"], s["bytes_in"], s["bytes_out"]) == ("killed: you are fired", 5, 6)
    refused("YM400", db.api, "session_list", state="gone")


# ---- the spool ----

def test_all_that_are_online_are_listed_however_many(db):
    db.ready()
    oldest = str(uuid.uuid4())
    db.session(oldest, started_us=1763823600000000)
    for n in range(1001):
        db.session(str(uuid.uuid4()), started_us=1763823601000000 + n)
    for listed in (db.api("session_list"), db.api("session_list", state="online")):
        assert len(listed) == 1002 and listed[0]["id"] == oldest


def test_a_spooled_fact_is_applied_once(db):
    db.ready()
    sid, uid = str(uuid.uuid4()), str(uuid.uuid4())
    db.session(sid)
    for _ in range(3):
        db.spool(uid, "session.ended", {"session": sid, "reason": "bye", "state": "crashed"}, 1763823700000000)
    assert len(db.events("session.ended")) == 1
    [s] = db.api("session_list")
    assert (s["state"], s["reason"], s["ended"]) == ("crashed", "bye", "2025-11-22T15:01:40.000000Z")
    db.spool(str(uuid.uuid4()), "session.ended", {"session": sid, "reason": "again"}, 1763823800000000)
    assert db.api("session_list")[0]["reason"] == "bye"


def test_spooled_facts_carry_what_is_known_of_their_session(db):
    db.ready()
    sid = str(uuid.uuid4())
    db.session(sid)
    db.spool(str(uuid.uuid4()), "channel.opened", {"session": sid, "request": "exec", "text": "uname -a"})
    [e] = db.events("channel.opened")
    assert (e["actor"], e["user"], e["target"], e["account"], e["text"]) == ("user:alice", "alice", "web01", "cyadmin", "uname -a")
    db.spool(str(uuid.uuid4()), "session.reached", {"session": sid, "outcome": "ok"})
    assert db.api("session_list")[0]["reached"] is not None
    db.spool(str(uuid.uuid4()), "session.control", {"session": sid, "op": "lock", "actor": "local:0"})
    assert db.api("session_list")[0]["locked"] and db.events("session.control")[0]["actor"] == "local:0"
    db.spool(str(uuid.uuid4()), "login.refused", {"user": "mallory", "address": "192.0.2.9"})
    assert db.events("login.refused")[0]["actor"] == "client:192.0.2.9"
    db.spool(str(uuid.uuid4()), "space.low", {"free_bytes": 7})
    assert db.events("space.low")[0]["actor"] == "system"


BODIES = [{}, [], [1, "x"], "text", 7, None, {"session": "no uuid"}, {"session": 7}, {"user": None}, {"user": ["a"]}, {"actor": ""},
          {"actor": "x" * 5000}, {"user": "数" * 3000}, {"text": "a\u0001\u001b[2J" * 40000},
          {"session": str(uuid.uuid4()), "state": "open", "seq": "x", "head": "zz", "bytes": -1},
          {"session": KNOWN, "seq": 1e300, "bytes_in": "9" * 40, "reason": {}, "state": 7, "signature": "ab"}]


@pytest.mark.parametrize("kind", ["session.ended", "recording.state", "session.reached", "login.refused", "Weird kind\n", ""])
def test_no_content_stops_the_spool(db, kind):
    db.ready()
    db.session(KNOWN)
    for body in BODIES:
        uid = str(uuid.uuid4())
        db.spool(uid, kind, body)
        [[stored, actor, k]] = db.superuser.rows("select body, actor, kind from audit.event where uid = %s", uid)
        assert isinstance(json.loads(stored), dict) and len(stored.encode()) <= 450000 and actor
        assert k == (kind if "." in kind else "other")


def test_no_time_stops_the_spool(db):
    for at_us in (-(2**63), -1, 0, 1, 2**63 - 1, 4102444800000001):
        uid = str(uuid.uuid4())
        for _ in range(2):
            db.spool(uid, "login.ok", {"user": "plain"}, at_us)
        assert db.superuser.one("select count(*) from audit.event where uid = %s", uid) == 1


# ---- recordings ----

def test_a_recording_is_listed_with_its_anchor(db):
    db.ready()
    sid = str(uuid.uuid4())
    db.session(sid)
    assert db.api("recording_list")[0]["recording"] == "open"
    body = {"session": sid, "state": "closed", "seq": 9, "head": "ab" * 32, "bytes": 1234, "started_us": 1, "ended_us": 2,
            "signed_us": 3,
            "signature": "cd" * 64, "reason": "bye"}
    db.spool(str(uuid.uuid4()), "recording.state", body, 1763823700000000)
    db.spool(str(uuid.uuid4()), "recording.state", body | {"state": "open", "seq": 3}, 1763823650000000)  # told late
    [r] = db.api("recording_list", user="alice", target="web01")
    assert (r["session"], r["recording"], r["size"], r["seq"], r["head"], r["signature"], r["signed_us"]) == (
        sid, "closed", 1234, 9, "ab" * 32, "cd" * 64, 3)
    assert db.api("recording_list", user="bob") == []
    for command, kind, args in (("recording_export", "recording.exported", {"format": "text"}), ("recording_verify",
            "recording.verified", {}),
                                ("replay", "recording.replayed", {})):
        assert db.api(command, id=sid[:18], **args)["head"] == "ab" * 32
        assert [e["session"] for e in db.events(kind)] == [sid]
    refused("YM400", db.api, "recording_export", id=sid, format="mp3")


def test_a_session_that_was_denied_leaves_no_recording_open(db):
    """Else doctor would miss its end."""
    db.ready()
    denied, late = str(uuid.uuid4()), str(uuid.uuid4())
    for sid in (denied, late):
        db.session(sid)
        db.spool(str(uuid.uuid4()), "session.denied", {"session": sid, "reason": "the target refuses the connection"}, 1763823700000000)
        db.spool(str(uuid.uuid4()), "session.ended", {"session": sid, "reason": "the target refuses the connection"}, 1763823700000000)
    assert {r["recording"] for r in db.api("recording_list")} == {"unknown"}
    assert not db.broker.rows("select * from api.recordings_open()")
    db.spool(str(uuid.uuid4()), "recording.state", {"session": late, "state": "crashed", "seq": 1, "ended_us": 2}, 1763823700000001)
    assert {r["id"]: r["recording"] for r in db.api("recording_list")} == {denied: "unknown", late: "crashed"}


def test_a_file_is_exported_when_it_is_whole_and_kept(db):
    db.ready()
    sid = str(uuid.uuid4())
    db.session(sid)
    for number, state, more in ((1, "complete", {"kept": 1}), (2, "complete", {}), (3, "partial", {"kept": 1}), (4, "begun", {})):
        body = {"session": sid, "channel": 1, "number": number, "protocol": "sftp", "op": "upload", "state": state, "path": f"/x{number}",
                "size": 3, "from": 0, "ranges": 1, "sha256": "ab" * 32} | more
        db.spool(str(uuid.uuid4()), "file.begun" if state == "begun" else "file.upload", body, 1763823700000000)
    assert [(r["number"], r["kept"]) for r in db.api("file_list")] == [(1, True), (2, False), (3, True), (4, False)]
    got = db.api("file_export", id=f"{sid[:18]}:1")
    assert (got["id"], got["file"]["number"], got["file"]["path"]) == (sid, 1, "/x1")
    assert [(e["session"], e["path"], e["sha256"]) for e in db.events("file.exported")] == [(sid, "/x1", "ab" * 32)]
    for number, sqlstate in ((2, "YM409"), (3, "YM409"), (4, "YM409"), (5, "YM404")):
        refused(sqlstate, db.api, "file_export", id=f"{sid}:{number}")
    for bad in (sid, f"{sid}:", f"{sid}:-1", f"{sid}:1x", ":1"):
        refused("YM400", db.api, "file_export", id=bad)
    assert len(db.events("file.exported")) == 1


# ---- settings, samples ----

def test_settings_are_checked_listed_and_told(db):
    listener = db.connect("yanmen_broker")
    listener.rows("listen yanmen_settings")
    assert {s["name"] for s in db.api("settings_list")} >= {"banner.text", "banner.text.zh", "env.allow", "escrow.public",
            "stream.max", "factor.policy", "factor.remember", "session.notice", "login.backoff"}
    assert db.api("settings_set", key="banner.text", value="Welcome\nto the gate")["value"] == "Welcome\nto the gate"
    assert db.api("settings_get", key="banner.text")["value"] == "Welcome\nto the gate"
    assert dict(db.broker.rows("select * from api.settings()"))["banner.text"] == "Welcome\nto the gate"
    until(lambda: listener.pg.poll() or listener.pg.notifies, 10, "the notification")
    assert [n.channel for n in listener.pg.notifies] == ["yanmen_settings"]
    for key, value in (("banner.text", "\x1b[2J"), ("banner.text", "x" * 4001), ("stream.max", "much"), ("stream.max", "-1"),
                       ("env.allow", "LANG;rm"), ("env.allow", "A" * 512), ("escrow.public", "AAAA")):
        refused("YM400", db.api, "settings_set", key=key, value=value)
    assert "settings list" in refused("YM404", db.api, "settings_set", key="nope", value="x")
    refused("YM404", db.api, "settings_get", key="nope")
    key = base64.b64encode(bytes(32)).decode()
    assert "escrow set" in refused("YM400", db.api, "settings_set", key="escrow.public", value=key)
    refused("YM400", db.api, "escrow_set", public_key="AAAA")
    db.api("escrow_set", public_key=key)
    assert next(d for d in db.api("doctor") if d["name"] == "escrow")["state"] == "ok"
    assert len(db.events("setting.changed")) == 2


def test_samples_are_removed_and_what_happened_on_them_stays(db):
    db.user()
    db.target("demo", "127.0.0.1:2222", cluster="samples", networks=["127.0.0.0/8"])
    db.target("web01")
    for t in ("demo", "web01"):
        db.pin(t)
        db.account(t)
        db.api("grant_add", user="alice", account="cyadmin", target=t)
    assert db.facts(target="demo")[0]["samples"] is True
    sid = str(uuid.uuid4())
    db.session(sid, target="demo")
    assert db.api("samples_remove") == {"name": "samples", "targets": 1}
    assert [t["name"] for t in db.api("target_list")] == ["web01"] and [c["name"] for c in db.api("cluster_list")] == ["lab"]
    assert db.facts(target="demo") == [] and len(db.facts()) == 1
    assert [s["target"] for s in db.api("session_list")] == ["demo"]
    refused("YM404", db.api, "samples_remove")
    db.target("demo", "127.0.0.1:2222", cluster="samples", networks=["127.0.0.0/8"])
