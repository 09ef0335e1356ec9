"""Clients that mean harm or are merely slow: nothing grows, nothing hangs, others are served."""

import os
import signal
import socket
import subprocess
import time

import pytest
from harness import procs
from harness.hostile import BANNER, MALFORMED, connect, until_closed
from harness.target import frozen
from harness.wait import until


@pytest.fixture(scope="module")
def own_instance_options():
    return ["--set", "limits.login_grace=5s"]


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_packets_end_their_connection_and_nothing_else(instance, name):
    with connect(instance) as s:
        try:
            s.sendall(MALFORMED[name])
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it hung up already
        assert until_closed(s)
    assert instance.healthy()


def test_mutated_handshakes(instance):
    """A real client's first packets with bytes flipped: a hundred connections, each ends, the service goes on."""
    recorded = capture_client_bytes(instance)
    crashes = instance.log_tail(10_000).count("signal")
    for i in range(100):
        mutated = bytearray(recorded)
        for k in range(1 + i % 5):
            at = (i * 131 + k * 977) % len(mutated)
            mutated[at] ^= 1 << (i % 8)
        with connect(instance) as s:
            try:
                s.sendall(mutated)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            assert until_closed(s)
    assert instance.ssh(instance.engineer, "echo alive").stdout == b"alive\n"
    assert instance.log_tail(10_000).count("signal") == crashes


def capture_client_bytes(instance):
    """What OpenSSH's client says first, up to its key exchange reply."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = subprocess.Popen(["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "StrictHostKeyChecking=no",
                                   "-o", f"UserKnownHostsFile={instance.scratch}/none", "-p", str(server.getsockname()[1]), "127.0.0.1"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            theirs, _ = server.accept()
            ours = connect(instance)
            with theirs, ours:
                said = b""
                theirs.settimeout(2)
                ours.settimeout(0.3)
                deadline = time.monotonic() + 5
                while len(said) < 1500 and time.monotonic() < deadline:
                    try:
                        theirs.sendall(ours.recv(65536))
                    except TimeoutError:
                        pass
                    chunk = theirs.recv(65536)
                    said += chunk
                    ours.sendall(chunk)
                return said
        finally:
            client.kill()
            client.wait()


@pytest.mark.alone
def test_slow_loris_holds_no_one_up(own_instance):
    """Many connections that say one byte at a time: real logins go on, and the slow ones are ended in the end."""
    instance = own_instance
    slow = [connect(instance) for _ in range(60)]
    try:
        for i in range(8):
            for s in slow:
                try:
                    s.send(BANNER[i:i + 1])
                except OSError:
                    pass
        began = time.monotonic()
        assert instance.ssh(instance.engineer, "echo served").stdout == b"served\n"
        assert time.monotonic() - began < 10
    finally:
        for s in slow:
            s.close()
    until(lambda: len(instance.pids("ssh")) <= 20, 20, "the end of their workers")


@pytest.mark.alone
def test_slow_logins_are_ended_at_the_grace_time(own_instance):
    """login_grace is 5 s in this instance."""
    began = time.monotonic()
    with connect(own_instance) as s:
        s.sendall(BANNER)
        assert until_closed(s, 40)
    assert 3 < time.monotonic() - began < 30


@pytest.mark.alone
def test_two_hundred_logins_at_once(instance):
    users = [instance.user(password=False, key=True) for _ in range(4)]
    for user in users:
        instance.grant(user, instance.demo)
    running = [instance.ssh_start(users[i % 4], f"echo number {i}", options=("ConnectTimeout=150", "ConnectionAttempts=1"))
               for i in range(200)]
    out = [p.communicate(timeout=170) for p in running]
    wrong = [(i, p.returncode, o) for i, (p, o) in enumerate(zip(running, out)) if p.returncode or o[0] != b"number %d\n" % i]
    assert not wrong, wrong[:5]
    assert all(instance.cli("session", "list").code == 0 for _ in range(2))
    until(lambda: not instance.sessions(state="online"), 20, "the end of all sessions")


@pytest.mark.alone
@pytest.mark.parametrize("way", ["target floods a stalled client", "stalled client at a terminal"])
def test_memory_stays_flat_before_a_client_that_stalls(instance, engineer, way):
    command = "head -c 2000000000 /dev/zero" if "floods" in way else "seq 1 100000000"
    flags = ("-tt",) if "terminal" in way else ()
    client = instance.ssh_start(engineer, command, flags=flags)
    try:
        client.stdout.read1(100)
        with frozen(client.pid):
            worker = busiest_worker(instance)
            first = steady_memory(worker)
            time.sleep(4)  # the flood has this long to show growth
            assert procs.private_kib(worker) < first + 2048
            assert first < 40_000
            assert instance.ssh(instance.engineer, "echo served").stdout == b"served\n"
    finally:
        os.killpg(client.pid, signal.SIGKILL)
        client.wait()
    instance.session_of(engineer, "closed")


def busiest_worker(instance):
    return max(instance.pids("ssh"), key=procs.private_kib)


def steady_memory(pid):
    """Private memory once it no longer moves."""
    seen = [procs.private_kib(pid)]

    def steady():
        seen.append(procs.private_kib(pid))
        return len(seen) > 5 and max(seen[-5:]) - min(seen[-5:]) < 256
    until(steady, 15, "memory that stays", every=0.2)
    return seen[-1]


@pytest.mark.alone
def test_memory_stays_flat_before_a_client_that_floods(instance, engineer):
    """The target does not read: what the client sends must not pile up in the gateway."""
    client = instance.ssh_start(engineer, "echo $$; kill -STOP $$; cat > /dev/null", stdin=subprocess.PIPE)
    remote = int(client.stdout.readline())
    os.set_blocking(client.stdin.fileno(), False)
    sent, deadline = 0, time.monotonic() + 6
    try:
        while time.monotonic() < deadline:
            try:
                sent += os.write(client.stdin.fileno(), b"x" * 65536)
            except BlockingIOError:
                time.sleep(0.02)
        worker = busiest_worker(instance)
        assert procs.private_kib(worker) < 40_000
        assert sent < 64 << 20
    finally:
        os.kill(remote, signal.SIGCONT)
        os.killpg(client.pid, signal.SIGKILL)
        client.stdin.close()
        client.wait()


@pytest.mark.alone
def test_many_logins_leave_no_descriptor_and_no_process_behind(instance):
    user = instance.user(password=False, key=True)
    instance.grant(user, instance.demo)
    services = [instance.service_pid("yanmend"), *(instance.pids(r)[0] for r in ("broker", "vault", "recorder"))]
    instance.ssh(user, "true")
    until(lambda: not instance.sessions(state="online"), 10, "quiet")

    def held():
        return [procs.descriptors(p) for p in services]
    before = held()
    for _ in range(30):
        assert instance.ssh(user, "true").returncode == 0
    until(lambda: all(now <= then + 2 for now, then in zip(held(), before)), 15, f"as few descriptors as before: {before}, {held()}")
    assert len(instance.pids("ssh")) < 30


def test_descriptor_limits_are_enough_for_two_thousand_sessions(instance):
    for role in ("broker", "vault", "recorder"):
        row = next(r for r in open(f"/proc/{instance.pids(role)[0]}/limits", encoding="ascii") if r.startswith("Max open files"))
        assert int(row.split()[3]) >= 2000 * 2 + 100, row
    row = next(r for r in open(f"/proc/{instance.service_pid('yanmend')}/limits", encoding="ascii") if r.startswith("Max open files"))
    assert int(row.split()[3]) >= 2000 * 3 + 100, row
