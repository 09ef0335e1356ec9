"""Reads and commands over HTTPS: who may, and what hostile or clumsy requests get."""

import sys

import pytest
from harness.browser import Browser
from harness.instance import ROOT
from harness.wait import until

sys.path.append(str(ROOT / "tools"))
import openapi

COLLECTIONS = ("me sessions targets reachable users groups clusters accounts templates passwords rotations rotation_policies grants files audit settings recordings roles "
               "console_sessions requests requestable preapprovals tokens access_passwords passkeys devices keys setup duties "
               "documents document_versions document_files document_limits channels notices clouds cloud_openings").split()


@pytest.fixture(scope="module")
def admin(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


def test_each_collection_is_there_for_the_admin(admin):
    for collection in COLLECTIONS:
        page = admin.ok(admin.get(f"/{collection}?limit=3"))
        assert isinstance(page, dict) and (collection == "me" or isinstance(page["rows"], list)), collection


def test_me_says_who_and_what_for(admin):
    me = admin.ok(admin.get("/me"))
    assert me["role"] == "admin" and "user.manage" in me["permissions"] and me["csrf"] == admin.csrf
    assert me["session"] and me["instance"]["version"]


def test_without_a_cookie_nothing_is_read_or_done(instance):
    stranger = Browser(instance)
    for path in ("/me", "/sessions", "/targets/1", "/terminals/x/file?path=/etc/passwd"):
        answer = stranger.get(path)
        assert (answer.status, answer.code) == (401, "signed_out")
    stranger.cookies["__Host-yanmen"] = "A" * 43
    assert stranger.get("/me").code == "signed_out"
    stranger.cookies["__Host-yanmen"] = "short"
    assert stranger.get("/me").code == "signed_out"
    assert stranger.command("session list").status == 401
    stranger.close()


@pytest.mark.parametrize("headers, code", [
    ({"X-CSRF-Token": None}, "csrf"), ({"X-CSRF-Token": "A" * 43}, "csrf"), ({"X-CSRF-Token": "x"}, "csrf"),
    ({"Origin": "https://evil.example"}, "origin"), ({"Origin": "null"}, "origin")])
def test_a_write_of_another_page_is_refused(admin, headers, code):
    answer = admin.post("/commands/user/list", headers=headers)
    assert (answer.status, answer.code) == (403, code)


def test_a_program_without_a_browser_sends_no_origin(admin):
    assert admin.post("/commands/user/list", headers={"Origin": None}).status == 200


def test_a_command_does_what_the_cli_does(admin, instance):
    name = instance.name("u")
    made = admin.ok(admin.command("user add", name=name, role="engineer", secret="correct horse battery"))
    assert made["name"] == name
    row = next(r for r in instance.ok("user", "list") if r["name"] == name)
    assert row["role"] == "engineer"
    browser = Browser(instance)
    browser.csrf = browser.ok(browser.post("/login", {"user": name, "password": "correct horse battery"}))["csrf"]
    assert browser.ok(browser.get("/me"))["user"] == name
    browser.close()


def test_a_secret_is_in_no_log(admin, instance):
    secret = "nowhere-to-be-seen-91"
    admin.ok(admin.command("user add", name=instance.name("u"), role="engineer", secret=secret))
    assert all(secret not in log.read_text(errors="replace") for log in (instance.home / "logs").iterdir())


@pytest.mark.parametrize("command, args, status", [
    ("user add", {"role": "engineer"}, 400), ("user add", {"name": "x", "role": "nonsense"}, 400),
    ("user disable", {"name": "nobody-of-that-name"}, 404), ("no such", {}, 400), ("user list", {"no": "such"}, 400),
    ("session watch", {"id": "01a20686-8f78-76f1-bcb6-d8500abfbb9f"}, 400)])
def test_what_the_cli_would_refuse_is_a_problem(admin, command, args, status):
    answer = admin.command(command, **args)
    assert answer.status == status and answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status and problem["detail"] and problem["title"] and problem["type"] == "about:blank"


def test_problems_are_told_in_chinese(instance):
    b = Browser(instance, lang="zh-CN,zh;q=0.9,en;q=0.5")
    assert b.get("/me").json["detail"] == "请重新登录"
    b.close()


@pytest.mark.parametrize("body", [
    b"{", b"[]", b'"x"', b"null", b'{"name":{}}', b'{"name":[[]]}', b'{"name":1,"name":2}', b"[" * 100000, b'{"a":"\xff"}',
    b'{"a":"\\u0000"}', b"\x00" * 100])
def test_malformed_json_is_refused(admin, body):
    answer = admin.ask("POST", "/api/v1/commands/user/add", body=body)
    assert answer.status == 400, answer.body
    assert admin.ask("POST", "/api/v1/login", body=body).status == 400


def test_a_large_body_is_refused(admin):
    answer = admin.ask("POST", "/api/v1/commands/user/add", body=b'{"name":"' + b"a" * (1 << 20) + b'"}', fresh=True)
    assert (answer.status, answer.code) == (413, "too_large")
    answer = admin.ask("POST", "/api/v1/commands/user/add", body=b'{"name":"' + b"a" * 900_000 + b'"}')
    assert answer.status in (400, 413)


@pytest.mark.parametrize("query, status", [
    ("limit=2&sort=-name", 200), ("q=%27%3B--", 200), ("name=demo&kind=linux", 200), ("created.from=2020-01-01", 200),
    ("nope=1", 400), ("sort=nope", 400), ("limit=x", 400), ("limit=-1", 400), ("created.from=yesterday-ish", 400), ("novalue", 400),
    ("a=1&a=2", 400), ("na me=1", 400), ("name=%00", 400), ("name=%ff", 400), ("q=" + "x" * 1025, 400),
    ("&".join(f"x{i}=1" for i in range(40)), 400)])
def test_queries_are_bounded_and_checked(admin, query, status):
    try:
        answer = admin.ask("GET", f"/api/v1/targets?{query}".replace(" ", "%20"), fresh=True)
    except OSError:
        assert status == 400 and "%00" in query  # libwebsockets hangs up on it
        return
    assert answer.status == status, answer.body


def test_what_somebody_may_not_see_is_not_told(instance, engineer):
    b = Browser(instance).login(engineer)
    for collection in ("users", "grants", "audit", "settings", "accounts"):
        assert b.get(f"/{collection}").status in (403, 404), collection
    assert b.command("user list").status == 403
    assert b.ok(b.get("/reachable"))["rows"][0]["target"] == instance.demo
    b.close()


def test_one_row_is_found_by_its_id(admin, instance):
    row = admin.rows("targets", name=instance.demo)[0]
    assert admin.ok(admin.get(f"/targets/{row['id']}"))["name"] == instance.demo
    assert admin.get("/targets/999999").status == 404
    assert admin.get("/nonsense").status == 404


def test_the_same_key_is_done_once(admin, instance):
    name = instance.name("g")
    first = admin.post("/commands/group/add", {"name": name}, headers={"Idempotency-Key": "k-1"})
    again = admin.post("/commands/group/add", {"name": name}, headers={"Idempotency-Key": "k-1"})
    other = admin.post("/commands/group/add", {"name": name + "x"}, headers={"Idempotency-Key": "k-1"})
    assert first.status == 200 and (again.status, again.body) == (first.status, first.body)
    assert (other.status, other.code) == (422, "reused")
    assert admin.post("/commands/group/add", {"name": name}).status == 409


def test_every_create_that_comes_twice_is_done_once(admin, instance):
    name = instance.name("once").replace("-", "_")  # a role's name has no -
    creates = {"user add": {"name": name, "role": "engineer"}, "group add": {"name": name}, "cluster add": {"name": name, "network": ["127.0.0.0/8"]},
               "target add": {"name": name, "kind": "linux", "address": "127.0.0.1:1", "cluster": name},
               "grant add": {"user": name, "account": "cyadmin", "target": instance.demo},
               "preapproval add": {"name": name, "group": name, "longest": "3600", "role": "engineer"}, "role add": {"name": name, "right": ["target.list"]},
               "command-rule add": {"action": "alert", "name": name, "cluster": name, "program": "true"},
               "sql-rule add": {"action": "alert", "name": name, "cluster": name, "class": ["SELECT"]}}
    for command, args in creates.items():
        path = f"/commands/{command.replace(' ', '/')}"
        first, again = (admin.post(path, args, headers={"Idempotency-Key": f"{name} {command}"}) for _ in range(2))
        assert first.status == 200 and (again.status, again.body) == (200, first.body), (command, first.body, again.body)
        kind = command.removesuffix(" add").replace("-", "_")
        assert len([e for e in instance.audit(text=name) if e["kind"] == f"{kind}.added" and name in str(e["body"])]) == 1, command
    keyless = [name for name, _, fd, _ in openapi.commands(ROOT) if name.endswith(" add") and fd == openapi.FILE_ANSWER]
    assert keyless == []  # every other command takes a key: docs/openapi.yaml


def test_a_session_ends_at_once(instance):
    user = instance.user("admin")
    one, two = Browser(instance).login(user), Browser(instance).login(user)
    assert len(one.rows("console_sessions", user=user.name)) == 2
    events = one.socket("/events")
    two_id = two.ok(two.get("/me"))["session"]
    one.ok(one.command("console end", id=two_id))
    assert (two.get("/me").status, two.command("user list").code) == (401, "signed_out")
    assert one.get("/me").status == 200
    one.ok(one.post("/logout"))
    assert "__Host-yanmen" not in one.cookies
    assert events.ended() == 4401
    for b in (one, two):
        b.close()


def test_a_disabled_user_is_out(instance, admin):
    user = instance.user()
    b = Browser(instance).login(user)
    events = b.socket("/events")
    admin.ok(admin.command("user disable", name=user.name))
    assert b.get("/me").code == "signed_out"
    assert events.ended() == 4401
    b.close()


def test_changes_are_told(instance, admin):
    events = admin.socket("/events")
    admin.ok(admin.command("group add", name=instance.name("g")))
    assert until(lambda: events.receive() == '{"changed":"groups"}', 20, "the change of a group")
    events.send(b"hello")
    assert events.ended() == 1008


def described():
    """(method, an address) of each operation that docs/openapi.yaml has for who is signed in."""
    text = (ROOT / openapi.FILE).read_text(encoding="utf-8")
    open_to_all = {"/", "/assets/*", "/healthz", "/api/v1/login", "/api/v1/login/passkey", "/api/v1/login/*"}
    return sorted((m, p.replace("/api/v1/*", "/api/v1/targets").replace("*", "01a20686-8f78-76f1-bcb6-d8500abfbb9f"))
                  for m, p in openapi.described(text) if p not in open_to_all)


def test_each_operation_needs_a_session_and_each_write_our_page(instance, admin):
    stranger = Browser(instance)
    for method, path in described():
        body = b"{}" if method != "GET" else None
        answer = stranger.ask(method, path, body=body)
        assert (answer.status, answer.code) == (401, "signed_out"), (method, path)
        if method != "GET":
            answer = admin.ask(method, path, body=body, headers={"X-CSRF-Token": None})
            assert (answer.status, answer.code) == (403, "csrf"), (method, path)
            answer = admin.ask(method, path, body=body, headers={"Origin": "https://evil.example"})
            assert (answer.status, answer.code) == (403, "origin"), (method, path)
    stranger.close()


def test_no_operation_takes_another_method(admin):
    table = {}
    for method, path in described():
        table.setdefault(path, set()).add(method)
    for path, methods in table.items():
        for method in {"DELETE", "PATCH", "OPTIONS"} - methods:
            answer = admin.ask(method, path, body=b"")
            assert answer.status == 405 and methods <= set(answer.headers["Allow"].split(", ")), (method, path)


def test_what_a_setting_is_for_is_told_in_the_readers_language(admin):
    for lang, words in (("en", "shown before every SSH login"), ("zh-CN", "每次 SSH 登录前显示的文字")):
        rows = admin.ok(admin.get("/settings?q=banner.text", headers={"Accept-Language": lang}))["rows"]
        assert next(r["about"] for r in rows if r["name"] == "banner.text") == words
