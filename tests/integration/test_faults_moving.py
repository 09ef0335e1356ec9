"""What goes wrong while files, a login through a login and a forward are under way: the gateway's own processes are killed, a target
or a client misbehaves, strangers do.  What can go on does, and loses no byte; what cannot ends, and is told as it was.

Disk full and I/O errors: test_storage.py; PostgreSQL stopped: test_database_away.py.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time

import pytest
from harness import procs
from harness.hostile import BANNER, MALFORMED, connect, until_closed
from harness.moving import Moving
from harness.stream import wait_service
from harness.target import Sshd, frozen, silent_listener
from harness.wait import until

pytestmark = pytest.mark.outage

A_SECOND = 100  # lines of a stream


@pytest.fixture
def moving(own_instance):
    wait_service(own_instance, own_instance.engineer)
    made = Moving(own_instance)
    yield made
    made.end()


@pytest.fixture
def slow(own_instance):
    """Still under way whenever it is cut."""
    wait_service(own_instance, own_instance.engineer)
    made = Moving(own_instance, seconds=20)
    yield made
    made.end()


# ---- the gateway's own ----


def kill(instance, *roles):
    def pid_of(role):
        return instance.service_pid(role) if role in ("postgres", "yanmend") else next(iter(instance.pids(role)), None)
    for pid in [until(lambda role=role: pid_of(role), 15, f"a living {role}") for role in roles]:
        procs.kill_hard(pid)


@pytest.mark.parametrize("role", ["broker", "vault", "pwhash", "postgres"])
def test_what_moves_goes_on_without(own_instance, moving, role):
    kill(own_instance, role)
    moving.echoes()
    moving.inner.goes_on()
    wait_service(own_instance, own_instance.engineer)
    moving.arrives()
    assert moving.through.run(own_instance.demo, "echo again").stdout == b"again\n"
    moving.end()
    moving.is_told()


@pytest.mark.parametrize("roles", [("recorder",), ("yanmend",), ("broker", "recorder")], ids="+".join)
def test_what_moves_ends_with(own_instance, slow, roles):
    kill(own_instance, *roles)
    slow.forward_ends()
    until(lambda: not slow.inner.alive(), 10, "the end of the inner client")
    wait_service(own_instance, own_instance.engineer, 40)
    for transfer in slow.transfers:
        transfer.is_cut()
    slow.is_told(A_SECOND)


@pytest.mark.parametrize("victim", ["up", "down", "login", "forward"])
def test_each_worker_takes_only_its_own_with_it(own_instance, moving, victim):
    """login, forward: the worker that a login through a login, or a forward, goes through."""
    up, down = moving.transfers
    own = {"up": (up.process, up.is_cut, up.arrives), "down": (down.process, down.is_cut, down.arrives),
           "login": (moving.inner.process, lambda: until(lambda: not moving.inner.alive(), 20, "its end"), moving.inner.goes_on),
           "forward": (moving.listening, moving.forward_ends, moving.echoes)}
    procs.kill_hard(own_instance.worker_of(own[victim][0]))
    own[victim][1]()
    for name, (_, _, goes_on) in own.items():
        if name != victim:
            goes_on()
    moving.end()
    moving.is_told()


def test_a_recorder_that_stands_still_holds_all_and_loses_nothing(own_instance, moving):
    with frozen(next(iter(own_instance.pids("recorder")))):
        time.sleep(4)  # longer than the two seconds after which input is held: time itself is the event
    moving.arrives()
    moving.end()
    moving.is_told()


# ---- the target ----


@pytest.fixture
def server(own_instance):
    wait_service(own_instance, own_instance.engineer)
    sshd = Sshd(own_instance)
    sshd.start()
    yield sshd
    sshd.stop()


@pytest.fixture
def moving_there(own_instance, server):
    made = Moving(own_instance, own_instance.target(server.port))
    yield made
    made.end()


def with_children(pid):
    return [pid, *(p for child in procs.children(pid) for p in with_children(child))]


@contextlib.contextmanager
def all_frozen(pid):
    """The process and its descendants."""
    with contextlib.ExitStack() as stopped:
        for p in with_children(pid):
            with contextlib.suppress(ProcessLookupError):
                stopped.enter_context(frozen(p))
        yield


def refusal(instance, moving):
    """The one line that a new login to the target gets."""
    done = instance.ssh(moving.user, "true", login=instance.login(moving.user, moving.target))
    assert done.returncode != 0 and len(done.stderr.decode().strip().splitlines()) == 1, done
    return done.stderr.decode()


def test_a_target_that_goes_away_ends_its_own_and_no_other(own_instance, moving_there, server):
    for pid in with_children(server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for transfer in moving_there.transfers:
        transfer.is_cut()
    until(lambda: not moving_there.inner.alive(), 20, "the end of the inner client")
    moving_there.echoes()
    assert refusal(own_instance, moving_there)
    moving_there.end()
    moving_there.is_told()


def test_a_target_that_stalls_holds_its_own_and_loses_nothing(own_instance, moving_there, server):
    with all_frozen(server.process.pid):
        for _ in range(20):
            moving_there.echoes()
        assert own_instance.ssh(own_instance.engineer, "echo served").stdout == b"served\n"
        assert all(t.process.poll() is None for t in moving_there.transfers)
    moving_there.arrives()
    moving_there.end()
    moving_there.is_told()


def test_a_target_that_refuses_and_comes_back_with_another_key_keeps_what_it_had(own_instance, moving_there, server):
    server.stop()  # the listener: what it serves goes on
    assert refusal(own_instance, moving_there)
    server.new_host_key()
    server.start()
    assert "key" in refusal(own_instance, moving_there)
    moving_there.arrives()
    moving_there.end()
    moving_there.is_told()


# ---- clients ----


def test_a_client_that_stalls_holds_itself_only(own_instance, moving):
    up, down = moving.transfers
    with all_frozen(down.process.pid):
        up.arrives()
        moving.echoes()
        moving.inner.goes_on()
        assert down.process.poll() is None
    moving.arrives()
    moving.end()
    moving.is_told()


def malformed(instance):
    for data in MALFORMED.values():
        with connect(instance) as s, contextlib.suppress(OSError):
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            assert until_closed(s)


def slow_loris(instance):
    with contextlib.ExitStack() as slow:
        connections = [slow.enter_context(connect(instance)) for _ in range(60)]
        for i in range(8):
            for s in connections:
                s.send(BANNER[i:i + 1])
        assert instance.ssh(instance.engineer, "echo served").stdout == b"served\n"


def flood(instance):
    """A client that sends for ever to a command that does not read, and one that does not read what is sent for ever."""
    with contextlib.ExitStack() as clients:
        for command, given in (("echo up; exec sleep 1000", subprocess.PIPE), ("echo up; exec cat /dev/zero", subprocess.DEVNULL)):
            client = instance.ssh_start(instance.engineer, command, stdin=given)
            clients.callback(client.communicate)
            clients.callback(client.kill)
            assert client.stdout.readline() == b"up\n"
            if given == subprocess.PIPE:
                os.set_blocking(client.stdin.fileno(), False)
                until(lambda f=client.stdin.fileno(): not taken(f), 60, "a pipe that stays full", every=0)


def taken(f):
    try:
        return os.write(f, b"x" * 65536)
    except BlockingIOError:
        time.sleep(0.2)  # so long it must stay full
    try:
        return os.write(f, b"x" * 65536)
    except BlockingIOError:
        return 0


def silent_targets(instance):
    with silent_listener() as port:
        instance.target(port)  # looked at, for a while


def wrong_logins(instance):
    wrong = instance.user()
    wrong.password_file.write_text("not this one")
    tries = [instance.ssh_start(wrong, "true") for _ in range(12)]
    assert all(t.wait(120) == 255 for t in tries)


@pytest.mark.parametrize("what", [malformed, slow_loris, flood, silent_targets, wrong_logins], ids=lambda f: f.__name__)
def test_strangers_touch_nothing_that_moves(own_instance, moving, what):
    with moving.flowing():
        what(own_instance)
    moving.arrives()
    moving.end()
    moving.is_told()
    own_instance.ok("audit", "verify")
    assert own_instance.healthy()


@pytest.mark.alone
def test_two_hundred_logins_at_once_touch_nothing_that_moves(own_instance, moving):
    instance = own_instance
    users = [instance.user(password=False, key=True) for _ in range(4)]
    for user in users:
        instance.grant(user, instance.demo)
    with moving.flowing():
        running = [instance.ssh_start(users[i % 4], f"echo number {i}", options=("ConnectTimeout=150",)) for i in range(200)]
        out = [p.communicate(timeout=170) for p in running]
    wrong = [(i, p.returncode, o) for i, (p, o) in enumerate(zip(running, out)) if p.returncode or o[0] != b"number %d\n" % i]
    assert not wrong, wrong[:5]
    moving.arrives()
    moving.end()
    moving.is_told()
