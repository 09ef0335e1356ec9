"""kill -9 of every process while files, a login through a login and a forward are under way."""

import pytest
from harness import procs
from harness.moving import Moving
from harness.stream import compare, wait_service
from harness.wait import until


@pytest.fixture
def moving(own_instance):
    wait_service(own_instance, own_instance.engineer)
    made = Moving(own_instance)
    yield made
    made.end()


def kill(instance, *roles):
    def pid_of(role):
        return instance.service_pid(role) if role in ("postgres", "yanmend") else next(iter(instance.pids(role)), None)
    for pid in [until(lambda role=role: pid_of(role), 15, f"a living {role}") for role in roles]:
        procs.kill_hard(pid)


def all_is_told(instance, user):
    """Every session of his has ended and its recording verifies; the audit chain holds."""
    until(lambda: not instance.sessions(user, "online"), 30, "the ends of the sessions")
    rows = until(lambda: (rows := [r for r in instance.ok("recording", "list") if r["user"] == user.name]) and
                 all(r["recording"] in ("closed", "crashed") for r in rows) and rows, 30, "the sealed recordings")
    for row in rows:
        instance.ok("recording", "verify", row["id"])
    instance.ok("audit", "verify")


@pytest.mark.parametrize("role", ["broker", "vault", "pwhash", "postgres"])
def test_what_moves_goes_on_without(own_instance, moving, role):
    instance = own_instance
    kill(instance, role)
    moving.echoes()
    moving.inner.goes_on()
    wait_service(instance, instance.engineer)
    for transfer in moving.transfers:
        transfer.arrives()
    moving.echoes()
    moving.inner.goes_on()
    assert moving.through.run(instance.demo, "echo again").stdout == b"again\n"
    moving.end()
    all_is_told(instance, moving.user)
    compare(instance, moving.inner)


@pytest.mark.parametrize("roles", [("recorder",), ("yanmend",), ("broker", "recorder")], ids="+".join)
def test_what_moves_ends_with(own_instance, moving, roles):
    instance = own_instance
    kill(instance, *roles)
    moving.forward_ends()
    until(lambda: not moving.inner.alive(), 10, "the end of the inner client")
    wait_service(instance, instance.engineer, 40)
    for transfer in moving.transfers:
        transfer.is_cut()
    all_is_told(instance, moving.user)


def test_each_worker_takes_only_its_own_with_it(own_instance, moving):
    instance = own_instance
    up, down = moving.transfers
    procs.kill_hard(instance.worker_of(up.process))
    up.is_cut()
    down.arrives()
    moving.echoes()
    moving.inner.goes_on()
    moving.end()
    all_is_told(instance, moving.user)
