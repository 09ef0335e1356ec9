"""schema: access passwords, what a SQL session is held to, and how a database greets."""

import json

import pytest
from harness.cluster import refused
from harness.signed import sign

pytestmark = pytest.mark.schema

HASHES = {"sha1": "11" * 20, "sha2": "22" * 32}
SESSION = "01234567-89ab-7def-8123-456789abcdef"


def add(db, who, name="laptop", **args):
    return db.api("access_password_add", who.caller, name=name, **HASHES, **args)


def login(db, door="mysql", address="10.1.2.3", user="alice"):
    return [(i, factored) for i, factored in db.broker.rows("select id, factored from api.login_access(%s, %s, %s)", user, door, address)]


def enrol(db, name):
    db.superuser.rows("insert into yanmen.factor (user_id, sealed, bound, last_step) select id, '\\x00'::bytea, 'x', 1 from yanmen.users where name = %s", name)


def test_an_access_password_is_ones_own_for_one_door_and_a_time(db):
    alice, bob, boss = sign(db, "alice", "engineer"), sign(db, "bob", "engineer"), sign(db, "boss", "admin")
    mine = add(db, alice, for_="3600", from_=["10.0.0.0/8"])
    assert (mine["user"], mine["door"], mine["networks"], mine["state"], mine["factored"]) == ("alice", "mysql", ["10.0.0.0/8"], "valid", False)
    assert login(db) == [(mine["id"], False)]
    assert login(db, door="tds") == login(db, address="192.0.2.1") == login(db, user="bob") == []
    assert [a["id"] for a in db.api("access_password_list", alice.caller)] == [a["id"] for a in db.api("access_password_list", boss.caller)] == [mine["id"]]
    assert db.api("access_password_list", bob.caller) == []
    refused("YM404", db.api, "access_password_revoke", bob.caller, id=str(mine["id"]))
    assert "named laptop already" in refused("YM409", add, db, alice)
    assert "there are: mysql, tds" in refused("YM400", add, db, alice, "other", door="ssh")
    refused("YM403", add, db, bob, "x", user="alice")
    db.api("access_password_revoke", alice.caller, id=str(mine["id"]))
    assert login(db) == [] and db.api("access_password_list", alice.caller)[0]["state"] == "revoked"
    assert [e["kind"] for e in db.events() if e["kind"].startswith("access_password.")] == ["access_password.added", "access_password.revoked"]


def test_its_term_is_bounded_and_over_when_it_is(db):
    alice = sign(db, "alice", "engineer")
    assert "1 to 7776000 s" in refused("YM400", add, db, alice, for_="7776001")
    mine = add(db, alice)
    db.superuser.rows("update yanmen.access_password set until = now() - interval '1 second'")
    assert login(db) == [] and db.api("access_password_list", alice.caller)[0]["state"] == "expired"
    assert add(db, alice)["id"] != mine["id"], "the name is free again"
    for n in range(19):
        add(db, alice, f"p{n}")
    assert "20 access passwords" in refused("YM409", add, db, alice, "one-more")
    db.api("user_disable", name="alice")
    assert login(db) == []


def test_it_stands_for_a_second_factor_when_it_was_made_behind_one(db):
    alice = sign(db, "alice", "engineer")
    add(db, alice, "before")
    enrol(db, "alice")
    behind = add(db, alice, "behind")
    assert behind["factored"] and dict(login(db))[behind["id"]] is True and sorted(dict(login(db)).values()) == [False, True]
    by_admin = db.api("access_password_add", name="by-admin", user="alice", **HASHES)
    assert by_admin["factored"] is False
    db.superuser.rows("update yanmen.console_session set created_at = now() - interval '6 minutes', confirmed_at = null")
    assert "last five minutes" in refused("YM403", add, db, alice, "late")


def test_a_code_at_console_or_ssh_counts_for_sql_and_not_the_other_way(db):
    sign(db, "alice", "engineer")
    db.api("user_factor", name="alice", policy="required")
    enrol(db, "alice")

    def factor(door):
        return db.broker.one("select factor from api.login_facts('alice', '10.1.2.3', %s)", door)
    assert (factor("sql"), factor("ssh"), factor("web")) == ("ask", "ask", "ask")
    db.superuser.rows("insert into yanmen.factor_seen select id, '10.1.2.3', 'web', now() + interval '1 minute' from yanmen.users where name = 'alice'")
    assert (factor("sql"), factor("ssh"), factor("web")) == ("", "ask", "")


@pytest.fixture
def session(db):
    """alice is online at shop, a MySQL target in the group web."""
    db.user()
    db.target("shop", kind="mysql")
    db.pin("shop")
    db.account("shop", "app")
    db.api("group_add", name="web")
    db.api("group_put", group="web", target="shop")
    db.api("grant_add", user="alice", account="app", target="shop")
    return SESSION


def begin(db):
    f = db.facts(target="shop", account="app")[0]
    [[user_id]] = db.broker.rows("select user_id from api.login_facts('alice')")
    db.broker.rows("select api.session_begin(%s::jsonb)", json.dumps({
        "id": SESSION, "worker": "w1", "user_id": user_id, "target_id": f["target_id"], "account_id": f["account_id"], "grant_id": f["grant_id"],
        "protocol": "mysql", "address": "10.1.2.3", "rule": "grant 1", "started_us": 1763823600000000}))
    return f["tls"], f["database"], f["layer"]


def test_a_sessions_rules_come_in_order_and_their_digest_tells_every_change(db, session):
    assert begin(db) == (True, "", "SQL")

    def digest():
        rows = db.broker.rows("select role, otherwise, approval, digest from api.sql_sessions(array[%s::uuid])", session)
        assert len(rows) == 1
        return rows[0]
    seen = {digest()}

    def changed():
        seen.add(digest())
        return len(seen)
    target = db.api("sql_rule_add", target="shop", **{"class": ["DROP"]}, action="deny", reason_en="no", reason_zh="不")
    assert target["enforced"] is True and changed() == 2
    group = db.api("sql_rule_add", group="web", **{"class": ["DELETE"]}, action="approve")
    everywhere = db.api("sql_rule_add", **{"class": ["GRANT"]}, action="alert")
    db.api("sql_rule_add", **{"class": ["SELECT"]}, action="deny", enabled="off")
    assert changed() == 3
    rows = db.broker.rows("select id, action, classes, reason_zh from api.sql_rules(%s::uuid)", session)
    assert [tuple(r) for r in rows] == [(everywhere["id"], "alert", "GRANT", ""), (group["id"], "approve", "DELETE", ""),
                                        (target["id"], "deny", "DROP", "不")]
    db.api("sql_policy_set", target="shop", default="deny")
    assert changed() == 4 and digest()[1] == "deny"
    db.api("group_take", group="web", target="shop")
    assert changed() == 5 and len(db.broker.rows("select id from api.sql_rules(%s::uuid)", session)) == 2
    db.api("sql_rule_set", id=str(target["id"]), action="alert")
    assert changed() == 6
    db.api("user_set", name="alice", role="dba")
    assert changed() == 7 and digest()[0] == "dba"
    tsql = db.api("sql_rule_add", dialect="tsql", action="deny")
    assert tsql["enforced"] is False


def test_a_database_greets_as_it_was_seen_last(db, session):
    begin(db)

    def greeting(target):
        return db.broker.one("select api.sql_greeting(%s)", target)
    assert greeting("shop") == greeting("") == ""
    db.spool("0b9d7c1e-52f4-4d0c-9a53-7f1e6f0d2a11", "session.reached", {"session": session, "outcome": "ok", "detail": "10.11.6-MariaDB"})
    assert (greeting("shop"), greeting("nowhere")) == ("10.11.6-MariaDB", "")
    db.spool("0b9d7c1e-52f4-4d0c-9a53-7f1e6f0d2a12", "session.reached", {"session": session, "outcome": "broken", "detail": "an error"})
    assert greeting("shop") == "10.11.6-MariaDB"
    db.api("settings_set", key="sql.greeting", value="8.0.36-gate")
    assert greeting("") == "8.0.36-gate"


def test_only_a_database_has_tls_and_a_default_database(db):
    db.target()
    assert "of a database" in refused("YM400", db.api, "target_set", name="web01", database="x")
    db.target("shop", kind="mysql", cluster="other", networks=("10.9.0.0/16",), address="10.9.0.1:3306")
    changed = db.api("target_set", name="shop", database="orders", tls="off")
    assert (changed["database"], changed["tls"]) == ("orders", False)
    assert [e["tls"] for e in db.events("target.changed")] == [False]
