"""A SQL door without a database protocol: the worker is tests/integration/sqldoor/line.c, with the real harness, in the real gateway; its clients speak
in lines."""

import base64
import contextlib
import hashlib
import shutil
import socket
import tempfile
from pathlib import Path

from .build import PREFIX, PROGRAMS
from .instance import free_port

OK = 1  # enum wire_login_verdict
PIN = base64.b64encode(hashlib.sha256(b"a database").digest()).decode()


class Ports:
    shared, bound, taken = free_port(), free_port(), free_port()


@contextlib.contextmanager
def options():
    """For an instance of its own, with that worker."""
    programs = Path(tempfile.mkdtemp(prefix="programs-"))
    programs.chmod(0o755)
    for program in PROGRAMS.glob("yanmen-*"):
        shutil.copy(program, programs)
    shutil.copy(PREFIX.parent / "tests/integration/sqldoor/sqldoor_line", programs / "yanmen-mysql")
    yield ["--set", f"paths.libexec={programs}", "--set", f"listen.mysql=127.0.0.1:{Ports.shared}, 127.0.0.1:{Ports.bound} bound"]
    shutil.rmtree(programs)


class Client:
    """One connection to the door."""

    def __init__(self, port=None):
        self.sock = socket.create_connection(("127.0.0.1", port or Ports.shared), timeout=30)
        self.file = self.sock.makefile("r", encoding="utf-8", newline="\n")

    def ask(self, *words):
        self.sock.sendall(("\t".join(map(str, words)) + "\n").encode())
        return self.hear()

    def hear(self):
        return self.file.readline().rstrip("\n").split("\t")

    def login(self, *words):
        word, verdict, *rest = self.ask(*words)
        assert word == "login", (word, verdict)
        return int(verdict), rest

    def close(self):
        self.file.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextlib.contextmanager
def silent(own_instance):
    """A target that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", Ports.taken)) as server:
        for name in ("db", "bound"):
            own_instance.ok("target", "add", name, "--kind", "mysql", "--address", f"127.0.0.1:{Ports.taken}", "--cluster", "samples",
                            "--database", "shop")
            own_instance.ok("target", "set", name, "--tls-key", f"sha256//{PIN}")
            own_instance.ok("account", "set", name, "app", "--password-file", own_instance.file("the database's password"))
        yield server


def in_session(instance, user, target="db"):
    """A client that has its target and its rules."""
    c = Client()
    assert c.login("password", f"{user.name}#{target}", user.password_file.read_text())[0] == OK
    assert c.ask("target", target, "app")[0] == "target"
    assert c.ask("reached", "10.11.6-MariaDB") == ["reached", "0"]
    return c
