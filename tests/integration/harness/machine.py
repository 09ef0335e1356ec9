"""A Linux machine with passwords of its own: OpenSSH's sshd in a mount namespace with a copy of /etc, where the real chpasswd, passwd
and sudo work without hurting anybody."""

import contextlib
import functools
import secrets
import shutil
import subprocess

import paramiko
import pytest

from .instance import Account, free_port
from .mounts import private
from .target import answers
from .wait import until

PROGRAMS = ("/usr/sbin/chpasswd",)


class Machine:
    def __init__(self, instance):
        if not private():
            pytest.skip("a machine with passwords of its own is mounted: run as root that may mount (not in a container without that right)")
        self.instance, self.port = instance, free_port()
        self.folder = instance.scratch / instance.name("machine")
        self.folder.mkdir(mode=0o755)
        self.etc, self.gate = self.folder / "etc", self.folder / "gate"
        subprocess.run(["cp", "-a", "/etc", self.etc], check=True)
        self.gate.mkdir(mode=0o777)
        self.gate.chmod(0o777)
        for program in PROGRAMS:
            shutil.copy(program, self.folder / "real")
        self.wrapper = self.folder / "wrapper"
        self.behaves("")
        self.host_key = instance.key_pair()
        (self.folder / "sshd_config").write_text(f"""\
ListenAddress 127.0.0.1:{self.port}
HostKey {self.host_key}
PidFile none
PasswordAuthentication yes
PermitRootLogin yes
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
StrictModes no
MaxStartups 100
""")
        self.namespace = subprocess.Popen(
            [*private(), "sh", "-c", f"mount --bind {self.etc} /etc && mount --bind {self.wrapper} /usr/sbin/chpasswd "
             "&& echo ready && exec sleep infinity"], stdout=subprocess.PIPE, start_new_session=True)
        assert self.namespace.stdout.readline() == b"ready\n"
        (self.etc / "machine").touch()
        self.inside("test", "-e", "/etc/machine")  # never the real one
        self.process = None

    def behaves(self, before):
        """What chpasswd of this machine does before it becomes the real one: lines of sh."""
        with open(self.wrapper, "w", encoding="utf-8") as f:  # in its place: it is mounted
            f.write(f'#!/bin/sh\n{before}\nexec {self.folder}/real "$@"\n')
        self.wrapper.chmod(0o755)

    def holds(self):
        """It waits until let_go()."""
        for name in ("asked", "go"):
            (self.gate / name).unlink(missing_ok=True)
        self.behaves(f"touch {self.gate}/asked; while [ ! -e {self.gate}/go ]; do sleep 0.05; done")

    def asked(self):
        until((self.gate / "asked").exists, 60, "chpasswd on the target")

    def let_go(self):
        (self.gate / "go").touch()

    def inside(self, *command, **kw):
        return subprocess.run(["nsenter", "-m", "-r", "-t", str(self.namespace.pid), *command], check=True, timeout=60, **kw)

    def start(self):
        log = open(self.folder / "log", "ab")
        with log:
            self.process = subprocess.Popen(["nsenter", "-m", "-r", "-t", str(self.namespace.pid), "/usr/sbin/sshd", "-D", "-e", "-f",
                                             self.folder / "sshd_config"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        until(functools.partial(answers, self.port), 20, "the machine's sshd")
        return self

    def stop(self):
        """The listener alone: connections go on."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def end(self):
        self.stop()
        self.let_go()
        self.namespace.kill()
        self.namespace.wait()

    def account(self, name=None, sudo=None):
        """A login with a password; sudo: what a line of sudoers gives it."""
        name = name or f"r{secrets.token_hex(3)}"
        password = f"Old.{secrets.token_hex(6)}-x"
        if name != "root":
            self.inside("useradd", "-M", "-d", "/", "-s", "/bin/sh", name)
        self.inside(f"{self.folder}/real", input=f"{name}:{password}\n".encode())
        if sudo:
            (self.etc / "sudoers.d" / name).write_text(f"{name} ALL=(root) {sudo}\n")
        return Account(name, self.instance.file(password), None)

    def takes(self, account, password):
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        with contextlib.closing(client):
            try:
                client.connect("127.0.0.1", self.port, account.name, password, allow_agent=False, look_for_keys=False, timeout=30)
            except paramiko.AuthenticationException:
                return False
            return True
