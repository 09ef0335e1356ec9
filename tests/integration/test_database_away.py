"""PostgreSQL stopped for a while: running sessions go on, spooled rows arrive in order, new logins get one clear line."""

import contextlib
import os
import signal
import time

import pytest
from harness import procs
from harness.moving import Moving
from harness.stream import wait_service
from harness.terminal import terminal
from harness.wait import LONG, until

pytestmark = pytest.mark.outage

OUTAGE = 60 if LONG else 12  # seconds


@pytest.fixture
def moving(own_instance):
    wait_service(own_instance, own_instance.engineer)
    made = Moving(own_instance)
    yield made
    made.end()


def refused_in_one_line(instance):
    began = time.monotonic()
    done = instance.ssh(instance.engineer, "true", seconds=40)
    assert done.returncode != 0 and done.stdout == b""
    lines = [line for line in done.stderr.decode().splitlines() if line.strip()]
    assert 1 <= len(lines) <= 2, lines
    return time.monotonic() - began


def outage(instance, moving, control):
    """During the outage: commands run on a second channel of the open connection; lines, files and the forward go on."""
    stream, before = moving.inner, moving.inner.last()
    deadline = time.monotonic() + OUTAGE
    words = []
    refused_in_one_line(instance)
    while time.monotonic() < deadline:
        word = instance.name("during")
        done = instance.ssh(stream.user, f"echo {word}", options=(f"ControlPath={control}",), seconds=30)
        assert done.stdout.decode().strip() == word, done.stderr
        words.append(word)
        stream.goes_on()
        moving.echoes()
    assert stream.last() > before + 50 * OUTAGE // 2
    return words


def rows_arrive_in_order(instance, user, words):
    def found():
        rows = [r for r in instance.audit(user=user.name, kind="command") if r["kind"].startswith("channel.opened")]
        text = [next((w for w in words if w in str(r["body"])), None) for r in sorted(rows, key=lambda r: r["id"])]
        text = [w for w in text if w]
        return text if set(words) <= set(text) else None
    assert until(found, 30, "the spooled rows") == words
    instance.ok("audit", "verify")


def test_the_menu_says_so_and_comes_back(own_instance):
    instance = own_instance
    wait_service(instance, instance.engineer)
    with terminal(instance, instance.engineer, login=instance.engineer.name, seconds=40) as child:
        child.expect_exact("choose a target")
        with database_down(instance):
            child.send("de")
            child.expect_exact("database is away")
        wait_service(instance, instance.engineer, 40)
        child.send("\r")
        child.expect_exact(instance.demo)
        child.send("\r")
        child.expect_exact("$ ")


@pytest.mark.parametrize("way", ["stopped", "frozen"])
def test_the_database_is_away(own_instance, moving, way):
    instance, stream = own_instance, moving.inner
    control = instance.scratch / instance.name("c")
    master = instance.ssh_start(stream.user, flags=("-M", "-N"), options=(f"ControlPath={control}",))
    try:
        until(control.exists, 20, "the master connection")
        # Reaches its target before the outage.
        assert instance.ssh(stream.user, "echo ready", options=(f"ControlPath={control}",)).stdout == b"ready\n"
        with (frozen_database if way == "frozen" else database_down)(instance):
            words = outage(instance, moving, control)
        wait_service(instance, instance.engineer, 40)
        moving.arrives()  # and their rows: who ended during the outage as well
        rows_arrive_in_order(instance, stream.user, words)
    finally:
        master.kill()
        master.wait(10)
    moving.end()
    moving.is_told()
    assert all(r["recording"] == "closed" for r in instance.ok("recording", "list") if r["user"] == stream.user.name)


@contextlib.contextmanager
def frozen_database(instance):
    """The postmaster and the processes that serve our connections, stopped."""
    postmaster = instance.service_pid("postgres")
    pids = [postmaster, *procs.children(postmaster)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def database_down(instance):
    """PostgreSQL ended; its data is moved aside meanwhile, so that the supervisor's restarts fail."""
    data = instance.home / "pg"
    hidden = data.with_name("pg-hidden")
    pid = instance.service_pid("postgres")
    os.kill(pid, signal.SIGINT)
    until(lambda: instance.service_pid("postgres") != pid, 20, "the end of PostgreSQL", every=0.01)
    data.rename(hidden)
    try:
        left = instance.service_pid("postgres")
        if left:  # the supervisor was faster than the rename
            os.kill(left, signal.SIGQUIT)
        yield
    finally:
        hidden.rename(data)
