"""Roles of one's own making; saved searches, columns and favourites; what is to be done."""

import json

import pytest
from harness.browser import Browser
from harness.token import Token


@pytest.fixture
def signed(instance):
    """Signs somebody of that role in, by the console."""
    browsers = []

    def sign_in(role):
        user = instance.user(role)
        browsers.append(Browser(instance).login(user))
        browsers[-1].user = user
        return browsers[-1]
    yield sign_in
    for browser in browsers:
        browser.close()


@pytest.fixture
def role(instance):
    """Makes roles that are gone afterwards."""
    made = []

    def add(*rights, browser=None):
        name = instance.name("r").replace("-", "_")
        browser.ok(browser.command("role add", name=name, right=list(rights))) if browser else instance.ok(
            "role", "add", name, *[word for right in rights for word in ("--right", right)])
        made.append(name)
        return name
    yield add
    for name in made:
        instance.sql(f"update yanmen.users set role = 'user', state = 'disabled' where role = '{name}'")
        instance.cli("role", "remove", name)


def permissions(browser):
    return set(browser.ok(browser.get("/me"))["permissions"])


def refused(answer, status, words):
    assert (answer.status, words in answer.json["detail"]) == (status, True), answer.json


def test_a_role_is_what_it_was_given_and_changes_at_once(instance, role, signed):
    name = role("target.list", "session.list:own")
    browser = signed(name)
    base = permissions(browser) - {"target.list", "session.list"}
    assert {"console.list", "console.end", "token.own"} <= base and not base & {"user.list", "audit.search", "settings.set"}
    assert browser.get("/targets?limit=1").status == 200 and browser.rows("sessions", limit=99) == []
    refused(browser.command("settings list"), 403, "settings.read")
    [row] = [r for r in instance.ok("role", "list") if r["name"] == name]
    assert row["custom"] and row["permissions"]["session.list"] == "own" and row["version"] == 1
    instance.ok("role", "set", name, "--right", "settings.read", "--about", "looks at settings", "--if-version", "1")
    assert permissions(browser) == base | {"settings.read"}
    refused(browser.command("target list"), 403, "target.list")
    browser.ok(browser.command("settings list"))
    assert instance.cli("role", "set", name, "--right", "target.list", "--if-version", "1").code == 1  # another one by now
    newest = signed("admin").rows("history", kind="role", object=name, sort="-id")[0]
    assert newest["before"] == {"about": "", "target.list": "all", "session.list": "own"} and newest["after"]["settings.read"] == "all"
    assert instance.cli("role", "remove", name).code == 1  # somebody has it
    instance.ok("user", "set", browser.user.name, "--role", "user")
    instance.ok("role", "remove", name)
    assert {e["kind"] for e in instance.audit(text=name)} >= {"role.added", "role.changed", "role.removed"}


def test_nobody_gives_a_right_that_he_does_not_have(instance, role, signed):
    security, admin = signed("security_admin"), signed("admin")
    refused(security.command("role add", name="too_much", right=["settings.set"]), 403, "settings.set")
    name = role("settings.set", "grant.manage", browser=admin)
    security.ok(security.command("role set", name=name, right=["settings.set", "grant.list"]))  # what it had may stay
    refused(security.command("role set", name=name, right=["audit.read", "grant.list"]), 403, "audit.read")
    for right in ("user.manage", "password.set", "factor.manage", "certificate.manage", "role.manage", "duty.manage"):
        refused(admin.command("role add", name="anybody", right=[right]), 409, right)
    refused(admin.command("role add", name="odd", right=["no.such"]), 400, "no.such")
    refused(admin.command("role add", name="odd", right=["settings.set:own"]), 400, "settings.set")
    refused(admin.command("role add", name="Odd name", right=[]), 400, "Odd name")
    refused(admin.command("role add", name="admin", right=[]), 409, "admin")
    refused(admin.command("role set", name="operator", right=["settings.set"]), 409, "operator")
    refused(admin.command("role remove", name="operator"), 409, "operator")
    refused(admin.command("role remove", name="nothing_like_it"), 404, "nothing_like_it")
    refused(signed("auditor").command("role add", name="x", right=[]), 403, "role.manage")


def test_who_has_a_role_does_not_widen_it(instance, role, signed):
    everything = [r["name"] for r in signed("admin").rows("duties", limit=500) if r["free"]]
    name = role(*everything)
    browser = signed(name)
    for command, args in (("role set", {"name": name, "right": ["user.manage"]}), ("role add", {"name": "second", "right": []}),
                          ("role remove", {"name": name}), ("user set", {"name": browser.user.name, "role": "admin"}),
                          ("user add", {"name": "accomplice", "role": "admin"}), ("duty separate", {"state": "on"}),
                          ("user factor", {"name": "admin", "policy": "off"}), ("user password", {"name": "admin", "secret": "quite another 1!"})):
        refused(browser.command(command, **args), 403, "this needs the permission")
    # A token gives no right that it was not given itself.
    token = Token(instance, instance.user("admin"), "role.manage", "grant.list")
    other = role("target.list")
    refused(token.command("role set", name=other, right=["target.list", "settings.set"]), 403, "settings.set")
    assert token.command("role set", name=other, right=["target.list", "grant.list"]).status == 200


def test_a_right_for_ones_own_targets_is_not_given_for_all(instance, role, signed):
    security = signed("security_admin")
    name = role("session.watch:own")
    refused(security.command("role set", name=name, right=["session.watch"]), 403, "session.watch")
    refused(security.command("role add", name="wider", right=["session.watch:own"]), 403, "session.watch")
    security.ok(security.command("role set", name=name, right=["session.watch:own", "session.list"]))


def test_separate_duties_hold_for_added_roles_too(instance, role, signed):
    people = {duty: signed(f"{duty}_admin") for duty in ("system", "security", "audit")}
    both, one = role("settings.set", "audit.search"), role("settings.set")
    user = signed(both)
    instance.ok("duty", "separate", "on")
    try:
        assert not permissions(user) & {"settings.set", "audit.search"}  # set aside, as of any role with two duties
        refused(user.command("settings set", key="console.idle", value="3600"), 403, "settings.set")
        assert instance.cli("role", "set", one, "--right", "settings.set", "--right", "audit.search").code == 1
        refused(people["security"].command("role set", name=one, right=["settings.set", "audit.search"]), 403, "audit.search")
        third = signed(one)
        assert instance.cli("role", "set", one, "--right", "audit.search").code == 1  # its user has a duty already
        assert "settings.set" in permissions(third)
    finally:
        instance.ok("duty", "separate", "off")
        for browser in people.values():
            instance.ok("user", "disable", browser.user.name)
    assert permissions(user) >= {"settings.set", "audit.search"}


def test_searches_have_names_and_are_shared_with_a_role(instance, signed):
    admin, operator, stranger = signed("admin"), signed("operator"), signed("dba")
    query = {"state": "active", "q": "o'neill"}
    saved = admin.ok(admin.command("view save", page="targets", name="mine", query=json.dumps(query)))
    admin.ok(admin.command("view save", page="targets", name="mine", query=json.dumps(query)))  # the same one
    assert [(v["name"], v["query"], v["mine"]) for v in admin.rows("views", page="targets")] == [("mine", query, True)]
    assert operator.rows("views", limit=99) == []
    admin.ok(admin.command("view share", id=saved["id"], role="operator"))
    assert [(v["by"], v["mine"]) for v in operator.rows("views", limit=99)] == [(admin.user.name, False)] and stranger.rows("views", limit=99) == []
    refused(operator.command("view remove", id=saved["id"]), 404, "no saved search")
    own = operator.ok(operator.command("view save", page="sessions", name="x", query="{}"))
    refused(operator.command("view share", id=own["id"], role="dba"), 403, "view.share")
    refused(admin.command("view share", id=own["id"], role="dba"), 404, "no saved search")
    for bad in ("[]", "{", '{"a": 1}', '"x"'):
        refused(admin.command("view save", page="targets", name="bad", query=bad), 400, "object of texts")
    refused(admin.command("view save", page="Tar gets", name="bad", query="{}"), 400, "no page")
    admin.ok(admin.command("view share", id=saved["id"], role=""))
    assert operator.rows("views", page="targets") == []
    admin.ok(admin.command("view remove", id=saved["id"]))
    assert admin.rows("views", limit=99) == []
    # What is shared is the words of a search: who takes it finds what he may see himself, and it goes with whoever shared it.
    wide = admin.ok(admin.command("view save", page="sessions", name="'; drop table x; --", query=json.dumps({"__proto__": "x", "sort": "-id"})))
    admin.ok(admin.command("view share", id=wide["id"], role="operator"))
    assert {v["name"] for v in operator.rows("views", limit=99)} == {"x", "'; drop table x; --"}
    instance.ok("user", "set", operator.user.name, "--role", "engineer")
    assert {v["name"] for v in operator.rows("views", limit=99)} == {"x"}
    instance.ok("user", "set", operator.user.name, "--role", "operator")
    instance.ok("user", "disable", admin.user.name)
    assert {v["name"] for v in operator.rows("views", limit=99)} == {"x"}


def test_columns_and_favourites_are_ones_own(instance, signed):
    one, other = signed("engineer"), signed("engineer")
    one.ok(one.command("view columns", page="targets", column=["name", "host"]))
    assert one.rows("page_columns", limit=99) == [{"id": "targets", "columns": ["name", "host"]}] and other.rows("page_columns", limit=99) == []
    refused(one.command("view columns", page="targets", column=["a b"]), 400, "columns")
    one.ok(one.command("view columns", page="targets"))
    assert one.rows("page_columns", limit=99) == []
    refused(one.command("me favourite", target=instance.demo, state="on"), 404, instance.demo)  # not granted: there is none
    instance.grant(one.user, instance.demo)
    one.ok(one.command("me favourite", target=instance.demo, state="on"))
    assert [r["target"] for r in one.rows("reachable", favourite="true")] == [instance.demo]
    instance.grant(other.user, instance.demo)
    assert other.rows("reachable", favourite="true") == []
    one.ok(one.command("me favourite", target=instance.demo, state="off"))
    assert one.rows("reachable", favourite="true") == []


def test_what_is_to_be_done_is_counted(instance, signed):
    admin = signed("admin")
    before = {row["id"]: row["n"] for row in admin.rows("checks", limit=99)}
    assert set(before) == {"backup", "samples", "factor", "pins", "suspended", "stale", "certificates", "grants", "idle", "escrow"}
    assert before["samples"] == int(instance.sql("select count(*) from yanmen.target t join yanmen.cluster c on c.id = t.cluster_id "
                                                 "where c.name = 'samples' and t.removed_at is null")[0])
    user = instance.user()
    assert {row["id"]: row["n"] for row in admin.rows("checks", limit=99)}["factor"] == before["factor"] + 1
    instance.ok("user", "disable", user.name)
    assert {row["id"]: row["n"] for row in admin.rows("checks", limit=99)}["factor"] == before["factor"]
    assert signed("operator").get("/checks").status == 403
