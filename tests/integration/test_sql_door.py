"""The door of SQL clients without a database protocol: who may come in, to what, by which rules, and what is told of statements.

The worker is tests/integration/sqldoor/line.c, with the real harness, in the real gateway; its clients speak in lines.
"""

import csv
import json
import os

import pytest
from harness import sqldoor
from harness.browser import Browser
from harness.sqldoor import Client, Ports, in_session
from harness.wait import until

OK, DENIED, FACTOR = 1, 2, 5  # enum wire_login_verdict
ALLOW, ALERT, DENY = 0, 1, 3


@pytest.fixture(scope="module")
def own_instance_options():
    with sqldoor.options() as options:
        yield options


@pytest.fixture(scope="module")
def database(own_instance):
    with sqldoor.silent(own_instance) as server:
        yield server


def access_password(instance, user, *options):
    path = instance.scratch / instance.name("access")
    row = instance.ok("access-password", "add", instance.name("p"), "--user", user.name, *options, "--output", path)
    return row, path.read_text().strip()


def test_a_login_password_lets_in_and_a_wrong_one_does_not(own_instance, database):
    alice = own_instance.user()
    with Client() as c:
        assert c.login("password", alice.name, "no such")[0] == DENIED
        verdict, who = c.login("password", f"{alice.name}#app#db", alice.password_file.read_text())
        assert verdict == OK and who[:3] == [alice.name, "db", "app"]
    row = own_instance.told(alice, "login.ok")[0]["body"]
    assert row["door"] == "mysql" and row["method"] == "password"


def test_what_cannot_be_guessed_is_not_slowed_down(own_instance, database):
    """A program opens its connections all at once."""
    alice = own_instance.user()
    _, password = access_password(own_instance, alice)
    own_instance.ok("settings", "set", "login.backoff", "16")
    try:
        clients = [Client() for _ in range(16)]
        for c in clients:
            c.sock.sendall(f"scramble\tsha2\t{alice.name}\t{password}\n".encode())
        assert [int(c.hear()[1]) for c in clients] == [OK] * 16
        for c in clients:
            c.close()
    finally:
        own_instance.ok("settings", "set", "login.backoff", "0")


@pytest.mark.parametrize("plugin", ["native", "sha2"])
def test_an_access_password_answers_a_challenge(own_instance, database, plugin):
    alice = own_instance.user()
    _, password = access_password(own_instance, alice)
    row, second = access_password(own_instance, alice)
    assert password.startswith("ym-") and len(password) >= 35 and password != second
    with Client() as c:
        assert c.login("wrong", plugin, alice.name, second)[0] == DENIED
        assert c.login("scramble", plugin, alice.name, alice.password_file.read_text())[0] == DENIED, "a login password has no verifier"
        assert c.login("scramble", plugin, "nobody-of-us", second)[0] == DENIED
        assert c.login("scramble", plugin, alice.name, second)[0] == OK
    assert own_instance.told(alice, "login.ok")[0]["body"]["access_password"] == row["id"]

    def used():
        listed = next(a for a in own_instance.ok("access-password", "list") if a["id"] == row["id"])
        return listed["used_from"] == "127.0.0.1"
    until(used, 20, "the use in the list")


def test_an_access_password_is_taken_in_clear_until_it_is_revoked(own_instance, database):
    alice = own_instance.user()
    row, password = access_password(own_instance, alice)
    with Client() as c:
        assert c.login("password", alice.name, password)[0] == OK
    own_instance.ok("access-password", "revoke", row["id"])
    with Client() as c:
        assert c.login("password", alice.name, password)[0] == DENIED
        assert c.login("scramble", "sha2", alice.name, password)[0] == DENIED


def test_an_access_password_is_good_at_its_door_and_from_its_networks_alone(own_instance, database):
    alice = own_instance.user()
    _, elsewhere = access_password(own_instance, alice, "--from", "192.0.2.0/24")
    _, tds = access_password(own_instance, alice, "--door", "tds")
    with Client() as c:
        assert c.login("password", alice.name, elsewhere)[0] == DENIED
        assert c.login("scramble", "native", alice.name, tds)[0] == DENIED
    done = own_instance.ssh(alice, "true", login=alice.name, env={})
    assert done.returncode != 0  # his password is not asked here; what counts stands below
    alice.password_file = own_instance.file(elsewhere)
    assert own_instance.ssh(alice, "true").returncode != 0, "no access password opens SSH"


def test_one_makes_it_oneself_at_the_console_and_sees_it_once(own_instance, database):
    alice = own_instance.user()
    browser = Browser(own_instance).login(alice)
    made = browser.ok(browser.command("access-password add", name="laptop", door="mysql"))
    assert made["password"].startswith("ym-") and made["user"] == alice.name
    with Client() as c:
        assert c.login("scramble", "sha2", alice.name, made["password"])[0] == OK
    listed = browser.ok(browser.command("access-password list"))
    assert [a["id"] for a in listed] == [made["id"]] and made["password"] not in str(listed)
    assert [r["state"] for r in browser.rows("access_passwords", limit=10)] == ["valid"]
    browser.ok(browser.command("access-password revoke", id=made["id"]))
    assert made["password"] not in str(own_instance.audit(user=alice.name))
    with Client() as c:
        assert c.login("scramble", "sha2", alice.name, made["password"])[0] == DENIED


def test_who_needs_a_second_factor_is_told_what_to_do(own_instance, database):
    alice = own_instance.user()
    own_instance.ok("user", "factor", alice.name, "required")
    _, password = access_password(own_instance, alice)
    with Client() as c:
        for words in (("password", alice.name, alice.password_file.read_text()), ("scramble", "sha2", alice.name, password)):
            verdict, who = c.login(*words)
            assert verdict == FACTOR and "access-password add" in who[3] and "控制台" in who[3] and who[0] == ""
    assert {r["body"]["why"] for r in own_instance.told(alice, "login.refused", 2)} == {"no second factor"}
    assert not own_instance.sql(f"select 1 from yanmen.access_password a join yanmen.users u on u.id = a.user_id "
                                f"where u.name = '{alice.name}' and factored")
    own_instance.sql(f"update yanmen.access_password a set factored = true from yanmen.users u where u.id = a.user_id and u.name = '{alice.name}'")
    with Client() as c:
        assert c.login("scramble", "sha2", alice.name, password)[0] == OK


def test_a_grant_opens_a_database_with_its_secret_pin_and_features(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        session = own_instance.session_of(alice, "online")
        assert (session["protocol"], session["target"], session["account"], session["layer"]) == ("mysql", "db", "app", "SQL")
    until(lambda: own_instance.session_of(alice)["state"] == "closed", 20, "the session's end")
    with Client() as c:
        c.login("password", alice.name, alice.password_file.read_text())
        word, target, account, pin, features, default, secret = c.ask("target", "db", "app")
        assert (word, target, account, pin, default, secret) == ("target", "db", "app", "32", "shop", "the database's password")
        assert int(features) & (1 << 12) and not int(features) & (1 << 13)


def test_what_is_not_granted_or_not_a_database_is_refused(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, own_instance.demo)
    with Client() as c:
        c.login("password", alice.name, alice.password_file.read_text())
        assert c.ask("target", "db", "app")[0] == "error"
        word, say = c.ask("target", own_instance.demo, own_instance.account.name)
        assert word == "error" and "not reached through this door" in say and "该资源不能通过此入口访问" in say
    own_instance.grant(alice, "db", "--feature", "shell", account="app")
    with Client() as c:
        c.login("password", alice.name, alice.password_file.read_text())
        assert "allows nothing here" in c.ask("target", "db", "app")[1]


def test_a_database_without_tls_has_no_pin_and_one_with_it_needs_it(own_instance, database):
    alice = own_instance.user()
    name = own_instance.name("plain")
    own_instance.ok("target", "add", name, "--kind", "mysql", "--address", f"127.0.0.1:{Ports.taken}", "--cluster", "samples")
    own_instance.ok("account", "set", name, "app", "--password-file", own_instance.file("secret"))
    own_instance.grant(alice, name, account="app")
    with Client() as c:
        c.login("password", alice.name, alice.password_file.read_text())
        assert "key is not known yet" in c.ask("target", name, "app")[1]
        own_instance.ok("target", "set", name, "--tls", "off")
        assert c.ask("target", name, "app")[3] == "0"


def test_a_look_at_a_database_pins_the_key_that_its_worker_sees(own_instance, database):
    name = own_instance.name("look")
    address = ("--address", f"127.0.0.1:{Ports.taken}", "--cluster", "samples")
    added = own_instance.ok("target", "add", name, "--kind", "mysql", *address, "--legacy", "on")
    assert (added["pinned"], added["say"], added["banner"]) == (True, "TLS key pinned", "line 1.0")
    assert own_instance.ok("target", "test", name)["say"] == "reachable, TLS key as pinned"
    other = own_instance.name("look")
    added = own_instance.ok("target", "add", other, "--kind", "mysql", *address)
    assert (added["pinned"], added["say"]) == (False, "this server has no key")
    added = own_instance.ok("target", "add", own_instance.name("look"), "--kind", "mysql", *address, "--tls", "off")
    assert (added["reachable"], added["pinned"], added["say"]) == (True, False, "reachable")


def test_a_door_to_one_target_shows_how_that_greets_and_leads_nowhere_else(own_instance, database):
    alice = own_instance.user()
    for target in ("db", "bound"):
        own_instance.grant(alice, target, account="app")
    with Client() as c:
        assert c.ask("door") == ["door", "", "", "0", "1"]
    with Client(Ports.bound) as c:
        verdict, who = c.login("password", alice.name, alice.password_file.read_text())
        assert verdict == OK and who[1] == "bound"
        assert c.ask("target", "db", "app")[0] == "error"
        assert c.ask("target", "bound", "app")[0] == "target"
        c.ask("reached", "8.4.0;caps=1f")

    def greets():
        with Client(Ports.bound) as c:
            return c.ask("door") == ["door", "bound", "8.4.0;caps=1f", "0", "1"]
    until(greets, 20, "the greeting that was seen")


def test_rules_come_with_the_grant_and_again_when_they_change(own_instance, database):
    alice = own_instance.user(role="dba")
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        _, version, otherwise, approval, user, role, rules = c.ask("rules", 0)
        assert (otherwise, approval, user, role, rules) == ("allow", "off", alice.name, "dba", "")
        assert c.ask("judge", "DROP", "t") == ["verdict", "allow", "0", ""]
        rule = own_instance.ok("sql-rule", "add", "--target", "db", "--class", "DROP", "--deny", "--reason", "not here", "--reason-zh", "此处禁止")
        assert rule["enforced"] is True
        _, newer, *_, rules = c.ask("rules", version)
        assert rules == f"{rule['id']}:deny" and int(newer) > int(version)
        assert c.ask("judge", "DROP", "t") == ["verdict", "deny", str(rule["id"]), "not here / 此处禁止"]
        assert c.ask("judge", "SELECT", "t")[1] == "allow"
        own_instance.ok("sql-rule", "remove", rule["id"])
        assert c.ask("rules", newer)[-1] == ""
        assert c.ask("judge", "DROP", "t")[1] == "allow"


def test_statements_that_are_refused_or_told_of_are_audited_at_once(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        c.ask("statement", DENY, 7, 3, "drop table t")
        c.ask("statement", ALERT, 8, 4, "select * from salaries")
        denied = own_instance.told(alice, "sql.denied")[0]
        assert denied["target"] == "db" and denied["session"]
        body = denied["body"]
        assert (body["statement"], body["rule"], body["number"], body["verdict"], body["fingerprint"]) == ("drop table t", 7, 3, "deny", "f00d")
        assert own_instance.told(alice, "sql.alert")[0]["body"]["statement"] == "select * from salaries"


def test_statements_are_exported_found_and_replayed(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        assert c.ask("record", "statement", '{"n":1,"kind":"query","sql":"select secretword from shop.t","classes":["SELECT"],"flags":[],'
                     '"tables":["shop.t"],"database":"shop","verdict":"deny","rule":7,"fingerprint":"f0","sha256":"ab"}') == ["recorded"]
        assert c.ask("record", "outcome", '{"n":1,"ok":false,"rows":null,"code":1142,"state":"42000","words":"=no","us":12}') == ["recorded"]
        session = own_instance.session_of(alice, "online")["session"]
    until(lambda: own_instance.session_of(alice)["state"] == "closed", 20, "the session's end")
    text = own_instance.export(session, "text").decode()
    assert "#1 shop> select secretword from shop.t (deny, rule 7)" in text and "#1 failed 1142 42000: =no, 12 us" in text
    head, row = csv.reader(own_instance.export(session, "csv").decode().splitlines())
    assert dict(zip(head, row))["sql"] == "select secretword from shop.t" and dict(zip(head, row))["words"] == "'=no"
    frames = [json.loads(line) for line in own_instance.export(session, "jsonl").splitlines()]
    assert [f["body"]["n"] for f in frames if f["type"] in ("statement", "outcome")] == [1, 1]
    refused = own_instance.cli("recording", "export", session, "--format", "asciicast", "--output", own_instance.scratch / "cast")
    assert refused.code == 1 and "no picture to play" in refused.stderr
    found = until(lambda: [r for r in own_instance.ok("audit", "search", "--since", "1h", "--text", "secretword")
                           if r["kind"] == "statement"], 60, "the statement in the search")
    assert found[0]["session"] == session and "select secretword" in found[0]["text"]


def test_kill_ends_the_session_with_its_reason(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        session = own_instance.session_of(alice, "online")["session"]
        own_instance.ok("session", "kill", session, "--reason", "enough")
        said = c.hear()
        assert said[0] == "ended" and "enough" in said[1]
    until(lambda: own_instance.session_of(alice)["state"] == "closed", 20, "the session's end")


def test_a_connection_is_found_by_its_number_by_the_same_person_at_the_same_place_alone(own_instance, database):
    alice, bob = own_instance.user(), own_instance.user()
    for user in (alice, bob):
        own_instance.grant(user, "db", account="app")
    with in_session(own_instance, alice) as first, in_session(own_instance, alice) as second, in_session(own_instance, bob) as other:
        number = first.ask("number")[1]
        assert second.ask("thread_of", number)[0] == "error", "the target has not named it yet"
        first.ask("thread", 4711)
        assert until(lambda: (said := second.ask("thread_of", number))[0] == "thread" and said, 10, "the thread")[1] == "4711"
        assert other.ask("thread_of", number)[0] == "error"


def test_sessions_and_rules_outlive_the_broker(own_instance, database):
    alice = own_instance.user()
    own_instance.grant(alice, "db", account="app")
    with in_session(own_instance, alice) as c:
        version = c.ask("rules", 0)[1]
        os.kill(own_instance.pids("broker")[0], 9)
        newer = c.ask("rules", version)
        assert newer[0] == "rules" and int(newer[1]) > int(version)
        c.ask("statement", DENY, 0, 1, "after the restart")
        assert own_instance.told(alice, "sql.denied")[0]["body"]["statement"] == "after the restart"
