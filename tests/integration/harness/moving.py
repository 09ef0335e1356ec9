"""What moves while something goes wrong: a file on its way up, one on its way down, a login through a login, a forward."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import threading

from .echo import echo_server
from .stream import Stream, compare
from .through import Through
from .wait import until

SIZE = 3_000_000


class Transfer:
    """One scp, slow enough to be met under way: it takes so many seconds."""

    def __init__(self, instance, user, target, folder, up, seconds):
        self.instance, self.user = instance, user
        self.source, self.there = folder / instance.name("source"), folder / instance.name("there")
        self.source.write_bytes(os.urandom(SIZE))
        self.source.chmod(0o644)
        remote = f"{user.name}@{target}@127.0.0.1"
        ends = (self.source, f"{remote}:{self.there}") if up else (f"{remote}:{self.source}", self.there)
        flags = ["-P" if a == "-p" else a for a in instance.ssh_options(user)]
        self.path, self.op = (self.there, "upload") if up else (self.source, "download")
        self.process = subprocess.Popen(["scp", "-l", str(SIZE * 8 // 1000 // seconds), *flags, *map(str, ends)], stdin=subprocess.DEVNULL,
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
    """target: the one that files and the login through a login go to; the forward goes to a target of its own.  seconds: so long
    the files take."""

    def __init__(self, instance, target=None, seconds=6):
        self.instance, self.target = instance, target or instance.demo
        folder = instance.scratch / instance.name("moving")
        folder.mkdir()
        folder.chmod(0o777)
        self.user = instance.user(password=False, key=True)
        instance.grant(self.user, self.target)
        self.through = Through(instance, self.user)
        self.ends = contextlib.ExitStack()
        try:
            self._start(folder, seconds)
        except BaseException:
            self.ends.close()
            raise

    def _start(self, folder, seconds):
        echo = self.ends.enter_context(echo_server())
        database = self.instance.database(echo)
        self.instance.grant(self.user, database)
        self.listening = self.ends.enter_context(self.through.listening("-L", f"127.0.0.1:{{port}}:{database}:{echo}"))
        self.socket = self.ends.enter_context(socket.create_connection(("127.0.0.1", self.listening.port), 30))
        self.socket.settimeout(30)
        self.echoes()
        self.inner = Inner(self.instance, self.user, self.through, self.target)
        self.ends.callback(self.inner.end)
        self.transfers = []
        for up in (True, False):
            self.transfers.append(Transfer(self.instance, self.user, self.target, folder, up, seconds))
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

    @contextlib.contextmanager
    def flowing(self):
        """The forward is never quiet meanwhile, and every byte comes back."""
        over, failed = threading.Event(), []

        def flow():
            try:
                while not over.is_set():
                    self.echoes()
            except (AssertionError, OSError) as e:
                failed.append(e)
        thread = threading.Thread(target=flow)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)
        assert not failed and not thread.is_alive(), failed

    def arrives(self):
        """Nothing of it was touched."""
        for transfer in self.transfers:
            transfer.arrives()
        self.echoes()
        self.inner.goes_on()

    def is_told(self, lost_lines=0):
        """To be called after its end: every session has ended and its recording verifies, what the stream received stands in
        its recording, and the audit chain holds."""
        instance = self.instance
        until(lambda: not instance.sessions(self.user, "online"), 30, "the ends of the sessions")
        rows = until(lambda: (rows := [r for r in instance.ok("recording", "list") if r["user"] == self.user.name]) and
                     all(r["recording"] != "open" for r in rows) and rows, 30, "the sealed recordings")
        for row in rows:
            if row["recording"] == "unknown":  # refused before there was anything to record
                assert row["reached"] is None, row
            else:
                instance.ok("recording", "verify", row["id"])
        compare(instance, self.inner, lost_lines)
        instance.ok("audit", "verify")

    def forward_ends(self):
        try:
            assert self.socket.recv(1) == b""
        except ConnectionError:
            pass

    def end(self):
        self.ends.close()


class Inner(Stream):
    """A stream of numbered lines through a login on the gateway."""

    def __init__(self, instance, user, through, target):
        self.through, self.target = through, target
        super().__init__(instance, user)

    def argv(self, command, login):
        return self.through.argv(self.target, command)
