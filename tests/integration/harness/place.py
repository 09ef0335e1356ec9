"""The real SSH worker between a real client and a real sshd, with the test for its parent, broker, vault and recorder."""

import base64
import contextlib
import getpass
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pexpect
import pytest

from .build import PROGRAMS
from .instance import free_port
from .wait import until
from .worker import Gate


class Place:
    """Keys, a target sshd of whoever runs the tests, and gates to it."""

    def __init__(self):
        self.folder = Path("/tmp") / f"yanmen-ssh-{uuid.uuid4().hex[:8]}"
        self.folder.mkdir(mode=0o755)
        for name, kind in (("gate", "ed25519"), ("target", "ed25519"), ("target_rsa", "rsa"), ("account", "ed25519"),
                           ("other", "ed25519"), ("user", "ed25519")):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", self.folder / name], check=True)
        self.processes, self.gates = [], []

    def blob(self, name):
        return base64.b64decode((self.folder / f"{name}.pub").read_text().split()[1])

    def sshd(self, more=""):
        port = free_port()
        config = self.folder / f"config{port}"
        config.write_text(f"""\
{more}
ListenAddress 127.0.0.1:{port}
HostKey {self.folder}/target
HostKey {self.folder}/target_rsa
PidFile none
AuthorizedKeysFile {self.folder}/account.pub
PermitRootLogin yes
StrictModes no
UsePAM no
AcceptEnv *
MaxSessions 100
MaxStartups 100
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
""")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        with open(self.folder / f"log{port}", "wb") as log:
            process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stderr=log)
        self.processes.append(process)
        until(lambda: b"listening" in (self.folder / f"log{port}").read_bytes(), 10, "the target")
        process.port = port
        return process

    def gate(self, port):
        binary = PROGRAMS / "yanmen-ssh"
        g = Gate(binary, self.folder / "gate", ("127.0.0.1", port), self.blob("target"), getpass.getuser(),
                 account_key=self.folder / "account")
        g.user_keys.add(self.blob("user"))
        g.log = open(self.folder / "workers", "ab")
        self.gates.append(g)
        return g

    def argv(self, gate, *command, login="alice%web01", options=(), flags=(), program="ssh"):
        common = ["BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", "StrictHostKeyChecking=no",
                  "UserKnownHostsFile=/dev/null", f"IdentityFile={self.folder}/user", *options]
        return [program, "-F", "none", *flags, *(w for o in common for w in ("-o", o)), "-P" if program != "ssh" else "-p",
                str(gate.port), *([f"{login}@127.0.0.1"] if program == "ssh" else []), *map(str, command)]

    def run(self, gate, *command, stdin=None, seconds=60, **kw):
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(self.argv(gate, *command, **kw), capture_output=True, timeout=seconds, **given)

    @contextlib.contextmanager
    def start(self, gate, *command, **kw):
        process = subprocess.Popen(self.argv(gate, *command, **kw), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextlib.contextmanager
    def terminal(self, gate, login="alice%web01", rows=24, columns=80, env=None):
        argv = self.argv(gate, login=login, flags=("-tt",), options=("SendEnv=LANG LC_*",))
        child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", timeout=20, dimensions=(rows, columns),
                              env={"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C", **(env or {})})
        child.delaybeforesend = None
        try:
            yield child
        finally:
            child.close(force=True)

    def close(self):
        for g in self.gates:
            g.close()
            g.log.close()
        for p in self.processes:
            p.terminate()
            p.wait(10)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def place():
    p = Place()
    yield p
    p.close()


@pytest.fixture(scope="module")
def target(place):
    return place.sshd("RekeyLimit 1M")


@pytest.fixture
def gate(place, target):
    return place.gate(target.port)
