"""Targets of the tests' own: a private sshd that can be stopped or given another key, and listeners that misbehave."""

import contextlib
import os
import signal
import socket
import subprocess
import threading

from .instance import free_port
from .wait import until


class Sshd:
    """OpenSSH's sshd on a port of its own, for the sample account."""

    def __init__(self, instance, port=None):
        self.instance, self.port = instance, port or free_port()
        self.account = instance.account
        self.host_key = instance.key_pair()
        self.process = None
        self.folder = instance.scratch / instance.name("sshd")
        self.folder.mkdir(mode=0o755)
        self.more = ""

    def new_host_key(self, kind="ed25519"):
        self.host_key = self.instance.key_pair(kind)

    def start(self):
        config = self.folder / "sshd_config"
        keys = self.folder / "authorized_keys"
        if self.account.key:
            keys.write_text(self.account.key.with_suffix(".pub").read_text())
        config.write_text(f"""\
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
""")
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        until(self.answers, 10, "the private sshd")

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as s:
            s.settimeout(5)
            return s.recv(4) == b"SSH-"
        return False

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
