"""A soak, for --long: hours of ordinary work in minutes; the processes that stay must not grow by it."""

import itertools
import os
import secrets
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import procs
from harness.build import plain_build
from harness.instance import User
from harness.wait import LONG, until

SECONDS = int(os.environ.get("YANMEN_SOAK_SECONDS", "600"))
AT_ONCE = 6
STAYING = ("broker", "vault", "recorder")
MORE_KIB, MORE_DESCRIPTORS = 2048, 8  # a thousand sessions and more lie between the two looks: a leak of one of anything shows

pytestmark = [pytest.mark.alone, pytest.mark.timeout(SECONDS + 900),
              pytest.mark.skipif(not LONG, reason="ten minutes of logins: tools/test --long"),
              plain_build("a sanitizer keeps what was freed")]


def command(instance, user):
    word = secrets.token_hex(6)
    done = instance.ssh(user, f"echo {word}; echo {word} >&2; exit 3")
    assert (done.returncode, done.stdout.decode().strip()) == (3, word), done.stderr


def terminal(instance, user):
    done = instance.ssh(user, flags=("-tt",), stdin=b"seq 300\nexit\n")
    assert b"\n299\r" in done.stdout, done.stdout[-300:]


def upload(instance, user):
    data = secrets.token_bytes(200_000)
    done = instance.ssh(user, "sha256sum", stdin=data)
    assert done.returncode == 0, done.stderr
    path = instance.file("x" * 50_000)
    argv = ["scp", "-q", *instance.ssh_options(user)]
    argv[argv.index("-p")] = "-P"
    there = f"{user.name}%{instance.demo}@127.0.0.1:/tmp/{path.name}"  # scp allows no # there
    for ends in ((path, there), (there, f"{path}.back")):
        done = subprocess.run([*argv, *ends], env=instance.ssh_env(user), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
    assert instance.ssh(user, f"rm /tmp/{path.name}").returncode == 0
    path.unlink()
    path.with_name(path.name + ".back").unlink()


def wrong_password(instance, user):
    stranger = User(user.name, instance.file("not the password"))
    assert instance.ssh(stranger, "true").returncode == 255
    stranger.password_file.unlink()


def cut_off(instance, user):
    client = instance.ssh_start(user, "echo READY; exec sleep 60")
    assert client.stdout.readline() == b"READY\n"
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()


def look_and_end(instance, user):
    client = instance.ssh_start(user, "echo READY; exec sleep 60")
    assert client.stdout.readline() == b"READY\n"
    session = instance.session_of(user, "online")
    instance.cli("session", "kill", session["id"], "--reason", "soak")  # another one's may be the newest
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()


def ask(instance, user):
    instance.ok("session", "list", "--user", user.name)
    instance.ok("audit", "search", "--since", "1h", "--user", user.name, "--text", "READY")
    last = instance.sessions(user, "closed")
    if last:
        instance.ok("recording", "verify", last[-1]["id"])


KINDS = (command, terminal, upload, command, wrong_password, cut_off, look_and_end, ask)


def held(instance):
    """Memory and descriptors of the processes that stay, once everybody has left."""
    until(lambda: not instance.sessions(state="online"), 60, "the end of all sessions")
    pids = {role: instance.pids(role)[0] for role in STAYING} | {"parent": instance.service_pid("yanmend")}
    return {role: (procs.private_kib(pid), procs.descriptors(pid), pid) for role, pid in pids.items()}


def test_what_stays_does_not_grow(own_instance, capsys):
    users = [own_instance.user() for _ in range(AT_ONCE)]
    own_instance.ok("settings", "set", "login.backoff", "0")
    for user in users:
        own_instance.grant(user, own_instance.demo)
    deadline, done = time.monotonic() + SECONDS, itertools.count()

    def work(number, until_time):
        kinds = itertools.islice(itertools.cycle(KINDS), number, None)
        while time.monotonic() < until_time:
            next(kinds)(own_instance, users[number])
            next(done)

    def all_work(until_time):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for each in [pool.submit(work, i, until_time) for i in range(AT_ONCE)]:
                each.result()

    all_work(time.monotonic() + SECONDS / 3)  # caches, pools and the first partitions fill
    before, first = held(own_instance), next(done)
    all_work(deadline)
    after, last = held(own_instance), next(done)
    with capsys.disabled():
        print(f"\nsoak: {first} things done, then {last - first} more; KiB and descriptors of what stays: " +
              "; ".join(f"{role} {before[role][0]}/{before[role][1]} -> {after[role][0]}/{after[role][1]}" for role in before), flush=True)
    for role in before:
        assert after[role][2] == before[role][2], f"{role} was restarted"
        assert after[role][0] <= before[role][0] + MORE_KIB, (role, before[role], after[role])
        assert after[role][1] <= before[role][1] + MORE_DESCRIPTORS, (role, before[role], after[role])
    own_instance.ok("audit", "verify", seconds=300)
    assert not [r for r in own_instance.sessions() if r["state"] == "crashed"]
