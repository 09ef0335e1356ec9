"""schema: system, security and audit administration by three people."""

import threading

import pytest
from harness.cluster import Refused, refused
from harness.signed import Signed

pytestmark = pytest.mark.schema
DUTIES = ("system", "security", "audit")
# a command of each duty, and its arguments
PROBES = {"system": ("group_add", {"name": "g"}), "security": ("user_add", {"name": "new", "role": "user", "pwhash": "x"}),
          "audit": ("audit_search", {"since": "2020-01-01T00:00:00Z"})}


@pytest.fixture(autouse=True)
def together_again(db):
    yield
    db.api("duty_separate", state="off")


@pytest.fixture
def three(db):
    """One person for each duty, and an admin of the old kind."""
    return db, {d: db.user(d[:3], f"{d}_admin") for d in DUTIES} | {"boss": db.user("boss", "admin")}


def separate(db, caller=None):
    return db.api("duty_separate", caller, state="on")


def may(db, caller, duty):
    command, args = PROBES[duty]
    try:
        with db.broker.pg.cursor() as c:
            c.execute("begin")
        db.api(command, caller, **args)
        return True
    except Exception as e:
        assert getattr(e, "code", "") == "YM403", e
        return False
    finally:
        db.broker.pg.rollback()


def test_each_duty_has_its_own_commands_and_no_others(three):
    db, people = three
    db.broker.pg.autocommit = False
    try:
        for who in DUTIES:
            assert [d for d in DUTIES if may(db, people[who], d)] == [who]
        assert [d for d in DUTIES if may(db, people["boss"], d)] == list(DUTIES)
        separate(db)
        db.broker.pg.commit()
        assert [d for d in DUTIES if may(db, people["boss"], d)] == []
        for who in DUTIES:
            assert [d for d in DUTIES if may(db, people[who], d)] == [who]
        assert [d for d in DUTIES if may(db, None, d)] == list(DUTIES), "on the gateway itself"
    finally:
        db.broker.pg.rollback()
        db.broker.pg.autocommit = True


def test_no_role_of_one_duty_holds_a_right_of_another(db):
    rows = db.superuser.rows("""select p.role, array_agg(distinct d.duty) from yanmen.role_permission p join yanmen.duty d using (permission)
        where p.scope = 'all' group by p.role having count(distinct d.duty) > 1""")
    assert [r for r, _ in rows] == ["admin"]
    unknown = db.superuser.rows("select permission from yanmen.duty where permission not in (select permission from yanmen.role_permission)")
    assert unknown == []


def test_it_is_switched_on_only_when_each_duty_has_somebody(db):
    boss = db.user("boss", "admin")
    assert "system, security, audit" in refused("YM409", separate, db, boss)
    db.user("ops", "operator")
    assert "system, security, audit" in refused("YM409", separate, db, boss), "who may test a target carries no duty"
    for duty in DUTIES:
        db.user(duty[:3], f"{duty}_admin")
    db.api("user_disable", name="aud")
    assert "for: audit;" in refused("YM409", separate, db, boss)
    db.api("user_enable", name="aud")
    assert separate(db, boss)["separate"] == "on"
    assert [(r["duty"], r["users"], r["separate"]) for r in db.api("duty_list", boss)] == [
        ("system", ["sys"], True), ("security", ["sec"], True), ("audit", ["aud"], True)]
    assert separate(db)["separate"] == "on", "again: what a newer release gave to admin"
    for caller in ({"actor": f"user:{n}", "role": "admin", "address": "x"} for n in ("boss", "sys", "sec", "aud")):
        refused("YM403", db.api, "duty_separate", caller, state="off")
        with pytest.raises(Refused):
            db.api("settings_set", caller, key="duty.separate", value="off")
    refused("YM400", db.api, "settings_set", key="duty.separate", value="off")
    before = db.superuser.rows("table yanmen.role_aside")
    db.api("duty_separate", state="off")
    assert before and db.superuser.rows("table yanmen.role_aside") == []
    assert {p for _, p, _ in before} <= {p for [p] in db.superuser.rows("select permission from yanmen.role_permission where role = 'admin'")}
    assert [e["value"] for e in db.events("setting.changed")] == ["on", "on", "off"]


def test_nobody_gets_two_duties_and_the_last_one_stays(three):
    db, people = three
    separate(db)
    security = people["security"]
    refused("YM409", db.api, "user_add", security, name="x", role="admin", pwhash="x")
    refused("YM409", db.api, "user_set", security, name="sys", role="audit_admin")
    refused("YM409", db.api, "user_set", security, name="sys", role="engineer")
    refused("YM409", db.api, "user_disable", security, name="sys")
    refused("YM409", db.api, "user_remove", security, name="aud")
    db.api("user_add", security, name="sys2", role="system_admin", pwhash="x")
    db.api("user_disable", security, name="sys")
    refused("YM409", db.api, "user_disable", security, name="sys2")
    db.api("user_enable", security, name="sys")
    db.api("user_set", security, name="sys", role="engineer")
    assert db.api("user_set", security, name="boss", role="engineer")["role"] == "engineer"


def test_of_the_last_two_with_a_duty_only_one_can_go_at_once(three):
    db, people = three
    db.user("sys2", "system_admin")
    separate(db)
    first = db.connect("yanmen_broker")
    first.pg.autocommit = False
    first.api("user_disable", name="sys")
    said = []
    second = threading.Thread(target=lambda: said.append(refused("YM409", db.api, "user_disable", name="sys2")))
    second.start()
    first.pg.commit()
    second.join(30)
    assert said == ["sys2 is the last one with this duty: give it to somebody else first"]


def test_nobody_grants_or_approves_himself(three):
    db, people = three
    db.ready()
    db.api("group_add", name="web")
    db.api("group_put", group="web", target="web01")
    db.api("group_requestable", group="web", requestable="on")
    separate(db)
    security = people["security"]
    assert "himself" in refused("YM403", db.api, "grant_add", security, user="sec", account="cyadmin", target="web01")
    db.api("grant_add", security, user="sys", account="cyadmin", target="web01")
    asked = db.api("request_add", security, target="web01", account="cyadmin", reason="x",
                   until=db.superuser.one("select (now() + interval '1 hour')::text"))
    refused("YM403", db.api, "request_approve", security, id=str(asked["id"]))
    refused("YM403", db.api, "request_approve", people["system"], id=str(asked["id"]))
    db.user("sec2", "security_admin")
    assert db.api("request_approve", {"actor": "user:sec2", "address": "x"}, id=str(asked["id"]))["state"] == "active"


def test_the_console_shows_who_may_what(three):
    db, people = three
    audit, boss = Signed(db, "aud"), Signed(db, "boss")
    separate(db)
    roles = {r["name"]: r for r in audit.rows("roles")}
    assert roles["admin"]["aside"]["user.manage"] == "all" and "user.manage" not in roles["admin"]["permissions"]
    assert roles["audit_admin"]["duties"] == ["audit"] and roles["admin"]["duties"] == sorted(DUTIES) and roles["admin"]["users"] == 1
    duties = {r["name"]: r["duty"] for r in audit.rows("duties", limit=500)}
    assert (duties["settings.set"], duties["grant.manage"], duties["recording.read"], duties["user.list"]) == ("system", "security", "audit", "")
    assert "user.manage" not in boss.rows("me")[0]["permissions"]
    refused("YM403", boss.rows, "recordings")
