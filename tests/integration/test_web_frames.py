"""Watching and replaying in a browser: the frames that the CLI gets, and the last word."""

import json

import pytest
from harness.browser import Browser, Refused, Terminal
from harness.feed import FINISH, Feed, META, OUT, PROTOCOL, SCREEN
from harness.wait import until


@pytest.fixture(scope="module")
def admin(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


@pytest.fixture
def online(instance, engineer):
    """A session of a browser, and its id."""
    b = Browser(instance).login(engineer)
    t = Terminal(b, instance.demo).online()
    yield t, instance.session_of(engineer, "online")["id"]
    t.close()
    b.close()


def test_a_session_is_watched_live(admin, online):
    terminal, session = online
    feed = Feed(admin.socket(f"/sessions/{session}/watch", PROTOCOL))
    feed.until(lambda f: any(kind == SCREEN for _, kind, _, _ in f.all))
    assert json.loads(feed.all[0][3])["session"] == session and feed.all[0][1] == META
    terminal.type("echo watch\"\"ed\n")
    terminal.until("watched")
    feed.until(lambda f: b"watched" in f.text())
    terminal.type("exit\n")
    feed.finish()
    assert feed.end == "" and feed.all[-1][1] == FINISH


def test_a_paced_picture_of_a_flood_costs_little_and_has_its_end(admin, instance, online):
    terminal, session = online
    feed = Feed(admin.socket(f"/sessions/{session}/watch", PROTOCOL, query="&pace=1000"))
    feed.until(lambda f: any(kind == SCREEN for _, kind, _, _ in f.all))
    terminal.type("seq 400000; echo the\"\"end\n")  # 2.7 MB
    terminal.until("theend")
    feed.until(lambda f: b"theend" in b"".join(body for _, kind, _, body in f.all if kind in (OUT, SCREEN)))
    assert feed.bytes < 700_000
    watched = [r for r in instance.audit(text=session) if r["kind"] == "session.watched"]
    assert len(watched) == 1
    terminal.type("exit\n")
    assert feed.finish().end == ""


@pytest.mark.parametrize("pace", ["99", "60001", "1e3", "-100", "00100"])
def test_a_pace_that_is_none_is_refused_and_nothing_is_watched(admin, instance, online, pace):
    feed = Feed(admin.socket(f"/sessions/{online[1]}/watch", PROTOCOL, query=f"&pace={pace}")).finish()
    assert "100" in feed.end and not feed.all
    assert "session.watched" not in {r["kind"] for r in instance.audit(text=online[1])}


def test_who_watches_says_nothing(admin, online):
    _, session = online
    socket = admin.socket(f"/sessions/{session}/watch", PROTOCOL)
    socket.send(b"hello")
    assert socket.ended() == 1008


def test_what_cannot_be_watched_says_why(admin, instance, engineer, online):
    assert admin.post("/sessions/nonsense/watch/ticket").status == 404
    for path in ("watch", "replay"):
        feed = Feed(admin.socket(f"/sessions/01a20686-8f78-76f1-bcb6-d8500abfbb9f/{path}", PROTOCOL)).finish()
        assert feed.end and not feed.all
    other = Browser(instance).login(engineer)
    feed = Feed(other.socket(f"/sessions/{online[1]}/watch", PROTOCOL)).finish()
    assert feed.end and not feed.all
    other.close()


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Cookie": None}])
def test_only_our_page_watches(admin, online, headers):
    path = f"/sessions/{online[1]}/watch"
    ticket = admin.ticket(path)
    with pytest.raises(Refused):
        admin.socket(path, PROTOCOL, ticket, **headers)


def recorded(instance, engineer, online):
    terminal, session = online
    terminal.type("echo one-of-many; exit\n")
    terminal.socket.ended()
    until(lambda: any(r["id"] == session for r in instance.ok("recording", "list") if r.get("recording", r.get("state")) not in ("open",)),
          30, "the recording")
    until(lambda: not instance.sessions(engineer, "online"), 20, "the end")
    return session


def test_a_recording_is_replayed(admin, instance, engineer, online):
    session = recorded(instance, engineer, online)
    feed = Feed(admin.socket(f"/sessions/{session}/replay", PROTOCOL)).finish()
    assert feed.end == "" and b"one-of-many" in feed.text() and feed.all[-1][1] == FINISH
    assert [f[0] for f in feed.all] == sorted(f[0] for f in feed.all)
    late = Feed(admin.socket(f"/sessions/{session}/replay", PROTOCOL, query="&from=86400000")).finish()
    assert late.end == "" and len(late.all) <= len(feed.all)


def test_a_browser_that_leaves_a_replay_stops_it(admin, instance, engineer, online):
    session = recorded(instance, engineer, online)
    for _ in range(5):
        admin.socket(f"/sessions/{session}/replay", PROTOCOL).close()
    until(lambda: not instance.pids("reader"), 20, "the end of the readers")
    assert admin.get("/me").status == 200
