"""What a person changes of his own sign-in: password, keys, remembered browsers, a new app; and what he may not."""

import subprocess

import pytest
from harness import second
from harness.browser import Browser

NEW = "quite another 1!"


@pytest.fixture
def signed(instance):
    """(user, his browser)"""
    user = instance.user()
    browser = Browser(instance).login(user)
    yield user, browser
    browser.close()


@pytest.fixture
def remembering(instance):
    instance.ok("settings", "set", "factor.remember", "0")
    instance.ok("settings", "set", "factor.remember_device", "3")
    yield
    instance.ok("settings", "set", "factor.remember", "900")
    instance.ok("settings", "set", "factor.remember_device", "0")


def old(user):
    return user.password_file.read_text().strip()


def refused(answer, words, status=None):
    assert answer.status == (status or answer.status) and answer.status in (400, 403, 409)
    assert words in answer.json["detail"], answer.json


def test_a_password_is_changed_with_the_old_one_alone(instance, signed):
    user, browser = signed
    other = Browser(instance).login(user)
    refused(browser.command("me password", secret=NEW), "old password first")
    refused(browser.command("me confirm", secret="not it"), "not your password")
    instance.told(user, "login.refused")
    refused(browser.command("me password", secret=NEW), "old password first")
    browser.ok(browser.command("me confirm", secret=old(user)))
    for weak in ("abcdefghijk", "abcdefgh1", "12345678!", "aB1!", "a1!"):
        assert browser.command("me password", secret=weak).status == 400
    browser.ok(browser.command("me password", secret=NEW))
    assert other.get("/me").status == 401  # his other sign-ins end
    assert Browser(instance).password(user).code == "denied"
    assert browser.ok(Browser(instance).password(user, NEW))["step"] == "done"
    instance.told(user, "password.changed")
    refused(browser.command("me password", secret=NEW), "old password first")  # used up
    logs = "".join(log.read_text(errors="replace") for log in (instance.home / "logs").iterdir())
    assert NEW not in logs and old(user) not in logs


def test_a_password_that_somebody_else_chose_is_changed_first(instance, signed):
    user, _ = signed
    instance.ok("user", "password", user.name, "--password-file", instance.file("Chosen 4 you!"))
    assert instance.cli("user", "password", user.name, "--password-file", instance.file("onlyletters")).code == 2
    browser = Browser(instance)
    browser.csrf = browser.ok(browser.password(user, "Chosen 4 you!"))["csrf"]
    assert browser.ok(browser.get("/me"))["due"] is True
    refused(browser.command("console list"), "change your password first", 403)
    refused(browser.command("passkey begin"), "change your password first", 403)
    assert browser.post("/terminals", {"target": instance.demo}).status == 403
    browser.ok(browser.command("me confirm", secret="Chosen 4 you!"))
    browser.ok(browser.command("me password", secret=NEW))
    assert browser.ok(browser.get("/me"))["due"] is False
    browser.ok(browser.command("console list"))
    browser.close()


def test_an_old_password_is_due(instance, signed):
    user, browser = signed
    instance.sql(f"update yanmen.users set pw_at = now() - interval '91 days' where name = '{user.name}'")
    instance.ok("settings", "set", "login.password_age", "90")
    try:
        assert browser.ok(browser.get("/me"))["due"] is True
        instance.ok("settings", "set", "login.password_age", "92")
        assert browser.ok(browser.get("/me"))["due"] is False
    finally:
        instance.ok("settings", "set", "login.password_age", "0")


def test_ones_keys(instance, signed, tmp_path):
    user, browser = signed
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "at home", "-f", tmp_path / "k"], check=True)
    line = (tmp_path / "k.pub").read_text().strip()
    added = browser.ok(browser.command("me key-add", key=line))["key"]
    [row] = browser.rows("keys", limit=9)
    assert row["id"] == added and row["comment"] == "at home"
    assert added in next(u for u in instance.ok("user", "list") if u["name"] == user.name)["keys"]
    refused(browser.command("me key-add", key=line), "already")
    assert browser.command("me key-add", key="ssh-ed25519 nonsense").status == 400
    stranger = Browser(instance).login(instance.user())
    assert stranger.rows("keys", limit=9) == [] and stranger.command("me key-remove", key=added).status == 404
    stranger.close()
    browser.ok(browser.command("me key-remove", key=added))
    assert browser.rows("keys", limit=9) == []
    instance.told(user, "user.key_removed")


def test_a_browser_is_remembered_and_forgotten(instance, remembering):
    user, app, _ = second.enrolled(instance)
    browser = Browser(instance)
    asked = browser.ok(browser.password(user))
    assert asked["step"] == "code" and asked["remember"] == 3
    done = browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": app.next(), "remember": True}))
    assert set(browser.cookies) == {"__Host-yanmen", "__Host-yanmen-device"}
    browser.csrf = done["csrf"]
    again = Browser(instance)
    again.cookies["__Host-yanmen-device"] = browser.cookies["__Host-yanmen-device"]
    assert again.ok(again.password(user))["step"] == "done"
    # It is of one user, and of that browser.
    other, _, _ = second.enrolled(instance)
    thief = Browser(instance)
    thief.cookies["__Host-yanmen-device"] = browser.cookies["__Host-yanmen-device"]
    assert thief.ok(thief.password(other))["step"] == "code"
    thief.close()
    [row] = browser.rows("devices", kind="browser")
    browser.ok(browser.command("device forget", id=row["id"]))
    assert again.ok(again.password(user))["step"] == "code"
    instance.told(user, "device.forgotten")
    browser.close()
    again.close()


def test_nobody_is_remembered_who_did_not_ask_or_gave_no_factor(instance, remembering):
    user = instance.user()
    browser = Browser(instance)
    browser.ok(browser.post("/login", {"user": user.name, "password": old(user), "remember": True}))
    assert "__Host-yanmen-device" not in browser.cookies
    browser.close()


def test_a_new_app_takes_the_old_ones_place(instance, remembering):
    user, app, recovery = second.enrolled(instance)
    browser = Browser(instance)
    asked = browser.ok(browser.password(user))
    browser.csrf = browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": app.next()}))["csrf"]
    browser.ok(browser.command("me enrol"))
    asked = browser.ok(browser.password(user))
    assert asked["step"] == "enrol"
    fresh = second.Codes(asked["secret"])
    wrong = browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": "000000"}))
    assert wrong["step"] == "enrol" and "not right" in wrong["say"]
    browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": fresh.next()}))
    browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": "yes"}))
    asked = browser.ok(browser.password(user))
    assert asked["step"] == "code"
    assert browser.post(f"/login/{asked['visit']}", {"answer": recovery[0]}).code == "denied"  # void with the old one
    assert browser.ok(browser.post(f"/login/{asked['visit']}", {"answer": fresh.next()}))["step"] == "done"
    browser.close()


def test_the_language_is_ones_own(instance, signed):
    _, browser = signed
    browser.ok(browser.command("me language", lang="zh"))
    assert browser.ok(browser.get("/me"))["lang"] == "zh"
    assert browser.command("me language", lang="fr").status == 400


@pytest.mark.parametrize("command", ["me confirm", "me password", "me enrol", "passkey begin"])
def test_only_who_is_signed_in_at_the_console(instance, command):
    assert instance.cli(*command.split()).code == 2  # no such command there
