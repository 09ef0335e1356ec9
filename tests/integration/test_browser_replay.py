"""tests/browser/replay.test.mjs: a recording of two hours and more than 100 MB, a short one, and one that somebody altered"""

import uuid

import pytest
from harness import written
from harness.build import SANITIZED
from harness.evidence import sealed
from harness.hours import BEGUN, HOURS, MARKS
from harness.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(900)]


def recorded(instance, *command):
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    assert instance.ssh(user, *command, flags=("-tt",)).returncode == 0
    return sealed(instance, user)


def test_in_chromium(instance, chromium):
    long, altered = recorded(instance, "true"), recorded(instance, "seq 1 100")
    written.put(instance, long, written.long_one(uuid.UUID(long), written.master_key(instance), BEGUN, HOURS, marks=MARKS))
    path = next((instance.home / "recordings").rglob(f"{altered}.ymr"))
    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    short = recorded(instance, "echo before; sleep 1; echo needle in 雁门")
    until(lambda: instance.cli("recording", "find", short, "--text", "needle").code == 0, 30, "the text in the index")
    chromium("replay", long=long, short=short, altered=altered, seconds=HOURS, measured=not SANITIZED)
