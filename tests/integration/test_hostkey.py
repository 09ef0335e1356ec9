"""The gateway's SSH host key signs in the vault: no worker holds it, every exchange works, and a vault that is away is waited for."""

import base64
import hashlib
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness import procs
from harness.build import PREFIX, plain_build
from harness.stream import wait_service
from harness.through import Through
from harness.wait import until

unsanitized = plain_build("a sanitizer's shadow of the memory is terabytes")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="reading the memory of an undumpable process needs root")
INJECT = PREFIX.parent / "tests/integration/inject/inject"
SENDTO, VAULT_FD = 44, 5
MIB = 1 << 20


def ended_because(instance, user, words):
    until(lambda: any(words in row["reason"] for row in instance.sessions(user, "closed")), 20, f"a session that ended: {words}")


# ---- no worker holds it ----


def private_half(instance):
    """The seed of the host key, as the vault derives it: sub-key 5 of a master key of generation 1."""
    master = (instance.home / "vault.key").read_bytes()
    assert len(master) == 32
    seed = hashlib.blake2b(b"", digest_size=32, key=master, salt=(5).to_bytes(16, "little"), person=b"ymhost__").digest()
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert base64.b64decode(instance.ok("public", "keys")["host"].split()[1]).endswith(public)
    return seed


def in_base64(secret):
    """Its middle as it would look inside a longer text, at each of the three offsets; a line break may cut a longer piece."""
    return [base64.b64encode(secret[skip:skip + 24]) for skip in range(3)]


def holds(pid, needles):
    """Which of them are in the memory of that process."""
    found = set()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:  # the kernel's own pages: [vvar], [vdso] ...
                continue
            memory.seek(start)
            data = memory.read(end - start)
            assert len(data) == end - start, line
            found.update(needle for needle in needles if needle in data)
    return found


@unsanitized
@as_root
def test_no_worker_has_the_private_half_in_its_memory(own_instance):
    instance = own_instance
    seed = private_half(instance)
    needles = [seed, *in_base64(seed)]
    user = instance.engineer
    through = Through(instance, user)
    with instance.ssh_start(user, "cat", stdin=subprocess.PIPE) as plain, \
            through.start(instance.demo, "cat", stdin=subprocess.PIPE) as jumped:
        for process in (plain, jumped):
            process.stdin.write(b"x\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"x\n"
        workers = instance.pids("ssh")
        assert len(workers) > 3  # three that serve, and those that wait
        for pid in workers:
            assert holds(pid, needles) == set(), procs.program(pid)
        assert seed in holds(instance.pids("vault")[0], needles)  # what is looked for is found where it is
        plain.kill()
        jumped.kill()


@unsanitized
@as_root
def test_a_worker_that_talks_nonsense_to_the_vault_is_ended(own_instance):
    instance, user = own_instance, own_instance.engineer
    with instance.ssh_start(user, "cat", stdin=subprocess.PIPE) as client:
        client.stdin.write(b"x\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"x\n"
        worker = instance.worker_of(client)
        where = int(Path(f"/proc/{worker}/maps").read_text().split("-")[0], 16)  # the first bytes of the program: no message
        done = subprocess.run([INJECT, str(worker), str(SENDTO), str(VAULT_FD), str(where), "64", "0", "0", "0"], capture_output=True,
                              text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        assert client.wait(20) != 0
    ended_because(instance, user, "broke the gateway")
    wait_service(instance, user)


# ---- every exchange ----


@pytest.mark.parametrize("kex", ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
                                 "ecdh-sha2-nistp521"])
def test_each_key_exchange_is_signed(instance, engineer, kex):
    done = instance.ssh(engineer, "echo in", options=(f"KexAlgorithms={kex}", "HostKeyAlgorithms=ssh-ed25519"))
    assert (done.returncode, done.stdout) == (0, b"in\n"), done.stderr


def test_there_is_one_host_key_and_it_is_the_one_that_is_told(instance):
    scan = subprocess.run(["ssh-keyscan", "-t", "rsa,ecdsa,ed25519", "-p", str(instance.port), "127.0.0.1"], capture_output=True,
                          text=True, check=False, timeout=60)
    offered = [line.split()[1:] for line in scan.stdout.splitlines() if not line.startswith("#")]
    assert offered == [instance.ok("public", "keys")["host"].split()[:2]]


class Echo:
    """`cat` on the target, by a client that exchanges keys anew every megabyte."""

    def __init__(self, instance, argv, env):
        self.log = instance.scratch / instance.name("ssh")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env,
                                            start_new_session=True)

    @classmethod
    def direct(cls, instance, user):
        return cls(instance, instance.ssh_argv(user, "cat", options=("RekeyLimit=1M", "LogLevel=DEBUG1")), instance.ssh_env(user))

    @classmethod
    def jumped(cls, instance, user):
        through = Through(instance, user)
        return cls(instance, through.argv("-o", "RekeyLimit=1M", "-o", "LogLevel=DEBUG1", instance.demo, "cat"), through.env)

    def exchanges(self):
        """With its gateway, of the connection that carries `cat`; a jump writes of its outer one as well."""
        return self.log.read_bytes().count(b"SSH2_MSG_NEWKEYS received")

    def _write(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def pass_through(self, size):
        """True when all of it came back unchanged."""
        data = os.urandom(size)
        writer = threading.Thread(target=self._write, args=(data,))
        writer.start()
        back = self.process.stdout.read(size)
        writer.join()
        return back == data

    def end(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(params=["direct", "jumped"])
def echo(request, own_instance):
    wait_service(own_instance, own_instance.engineer)
    made = getattr(Echo, request.param)(own_instance, own_instance.engineer)
    yield made
    made.end()


def test_a_session_exchanges_keys_again_and_again_and_its_bytes_are_the_same(echo):
    assert echo.pass_through(8 * MIB)
    assert echo.exchanges() >= 8


def test_a_session_goes_on_through_a_vault_that_is_killed_while_it_exchanges_keys(own_instance, echo):
    assert echo.pass_through(MIB)
    for _ in range(3):
        before = echo.exchanges()
        procs.kill_hard(until(lambda: next(iter(own_instance.pids("vault")), None), 20, "a vault"))
        assert echo.pass_through(3 * MIB)
        assert echo.exchanges() >= before + 3
    wait_service(own_instance, own_instance.engineer)


def test_a_vault_that_does_not_answer_ends_the_exchange_after_a_while_and_no_other_session(own_instance):
    instance, user = own_instance, own_instance.engineer
    wait_service(instance, user)
    one, other = Echo.direct(instance, user), Echo.direct(instance, user)
    try:
        assert one.pass_through(1000) and other.pass_through(1000)
        vault = instance.pids("vault")[0]
        os.kill(vault, signal.SIGSTOP)
        try:
            with instance.ssh_start(user, "true") as late:
                assert not one.pass_through(3 * MIB)
                assert one.process.wait(30) == 255
                assert late.wait(30) == 255
            assert other.pass_through(1000)  # it needs no signature
        finally:
            os.kill(vault, signal.SIGCONT)
        assert other.pass_through(3 * MIB)
        ended_because(instance, user, "could not sign")
        assert b"ev=ssh.host_sign" in (instance.home / "logs/yanmend.log").read_bytes()
        wait_service(instance, user)
    finally:
        one.end()
        other.end()


# ---- a new master key ----


def test_a_session_goes_on_when_the_master_key_is_rotated_and_ends_when_the_host_key_is(own_instance):
    instance, user = own_instance, own_instance.engineer
    wait_service(instance, user)
    session = Echo.direct(instance, user)
    try:
        assert session.pass_through(3 * MIB)
        instance.ok("key", "rotate", seconds=120)
        assert session.pass_through(3 * MIB)
        instance.ok("key", "rotate", "--host", seconds=120)
        assert session.pass_through(1000)
        assert not session.pass_through(3 * MIB)
        assert session.process.wait(30) == 255
        ended_because(instance, user, "host key was changed")
        (instance.scratch / "known_hosts").unlink()
        wait_service(instance, user)
    finally:
        session.end()
