"""What the processes of a running instance are confined to.

Every forbidden system call inside every program is the business of tests/integration/inject (suite `sandbox` of the plain
build); here the same is seen in the instance as it runs: filters in force, no privilege left, no descriptor too many, and a
process that oversteps is gone and replaced.
"""

import os

import pytest
from harness import procs
from harness.build import plain_build
from harness.inject import inject, status
from harness.wait import until

EXECVE, SOCKET, OPENAT, PTRACE, CLONE, MOUNT, KILL, UNLINKAT = 59, 41, 257, 101, 56, 165, 62, 263
SIGSYS, EACCES = 31, 13
SERVICES = ["vault", "recorder", "pwhash", "broker"]
WORKERS = ["ssh", "mysql"]

unsanitized = plain_build("a sanitizer cannot live under a filter")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="traces a process that is undumpable: run as root")


def everyone(instance):
    return [(role, pid) for role in (*SERVICES, *WORKERS) for pid in instance.pids(role)]


@unsanitized
def test_every_process_is_under_a_filter_and_gains_no_privilege(instance):
    pids = everyone(instance)
    assert {role for role, _ in pids} == {*SERVICES, *WORKERS}
    for role, pid in pids:
        facts = status(pid)
        assert (role, facts["Seccomp"], facts["NoNewPrivs"]) == (role, "2", "1")
        assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0, role


@as_root
def test_services_have_os_users_of_their_own(instance):
    users = {role: status(instance.pids(role)[0])["Uid"].split() for role in (*SERVICES, *WORKERS)}
    for role, ids in users.items():
        assert len(set(ids)) == 1 and ids[0] != "0", role
    apart = [users[role][0] for role in ("vault", "recorder", "broker", "ssh")]
    assert len(set(apart)) == 4
    for role, pid in everyone(instance):
        assert status(pid)["Groups"] == "", role


@as_root
def test_a_worker_holds_sockets_and_nothing_else(instance):
    for pid in (pid for role in WORKERS for pid in instance.pids(role)):
        for fd in (f"/proc/{pid}/fd/{n}" for n in os.listdir(f"/proc/{pid}/fd") if int(n) > 2):
            assert os.readlink(fd).startswith("socket:"), os.readlink(fd)


@as_root
def test_nobody_but_the_vault_holds_the_master_key(instance):
    key = os.stat(next(p for p in instance.home.rglob("*") if p.is_file() and p.stat().st_size == 32 and p.name.endswith("key")))
    for role, pid in everyone(instance):
        held = [os.stat(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
        assert any((s.st_dev, s.st_ino) == (key.st_dev, key.st_ino) for s in held) in ((role == "vault"), False), role


@unsanitized
@as_root
@pytest.mark.parametrize("call", [EXECVE, SOCKET, PTRACE, CLONE, MOUNT, KILL])
def test_a_worker_of_the_pool_that_oversteps_dies_and_is_replaced(instance, call):
    for role in WORKERS:
        before = instance.pids(role)
        pid = before[-1]  # older ones may have a client, and nobody comes in their place
        assert inject(pid, call) == f"killed by {SIGSYS}"
        until(lambda: set(instance.pids(role)) - set(before) and pid not in instance.pids(role), 20, "another worker")


@unsanitized
@as_root
def test_a_file_is_refused_to_a_worker_which_goes_on(instance, engineer):
    pid = instance.pids("ssh")[0]
    assert inject(pid, OPENAT, -100, 0, 0) == f"returned {-EACCES}"
    assert inject(pid, UNLINKAT, -100, 0, 0) == f"killed by {SIGSYS}"
    assert instance.ssh(engineer, "echo ok").stdout == b"ok\n"


@unsanitized
@as_root
@pytest.mark.parametrize("role", SERVICES)
def test_a_service_that_oversteps_dies_and_comes_back(own_instance, role):
    instance = own_instance
    pid = instance.pids(role)[0]
    assert inject(pid, EXECVE) == f"killed by {SIGSYS}"
    until(lambda: instance.pids(role) and pid not in instance.pids(role) and not procs.is_zombie(instance.pids(role)[0]), 10,
          f"another {role}")
    until(instance.healthy, 20, "a healthy instance")
    user = instance.user()
    instance.grant(user, instance.demo)
    until(lambda: instance.ssh(user, "echo ok").stdout == b"ok\n", 30, "a login")
