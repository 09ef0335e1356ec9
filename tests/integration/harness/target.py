"""Targets of the tests' own: a private sshd that can be stopped or given another key, and listeners that misbehave."""

import contextlib
import fcntl
import functools
import os
import pwd
import signal
import socket
import subprocess
import threading
from pathlib import Path

import paramiko

from .instance import free_port
from .wait import until


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
        s.settimeout(5)
        return s.recv(4) == b"SSH-"
    return False


class Sshd:
    """OpenSSH's sshd on a port of its own, for the sample account."""

    def __init__(self, instance, port=None):
        self.instance, self.port = instance, port or free_port()
        self.account = instance.account
        self.host_key = instance.key_pair()
        self.process = None
        self.folder = instance.scratch / instance.name("sshd")
        self.folder.mkdir(mode=0o755)
        self.more, self.replace = "", {}  # lines behind the configuration; lines of it that are others

    def new_host_key(self, kind="ed25519"):
        self.host_key = self.instance.key_pair(kind)

    def start(self):
        config = self.folder / "sshd_config"
        keys = self.folder / "authorized_keys"
        if self.account.key:
            keys.write_text(self.account.key.with_suffix(".pub").read_text())
        text = f"""\
ListenAddress 127.0.0.1:{self.port}
HostKey {self.host_key}
PidFile {self.folder}/pid
AuthorizedKeysFile {keys}
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
AcceptEnv *
MaxStartups 500
MaxSessions 100
Subsystem sftp internal-sftp
{self.more}
"""
        for line, other in self.replace.items():
            assert line in text
            text = text.replace(line, other)
        config.write_text(text)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        until(functools.partial(answers, self.port), 10, "the private sshd")

    def trust_ca(self, line):
        """User certificates of this CA are welcome."""
        ca = self.folder / "ca.pub"
        ca.write_text(line + "\n")
        self.more = f"TrustedUserCAKeys {ca}"

    def authorize(self, line):
        with open(self.folder / "authorized_keys", "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def restart(self):
        self.stop()
        self.start()


class _Home:
    """~/.ssh/authorized_keys of the sample account, for servers that read no other; shared by all tests."""

    def __init__(self, instance):
        self.instance, self.port = instance, free_port()
        self.account = pwd.getpwnam(instance.account.name)
        self.folder = instance.scratch / instance.name("server")
        self.folder.mkdir(mode=0o755)
        self.lines = []

    @contextlib.contextmanager
    def _keys(self):
        ssh = Path(self.account.pw_dir) / ".ssh"
        with open("/run/lock/yanmen-test-keys", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ssh.mkdir(mode=0o700, exist_ok=True)
            path = ssh / "authorized_keys"
            yield path
            path.chmod(0o600)
            for p in (ssh, path):
                os.chown(p, self.account.pw_uid, self.account.pw_gid)

    def authorize(self, line):
        with self._keys() as path, open(path, "a") as f:
            f.write(line)
        self.lines.append(line)

    def forget(self):
        with self._keys() as path:
            kept = [line for line in path.read_text().splitlines(True) if line not in self.lines]
            path.write_text("".join(kept))


class Dropbear(_Home):
    """Another server than OpenSSH, small, as devices have it."""

    def start(self):
        subprocess.run(["dropbearkey", "-t", "ed25519", "-f", self.folder / "host_key"], check=True, capture_output=True, timeout=60)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/dropbear", "-F", "-E", "-m", "-r", self.folder / "host_key", "-P",
                                             self.folder / "pid", "-p", f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        until(functools.partial(answers, self.port), 10, "dropbear")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Tinysshd(_Home):
    """A server with one choice of each algorithm, and no passwords.  It serves its standard input, so we accept for it."""

    def start(self):
        subprocess.run(["tinysshd-makekey", "-q", self.folder / "keys"], check=True, timeout=60)
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=16)
        self.children = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError), open(self.folder / "log", "ab") as log:
            while True:
                client = self.listener.accept()[0]
                with client:
                    self.children.append(subprocess.Popen(["/usr/sbin/tinysshd", "-v", self.folder / "keys"], stdin=client,
                                                          stdout=client, stderr=log, start_new_session=True))

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for child in self.children:
            child.kill()
            child.wait(10)


class OldKeys(paramiko.ServerInterface):
    """A server that takes the one RSA key, signed with SHA-1 and nothing else; every command prints "signed"."""

    def __init__(self, key):
        self.key = paramiko.RSAKey.from_private_key_file(str(key))
        self.transports = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for transport in self.transports:
            transport.close()

    def _serve(self):
        host_key = paramiko.ECDSAKey.generate()
        with contextlib.suppress(OSError):
            while True:
                transport = paramiko.Transport(self.listener.accept()[0], server_sig_algs=False,
                                               disabled_algorithms={"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]})
                transport.add_server_key(host_key)
                self.transports.append(transport)
                with contextlib.suppress(paramiko.SSHException, EOFError):
                    transport.start_server(threading.Event(), self)

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL if key == self.key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self._answer, args=[channel]).start()
        return True

    @staticmethod
    def _answer(channel):
        channel.sendall(b"signed\n")
        channel.send_exit_status(0)
        channel.close()


@contextlib.contextmanager
def silent_listener():
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(0.2)
        ending, held = threading.Event(), []

        def accept():
            while not ending.is_set():
                with contextlib.suppress(TimeoutError):
                    held.append(server.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ending.set()
            thread.join()
            for s in held:
                s.close()


@contextlib.contextmanager
def frozen(pid):
    """SIGSTOP for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
