"""One yanmen-mysql worker without the rest of Yanmen, as harness/worker.py does it for SSH: parent, broker, vault and recorder are threads here.

The broker of this one knows access passwords, pushes rules, and maps numbers of connections.
"""

import hashlib
import json
import os
import socket
import struct
import threading
import time
import uuid

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from . import worker
from .spawn import spawn

MESSAGES = {
    "client": (0x000D, "Q:worker b:job s:address H:port b:door s:target b:plain"),
    "login_scramble": (0x0111, "b:plugin s:user s:challenge s:answer"),
    "grant": (0x0191, "i:session s:target s:account s:cluster b:auth s:host_key I:features Q:idle_s Q:total_s Q:stream_max Q:keep_max "
                      "s:env_allow s:rule b:charset b:legacy s:database"),
    "rules": (0x0192, "Q:version b:more s:user s:role b:otherwise b:approval I:count s:rows"),
    "statement": (0x0112, "b:verdict q:rule Q:number s:text s:fingerprint"),
    "thread": (0x0113, "Q:thread"),
    "thread_of": (0x0114, "Q:thread"),
    "thread_answer": (0x0193, "q:code Q:thread"),
    "again": (0x0115, ""),
    "again_answer": (0x0195, "q:code s:say"),
    "welcome": (0x0194, "s:text s:greeting"),
}
worker.MESSAGES.update(MESSAGES)
worker.NAMES.update({number: (name, fields) for name, (number, fields) in MESSAGES.items()})
for name in ("statement", "outcome"):
    if name not in worker.FRAMES:
        worker.FRAMES.append(name)

QUERY, INFILE = 1 << 12, 1 << 13
ALLOW, ALERT, APPROVE, DENY = range(4)
CLASSES = ("SELECT SHOW EXPLAIN INSERT UPDATE DELETE REPLACE MERGE CREATE ALTER DROP TRUNCATE RENAME GRANT SET USE TCL LOCK CALL PREPARE EXECUTE "
           "DEALLOCATE DECLARE CONTROL BLOCK ADMIN KILL REPL HANDLER EMPTY UNPARSED").split()


def text(s):
    data = s.encode()
    return struct.pack("<I", len(data)) + data


def pin_of(certificate):
    """SHA-256 of the public key of a PEM certificate, by which a database is pinned."""
    key = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def rule(number, action, classes="", tables="", say=""):
    bits = sum(1 << CLASSES.index(c) for c in classes.split())
    return (struct.pack("<qB", number, action) + text("") * 4 + text(tables) + text("") * 3 + struct.pack("<QQQqq", bits, 0, 0, 0, 0) + text(say))


class SqlGate:
    """A listener that gives each connection a fresh worker.  Attributes may be changed between connections."""

    def __init__(self, binary, target_address, pin, account, password, certificate=None):
        self.binary, self.target_address, self.pin = binary, target_address, pin
        self.account, self.password, self.certificate = account, password, certificate
        self.users = {"alice": "secret", "bob": "secret"}
        self.access = {"alice": "ym-0123456789abcdef0123456789abcdef"}
        self.bound, self.plain, self.greeting = "db01", True, ""
        self.features = QUERY | INFILE
        self.database, self.deny = "", None
        self.idle_s = self.total_s = 0
        self.rules, self.otherwise = [], ALLOW
        self.factor = False
        self.log = None
        self.stall_recorder = threading.Event()
        self.workers = []
        self.number = 7
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, address = self.listener.accept()
            except OSError:
                return
            self.number += 1
            self.workers.append(SqlWorker(self, client, address, self.number))

    def last(self):
        deadline = time.monotonic() + 10
        while not self.workers and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.workers[-1]

    def close(self):
        self.listener.close()
        for w in self.workers:
            w.kill()


class SqlWorker(worker.Worker):
    def __init__(self, gate, client, address=("127.0.0.1", 1), number=7, probe=None):
        self.gate, self.probe, self.number = gate, probe, number
        self.events, self.frames = [], []
        self.digest, self.bytes = {}, {}
        self.seq = 0
        self.session = uuid.uuid4().bytes
        self.user, self.thread = "", 0
        self.version = 0
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.gate_keep = True
        ours, theirs = zip(*(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(4)))
        for s in theirs:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.control, self.broker, self.vault, self.recorder = ours
        files = [os.open(p, os.O_RDONLY) for p in gate.certificate or ("/dev/null", "/dev/null")]
        self.process = spawn(gate.binary, [s.fileno() for s in theirs] + files, gate.log)
        for s in theirs:
            s.close()
        for fd in files:
            os.close(fd)
        self.client, self.address = client, address
        self.threads = [threading.Thread(target=self._guard, args=(loop,), daemon=True)
                        for loop in (self._control, self._broker, self._vault, self._recorder)]
        for thread in self.threads:
            thread.start()

    def _control(self):
        name, _ = self._recv(self.control)
        assert name == "hello"
        fd = self.client.fileno() if self.client else None
        if self.probe is None:
            self._send(self.broker, "welcome", text="", greeting=self.gate.greeting)
        self._send(self.control, "client", fd, worker=self.number, job=1 if self.probe is None else 2, address=self.address[0],
                   port=self.address[1], door=0, target=self.gate.bound, plain=self.gate.plain)
        if self.client:
            self.client.close()
        if self.probe is not None:
            target = socket.create_connection(self.gate.target_address)
            target.setblocking(False)
            self._send(self.broker, "probe", target.fileno(), ticket=5, pinned=self.probe, legacy=0)
            target.close()
        while True:
            self.events.append(self._recv(self.control))

    def say(self, op, reason):
        """1 end, 2 lock, 3 unlock"""
        self._send(self.control, "control", worker=self.number, op=op, reason=reason)

    def push_rules(self):
        g = self.gate
        self.version += 1
        self._send(self.broker, "rules", version=self.version, more=0, user=self.user, role="user", otherwise=g.otherwise, approval=1,
                   count=len(g.rules), rows=b"".join(g.rules))

    def _answer(self, ok, m):
        user, _, target = m["user"].decode().partition("#")
        if ok:
            self.user = user
        verdict = (5 if self.gate.factor else 1) if ok else 2
        self._send(self.broker, "login_answer", verdict=verdict, user=user if ok else "", target=target if ok else "", account="", say="")

    def _login(self, m):
        user = m["user"].decode().partition("#")[0]
        self._answer(self.gate.users.get(user) == m["proof"].decode(), m)

    def _scramble(self, m):
        """The two plugins, from their documentation."""
        hash_of, first = (hashlib.sha1, True) if m["plugin"] == 1 else (hashlib.sha256, False)
        password = self.gate.access.get(m["user"].decode().partition("#")[0], "").encode()
        once = hash_of(password).digest()
        twice = hash_of(once).digest()
        mask = hash_of(m["challenge"] + twice if first else twice + m["challenge"]).digest()
        self._answer(bool(password) and bytes(a ^ b for a, b in zip(once, mask)) == m["answer"], m)

    def _target(self, m):
        g = self.gate
        if g.deny:
            self._send(self.broker, "deny", code=-13, say=g.deny)
            return
        try:
            target = socket.create_connection(g.target_address)
        except OSError:
            self._send(self.broker, "deny", code=-111, say="The target does not answer. 目标无响应。")
            return
        target.setblocking(False)
        self._send(self.broker, "grant", target.fileno(), session=self.session, target=m["target"], account=g.account, cluster="samples",
                   auth=1, host_key=g.pin, features=g.features, idle_s=g.idle_s, total_s=g.total_s, stream_max=0, keep_max=0, env_allow="",
                   rule="r1", charset=0, legacy=0, database=g.database)
        target.close()
        self.push_rules()

    def _thread_of(self, m):
        other = [w for w in self.gate.workers if w.number & 0xFFFFFFFF == m["thread"] and w.user == self.user and w.thread]
        self._send(self.broker, "thread_answer", code=0 if other else -2, thread=other[0].thread if other else 0)

    def _broker(self):
        while True:
            name, m = self._recv(self.broker)
            self.events.append((name, {k: v for k, v in m.items() if k != "proof"}))
            if name == "login":
                self._login(m)
            elif name == "login_scramble":
                self._scramble(m)
            elif name == "target":
                self._target(m)
            elif name == "thread":
                self.thread = m["thread"]
            elif name == "thread_of":
                self._thread_of(m)
            elif name == "again":
                target = socket.create_connection(self.gate.target_address)
                target.setblocking(False)
                self._send(self.broker, "again_answer", target.fileno(), code=0, say="")
                target.close()
            elif name == "end":
                self._send(self.broker, "end_answer")
                self.ended.set()
            elif name == "probe_answer":
                self.ended.set()

    def _vault(self):
        while True:
            name, _ = self._recv(self.vault)
            assert name == "use"
            self._send(self.vault, "use_secret", text=self.gate.password)

    def _frame(self, at_us, kind, channel, body):
        self.frames.append((at_us, kind, channel, body))

    def statements(self):
        return [json.loads(b) for b in self.of("statement")]

    def outcomes(self):
        return [json.loads(b) for b in self.of("outcome")]
