"""Fixtures of the integration tests.

`instance` is a whole Yanmen, started by tools/run in a temporary home: one for each pytest worker and session.
Tests that hurt it badly (tmpfs full, processes killed) use `own_instance`, one for each module that asks for it.

The marks are explained in pytest.ini.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from harness.instance import Instance
from harness.target import Sshd

pytest_plugins = [
    "harness.cluster",  # PostgreSQL with our schema, without the gateway
    "harness.chromium",
    "harness.place",
    "harness.remote",
]
LIMITS = ["--set", "limits.unauthenticated_source=400"]  # all our clients come from one address


def work_dir():
    """Below a folder that every OS user can pass: PostgreSQL's files lie there too."""
    given = os.environ.get("YANMEN_TEST_DIR")
    path = Path(tempfile.mkdtemp(prefix="home-", dir=given))
    path.chmod(0o711)
    path.rmdir()  # tools/run makes it
    return path


def lend(home, *options, **more):
    instance = Instance(home, *LIMITS, *options, **more)
    try:
        instance.start()
        instance.ok("settings", "set", "login.backoff", "0")  # all our clients are one; test_backoff.py sets it
        yield instance
        reports = instance.sanitizer_reports()
        assert not reports, "\n".join(reports[:20])
    finally:
        if os.environ.get("YANMEN_KEEP") != "1":
            instance.run("--reset", "--yes", check=False)
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def instance():
    yield from lend(work_dir())


@pytest.fixture(scope="module")
def own_instance_options():
    """A module that wants other settings for its own_instance has a fixture of this name."""
    return []


@pytest.fixture(scope="module")
def own_instance(own_instance_options):
    yield from lend(work_dir(), *own_instance_options)


@pytest.fixture
def with_database():
    """As whoever tries it has it: with the sample MariaDB."""
    yield from lend(work_dir(), database=True)


@pytest.fixture
def sshd(instance):
    """A private OpenSSH server of the test's own, which the test may stop, change or freeze."""
    server = Sshd(instance)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def engineer(instance):
    """A fresh user with a password, granted the sample target."""
    user = instance.user()
    instance.grant(user, instance.demo)
    return user


def pytest_collection_modifyitems(items):
    """What waits begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("outage") is None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the logs of its instance."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for name in ("instance", "own_instance"):
            if name in getattr(item, "funcargs", {}):
                report.sections.append((f"logs of {name}", item.funcargs[name].log_tail()))


def is_root():
    return os.geteuid() == 0


def has(program):
    return shutil.which(program) is not None


