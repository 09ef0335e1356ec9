"""Separation of duties with real people: what the console lets each of the three do, and who may see a recording."""

import pytest
from harness.browser import Browser
from harness.feed import Feed, PROTOCOL
from harness.wait import until

DUTIES = ("system", "security", "audit")


@pytest.fixture
def three(instance):
    people = {d: instance.user(f"{d}_admin") for d in DUTIES}
    instance.ok("duty", "separate", "on")
    browsers = {d: Browser(instance).login(u) for d, u in people.items()}
    yield browsers
    for b in browsers.values():
        b.close()
    instance.ok("duty", "separate", "off")
    for u in people.values():
        instance.ok("user", "disable", u.name)


def allowed(browser, command, **args):
    """403 is the right; anything else got past it."""
    return browser.command(command, **args).status != 403


def test_a_recording_is_seen_by_who_has_the_right_and_that_is_audited(instance, three):
    user = instance.user()
    instance.grant(user, instance.demo)
    assert instance.ssh(user, "echo seen").stdout == b"seen\n"
    session = instance.session_of(user, "closed")["id"]
    until(lambda: instance.ok("recording", "list", "--user", user.name)[0]["recording"] == "closed", 20, "the recording")
    for duty, browser in three.items():
        feed = Feed(browser.socket(f"/sessions/{session}/replay", PROTOCOL)).finish()
        assert (feed.end == "" and b"seen" in feed.text()) == (duty == "audit") and bool(feed.all) == (duty == "audit"), (duty, feed.end)
    me = three["audit"].ok(three["audit"].get("/me"))["user"]
    seen = until(lambda: [r for r in instance.audit(kind="admin") if r["kind"] == "recording.replayed" and r["session"] == session], 20,
                 "the replay in the audit")
    assert [r["actor"] for r in seen] == [f"user:{me}"]


def test_each_of_the_three_does_what_is_his(instance, three):
    name = instance.name("g")
    can = {"system": ("group add", {"name": name}), "security": ("user disable", {"name": "nobody-of-that-name"}),
           "audit": ("audit search", {"since": "2020-01-01T00:00:00Z"})}
    for duty, (command, args) in can.items():
        assert [d for d in DUTIES if allowed(three[d], command, **args)] == [duty], command
    me = three["security"].ok(three["security"].get("/me"))["user"]
    answer = three["security"].command("grant add", user=me, account=instance.account.name, target=instance.demo)
    assert answer.status == 403 and "himself" in answer.json["detail"]
    assert three["security"].command("duty separate", state="off").status == 403
    told = instance.cli("user", "add", instance.name("u"), "--role", "admin", "--password-file", instance.file("correct horse"))
    assert told.code == 1 and "several duties" in told.stderr
