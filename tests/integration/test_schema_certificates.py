"""schema/: users' certificates."""

import base64
import json
import uuid

import pytest
from harness.cluster import Refused, refused

pytestmark = pytest.mark.schema

BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"k" * 32).decode()


def wanted(db, caller=None, **args):
    """What the vault would be asked to sign."""
    rows = db.broker.rows("select * from api.certificate_wanted(%s::jsonb, %s::jsonb)",
                          json.dumps(caller or {"actor": "local:0", "role": "admin", "address": "local"}), json.dumps(args))
    return dict(zip(("serial", "key_id", "principal", "sources", "after_s", "before_s"), rows[0]))


def issue(db, user="alice", **args):
    w = wanted(db, user=user, **args)
    return db.api("certificate_issue", user=user, serial=str(w["serial"]), key_id=w["key_id"], key_blob=BLOB,
                  after_s=str(w["after_s"]), before_s=str(w["before_s"]), **args)["serial"]


def looked_up(db, user, serial):
    return db.broker.rows("select revoked from api.login_certificate(%s, %s)", user, serial)


def begin(db, certificate):
    f = db.facts()[0]
    [[user_id]] = db.broker.rows("select user_id from api.login_facts('alice')")
    sid = str(uuid.uuid4())
    db.broker.rows("select api.session_begin(%s::jsonb)", json.dumps({
        "id": sid, "worker": "w1", "user_id": user_id, "target_id": f["target_id"], "account_id": f["account_id"],
        "grant_id": f["grant_id"], "certificate": certificate, "protocol": "ssh", "address": "192.0.2.1", "rule": "grant 1", "started_us": 1}))
    return sid


def withdrawn(db):
    return {str(sid): word for sid, word in db.broker.rows("select id, withdrawn from api.sessions_ends()")}


def test_what_is_wanted_is_for_one_user_for_a_bounded_time(db):
    db.user()
    w = wanted(db, user="alice", **{"from": ["10.0.0.1", "fd00::/8"]})
    assert (w["principal"], w["key_id"], w["sources"]) == ("alice", f"alice {w['serial']}", "10.0.0.1/32,fd00::/8")
    assert w["before_s"] - w["after_s"] == 8 * 3600 + 60
    again = wanted(db, user="alice", **{"for": "90"})
    assert again["serial"] > w["serial"] and again["before_s"] - again["after_s"] == 150
    for args in ({"user": "alice", "for": "604801"}, {"user": "alice", "for": "0"}, {"user": "alice", "for": "1h"},
                 {"user": "alice", "from": "here"}, {}):
        refused("YM400", wanted, db, **args)
    refused("YM404", wanted, db, user="bob")
    db.api("settings_set", key="certificate.longest", value="60")
    assert (lambda w: w["before_s"] - w["after_s"])(wanted(db, user="alice")) == 120
    db.api("settings_set", key="certificate.longest", value="0")
    refused("YM400", wanted, db, user="alice")
    db.api("user_disable", name="alice")
    refused("YM400", wanted, db, user="alice")


def test_only_its_user_is_found_by_it(db):
    db.user()
    db.user("bob")
    serial = issue(db)
    assert looked_up(db, "alice", serial) == [(False,)]
    assert looked_up(db, "bob", serial) == looked_up(db, "alice", serial + 1) == looked_up(db, "", serial) == looked_up(db, "alice", 0) == []
    db.api("certificate_revoke", serial=str(serial))
    assert looked_up(db, "alice", serial) == [(True,)]


def test_who_may_see_and_who_may_issue(db):
    db.user()
    serial = issue(db)
    auditor, engineer = db.user("ada", "auditor"), db.user("eve")
    assert [c["serial"] for c in db.api("certificate_list", auditor)] == [serial]
    refused("YM403", db.api, "certificate_list", engineer)
    for caller in (auditor, engineer):
        refused("YM403", wanted, db, caller, user="alice")
        refused("YM403", db.api, "certificate_revoke", caller, serial=str(serial))


def test_revoking_one_and_all_of_a_user(db):
    db.user()
    db.user("bob")
    first, second, of_bob = issue(db), issue(db), issue(db, "bob")
    assert db.api("certificate_revoke", serial=str(first), reason="lost") == {"revoked": 1, "sessions": []}
    refused("YM409", db.api, "certificate_revoke", serial=str(first))
    refused("YM404", db.api, "certificate_revoke", serial=str(of_bob + 1))
    for args in ({}, {"serial": str(second), "user": "alice"}, {"serial": "two"}):
        refused("YM400", db.api, "certificate_revoke", **args)
    assert db.api("certificate_revoke", user="alice")["revoked"] == 1
    assert db.api("certificate_revoke", user="alice")["revoked"] == 0
    assert [(c["serial"], c["state"], c["reason"]) for c in db.api("certificate_list")] == [
        (first, "revoked", "lost"), (second, "revoked", ""), (of_bob, "valid", "")]
    assert [(e["user"], e["serial"], e["reason"]) for e in db.events("certificate.revoked")] == [
        ("alice", first, "lost"), ("alice", second, "")]
    assert [e["serial"] for e in db.events("certificate.issued")] == [first, second, of_bob]


def test_a_session_by_a_revoked_one_does_not_begin_and_one_that_runs_is_over(db):
    db.ready()
    mine, other = issue(db), issue(db)
    running, apart, plain = begin(db, mine), begin(db, other), str(uuid.uuid4())
    db.session(plain)
    assert set(withdrawn(db).values()) == {""}
    answer = db.api("certificate_revoke", serial=str(mine))
    assert [s["session"] for s in answer["sessions"]] == [running]
    assert withdrawn(db) == {running: "certificate", apart: "", plain: ""}
    with pytest.raises(Refused) as e:
        begin(db, mine)
    assert e.value.code == "YM403"
    assert begin(db, other)
    rows = db.broker.rows("select user_id, certificate from api.logins_gone('{1,2}', %s)", [0, mine, other])
    assert rows == [(0, mine)]


def test_a_new_ca_and_a_removed_user_void_all(db):
    db.user()
    db.user("bob")
    first, of_bob = issue(db), issue(db, "bob")
    db.api("key_rotate", ca="1", host="1")
    assert {c["state"] for c in db.api("certificate_list")} == {"valid"}
    db.api("user_remove", name="bob")
    assert looked_up(db, "alice", first) == [(False,)]
    assert [e["user"] for e in db.events("certificate.revoked")] == ["bob"]
    db.user("bob")
    assert looked_up(db, "bob", of_bob) == []
    db.api("key_rotate", users="1")
    assert looked_up(db, "alice", first) == [(True,)]
    assert db.events("certificate.revoked")[-1]["reason"] == "the users' CA was changed"


def test_guesses_at_codes_behind_a_certificate_are_remembered(db):
    db.user()
    for method, why in (("certificate", "certificate has expired"), ("certificate+code", "wrong")):
        db.spool(str(uuid.uuid4()), "login.refused", {"user": "alice", "address": "192.0.2.1", "method": method, "why": why, "actor": "system"},
                 at_us=db.superuser.rows("select (extract(epoch from now()) * 1000000)::bigint")[0][0])
    assert [r[4] for r in db.broker.rows("select * from api.login_lately(10)")] == ["certificate+code"]
