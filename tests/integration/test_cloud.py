"""Accounts of cloud consoles: secrets go in by the CLI or the console, a password comes out for one answer to one browser."""

import os

import pytest
from harness.browser import Browser
from harness.token import Token

ODD = 'Pä" <b>&\\ 密码 {x} '
WHY = "bill of October"


@pytest.fixture(scope="module")
def place(instance):
    """(group, account, its password, the secret of its key): entered by the CLI; alice may open it."""
    group, name = instance.name("g"), instance.name("cloud")
    password, key = f"pw-{os.urandom(12).hex()}", f"ak-{os.urandom(12).hex()}"
    instance.ok("group", "add", group)
    instance.ok("cloud", "add", name, "--provider", "aliyun", "--kind", "operate", "--login", "ops@123", "--group", group,
                "--page", "https://signin.example.com/", "--key-id", "LTAI5t")
    instance.ok("cloud", "secret", name, "--password-file", instance.file(password))
    instance.ok("cloud", "secret", name, "--secret-file", instance.file(key))
    return group, name, password, key


@pytest.fixture(scope="module")
def alice(instance, place):
    user = instance.user()
    instance.ok("cloud", "allow", "--group", place[0], "--user", user.name)
    return user


@pytest.fixture
def browser(instance, alice):
    b = Browser(instance).login(alice)
    yield b
    b.close()


def stale(instance, user):
    instance.sql("update yanmen.console_session set created_at = now() - interval '6 minutes', confirmed_at = null where user_id = "
                 f"(select id from yanmen.users where name = '{user.name}')")


def opened(instance, name):
    return [e["body"] for e in instance.audit(text=name) if e["kind"] == "cloud.opened"]


def everything_kept(instance):
    """What lies on disk of the instance, and what its database holds."""
    for path in instance.home.rglob("*"):
        if path.is_file() and not path.is_symlink() and not path.is_relative_to(instance.scratch):
            yield path.read_bytes()
    for table in instance.sql("select format('%I.%I', schemaname, tablename) from pg_tables "
                              "where schemaname in ('yanmen', 'audit', 'search', 'siem')"):
        yield "\n".join(instance.sql(f"select t::text from {table} t")).encode()


def test_a_password_is_shown_to_who_may_in_one_answer_and_kept_nowhere(instance, place, alice, browser):
    _, name, password, key = place
    before = len(opened(instance, name))
    answers = [browser.post("/commands/cloud/open", {"name": name, "reason": WHY}, headers={"Idempotency-Key": "the-same-once"}) for _ in range(2)]
    for answer in answers:
        assert browser.ok(answer) == {"name": name, "login": "ops@123", "url": "https://signin.example.com/", "secret": password}
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
    rows = opened(instance, name)
    assert len(rows) == before + 2, "no kept answer: each one is in the log"
    assert (rows[0]["user"], rows[0]["reason"], rows[0]["address"]) == (alice.name, WHY, "127.0.0.1")
    [seen] = {(r["user"], r["reason"], r["address"]) for r in browser.rows("cloud_openings", name=name)}
    assert seen == (alice.name, WHY, "127.0.0.1")
    assert instance.ok("cloud", "openings", "--name", name)[0]["user"] == alice.name
    for kept in everything_kept(instance):
        assert password.encode() not in kept and key.encode() not in kept


def test_a_sign_in_that_is_not_fresh_is_asked_for_the_password_again(instance, place, alice, browser):
    _, name, password, _ = place
    stale(instance, alice)
    before = len(opened(instance, name))
    answer = browser.command("cloud open", name=name, reason=WHY)
    assert (answer.status, len(opened(instance, name))) == (403, before) and "password again" in answer.json["detail"]
    browser.ok(browser.command("me confirm", secret=alice.password_file.read_text().strip()))
    assert browser.ok(browser.command("cloud open", name=name, reason=WHY))["secret"] == password


def test_who_may_not_learns_nothing(instance, place):
    group, name, password, _ = place
    stranger, admin, auditor = (Browser(instance).login(instance.user(role)) for role in ("engineer", "admin", "auditor"))
    before = len(opened(instance, name))
    assert stranger.command("cloud open", name=name, reason=WHY).status == stranger.command("cloud open", name="x", reason=WHY).status == 404
    assert stranger.rows("clouds", name=name) == stranger.rows("cloud_openings", name=name) == []
    for who in (admin, auditor):
        assert who.rows("clouds", name=name) and who.command("cloud open", name=name, reason=WHY).status == 403
    assert admin.command("cloud open", name=name, reason=" ").status == 400
    token = Token(instance, instance.user("admin"), "read", "cloud.manage")
    assert token.command("cloud open", name=name, reason=WHY).status == 403
    assert len(token.rows("clouds", name=name)) == 1
    assert instance.cli("token", "add", "no", "--user", token.user.name, "--scope", "cloud.open", "--output", instance.scratch / instance.name("t")).code == 2
    assert instance.cli("cloud", "open", name).code == 2, "there is no such command of the CLI"
    assert stranger.get(f"/commands/cloud/open?name={name}&reason=x").status == 405
    assert stranger.post("/commands/cloud/open", {"name": name, "reason": WHY}, headers={"X-CSRF-Token": "x"}).status == 403
    assert len(opened(instance, name)) == before
    for who in (stranger, admin, auditor):
        who.close()


def test_a_taken_right_is_over_at_once(instance, place):
    group, name, password, _ = place
    user = instance.user()
    b = Browser(instance).login(user)
    instance.ok("cloud", "allow", "--group", group, "--user", user.name, "--until", "1d")
    assert b.ok(b.command("cloud open", name=name, reason=WHY))["secret"] == password
    instance.ok("cloud", "forbid", "--group", group, "--user", user.name)
    assert b.command("cloud open", name=name, reason=WHY).status == 404
    b.close()


def test_any_text_comes_out_as_it_went_in_and_what_is_no_text_is_refused(instance, place, alice, browser):
    group, _, _, _ = place
    name = instance.name("cloud")
    admin = Browser(instance).login(instance.user("admin"))
    admin.ok(admin.command("cloud add", name=name, provider="other", kind="readonly", login="x", group=group))
    assert browser.command("cloud open", name=name, reason=WHY).status == 404, "there is no password yet"
    for text in (ODD, "~", "é" * 512):
        answer = admin.ok(admin.command("cloud secret", name=name, kind="password", secret=text))
        assert answer["password_at"] and text not in str(answer)
        assert browser.ok(browser.command("cloud open", name=name, reason=WHY))["secret"] == text
    for text, status in (("", 400), ("two\nlines", 400), ("\x1b[31m", 400), ("é" * 513, 409)):
        assert admin.command("cloud secret", name=name, kind="password", secret=text).status == status, text
    assert admin.command("cloud secret", name=name, kind="both", secret="x").status == 400
    assert admin.command("cloud secret", name=name, kind="password").status == 400
    latin = instance.file("")
    latin.write_bytes(b"p\xe4ss")
    assert instance.cli("cloud", "secret", name, "--password-file", latin).code == 2
    assert browser.ok(browser.command("cloud open", name=name, reason=WHY))["secret"] == "é" * 512, "what was refused changed nothing"
    admin.ok(admin.command("cloud remove", name=name))
    assert browser.command("cloud open", name=name, reason=WHY).status == 404
    admin.close()


def test_the_secret_of_an_access_key_has_no_way_out(instance, place, browser):
    _, name, password, _ = place
    assert browser.command("cloud open", name=name, reason=WHY, kind="key").status == 400
    assert browser.ok(browser.command("cloud open", name=name, reason=WHY))["secret"] == password
    # not even for who writes into the database: what it was sealed for is sealed in
    [row] = instance.sql(f"select s.id from yanmen.cloud_secret s join yanmen.cloud c on c.id = s.cloud_id where c.name = '{name}' and s.what = 'password'")
    swap = "update yanmen.cloud_secret a set sealed = b.sealed, bound = b.bound from yanmen.cloud_secret b where {} and a.cloud_id = b.cloud_id"
    instance.sql("create table public.kept as select * from yanmen.cloud_secret")
    try:
        instance.sql(swap.format(f"a.id = {row} and b.what = 'key'"))
        answer = browser.command("cloud open", name=name, reason=WHY)
        assert answer.status == 403 and "another kind" in answer.json["detail"]
    finally:
        instance.sql("update yanmen.cloud_secret s set sealed = k.sealed, bound = k.bound from public.kept k where k.id = s.id")
        instance.sql("drop table public.kept")
    assert browser.ok(browser.command("cloud open", name=name, reason=WHY))["secret"] == password
