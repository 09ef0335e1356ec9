"""The console in Debian's Chromium: fixtures for tests/browser, each file of which is one run of node's test runner."""

import json
import os
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "browser"


@pytest.fixture(scope="session")
def chromium_facts(instance, tmp_path_factory):
    """Where the instance is, who its users are, and where pictures go: YANMEN_SHOTS, or a folder that goes with the test."""
    watched, enrolling = instance.user(), instance.user()
    for user in (watched, enrolling):
        instance.grant(user, instance.demo)
    instance.ok("user", "factor", enrolling.name, "required")
    instance.ok("setup", "done")
    shots = Path(os.environ.get("YANMEN_SHOTS") or tmp_path_factory.mktemp("shots"))
    shots.mkdir(exist_ok=True)
    users = dict(instance.endpoints["users"])
    users |= {"watched": {"name": watched.name, "password_file": str(watched.password_file)},
              "enrolling": {"name": enrolling.name, "password_file": str(enrolling.password_file)}}
    return {"url": instance.endpoints["web"], "users": users, "target": instance.demo,
            "home": str(instance.home), "shots": str(shots), "scratch": str(instance.scratch)}


@pytest.fixture
def chromium(instance, chromium_facts, tmp_path):
    """chromium("login", more=…) runs tests/browser/login.test.mjs; what it is told more stands in its facts."""
    instance.ok("settings", "set", "factor.remember", "0")

    def run(name, **more):
        path = tmp_path / "facts.json"
        path.write_text(json.dumps({**chromium_facts, **more}))
        done = subprocess.run(["node", "--test", "--test-reporter=spec", FOLDER / f"{name}.test.mjs"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=600, env=dict(os.environ, YANMEN_BROWSER=str(path)))
        assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    yield run
    instance.ok("settings", "set", "factor.remember", "900")
