"""A recording of two hours in the browser: any second at once, what is in it ahead of the picture, and what a text was said at."""

import time
import uuid

import pytest
from harness import written
from harness.browser import Browser
from test_evidence import sealed
from test_web_frames import PROTOCOL, SCREEN, Feed

HOURS = 7200
MARKS = (600, 3600, 7000)
BEGUN = 1_763_000_000_000_000  # µs


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
    assert sorted(took)[18] < 1, took
