"""The real yanmen-broker, vault and pwhash over a real database; parent, recorder, workers and readers are played here."""

import fcntl
import json
import os
import socket
import subprocess
import threading
import time
import uuid

from . import wire
from .instance import SANITIZER_MARKS
from .spawn import spawn
from .wait import until


class Peer:
    """Our end of a socket whose messages are taken by a thread: `said` keeps all, `on` answers some."""

    def __init__(self, sock):
        self.sock, self.said, self.on, self.closed = sock, [], {}, False
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        try:
            while True:
                name, m, fd = wire.receive(self.sock, None)
                with self.news:  # noted before it is answered: what comes of the answer can look for it
                    self.said.append((name, m, fd))
                    self.news.notify_all()
                if name in self.on:
                    self.on[name](m, fd)
        except (EOFError, OSError):
            self.closed = True

    def send(self, name, fd=None, /, **values):
        wire.send(self.sock, name, fd, **values)

    def named(self, name):
        return [m for n, m, _ in self.said if n == name]

    def wait(self, name, count=1, timeout=15):
        with self.news:
            came = self.news.wait_for(lambda: len(self.named(name)) >= count, timeout)
        assert came, f"{count} x {name} did not come; said: {[s[0] for s in self.said]}"
        return self.named(name)[count - 1]

    def fd_of(self, name):
        return [fd for n, _, fd in self.said if n == name][-1]

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(10)  # before the descriptor's number can be somebody else's
        self.sock.close()


class Worker(Peer):
    """A client's worker, as the broker sees one."""

    def __init__(self, parent, number, sock, address):
        super().__init__(sock)
        self.parent, self.number, self.address = parent, number, address

    def login(self, user, password=None, key=None, offered=False):
        count = len(self.named("login_answer")) + 1
        start = time.monotonic()
        self.send("login", method=1 if key is None else 2 if offered else 3, user=user, proof=password if key is None else key)
        answer = self.wait("login_answer", count)
        answer["seconds"] = time.monotonic() - start
        return answer

    def target(self, name, account=""):
        before = len(self.named("grant")) + len(self.named("deny"))
        self.send("target", target=name, account=account)
        until(lambda: len(self.named("grant")) + len(self.named("deny")) > before, 25)
        return next((n, m) for n, m, _ in reversed(self.said) if n in ("grant", "deny"))

    def open(self, request, text="", channel=0):
        count = len(self.named("open_answer")) + 1
        self.send("open", channel=channel, request=request, text=text)
        return self.wait("open_answer", count)

    def gone(self, status=0):
        self.close()
        self.parent.control.send("gone", worker=self.number, status=status)


class Recorder(Peer):
    """Records nothing, agrees to everything.  `state` is what it says of a recording it is asked about."""

    def __init__(self, sock):
        self.refuse, self.state = None, 3
        super().__init__(sock)
        self.on = {"begin": self._begin, "recording": self._recording, "watch": self._watch}

    def _begin(self, m, fd):
        self.send("begin_answer", id=m["id"], code=-28 if self.refuse else 0, say=self.refuse or "")

    def _recording(self, m, fd):
        self.send("recording_answer", id=m["id"], state=self.state, seq=1, reason="bye")

    def _watch(self, m, fd):
        self.send("watch_answer", ticket=m["ticket"])


class Parent:
    def __init__(self, prefix, home, database):
        self.prefix, self.home, self.database = prefix, home, database
        self.next_worker = 1000
        home.mkdir(exist_ok=True)
        (home / "spool").mkdir(exist_ok=True)
        (home / "conf").write_text(f"[database]\nconnect = {database}\n")
        (home / "key").write_bytes(bytes(range(32)))
        self.processes = []
        self.vault = self._start("yanmen-vault", [os.open(home / "key", os.O_RDONLY)])
        self.pwhash = [self._start("yanmen-pwhash", []) for _ in range(2)]
        self.workers, self.inner, self.terms = {}, [], []
        self.listener = None
        self.start_broker()

    def _start(self, binary, gifts):
        ours, theirs = wire.pair()
        with open(self.home / "log", "a") as log:
            process = spawn(self.prefix / binary, [theirs.fileno(), *gifts], log)
        self.processes.append(process)
        theirs.close()
        for fd in gifts:
            os.close(fd)
        peer = Peer(ours)
        peer.process = process
        peer.wait("hello")
        return peer

    def start_broker(self):
        self.control = self._start("yanmen-broker", [os.open(self.home / "conf", os.O_RDONLY),
                                                     os.open(self.home / "spool", os.O_RDONLY | os.O_DIRECTORY)])
        self.control.on["want"] = self._want
        ours, theirs = wire.pair()
        self._give(self.control, 2, ours)
        self._give(self.vault, 5, theirs)
        for helper in self.pwhash:
            ours, theirs = wire.pair()
            self._give(self.control, 4, ours)
            self._give(helper, 5, theirs)
        self.new_recorder()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = self.home / "control.sock"
        path.unlink(missing_ok=True)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self._give(self.control, 8, self.listener)

    def new_recorder(self):
        ours, theirs = wire.pair()
        self.recorder = Recorder(ours)
        self._give(self.control, 3, theirs)

    @staticmethod
    def _give(to, role, sock):
        to.send("peer", sock.fileno(), role=role)
        sock.close()

    def kill_broker(self):
        self.control.process.kill()
        self.control.process.wait()
        self.control.close()
        for w in self.workers.values():
            w.close()

    def worker(self, address="10.9.8.7", number=None, resumed=0):
        if number is None:
            self.next_worker += 1
            number = self.next_worker
        ours, theirs = wire.pair()
        w = Worker(self, number, ours, address)
        self.workers[number] = w
        self.control.send("attach", theirs.fileno(), worker=number, role=6, job=1, address=address, port=4000, resumed=resumed)
        theirs.close()
        return w

    # ---- probes and readers: attributes say how they answer ----
    host_key = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32
    read_done = {"code": 0, "state": 3, "seq": 1}

    wanted = True  # False: no worker and no terminal comes

    def _want(self, m, fd):
        if m["job"] == 4:  # a terminal: its socket
            self.terms.append(socket.socket(fileno=fd) if self.wanted else os.close(fd))
            return
        self.next_worker += 1
        ours, theirs = wire.pair()
        if m["job"] == 1:
            self._want_session(m, fd, ours, theirs)
            return
        peer = Peer(ours)
        peer.on["probe"] = lambda p, _: peer.send("probe_answer", ticket=p["ticket"], host_key=self.host_key, banner="SSH-2.0-x")
        peer.on["read"] = lambda r, _: peer.send("read_opened", ticket=r["ticket"], sealed_key=b"x" * 80)
        peer.on["read_allowed"] = lambda r, _: peer.send("read_done", ticket=r["ticket"], **self.read_done)
        self.workers[self.next_worker] = peer
        self.control.send("attach", theirs.fileno(), worker=self.next_worker, role=6 if m["job"] == 2 else 7, job=m["job"],
                          ticket=m["ticket"])
        theirs.close()

    def _want_session(self, m, fd, ours, theirs):
        """A worker for a client that comes through another one or from the console."""
        client = socket.socket(fileno=fd)
        if self.wanted:
            w = Worker(self, self.next_worker, ours, m["address"].decode())
            w.client = client
            self.control.send("attach", theirs.fileno(), worker=w.number, role=6, job=1, ticket=m["ticket"], address=m["address"],
                              port=m["port"], outer=m["outer"])
            self.workers[w.number] = w
            self.inner.append(w)
        else:
            client.close()
        theirs.close()

    def synced(self):
        self.control.send("synced")

    def stop(self):
        """In order, so that a sanitizer build tells what leaked; returns what the sanitizers said."""
        if self.control.process.poll() is None:
            try:
                self.control.send("stop")
                self.control.process.wait(8)
            except (OSError, subprocess.TimeoutExpired):
                pass
        for p in self.processes:
            if p.poll() is None:
                p.kill()
            p.wait()
        return [line for line in (self.home / "log").read_text().splitlines() if any(m in line for m in SANITIZER_MARKS)]

    # ---- the CLI ----
    def ask(self, name, fd=None, /, **args):
        """(exit code, JSON or None, line)"""
        pairs = [(k.rstrip("_"), v) for k, vs in args.items() for v in (vs if isinstance(vs, list) else [vs])]
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(str(self.home / "control.sock"))
        wire.send(s, "command", fd, name=name, count=len(pairs), args=b"".join(wire.string(x) for p in pairs for x in p), lang="en")
        text, more = b"", 1
        while more:
            _, m, _ = wire.receive(s, 40)
            text += m["json"]
            more = m["more"]
        s.close()
        return m["exit"], json.loads(text) if text else None, m["say"].decode()

    def must(self, name, fd=None, /, **args):
        code, value, say = self.ask(name, fd, **args)
        assert code == 0, (name, code, say)
        return value


def secret(text):
    fd = os.memfd_create("secret", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, text.encode())
    fcntl.fcntl(fd, 1033, 0x2 | 0x4 | 0x8)  # F_ADD_SEALS: shrink, grow, write
    return fd


def session_text(session):
    return str(uuid.UUID(bytes=session))
