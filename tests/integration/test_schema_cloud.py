"""schema: accounts of cloud consoles, who may open their passwords, and that nothing is opened unseen."""

import json

import pytest
from harness.cluster import refused
from harness.signed import PLACE, Signed, sign

pytestmark = pytest.mark.schema

SEALED = {"password": "5ea1ed0a", "key": "5ea1ed0b"}
WHY = "bill of October"


def seal(db, name, kind="password", caller=None, **args):
    bound = db.broker.one("select api.cloud_binding(%s, %s)", name, kind)
    return db.api("cloud_secret", caller, name=name, kind=kind, sealed=SEALED.get(kind, "00"), bound=bound or "", **args)


@pytest.fixture
def world(db):
    """Two groups with an account each; alice may open what web has, gina administers it, bob has nothing to do with either."""
    for group in ("web", "data"):
        db.api("group_add", name=group)
        db.api("cloud_add", name=f"{group}-ops", provider="aliyun", kind="operate", login=f"{group}@1234567890", group=group,
               url="https://signin.example.com/", key_id="LTAI5t")
        seal(db, f"{group}-ops")
        seal(db, f"{group}-ops", "key")
    people = {n: sign(db, n, r) for n, r in (("alice", "engineer"), ("bob", "engineer"), ("gina", "group_admin"), ("boss", "admin"))}
    db.api("group_admin", group="web", user="gina")
    db.api("cloud_allow", group="web", user="alice")
    return db, people


def opens(db, who, name="web-ops", reason=WHY, **args):
    return db.api("cloud_open", who.caller, name=name, reason=reason, **args)


def age(db, who, minutes):
    db.superuser.rows("update yanmen.console_session set created_at = now() - %s * interval '1 minute', confirmed_at = null "
                      "where id = %s::uuid", minutes, who.session)


# ---- what stands there ----

def test_an_account_is_registered_changed_and_removed_with_its_history(db):
    db.api("group_add", name="web")
    added = db.api("cloud_add", name="ops", provider="aws", kind="readonly", login="123456789012", group="web")
    assert (added["version"], added["remind_days"], added["due"], added["password_at"], added["users"]) == (1, 90, False, None, [])
    changed = db.api("cloud_set", name="ops", login="other", url="https://console.example.com/", key_id="AKIA1", remind="30", version="1")
    assert (changed["login"], changed["url"], changed["key_id"], changed["remind_days"], changed["kind"]) == (
        "other", "https://console.example.com/", "AKIA1", 30, "readonly")
    refused("YM409", db.api, "cloud_set", name="ops", login="third", version="1")
    assert db.api("cloud_set", name="ops", url="", key_id="")["url"] == ""
    seal(db, "ops")
    assert db.api("cloud_list")[0]["password_at"]
    refused("YM409", db.api, "group_remove", name="web")
    db.api("cloud_remove", name="ops")
    assert db.api("cloud_list") == [] and db.superuser.rows("select 1 from yanmen.cloud_secret") == []
    assert [e["kind"] for e in db.events() if e["kind"].startswith("cloud.")] == [
        "cloud.added", "cloud.changed", "cloud.changed", "cloud.secret", "cloud.removed"]
    [change] = db.events("cloud.changed")[0]["changes"]
    assert change["before"] == {"login": "123456789012", "remind_days": 90, "url": "", "key_id": ""}
    refused("YM404", db.api, "cloud_remove", name="ops")
    db.api("cloud_add", name="ops", provider="other", kind="operate", login="x", group="web")  # the name is free again


@pytest.mark.parametrize("wrong", [{"provider": "azure"}, {"kind": "both"}, {"url": "http://a.example"}, {"url": "javascript:alert(1)"},
                                   {"url": "https://a b"}, {"key_id": "a b"}, {"remind": "-1"}, {"remind": "99999"}, {"login": ""}, {"login": "a\nb"}, {"name": "a b"}])
def test_what_makes_no_sense_is_refused(db, wrong):
    db.api("group_add", name="web")
    refused("YM400", db.api, "cloud_add", **({"name": "ops", "provider": "aws", "kind": "operate", "login": "x", "group": "web"} | wrong))
    assert db.api("cloud_list") == []


def test_an_older_secret_is_due(world):
    db, _ = world
    assert [c["due"] for c in db.api("cloud_list")] == [False, False]
    db.superuser.rows("update yanmen.cloud set key_at = now() - interval '91 days' where name = 'web-ops'")
    assert [c["due"] for c in db.api("cloud_list")] == [False, True]
    db.api("cloud_set", name="web-ops", remind="0")
    assert [c["due"] for c in db.api("cloud_list")] == [False, False]
    db.api("cloud_set", name="web-ops", remind="30")
    seal(db, "web-ops", "key")
    assert [c["due"] for c in db.api("cloud_list")] == [False, False]


def test_a_secret_is_for_the_account_that_it_was_sealed_for(world):
    db, _ = world
    [bound] = {r[0] for r in db.broker.rows("select api.cloud_binding('web-ops', 'key')")}
    for args in ({"kind": "password", "bound": bound}, {"kind": "key", "bound": "x"}, {"kind": "both", "bound": bound}):
        refused("YM409", db.api, "cloud_secret", name="web-ops", sealed="00", **args)
    refused("YM404", db.api, "cloud_secret", name="nothing", sealed="00", kind="key", bound=bound)
    assert db.broker.rows("select api.cloud_binding('nothing', 'key'), api.cloud_binding('web-ops', 'x')") == [(None, None)]


# ---- who sees what ----

def test_what_is_in_another_group_does_not_exist(world):
    db, people = world
    assert people["boss"].names("clouds") == ["data-ops", "web-ops"]
    assert people["alice"].names("clouds") == people["gina"].names("clouds") == ["web-ops"]
    assert people["bob"].names("clouds") == []
    assert [r["opens"] for r in people["alice"].rows("clouds")] == [True]
    assert [r["opens"] for r in people["gina"].rows("clouds")] == [False]
    assert refused("YM404", opens, db, people["bob"]) == refused("YM404", opens, db, people["bob"], "web-opx").replace("opx", "ops")
    refused("YM404", opens, db, people["alice"], "data-ops")
    refused("YM404", db.api, "history_list", people["alice"].caller, kind="cloud", name="data-ops")
    assert db.api("history_list", people["alice"].caller, kind="cloud", name="web-ops")
    refused("YM403", people["alice"].read, "cloud_users")
    assert [(r["user"], r["group"]) for r in people["boss"].rows("cloud_users")] == [("alice", "web")]


@pytest.mark.parametrize("command, args", [("cloud_add", {"name": "n", "provider": "aws", "kind": "operate", "login": "l", "group": "web"}),
                                           ("cloud_set", {"name": "web-ops", "group": "data"}), ("cloud_remove", {"name": "web-ops"}),
                                           ("cloud_allow", {"group": "data", "user": "alice"}), ("cloud_forbid", {"group": "web", "user": "alice"})])
def test_who_opens_passwords_gives_no_rights_and_moves_nothing(world, command, args):
    db, people = world
    for who in ("alice", "gina"):
        refused("YM403", db.api, command, people[who].caller, **args)


# ---- opening ----

def test_a_password_is_opened_with_a_reason_and_everybody_sees_by_whom(world):
    db, people = world
    answer = opens(db, people["alice"], reason="  bill of October ")
    assert answer.pop("bound").startswith("cloud=") and answer.pop("sealed") == SEALED["password"]
    assert answer == {"name": "web-ops", "login": "web@1234567890", "url": "https://signin.example.com/"}
    [event] = db.events("cloud.opened")
    assert (event["actor"], event["user"], event["name"], event["reason"], event["address"]) == ("user:alice", "alice", "web-ops", WHY, PLACE)
    for who in ("alice", "gina", "boss"):
        assert [(r["name"], r["user"], r["address"], r["reason"]) for r in people[who].rows("cloud_openings")] == [("web-ops", "alice", PLACE, WHY)]
        assert [r["user"] for r in db.api("cloud_openings", people[who].caller, name="web-ops")] == ["alice"]
        assert people[who].rows("clouds", name="web-ops")[0]["opened"]
    assert people["bob"].rows("cloud_openings") == db.api("cloud_openings", people["bob"].caller) == []


def test_nothing_is_opened_without_its_audit_row(world):
    db, people = world
    db.superuser.rows("alter table audit.event add constraint no check (kind <> 'cloud.opened') not valid")
    try:
        with pytest.raises(Exception, match="violates check constraint"):
            opens(db, people["alice"])
    finally:
        db.superuser.rows("alter table audit.event drop constraint no")
    assert db.superuser.one("select count(*) from yanmen.cloud_opening") == 0


def test_who_may_not_opens_nothing(world):
    db, people = world
    for reason in ("", "  ", "x", " x\t"):
        refused("YM400", opens, db, people["alice"], reason=reason)
    refused("YM403", opens, db, people["boss"])  # he sees all, and was allowed nothing
    refused("YM403", opens, db, people["gina"])
    db.user("carl", "auditor")
    assert "cloud.open" in refused("YM403", opens, db, Signed(db, "carl"))
    refused("YM409", db.api, "cloud_allow", group="web", user="carl")
    db.superuser.rows("delete from yanmen.cloud_secret where what = 'password'")
    refused("YM404", opens, db, people["alice"])
    assert db.events("cloud.opened") == [] == people["boss"].rows("cloud_openings")


@pytest.mark.parametrize("other", [{"actor": "local:0", "role": "admin", "address": "local"}, {"console": ""},
                                   {"console": "", "token": "0190a5b2-0000-7000-8000-000000000000"}])
def test_it_is_opened_at_the_console_alone(world, other):
    db, people = world
    caller = people["alice"].caller | other if "actor" not in other else other
    refused("YM403", db.api, "cloud_open", caller, name="web-ops", reason=WHY)
    assert db.events("cloud.opened") == []


def test_it_needs_a_sign_in_of_the_last_five_minutes(world):
    db, people = world
    age(db, people["alice"], 6)
    assert "password again" in refused("YM403", opens, db, people["alice"])
    other = Signed(db, "alice")  # one's other session lends nothing
    refused("YM403", opens, db, people["alice"])
    opens(db, other)
    db.api("me_confirm", people["alice"].caller)
    opens(db, people["alice"])
    assert len(db.events("cloud.opened")) == 2


def test_a_right_ends_with_its_time_its_taking_and_its_holder(world):
    db, people = world
    alice = people["alice"]
    db.api("cloud_allow", group="web", user="alice", until="2999-01-01T00:00:00Z")
    opens(db, alice)
    db.superuser.rows("update yanmen.cloud_user set until = now()")
    refused("YM404", opens, db, alice)
    db.api("cloud_allow", group="web", user="alice")
    opens(db, alice)
    db.api("cloud_set", name="web-ops", group="data")  # it goes with the group
    refused("YM404", opens, db, alice)
    db.api("cloud_set", name="web-ops", group="web")
    db.api("cloud_forbid", group="web", user="alice")
    refused("YM404", opens, db, alice)
    refused("YM404", db.api, "cloud_forbid", group="web", user="alice")
    db.api("cloud_allow", group="web", user="alice")
    db.api("user_disable", name="alice")
    refused("YM403", opens, db, alice)
    db.api("user_remove", name="alice")
    assert db.superuser.one("select count(*) from yanmen.cloud_user") == 0
    db.user("alice")  # another one of that name
    refused("YM404", opens, db, Signed(db, "alice"))
    assert [e["kind"] for e in db.events() if e["kind"] in ("cloud.allowed", "cloud.forbidden")] == ["cloud.allowed"] * 3 + [
        "cloud.forbidden", "cloud.allowed"]


def test_while_duties_are_separate_nobody_allows_himself(world):
    db, people = world
    for duty in ("system", "security", "audit"):
        db.user(duty, f"{duty}_admin")
    db.api("duty_separate", state="on")
    try:
        security, system = Signed(db, "security").caller, Signed(db, "system").caller
        refused("YM403", db.api, "cloud_allow", security, group="web", user="security")
        refused("YM403", db.api, "cloud_allow", system, group="web", user="system")
        refused("YM403", db.api, "cloud_set", security, name="web-ops", group="data")
        refused("YM403", db.api, "cloud_allow", people["boss"].caller, group="web", user="bob")
        db.api("cloud_allow", security, group="web", user="bob")
    finally:
        db.api("duty_separate", state="off")


def test_no_list_export_event_or_history_has_a_secret(world):
    db, people = world
    opens(db, people["alice"])
    boss = people["boss"]
    text = "".join(json.dumps(boss.read(c, limit=500)) for c in ("clouds", "cloud_openings", "cloud_users", "history", "audit"))
    text += json.dumps(db.events()) + json.dumps(db.api("cloud_list")) + json.dumps(db.api("cloud_openings"))
    assert "web-ops" in text and not [s for s in (*SEALED.values(), "sealed", "bound", "what=password") if s in text]


def test_a_newer_master_key_seals_them_anew(world):
    db, _ = world
    rows = db.superuser.rows("select id, sealed from yanmen.sealed_all where what = 'cloud' order by id")
    assert len(rows) == 4
    assert db.broker.one("select api.sealed_renew('cloud', %s, %s, %s)", rows[0][0], bytes(rows[0][1]), b"anew") is True
    assert db.broker.one("select api.sealed_renew('cloud', %s, %s, %s)", rows[0][0], bytes(rows[0][1]), b"again") is False
    assert bytes(db.superuser.one("select sealed from yanmen.cloud_secret where id = %s", rows[0][0])) == b"anew"
    assert {c["version"] for c in db.api("cloud_list")} == {3}, "sealed anew is no change"
