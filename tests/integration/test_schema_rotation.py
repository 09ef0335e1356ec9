"""schema: account templates, and the states of a rotation whatever the broker lives to do."""

import json

import pytest
from harness.cluster import refused

pytestmark = pytest.mark.schema

LATER = "update yanmen.account set updated_at = now() - interval '40 days', rotated_at = null"


def passwords(db):
    """web01 and web02, with an account alice may use on web01."""
    db.ready()
    db.target("web02", "10.0.0.2:22")
    db.pin("web02")
    for t in ("web01", "web02"):
        db.account(t, "app")
    db.superuser.rows("update yanmen.account set auth = 'password'")


def sealed(db, name="app", target="web01"):
    return bytes(db.superuser.one("select a.sealed from yanmen.account a join yanmen.target t on t.id = a.target_id "
                                  "where a.name = %s and t.name = %s", name, target))


def tick(db, live="{}", room=4):
    return db.broker.one("select api.rotations_tick(%s::bigint[], %s)", live, room)


def end(db, run, how, say=""):
    return db.broker.one("select api.rotation_end(%s, %s, %s)", run, how, say)


def sent(db, run, secret=b"new"):
    assert db.broker.one("select api.rotation_sealed(%s, %s)", run, secret)
    assert db.broker.one("select api.rotation_sent(%s)", run)


def state(db, run):
    return db.superuser.one("select state from yanmen.rotation where id = %s", run)


# ---- templates ----

def test_two_templates_are_shipped_and_the_customers_takes_his_initials(db):
    db.ready()
    shipped = {t["name"]: t for t in db.api("template_list")}
    assert shipped["cyadmin"]["root"] is True and shipped["xxadmin"]["root"] is False
    db.api("template_rename", name="xxadmin", to="abadmin")
    [row] = [t for t in db.api("template_list") if t["name"] == "abadmin"]
    assert (row["login"], row["root"]) == ("abadmin", False)
    changes = db.api("history_list", kind="template", name="abadmin")[:2]
    assert [c["event"] for c in changes] == 2 * ["template.renamed"]
    assert [c["after"] for c in changes] == [{"name": "abadmin"}, {"login": "abadmin"}]
    assert refused("YM409", db.api, "template_set", name="abadmin", version="1", about="x").startswith("meanwhile changed by")
    refused("YM404", db.api, "template_set", name="xxadmin", about="x")


def test_a_template_is_applied_to_a_group_and_what_is_there_stays(db):
    passwords(db)
    db.api("group_add", name="web")
    db.api("group_put", group="web", target=["web01", "web02"])
    db.account("web01", "cyadmin")
    before = sealed(db, "cyadmin")
    plan = db.api("template_apply", name="cyadmin", group="web")
    assert plan["kept"] == ["web01"] and [t["target"] for t in plan["targets"]] == ["web02"]
    [to] = plan["targets"]
    db.api("account_set", target="web02", account="cyadmin", kind="password", sealed="aabb", bound=to["bound"], template_id=plan["template_id"])
    assert sealed(db, "cyadmin") == before
    assert [t["accounts"] for t in db.api("template_list") if t["name"] == "cyadmin"] == [2]
    refused("YM400", db.api, "template_apply", name="cyadmin", group="web", cluster="dc1")
    refused("YM400", db.api, "template_apply", name="cyadmin")


# ---- rotation ----

def test_the_new_password_is_the_accounts_only_when_a_login_with_it_worked(db):
    passwords(db)
    old = sealed(db)
    facts = db.api("account_rotate", target="web01", account="app")
    run = facts["rotation"]
    assert bytes.fromhex(facts["old"]) == old and facts["settle"] is False and facts["login"]["account"] == "app"
    assert "under way" in refused("YM409", db.api, "account_rotate", target="web01", account="app")
    assert "under way" in refused("YM409", db.api, "account_remove", target="web01", account="app")
    sent(db, run)
    assert sealed(db) == old
    assert end(db, run, "current")["state"] == "current"
    assert sealed(db) == b"new"
    assert b"new".hex() not in json.dumps(db.events())
    row = db.api("account_rotations", target="web01")[0]
    assert (row["state"], row["recoverable"], row["why"]) == ("current", True, "asked")
    db.api("account_recover", id=str(run))
    assert sealed(db) == old and db.events("rotation.recovered")
    [newer] = [r for r in db.api("account_rotations", target="web01") if r["id"] > run]
    db.api("account_recover", id=str(newer["id"]))
    assert sealed(db) == b"new"


def test_a_broker_that_died_finds_out_and_loses_neither_password(db):
    passwords(db)
    old = sealed(db)
    run = db.api("account_rotate", target="web01", account="app")["rotation"]
    assert tick(db, live=f"{{{run}}}") == [] and state(db, run) == "planned"
    assert tick(db) == [] and state(db, run) == "failed"  # nothing was sent
    run = db.api("account_rotate", target="web01", account="app")["rotation"]
    db.broker.one("select api.rotation_sealed(%s, %s)", run, b"new")
    assert tick(db) == [] and state(db, run) == "failed" and sealed(db) == old
    run = db.api("account_rotate", target="web01", account="app")["rotation"]
    sent(db, run)
    [todo] = tick(db)
    assert todo["rotation"] == run and todo["settle"] is True and bytes.fromhex(todo["new"]) == b"new" and bytes.fromhex(todo["old"]) == old
    assert tick(db, live=f"{{{run}}}") == []
    assert end(db, run, "unsure", "x")["state"] == "unsure" and sealed(db) == old
    assert tick(db) == []  # not at once
    assert db.api("account_settle", id=str(run))["settle"] is True
    refused("YM409", db.api, "account_settle", id=str(run))
    assert end(db, run, "current")["state"] == "current" and sealed(db) == b"new"
    assert end(db, run, "failed")["state"] == "current"  # late


def test_a_credential_that_is_entered_ends_an_unsure_rotation_and_old_ones_are_destroyed(db):
    passwords(db)
    run = db.api("account_rotate", target="web01", account="app")["rotation"]
    sent(db, run)
    assert "under way" in refused("YM409", db.account, "web01", "app")
    end(db, run, "unsure")
    db.account("web01", "app")
    assert state(db, run) == "failed"
    db.superuser.rows("update yanmen.rotation set keep_until = now() - interval '1 second'")
    tick(db)
    assert db.superuser.rows("select old_sealed, new_sealed from yanmen.rotation where id = %s", run) == [(None, None)]
    assert len(db.events("rotation.destroyed")) == 1
    refused("YM409", db.api, "account_recover", id=str(run))


def test_a_password_for_a_target_that_has_another_key_by_now_is_sealed_for_that_one(db):
    passwords(db)
    run = db.api("account_rotate", target="web01", account="app")["rotation"]
    sent(db, run)
    db.superuser.rows("update yanmen.target set host = '10.0.0.99' where name = 'web01'")
    assert end(db, run, "current")["state"] == "unsure"
    facts = db.api("account_settle", id=str(run))
    assert facts["bound"] != facts["bound_now"]
    answer = db.broker.one("select api.rotation_end(%s, 'current', '', %s, %s)", run, b"rebound", facts["bound_now"])
    assert answer["state"] == "current" and sealed(db) == b"rebound"


def test_a_policy_says_when_the_narrowest_wins_and_a_failed_one_waits_a_day(db):
    passwords(db)
    db.api("group_add", name="web")
    db.api("group_put", group="web", target=["web01", "web02"])
    refused("YM400", db.api, "rotation_add", name="p", group="web")
    refused("YM400", db.api, "rotation_add", name="p", group="web", target="web01", every="30")
    refused("YM400", db.api, "rotation_add", name="p", group="web", every="30", at="25:00")
    db.api("rotation_add", name="all", group="web", every="30", at="00:00", account="app")
    db.api("rotation_add", name="one", target="web02", every="60", at="03:30", length="32", account="app")
    ages = {a["target"]: a for a in db.api("account_ages") if a["account"] == "app"}
    assert (ages["web01"]["policy"], ages["web02"]["policy"]) == ("all", "one")
    assert tick(db) == []
    db.superuser.rows(LATER)
    [todo] = [t for t in tick(db) if t["account"] == "app"]
    assert (todo["target"], todo["length"]) == ("web01", 24)
    end(db, todo["rotation"], "failed", "no")
    assert tick(db) == []
    db.superuser.rows("update yanmen.rotation set started_at = now() - interval '21 hours'")
    assert [t["target"] for t in tick(db)] == ["web01"]
    assert [a["target"] for a in db.api("account_ages", older="40") if a["account"] == "app"] == ["web01", "web02"]
    db.api("rotation_set", name="one", every="90")
    db.api("rotation_remove", name="all")
    assert [p["name"] for p in db.api("rotation_list")] == ["one"]


def test_who_leaves_has_what_he_could_use_rotated(db):
    passwords(db)
    db.user("bob")
    db.api("grant_add", user="bob", account="app", target="web02")
    assert db.api("user_disable", name="bob", rotate="on")["rotated"] == 1
    [todo] = tick(db)
    assert (todo["target"], todo["account"]) == ("web02", "app")
    assert db.events("rotation.begun")[-1]["why"] == "leaver"
    assert db.api("user_disable", name="alice")["rotated"] == 0
    db.api("user_enable", name="alice")
    db.api("settings_set", key="rotation.leavers", value="on")
    assert db.api("user_disable", name="alice")["rotated"] >= 1


@pytest.mark.parametrize("change, say", [
    ("update yanmen.account set auth = 'key'", "keys are not rotated yet, passwords are"),
    ("update yanmen.account set auth = 'ca'", "this account has no password: certificates are made anew for each login"),
    ("update yanmen.target set kind = 'windows'", "passwords of Windows are not rotated yet"),
    ("update yanmen.target set host = '10.0.0.77'", "the account is suspended: enter its credential again")])
def test_what_cannot_be_rotated_is_said(db, change, say):
    passwords(db)
    db.superuser.rows(change)
    assert refused("YM409", db.api, "account_rotate", target="web01", account="app") == say
