"""Passkeys at the console: registered, used, and every byte of them wrong once."""

import pytest
from harness import second
from harness.browser import Browser
from harness.instance import User
from harness.passkey import PRESENT, Authenticator, data, text
from harness.token import Token
from harness.wait import until


@pytest.fixture
def asked_each_time(instance):
    instance.ok("settings", "set", "factor.remember", "0")
    yield
    instance.ok("settings", "set", "factor.remember", "900")


def named(instance):
    """A browser that calls the console by a name."""
    browser = Browser(instance)
    browser.host = "localhost"
    browser.origin = f"https://localhost:{browser.port}"
    return browser


@pytest.fixture
def here(instance):
    browser = named(instance)
    yield browser
    browser.close()


@pytest.fixture
def owner(instance, here):
    """Somebody with a passkey, signed in `here`: (user, authenticator)."""
    user = instance.user()
    here.login(user)
    return user, registered(here)


def registered(browser, kind="ES256", name="laptop"):
    authenticator = Authenticator(kind)
    asked = browser.ok(browser.command("passkey begin"))
    authenticator.row = browser.ok(browser.command("passkey add", name=name, **authenticator.create(asked, browser.origin)))["id"]
    return authenticator


def begun(browser):
    asked = browser.ok(browser.post("/login/passkey"))
    assert asked["step"] == "passkey" and asked["passkey"]["credentials"] == []
    return asked


def signed_in(instance, authenticator, answer=lambda a, asked, origin: a.get(asked, origin)):
    """What a new browser gets for an answer to a challenge of its own."""
    browser = named(instance)
    asked = begun(browser)
    got = browser.post(f"/login/{asked['visit']}", {"passkey": answer(authenticator, asked["passkey"], browser.origin)})
    browser.close()
    return got


def refusals(instance, why):
    return [e for e in instance.audit(text=why) if e["kind"] == "login.refused"]


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "RS256"])
def test_a_passkey_is_both_factors(instance, here, kind):
    user = instance.user()
    instance.ok("user", "factor", user.name, "enrolled")
    here.login(user)
    authenticator = registered(here, kind)
    assert [r["name"] for r in here.rows("passkeys", limit=9)] == ["laptop"]
    done = signed_in(instance, authenticator)
    assert done.status == 200 and done.json["step"] == "done" and done.json["user"] == user.name
    instance.told(user, "passkey.added")
    instance.told(user, "passkey.login")


def test_a_passkey_stands_in_for_the_code(instance, here, owner, asked_each_time):
    user, authenticator = owner
    other = named(instance)
    asked = other.ok(other.password(user))
    assert asked["step"] == "code" and asked["totp"] is False
    assert asked["passkey"]["credentials"] == [text(authenticator.id)] and asked["passkey"]["rp"] == "localhost"
    done = other.ok(other.post(f"/login/{asked['visit']}", {"passkey": authenticator.get(asked["passkey"], other.origin)}))
    assert done["step"] == "done"
    other.close()
    # At another address there is none: it says where.
    bare = Browser(instance)
    asked = bare.ok(bare.password(user))
    assert asked["step"] == "code" and "passkey" not in asked and asked["elsewhere"] == "localhost"
    bare.close()


def test_another_users_passkey_is_no_second_factor(instance, here, owner, asked_each_time):
    user, _ = owner
    thief, browser = instance.user(), named(instance)
    other = registered(browser.login(thief))
    asked = browser.ok(browser.password(user))
    assert browser.post(f"/login/{asked['visit']}", {"passkey": other.get(asked["passkey"], browser.origin)}).code == "denied"
    asked = browser.ok(browser.password(user))
    other.handle = f"yanmen:{0}".encode()
    assert browser.post(f"/login/{asked['visit']}", {"passkey": other.get(asked["passkey"], browser.origin)}).code == "denied"
    browser.close()


def wrong_signature(a, asked, origin):
    said = a.get(asked, origin)
    signature = bytearray(data(said["signature"]))
    signature[-1] ^= 1
    return said | {"signature": text(bytes(signature))}


def other_site(a, asked, origin):
    a.rp = "evil.example"
    try:
        return a.get(asked, origin)
    finally:
        a.rp = "localhost"


WRONG = {
    "signature is wrong": wrong_signature,
    "origin is another": lambda a, asked, origin: a.get(asked, "https://evil.example"),
    "client data is of another type": lambda a, asked, origin: a.get(asked, origin, type="webauthn.create"),
    "challenge is another": lambda a, asked, origin: a.get({"challenge": text(bytes(32))}, origin),
    "page was in a frame of another": lambda a, asked, origin: a.get(asked, origin, crossOrigin=True),
    "person was not verified": lambda a, asked, origin: a.get(asked, origin, flags=PRESENT),
    "passkey is of another site": other_site,
    "passkey is another user's": lambda a, asked, origin: a.get(asked, origin) | {"user": text(b"yanmen:1")},
    "passkey is unknown": lambda a, asked, origin: a.get(asked, origin) | {"id": text(b"unknown credential")},
    "client data is malformed": lambda a, asked, origin: a.get(asked, origin) | {"client_data": text(b"\xff{")},
}


@pytest.mark.parametrize("why", WRONG)
def test_what_is_wrong_is_refused_in_the_same_words(instance, owner, why):
    before = len(refusals(instance, why))
    answer = signed_in(instance, owner[1], WRONG[why])
    assert (answer.status, answer.code) == (401, "denied") and why not in answer.body.decode()
    until(lambda: len(refusals(instance, why)) == before + 1, 20, why)
    assert signed_in(instance, owner[1]).status == 200


def test_an_answer_counts_once(instance, owner):
    browser, authenticator = named(instance), owner[1]
    asked = begun(browser)
    said = authenticator.get(asked["passkey"], browser.origin)
    browser.cookies_then = dict(browser.cookies)
    browser.ok(browser.post(f"/login/{asked['visit']}", {"passkey": said}))
    browser.cookies = browser.cookies_then
    assert browser.post(f"/login/{asked['visit']}", {"passkey": said}).status == 401  # the visit is over
    fresh = begun(browser)
    assert browser.post(f"/login/{fresh['visit']}", {"passkey": said}).code == "denied"  # another challenge
    browser.close()


def test_a_copied_authenticator_is_noticed(instance, owner):
    user, authenticator = owner
    assert signed_in(instance, authenticator).status == 200
    assert signed_in(instance, authenticator).status == 200
    authenticator.counter = 0  # the copy
    assert signed_in(instance, authenticator).code == "denied"
    instance.told(user, "passkey.cloned")
    authenticator.counter = 5
    assert signed_in(instance, authenticator).status == 200


@pytest.mark.parametrize("why, change", [
    ("origin is another", {"origin": "https://evil.example"}), ("client data is of another type", {"type": "webauthn.get"}),
    ("person was not verified", {"flags": PRESENT})])
def test_a_registration_of_another_page_is_refused(instance, here, why, change):
    here.login(instance.user())
    authenticator = Authenticator()
    asked = here.ok(here.command("passkey begin"))
    change = dict(change)
    origin, flags = change.pop("origin", here.origin), change.pop("flags", None)
    said = authenticator.create(asked, origin, **({"flags": flags} if flags else {}), **change)
    answer = here.command("passkey add", name="x", **said)
    assert answer.status == 400 and why in answer.json["detail"]
    # The challenge was used up by it.
    assert here.command("passkey add", name="x", **authenticator.create(asked, here.origin)).status == 400
    assert here.rows("passkeys", limit=9) == []


def test_an_unknown_algorithm_is_refused(instance, here):
    here.login(instance.user())
    authenticator = Authenticator("ES384")
    asked = here.ok(here.command("passkey begin"))
    answer = here.command("passkey add", name="x", **authenticator.create(asked, here.origin))
    assert answer.status == 400 and "key is of an unknown kind" in answer.json["detail"]


def test_by_an_ip_address_there_are_none(instance):
    browser = Browser(instance).login(instance.user())
    answer = browser.command("passkey begin")
    assert answer.status == 400 and "by its name" in answer.json["detail"]
    answer = browser.post("/login/passkey")
    assert answer.status == 400 and "by its name" in answer.json["detail"]
    browser.close()


def test_one_sees_and_removes_his_own_alone(instance, here, owner):
    user, authenticator = owner
    stranger = named(instance).login(instance.user())
    assert stranger.rows("passkeys", limit=9) == []
    assert stranger.command("passkey remove", id=authenticator.row).status == 403
    assert stranger.command("passkey rename", id=authenticator.row, name="mine").status == 403
    stranger.close()
    here.ok(here.command("passkey rename", id=authenticator.row, name="the blue one"))
    assert [r["name"] for r in here.rows("passkeys", limit=9)] == ["the blue one"]
    assert [r["name"] for r in instance.ok("passkey", "list", "--user", user.name)] == ["the blue one"]
    here.ok(here.command("passkey remove", id=authenticator.row))
    assert signed_in(instance, authenticator).code == "denied"
    instance.told(user, "passkey.removed")


def test_by_passkey_alone(instance, here, owner):
    user, authenticator = owner
    instance.ok("user", "factor", user.name, "passkey")
    other = named(instance)
    assert other.password(user).code == "denied"
    other.close()
    assert signed_in(instance, authenticator).status == 200
    assert here.command("passkey remove", id=authenticator.row).status == 409  # the last one
    instance.ok("factor", "reset", user.name)
    assert instance.ok("passkey", "list", "--user", user.name) == []
    keyed = instance.user(password=False, key=True)
    assert instance.cli("user", "factor", keyed.name, "passkey").code == 1  # he could not set one up


@pytest.fixture
def remembering(instance):
    instance.ok("settings", "set", "factor.remember_device", "3")
    yield
    instance.ok("settings", "set", "factor.remember_device", "0")


@pytest.fixture
def operators(instance):
    """Operators sign in by passkey alone, at SSH by key."""
    keys = ("login.passkey_only", "login.passkey_only_ssh")
    for key, value in zip(keys, ("operator,dba", "on")):
        instance.ok("settings", "set", key, value)
    yield
    for key, value in zip(keys, ("", "off")):
        instance.ok("settings", "set", key, value)


def test_a_role_signs_in_by_passkey_alone_and_sets_it_up_first(instance, operators):
    assert instance.cli("settings", "set", "login.passkey_only", "a, b").code == 2
    user = instance.user("operator", key=True)
    instance.grant(user, instance.demo)
    by_key = User(user.name, key=user.key)
    browser = named(instance).login(user)
    assert browser.ok(browser.get("/me"))["passkey_due"]
    browser.ok(browser.command("me confirm", secret=user.password_file.read_text().strip()))
    for answer in (browser.get("/targets"), browser.command("target list"), browser.command("token add", name="t", scope=["read"]),
                   browser.command("me enrol"), browser.command("me password", secret="quite another 1!"), browser.get("/reachable"), browser.get("/keys"),
                   browser.command("view save", page="targets", name="x", query="{}"),
                   browser.command("me favourite", target=instance.demo, state="on")):
        assert answer.status == 403 and "set up a passkey first" in answer.json["detail"], answer.json
    authenticator = registered(browser)
    facts = browser.ok(browser.get("/me"))
    assert facts["passkey_only"] and not facts["passkey_due"]
    assert browser.rows("targets", limit=1) is not None
    assert browser.command("passkey remove", id=authenticator.row).status == 409
    # From now on his password is none, at either door.
    other = named(instance)
    assert other.password(user).code == "denied"
    assert signed_in(instance, authenticator).status == 200
    assert instance.ssh(user, "true").returncode == 255
    assert instance.ssh(by_key, "true").returncode == 0
    instance.ok("settings", "set", "login.passkey_only_ssh", "off")
    assert instance.ssh(user, "true").returncode == 0
    # A lost device: an administrator takes it away, and with a password he sets up another one.
    instance.ok("factor", "reset", user.name)
    assert signed_in(instance, authenticator).code == "denied"
    assert other.login(user).ok(other.get("/me"))["passkey_due"]
    assert signed_in(instance, registered(other)).status == 200
    for b in (browser, other):
        b.close()


def test_no_way_round_the_passkey(instance, operators, remembering):
    user, app, _ = second.enrolled(instance)
    browser = named(instance)
    asked = browser.ok(browser.password(user))
    browser.csrf = browser.ok(browser.post("/login/" + asked["visit"], {"answer": app.next(), "remember": True}))["csrf"]
    authenticator, token = registered(browser), Token(instance, user, "read")
    instance.ok("user", "set", user.name, "--role", "operator")
    # Not by a browser that is remembered, nor by another name of the user, nor by SSH, asked for in whatever way.
    again = named(instance)
    again.cookies["__Host-yanmen-device"] = browser.cookies["__Host-yanmen-device"]
    assert again.password(user).code == "denied" and again.password(User(user.name.upper(), user.password_file)).code == "denied"
    for way in ("password", "keyboard-interactive"):
        assert instance.ssh(user, "true", options=[f"PreferredAuthentications={way}"]).returncode == 255
    # A token made before goes on, by HTTPS and by the CLI, as far as its scopes go: it is no way to another one, nor to a passkey or password.
    assert token.cli("target", "list").code == 0
    for command, args in (("passkey begin", {}), ("passkey remove", {"id": authenticator.row}), ("me password", {"secret": "quite another 1!"}),
                          ("me confirm", {"secret": "x"}), ("token add", {"name": "t", "scope": ["read"]}), ("me enrol", {})):
        assert token.command(command, **args).status in (400, 403), command
    assert signed_in(instance, authenticator).status == 200
    for b in (browser, again):
        b.close()


def test_a_passkey_satisfies_required(instance, here, owner, asked_each_time):
    user, _ = owner
    instance.ok("user", "factor", user.name, "required")
    other = named(instance)
    assert other.ok(other.password(user))["step"] == "code"  # no enrolment
    other.close()


def test_a_disabled_user_has_no_passkey(instance, owner):
    user, authenticator = owner
    instance.ok("user", "disable", user.name)
    assert signed_in(instance, authenticator).code == "denied"


@pytest.mark.parametrize("said", [{}, {"id": 1}, {"id": "A", "client_data": "", "authenticator_data": "", "signature": "", "user": ""},
                                  {"id": "QQ", "client_data": "A" * 9000, "authenticator_data": "QQ", "signature": "QQ", "user": ""}])
def test_malformed_answers_are_refused(instance, here, said):
    asked = begun(here)
    assert here.post(f"/login/{asked['visit']}", {"passkey": said}).status == 400
    assert here.post(f"/login/{asked['visit']}", {"answer": "123456"}).status == 400
    assert here.ask("GET", "/healthz").status == 200
