"""What moves while something is killed: a file on its way up, one on its way down, a login through a login, a forward."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess

from .echo import echo_server
from .stream import Stream
from .through import Through
from .wait import until

SIZE = 4_000_000
PACE_KBIT = 4000  # scp's own limit: a transfer takes eight seconds


class Transfer:
    """One scp, slow enough to be met under way."""

    def __init__(self, instance, user, folder, up):
        self.instance, self.user = instance, user
        self.source, self.there = folder / instance.name("source"), folder / instance.name("there")
        self.source.write_bytes(os.urandom(SIZE))
        self.source.chmod(0o644)
        remote = f"{user.name}@{instance.demo}@127.0.0.1"
        ends = (self.source, f"{remote}:{self.there}") if up else (f"{remote}:{self.source}", self.there)
        flags = ["-P" if a == "-p" else a for a in instance.ssh_options(user)]
        self.path, self.op = (self.there, "upload") if up else (self.source, "download")
        self.process = subprocess.Popen(["scp", "-l", str(PACE_KBIT), *flags, *map(str, ends)], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=instance.ssh_env(user), start_new_session=True)
        until(lambda: self.row() and self.there.exists() and self.there.stat().st_size > 0, 30, "a transfer under way")

    def row(self):
        rows = [r for r in self.instance.ok("file", "list", "--user", self.user.name, "--path", self.path) if r["op"] == self.op]
        return rows[-1] if rows else None

    def ended_row(self):
        return until(lambda: (r := self.row()) and r["state"] != "begun" and r, 30, "the end of its row")

    def sha256(self):
        return hashlib.sha256(self.source.read_bytes()).hexdigest()

    def arrives(self):
        assert self.process.wait(60) == 0, self.process.stderr.read()
        assert self.there.read_bytes() == self.source.read_bytes()
        row = self.ended_row()
        assert (row["state"], row["size"], row["sha256"]) == ("complete", SIZE, self.sha256()), row

    def is_cut(self):
        assert self.process.wait(20) != 0
        row = self.ended_row()
        assert row["state"] == "partial" and row["size"] <= SIZE, row

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stderr.close()


class Moving:
    def __init__(self, instance):
        self.instance = instance
        folder = instance.scratch / instance.name("moving")
        folder.mkdir()
        folder.chmod(0o777)
        self.user = instance.user(password=False, key=True)
        instance.grant(self.user, instance.demo)
        self.through = Through(instance, self.user)
        self.ends = contextlib.ExitStack()
        try:
            self._start(folder)
        except BaseException:
            self.ends.close()
            raise

    def _start(self, folder):
        echo = self.ends.enter_context(echo_server())
        database = self.instance.database(echo)
        self.instance.grant(self.user, database)
        listening = self.ends.enter_context(self.through.listening("-L", f"127.0.0.1:{{port}}:{database}:{echo}"))
        self.socket = self.ends.enter_context(socket.create_connection(("127.0.0.1", listening.port), 30))
        self.socket.settimeout(30)
        self.echoes()
        self.inner = Inner(self.instance, self.user, self.through)
        self.ends.callback(self.inner.end)
        self.transfers = []
        for up in (True, False):
            self.transfers.append(Transfer(self.instance, self.user, folder, up))
            self.ends.callback(self.transfers[-1].end)

    def echoes(self):
        word = os.urandom(1000)
        self.socket.sendall(word)
        got = b""
        while len(got) < len(word):
            more = self.socket.recv(65536)
            assert more, "the forward has ended"
            got += more
        assert got == word

    def forward_ends(self):
        try:
            assert self.socket.recv(1) == b""
        except ConnectionError:
            pass

    def end(self):
        self.ends.close()


class Inner(Stream):
    """A stream of numbered lines through a login on the gateway."""

    def __init__(self, instance, user, through):
        self.through = through
        super().__init__(instance, user)

    def argv(self, command, login):
        return self.through.argv(self.instance.demo, command)
