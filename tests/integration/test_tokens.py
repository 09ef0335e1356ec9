"""API tokens: what they may, what they never may, how they end, and what stands in the audit log about them."""

import http.client
import json

import pytest
from harness.browser import Browser
from harness.token import Token


@pytest.fixture(scope="module")
def reader(instance):
    return Token(instance, instance.user("admin"), "read")


def audited(instance, token, kind):
    return [e for e in instance.audit(text=token.id) if e["kind"] == kind and e["body"].get("token") == token.id]


def test_the_scope_read_lists_and_changes_nothing(instance, reader):
    assert {r["name"] for r in reader.rows("targets", q=instance.demo)} == {instance.demo}
    me = reader.get("/me").json
    assert me["user"] == reader.user.name and "target.list" in me["permissions"] and "target.manage" not in me["permissions"]
    assert "csrf" not in me and me["session"] is None
    assert reader.command("user list").status == 200
    answer = reader.command("group add", name=instance.name("g"))
    assert (answer.status, answer.code) == (403, "not_allowed") and "scope" in answer.json["detail"]
    [first] = audited(instance, reader, "token.first_used")
    assert first["actor"] == f"user:{reader.user.name}" and first["body"]["address"] == "127.0.0.1"
    [refused] = audited(instance, reader, "token.refused")
    assert refused["body"]["reason"] == "not allowed" and refused["body"]["command"] == "group add"
    now = reader.now()
    assert now["used"] and now["used_from"] == "127.0.0.1"


def test_a_scope_is_one_permission_and_what_it_does_names_the_token(instance):
    token = Token(instance, instance.user("admin"), "group.manage")
    name = instance.name("g")
    assert token.command("group add", name=name).status == 200
    [event] = [e for e in instance.audit(text=name) if e["kind"] == "group.added"]
    assert event["actor"] == f"user:{token.user.name}" and event["body"]["token"] == token.id
    assert token.get("/targets").status == 403 and token.get("/reachable").status == 403 and token.get("/me").status == 200


def test_no_token_makes_tokens_or_opens_another_way_in(instance, reader):
    admin = Token(instance, instance.user("admin"), "user.manage", "factor.list", "user.list")
    name = admin.user.name
    for command, args in (("token add", {"name": "x", "scope": ["read"]}), ("token list", {}), ("token revoke", {"id": admin.id}),
                          ("factor reset", {"name": name}), ("user factor", {"name": name, "policy": "off"}),
                          ("console logout", {}), ("console end", {"id": admin.id})):
        assert admin.command(command, **args).status in (400, 403), command
    assert admin.get("/tokens").status == 403 and reader.get("/tokens").status == 403
    for method, path in (("POST", "/logout"), ("POST", "/terminals"), ("POST", "/events/ticket"), ("GET", "/events?ticket=" + "A" * 43),
                         ("POST", f"/sessions/{admin.id}/watch/ticket"), ("GET", f"/terminals/{admin.id}/file?path=/etc/passwd")):
        answer = admin.ask(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.code) == (403, "not_allowed"), path
    for scope in ("token.own", "factor.manage", "console.end", "no.such", "*"):
        result = instance.cli("token", "add", "never", "--user", name, "--scope", scope, "--output", instance.scratch / instance.name("t"))
        assert result.code == 2, scope
    assert instance.cli("token", "add", "dba", "--user", instance.user("dba").name, "--scope", "target.list", "--output",
                        instance.scratch / instance.name("t")).code == 2  # his role has not got that


def test_who_makes_one_in_the_console_has_signed_in_just_now(instance):
    user = instance.user("operator")
    b = Browser(instance).login(user)
    made = b.ok(b.command("token add", name="first", scope=["read"]))
    instance.sql(f"update yanmen.console_session set created_at = now() - interval '6 minutes', confirmed_at = null "
                 f"where id = '{b.get('/me').json['session']}'")
    late = b.command("token add", name="second", scope=["read"])
    assert (late.status, late.code) == (403, "not_allowed") and "password again" in late.json["detail"]
    assert [r["name"] for r in b.rows("tokens", limit=9)] == ["first"]
    b.ok(b.command("token revoke", id=made["id"]))  # to take one back there is always time
    b.ok(b.command("me confirm", secret=user.password_file.read_text().strip()))
    b.ok(b.command("token add", name="second", scope=["read"]))
    b.close()


def test_it_never_may_more_than_its_owner_today(instance):
    user = instance.user("operator")
    token = Token(instance, user, "read", "target.test")
    assert token.get("/targets").status == 200
    instance.sql(f"update yanmen.users set role = 'user' where name = '{user.name}'")
    assert token.get("/targets").status == 403 and token.command("target test", name=instance.demo).status == 403


@pytest.mark.parametrize("end", ["revoked", "disabled", "expired"])
def test_an_ended_token_is_dead_at_once_and_says_no_more_than_an_unknown_one(instance, end):
    token = Token(instance, instance.user("admin"), "read")
    assert token.get("/me").status == 200
    if end == "revoked":
        instance.ok("token", "revoke", token.id)
        assert instance.cli("token", "revoke", token.id).code == 3
    elif end == "disabled":
        instance.ok("user", "disable", token.user.name)
    else:
        instance.sql(f"update yanmen.token set until = now() where id = '{token.id}'")
    unknown = token.get("/me", text="ymt_" + "A" * 43)
    for answer in (token.get("/me"), token.get("/targets"), token.command("user list"), unknown):
        assert (answer.status, answer.code) == (401, "token") and answer.json["detail"] == unknown.json["detail"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer") and answer.headers["Cache-Control"] == "no-store"
    [refused] = audited(instance, token, "token.refused")  # once a minute, however often it comes
    assert refused["body"]["reason"] == end


def test_a_token_of_a_network_is_good_from_there_alone(instance):
    token = Token(instance, instance.user("admin"), "read", more=("--from", "127.0.0.7/32"))
    assert token.get("/me").status == 401
    token.source = "127.0.0.7"
    assert token.get("/me").status == 200
    [refused] = audited(instance, token, "token.refused")
    assert refused["body"]["reason"] == "network" and refused["body"]["address"] == "127.0.0.1"


def test_the_header_is_all_that_counts(instance, reader):
    b = Browser(instance).login(instance.user("admin"))
    cookie = {"Cookie": b.cookie(), "X-CSRF-Token": b.csrf}
    assert b.get("/me").status == 200
    for text in ("ymt_short", "x", "ymt_" + b.cookies["__Host-yanmen"], b.cookies["__Host-yanmen"]):
        answer = reader.get("/me", text=text, headers=cookie)  # a good cookie does not mend a bad token
        assert (answer.status, answer.code) == (401, "token"), text
    for origin in ("https://evil.example", "null"):
        for method, path, body in (("GET", "/targets", None), ("POST", "/commands/user/list", {})):
            answer = reader.ask(method, path, body, headers={"Origin": origin})
            assert (answer.status, answer.code) == (403, "origin")
    b.cookies["__Host-yanmen"] = reader.text[4:]  # nor is a token's text a cookie
    assert b.get("/me").status == 401
    b.close()


def test_an_address_with_bad_tokens_is_not_asked_about_any_more(instance, reader):
    guesser = Token(instance, instance.user("admin"), "read", source="127.0.0.9")
    b = Browser(instance)
    connection = http.client.HTTPSConnection(b.host, b.port, context=b.tls, timeout=60, source_address=("127.0.0.9", 0))
    codes = []
    for n in range(40):
        connection.request("GET", "/api/v1/me", headers={"Authorization": f"Bearer ymt_{n:043d}"})
        response = connection.getresponse()
        codes.append((response.status, json.loads(response.read())["code"]))
    connection.close()
    assert (401, "token") in codes and codes[-1] == (429, "busy")
    if codes.count((401, "token")) == 30:  # else a minute ended in between
        assert guesser.get("/me").code == "busy" and reader.get("/me").status == 200


def test_many_tokens_and_long_terms_are_refused(instance):
    user = instance.user("admin")
    out = instance.scratch / instance.name("t")
    assert instance.cli("token", "add", "long", "--user", user.name, "--scope", "read", "--for", "91d", "--output", out).code == 2
    assert not out.exists()
    instance.ok("token", "add", "one", "--user", user.name, "--scope", "read", "--output", out)
    assert oct(out.stat().st_mode & 0o777) == "0o600" and len(out.read_text()) == 48
    assert instance.cli("token", "add", "one", "--user", user.name, "--scope", "read", "--output", instance.scratch / instance.name("t")).code == 1
    assert instance.cli("token", "add", "x", "--user", "nobody", "--scope", "read", "--output", instance.scratch / instance.name("t")).code == 3
    for row in instance.sql("select octet_length(hash), hash from yanmen.token"):
        assert row.startswith("32|")
    assert out.read_text().strip() not in "\n".join(instance.sql("select body from audit.event where kind like 'token.%'"))


def test_the_console_makes_one_for_oneself_and_shows_it_once(instance, reader):
    b = Browser(instance).login(instance.user("operator"))
    me = b.ok(b.get("/me"))["user"]
    again = {"Idempotency-Key": "the same"}
    made = b.post("/commands/token/add", {"name": "mine", "scope": ["read"], "from": ["127.0.0.0/8"]}, headers=again)
    assert made.status == 200 and made.headers["Cache-Control"] == "no-store"
    facts, text = made.json, made.json["token"]
    assert facts["user"] == me and facts["networks"] == ["127.0.0.0/8"] and len(text) == 47
    assert b.post("/commands/token/add", {"name": "mine", "scope": ["read"], "from": ["127.0.0.0/8"]}, headers=again).status == 409
    assert reader.get("/me", text=text).json["user"] == me
    [row] = b.rows("tokens", limit=5)
    assert row["id"] == facts["id"] and row["mine"] and row["used_from"] == "127.0.0.1" and text not in json.dumps(row)
    assert text not in json.dumps(b.ok(b.command("token list")))
    other = instance.user("admin")
    assert b.command("token add", name="his", user=other.name, scope=["read"]).status == 403
    assert b.command("token add", name="more", scope=["user.manage"]).status == 400  # his role has not got that
    assert b.command("token revoke", id=reader.id).status == 404  # another's does not exist
    admin = Browser(instance).login(other)
    assert facts["id"] in [r["id"] for r in admin.rows("tokens", user=me)]
    admin.ok(admin.command("token revoke", id=facts["id"]))
    assert reader.get("/me", text=text).code == "token"
    for one in (b, admin):
        one.close()
