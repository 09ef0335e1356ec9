"""A recording of two hours in the browser: any second at once, what is in it ahead of the picture, and what a text was said at."""

import time
import uuid

import pytest
from harness import written
from harness.browser import Browser, Terminal
from harness.evidence import sealed
from harness.feed import Feed, PROTOCOL, SCREEN
from harness.hours import BEGUN, HOURS, MARKS
from harness.wait import until


@pytest.fixture(scope="module")
def admin(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


@pytest.fixture(scope="module")
def long(instance):
    """The id of a session whose recording is one of two hours and more than 100 MB."""
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    assert instance.ssh(user, "true").returncode == 0
    session = sealed(instance, user)
    recording = written.long_one(uuid.UUID(session), written.master_key(instance), BEGUN, HOURS, marks=MARKS)
    written.put(instance, session, recording)
    return session


def look(admin, session, second):
    """Seconds until the picture of that second is there, and that picture."""
    begin = time.monotonic()
    feed = Feed(admin.socket(f"/sessions/{session}/replay", PROTOCOL, query=f"&from={second * 1000}"))
    feed.until(lambda f: any(at > BEGUN + second * 1_000_000 for at, _, _, _ in f.all))
    took = time.monotonic() - begin
    feed.socket.close()
    return took, feed


@pytest.mark.alone
def test_any_second_of_two_hours_is_there_at_once(admin, long):
    took = []
    for n in range(20):
        second = (n * 6367 + 59) % HOURS
        seconds, feed = look(admin, long, second)
        took.append(seconds)
        assert any(kind == SCREEN for _, kind, _, _ in feed.all) or second < 30
        assert sum(len(f[3]) for f in feed.all) < 12 << 20  # never the whole
    print(sorted(took))
    assert sorted(took)[18] < 5, took  # one that reads from the beginning takes longer; the figure is what is printed


def test_the_index_tells_what_is_in_it_and_when(admin, instance, long, tmp_path):
    answer = admin.command("recording index", id=long)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    index = answer.json
    assert (index["begun_us"], index["ms"], index["ended"], index["left_out"]) == (BEGUN, HOURS * 1000, True, 0)
    assert len(index["activity"]) * index["step_ms"] >= HOURS * 1000 and sum(index["activity"]) > 100_000_000
    assert max(index["activity"]) < 2 * min(index["activity"][:-1])
    for second in MARKS:
        here = {m["kind"]: m for m in index["markers"] if m["ms"] // 1000 == second}
        assert here["command"]["text"] == f"deploy --step {second}" and here["command"]["channel"] == 100 + second
        assert f"/srv/{second}.tar" in here["file"]["text"] and here["note"]["text"] == f"locked look at this {second}"
    assert index["markers"][0] | {"ms": 0} == {"ms": 0, "kind": "channel", "channel": 1, "text": "shell "}
    assert index["markers"][-1]["kind"] == "end"
    path = tmp_path / "index.json"
    instance.ok("recording", "index", long, "--output", path)
    assert path.read_bytes() == answer.body
    assert Browser(instance).login(instance.user()).command("recording index", id=long).status == 403


def test_a_text_is_found_at_its_second(admin, instance):
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    assert instance.ssh(user, "echo before; sleep 1; echo Needle in 雁门; echo other; exit 3", flags=("-tt",)).returncode == 3
    session = sealed(instance, user)
    rows = until(lambda: (answer := admin.command("recording find", id=session, text="needle IN 雁")).status == 200 and answer.json,
                 30, "the text in the index")
    assert len(rows) == 1 and rows[0]["text"] == "Needle in 雁门" and 1 <= rows[0]["second"] < 30
    assert instance.ok("recording", "find", session, "--text", "雁门") == rows
    assert admin.command("recording find", id=session, text="nowhere").json == []
    assert admin.command("recording find", id=session, text="  ").status == 400
    assert admin.command("recording find", id=session, text="%").json == []
    told = instance.audit(text=session)
    assert [r for r in told if r["kind"] == "recording.searched"]
    engineer = Browser(instance).login(instance.user())
    assert engineer.command("recording find", id=session, text="needle").status == 403
    engineer.close()


def test_what_cannot_be_searched_says_so(admin, instance):
    user = instance.user()
    instance.grant(user, instance.demo)
    b = Browser(instance).login(user)
    t = Terminal(b, instance.demo).online()
    session = instance.session_of(user, "online")["id"]
    answer = admin.command("recording find", id=session, text="x")
    assert answer.status == 409 and "ended" in answer.json["detail"]
    assert admin.command("recording index", id=session).json["ended"] is False  # as far as it is
    t.close()
    b.close()
