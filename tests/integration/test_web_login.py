"""A browser's login: password, second factor, cookies."""

import json
import os
import signal

import pytest
from harness import second
from harness.browser import Browser
from harness.wait import until


@pytest.fixture
def browser(instance):
    b = Browser(instance)
    yield b
    b.close()


@pytest.fixture
def asked_each_time(instance):
    instance.ok("settings", "set", "factor.remember", "0")
    yield
    instance.ok("settings", "set", "factor.remember", "900")


def test_a_password_opens_a_console_session(instance, browser):
    user = instance.user()
    done = browser.ok(browser.password(user))
    assert done["step"] == "done" and done["user"] == user.name and done["role"] == "engineer"
    assert set(browser.cookies) == {"__Host-yanmen"}
    assert browser.ok(browser.get("/me"))["csrf"] == done["csrf"]
    row = browser.rows("console_sessions", user=user.name)[0]
    assert row["address"] == "127.0.0.1"
    instance.told(user, "console.login")


def test_a_wrong_password_says_nothing_more(instance, browser):
    user = instance.user()
    wrong, nobody = browser.password(user, "wrong"), browser.post("/login", {"user": "nobody-here", "password": "wrong"})
    assert (wrong.status, wrong.code) == (401, "denied")
    assert wrong.body == nobody.body and not browser.cookies
    instance.told(user, "login.refused")


def test_a_disabled_user_is_refused_like_one_with_a_wrong_password(instance, browser):
    user = instance.user()
    instance.ok("user", "disable", user.name)
    assert browser.password(user).body == browser.password(user, "wrong").body


@pytest.mark.parametrize("body", [{}, {"user": "x"}, {"user": 1, "password": "x"}, {"user": "x", "password": None},
                                  {"user": "x" * 300, "password": "x"}, {"user": "x", "password": "x" * 2000}, []])
def test_a_malformed_login_is_refused(browser, body):
    assert browser.post("/login", body).status == 400


def test_a_login_from_another_page_is_refused(instance, browser):
    user = instance.user()
    answer = browser.post("/login", {"user": user.name, "password": "x"}, headers={"Origin": "https://evil.example"})
    assert (answer.status, answer.code) == (403, "origin")


def test_back_off_holds_a_browser_too(own_instance):
    user = own_instance.user()
    own_instance.ok("settings", "set", "login.backoff", "3")
    browser = Browser(own_instance)
    assert {browser.password(user, "wrong").status for _ in range(4)} == {401}
    own_instance.told(user, "login.refused", count=4)
    browser.close()


def test_a_second_factor_is_asked(instance, browser, asked_each_time):
    user, app, recovery = second.enrolled(instance)
    asked = browser.ok(browser.password(user))
    assert asked["step"] == "code" and asked["visit"] and "csrf" not in asked
    assert "__Host-yanmen" not in browser.cookies and browser.get("/me").status == 401
    step = f"/login/{asked['visit']}"
    assert browser.post(step, {"answer": "000000"}).code == "denied"
    done = browser.ok(browser.post(step, {"answer": app.next()}))
    assert done["step"] == "done" and set(browser.cookies) == {"__Host-yanmen"}
    browser.csrf = done["csrf"]
    assert browser.ok(browser.get("/me"))["user"] == user.name
    assert browser.post(step, {"answer": "again"}).status == 401
    other = Browser(instance)
    asked = other.ok(other.password(user))
    assert other.ok(other.post(f"/login/{asked['visit']}", {"answer": recovery[0]}))["step"] == "done"
    other.close()


def test_a_factor_is_enrolled_in_the_browser(instance, browser):
    user = instance.user()
    instance.ok("user", "factor", user.name, "required")
    asked = browser.ok(browser.password(user))
    assert asked["step"] == "enrol" and len(asked["secret"]) == 32 and asked["user"] == user.name
    step, app = f"/login/{asked['visit']}", second.Codes(asked["secret"])
    codes = browser.ok(browser.post(step, {"answer": app.next()}))
    assert codes["step"] == "codes" and len(set(codes["codes"])) == 10
    assert "__Host-yanmen" not in browser.cookies
    done = browser.ok(browser.post(step, {"answer": "yes"}))
    assert done["step"] == "done"
    logs = "".join(log.read_text(errors="replace") for log in (instance.home / "logs").iterdir())
    assert asked["secret"] not in logs and codes["codes"][0] not in logs


def test_a_visit_belongs_to_one_browser(instance, browser, asked_each_time):
    user, app, _ = second.enrolled(instance)
    asked = browser.ok(browser.password(user))
    thief = Browser(instance)
    assert thief.post(f"/login/{asked['visit']}", {"answer": app.next()}).status == 401
    thief.cookies["__Host-yanmen-visit"] = "A" * 43
    assert thief.post(f"/login/{asked['visit']}", {"answer": "000000"}).status == 401
    assert browser.post("/login/01a20686-8f78-76f1-bcb6-d8500abfbb9f", {"answer": "1"}).status == 401
    assert browser.post("/login/nonsense", {"answer": "1"}).status == 401
    assert browser.post(f"/login/{asked['visit']}", {"no": "answer"}).status == 400
    thief.close()


def test_guessing_codes_ends_the_visit(instance, browser, asked_each_time):
    user, _, _ = second.enrolled(instance)
    asked = browser.ok(browser.password(user))
    answers = [browser.post(f"/login/{asked['visit']}", {"answer": "000000"}) for _ in range(12)]
    assert all(a.status in (401, 503) for a in answers)
    assert answers[-1].code == "signed_out"  # there is no such visit any more


def test_the_agent_of_a_browser_is_shown(instance, browser):
    user = instance.user()
    answer = browser.post("/login", {"user": user.name, "password": user.password_file.read_text().strip()},
                          headers={"User-Agent": "Some Browser/1.0 \"x\" " + "y" * 300})
    browser.csrf = browser.ok(answer)["csrf"]
    agent = browser.rows("console_sessions", user=user.name)[0]["agent"]
    assert agent.startswith("Some Browser/1.0") and len(agent) <= 200 and json.dumps(agent)


def test_a_login_outlives_a_server_that_restarts(own_instance):
    user = own_instance.user("admin")
    browser = Browser(own_instance).login(user)
    before = own_instance.pids("web")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: own_instance.pids("web") not in ([], before), 20, "a new yanmen-web")
    until(lambda: signed_in(browser), 20, "the same console session")
    browser.close()


def signed_in(browser):
    try:
        return browser.ask("GET", "/api/v1/me", fresh=True).status == 200
    except OSError:
        return False
