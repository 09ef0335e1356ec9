"""Access requests with real people: asked and decided at the console, used over SSH, ended while a session runs."""

import datetime
import json

import pytest
from harness.browser import Browser
from harness.wait import until


def after(**how):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**how)).isoformat()


class Asking:
    """A target that may be asked for, its group's admin at the console, and an engineer who has nothing."""

    def __init__(self, instance, sshd):
        self.instance = instance
        self.target, self.group = instance.target(sshd.port), instance.name("g")
        instance.ok("group", "add", self.group)
        instance.ok("group", "put", self.group, self.target)
        instance.ok("group", "requestable", self.group, "on")
        self.user, admin = instance.user(), instance.user("group_admin")
        instance.ok("group", "admin", self.group, admin.name)
        self.asker, self.decider = Browser(instance).login(self.user), Browser(instance).login(admin)

    def ask(self, **more):
        args = {"target": self.target, "account": self.instance.account.name, "reason": "ticket 4711", "until": after(hours=8)} | more
        return self.asker.ok(self.asker.command("request add", **args))

    def approve(self, r, **more):
        return self.decider.ok(self.decider.command("request approve", id=r["id"], **more))

    def stay(self):
        online = self.instance.ssh_start(self.user, "echo in; sleep 100", login=self.instance.login(self.user, self.target))
        assert online.stdout.readline() == b"in\n", online.stderr.read()
        return online

    def tries(self):
        return self.instance.ssh(self.user, "echo in", login=self.instance.login(self.user, self.target))


@pytest.fixture
def asking(instance, sshd):
    a = Asking(instance, sshd)
    yield a
    a.asker.close()
    a.decider.close()


def test_an_approval_opens_the_door_and_giving_it_up_ends_the_session(asking):
    assert asking.tries().returncode != 0
    events = asking.decider.socket("/events")
    r = asking.ask()
    until(lambda: json.loads(events.receive())["changed"] == "requests", 30, "the approver is told at once")
    [row] = asking.decider.rows("requests", decidable="true")
    assert (row["id"], row["user"], row["reason"]) == (r["id"], asking.user.name, "ticket 4711")
    assert asking.asker.command("request approve", id=r["id"]).status == 403
    assert asking.tries().returncode != 0
    assert asking.approve(r)["state"] == "active"
    assert asking.tries().stdout == b"in\n"
    online = asking.stay()
    asking.asker.ok(asking.asker.command("request withdraw", id=r["id"]))
    assert online.wait(20) != 0 and b"your access was withdrawn" in online.stderr.read()
    assert asking.asker.rows("requests", sort="-at")[0]["state"] == "ended"
    answer = asking.decider.command("request approve", id=r["id"])
    assert answer.status == 409 or "already" in answer.json["detail"], answer.body
    events.close()


def test_a_session_ends_with_the_term_unless_it_was_extended(asking):
    r = asking.ask(until=after(seconds=14))
    asking.approve(r)
    first = asking.stay()
    x = asking.asker.ok(asking.asker.command("request extend", id=r["id"], until=after(seconds=30), reason="not done"))
    asking.approve(x)
    end = datetime.datetime.fromisoformat(r["until"].replace("Z", "+00:00"))
    later = datetime.datetime.fromisoformat(x["until"].replace("Z", "+00:00"))
    first.wait(60)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert now >= later > end and b"your access has expired" in first.stderr.read()
    assert asking.tries().returncode != 0
    kinds = until(lambda: k if "request.ended" in (k := [e["kind"] for e in asking.instance.audit(user=asking.user.name)]) else None, 40,
                  "the end in the audit")
    assert {"request.asked", "request.approved", "request.ended"} <= set(kinds)


def test_a_session_may_outlive_its_term_where_the_policy_says_so(asking):
    instance = asking.instance
    instance.ok("settings", "set", "request.end_sessions", "off")
    try:
        r = asking.ask(until=after(seconds=8))
        asking.approve(r)
        online = asking.stay()
        until(lambda: asking.tries().returncode != 0, 40, "no new session")
        assert online.poll() is None
        instance.ok("settings", "set", "request.end_sessions", "on")
        online.wait(30)
        assert b"your access has expired" in online.stderr.read()
    finally:
        instance.ok("settings", "set", "request.end_sessions", "on")


def test_the_cli_lists_decides_and_tells_why_not(asking):
    instance = asking.instance
    r = asking.ask()
    row = next(x for x in instance.ok("request", "list", "--state", "asked") if x["id"] == r["id"])
    assert row["targets"] == [asking.target]
    assert instance.ok("request", "show", r["id"])["risk"]["role"] == "engineer"
    assert instance.cli("request", "show", "999999").code == 3
    told = instance.cli("request", "add", asking.target, "--account", "x", "--until", "1h", "--reason", "x")
    assert told.code == 4 and "grant add" in told.stderr
    assert instance.ok("request", "refuse", r["id"], "--reason", "no")["state"] == "refused"
    assert instance.cli("request", "approve", r["id"]).code == 1
    assert instance.ok("preapproval", "add", asking.group, "--role", "engineer", "--group", asking.group, "--longest", "8h")["longest"] == 28800
    try:
        done = asking.ask(until=after(hours=7))
        assert (done["state"], done["decided_by"]) == ("active", "system") and asking.tries().stdout == b"in\n"
    finally:
        instance.ok("preapproval", "remove", asking.group)
