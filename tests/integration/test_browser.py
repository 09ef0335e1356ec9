"""The console in Debian's Chromium: tests/browser, each file of which is one run of node's test runner on a whole instance."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
FILES = sorted(p.name for p in (ROOT / "tests/browser").glob("*.test.mjs"))


@pytest.fixture(scope="module")
def facts(instance, tmp_path_factory):
    """Where the instance is, who its users are, and where pictures go: YANMEN_SHOTS, or a folder that goes with the test."""
    watched, enrolling = instance.user(), instance.user()
    for user in (watched, enrolling):
        instance.grant(user, instance.demo)
    instance.ok("user", "factor", enrolling.name, "required")
    instance.ok("settings", "set", "factor.remember", "0")
    shots = Path(os.environ.get("YANMEN_SHOTS") or tmp_path_factory.mktemp("shots"))
    shots.mkdir(exist_ok=True)
    users = dict(instance.endpoints["users"])
    users |= {"watched": {"name": watched.name, "password_file": str(watched.password_file)},
              "enrolling": {"name": enrolling.name, "password_file": str(enrolling.password_file)}}
    path = tmp_path_factory.mktemp("console") / "facts.json"
    path.write_text(json.dumps({"url": instance.endpoints["web"], "users": users, "target": instance.demo,
                                "home": str(instance.home), "shots": str(shots), "scratch": str(instance.scratch)}))
    yield path
    instance.ok("settings", "set", "factor.remember", "900")


@pytest.mark.parametrize("file", FILES)
def test_browser(facts, file):
    done = subprocess.run(["node", "--test", "--test-reporter=spec", str(ROOT / "tests/browser" / file)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=900, env=dict(os.environ, YANMEN_BROWSER=str(facts)))
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
