"""One yanmen-ssh worker without the rest of Yanmen: parent, broker, vault and recorder are played by threads here.

For what needs a look at every frame, a recorder that stalls, or a broker that says what a test wants.  The messages are
those of gateway/core/wire.h, written down again in MESSAGES: a test of that contract too.
"""

import array
import hashlib
import select
import socket
import struct
import threading
import time
import uuid

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from .spawn import spawn

MESSAGES = {
    "hello": (0x0001, "b:role s:build"),
    "client": (0x000D, "Q:worker b:job s:address H:port b:door s:target b:plain"),
    "control": (0x0007, "Q:worker b:op s:reason"),
    "stop": (0x0009, ""),
    "authenticated": (0x000B, ""),
    "login": (0x0101, "b:method s:user s:proof"),
    "login_answer": (0x0181, "b:verdict s:user s:target s:account s:say"),
    "factor": (0x0130, "b:begin s:answer"),
    "factor_answer": (0x01B0, "b:step i:id s:user s:target s:account s:say"),
    "targets": (0x0102, "s:search I:offset"),
    "targets_answer": (0x0182, "I:count I:total s:rows s:say"),
    "target": (0x0103, "s:target s:account"),
    "grant": (0x0191, "i:session s:target s:account s:cluster b:auth s:host_key I:features Q:idle_s Q:total_s Q:stream_max Q:keep_max "
                      "s:env_allow s:rule b:charset b:legacy s:database"),
    "deny": (0x0184, "q:code s:say"),
    "reached": (0x0104, "b:outcome s:detail s:presented"),
    "open": (0x0105, "I:channel I:request s:text"),
    "open_answer": (0x0185, "I:channel I:request q:code s:say"),
    "file": (0x0110, "Q:seq I:channel I:number b:protocol b:op b:state Q:size Q:from I:ranges s:sha256 b:kept s:path s:to s:why"),
    "file_answer": (0x0190, "Q:seq"),
    "end": (0x0106, "s:reason Q:in_bytes Q:out_bytes"),
    "end_answer": (0x0186, ""),
    "probe": (0x0187, "Q:ticket s:pinned b:legacy"),
    "probe_answer": (0x0107, "Q:ticket q:code s:say s:host_key s:banner"),
    "welcome": (0x0194, "s:text s:greeting"),
    "login_scramble": (0x0111, "b:plugin s:user s:challenge s:answer"),
    "rules": (0x0192, "Q:version b:more s:user s:role b:otherwise b:approval I:count s:rows"),
    "statement": (0x0112, "b:verdict q:rule Q:number s:text s:fingerprint"),
    "thread": (0x0113, "Q:thread"),
    "thread_of": (0x0114, "Q:thread"),
    "thread_answer": (0x0193, "q:code Q:thread"),
    "permit": (0x0118, "s:digest s:database"),
    "permit_answer": (0x0198, "Q:request I:n I:count q:rows b:stop s:why"),
    "permit_done": (0x0119, "Q:request I:n b:state q:rows Q:us I:code s:sqlstate s:words"),
    "jump": (0x0120, "s:host I:port s:origin"),
    "jump_answer": (0x01A0, "q:code s:say"),
    "refused": (0x0121, "s:what s:text s:reason"),
    "host_key": (0x0230, ""),
    "host_key_answer": (0x02B0, "h:key"),
    "host_sign": (0x0231, "h:key s:hash"),
    "host_sign_answer": (0x02B1, "q:code g:signature"),
    "use": (0x0202, "i:id"),
    "use_secret": (0x0282, "s:text"),
    "use_agent": (0x0283, ""),
    "use_denied": (0x0284, "q:code s:say"),
    "frames": (0x0301, "Q:seq s:frames"),
    "credit": (0x0381, "I:bytes"),
    "durable": (0x0382, "Q:seq"),
    "keyframe": (0x0383, ""),
    "unrecorded": (0x0384, "q:code s:say"),
}
NAMES = {number: (name, fields) for name, (number, fields) in MESSAGES.items()}
FIXED = {"i": 16, "h": 32, "g": 64}
FRAMES = ["", "meta", "open", "in", "keys", "out", "err", "size", "screen", "digest", "exit", "close", "note", "finish", "file", "content",
          "statement", "outcome"]
SHELL, EXEC, SFTP, SCP, UPLOAD, DOWNLOAD = 1, 2, 4, 8, 16, 32
REVERSE = 128
WORKER = 7


def pack(name, **values):
    number, fields = MESSAGES[name]
    body = b""
    for field in fields.split():
        kind, key = field.split(":")
        v = values[key]
        if kind == "s":
            v = v.encode() if isinstance(v, str) else v
            body += struct.pack("<I", len(v)) + v
        elif kind in FIXED:
            assert len(v) == FIXED[kind]
            body += v
        else:
            body += struct.pack("<" + kind.upper() if kind != "q" else "<q", v)
    return struct.pack("<HBBI", number, 1, 0, len(body)) + body


def unpack(data):
    number, version, flags, length = struct.unpack_from("<HBBI", data)
    assert (version, flags, length) == (1, 0, len(data) - 8)
    name, fields = NAMES[number]
    at, values = 8, {}
    for field in fields.split():
        kind, key = field.split(":")
        if kind == "s":
            n = struct.unpack_from("<I", data, at)[0]
            values[key] = data[at + 4:at + 4 + n]
            assert len(values[key]) == n
            at += 4 + n
        elif kind in FIXED:
            values[key] = data[at:at + FIXED[kind]]
            at += FIXED[kind]
        else:
            code = "<q" if kind == "q" else "<" + kind.upper()
            values[key] = struct.unpack_from(code, data, at)[0]
            at += struct.calcsize(code)
    assert at == len(data)
    return name, values


def ssh_string(b):
    return struct.pack(">I", len(b)) + b


def read_exact(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


class Agent(threading.Thread):
    """The vault's stream: lists one Ed25519 key and signs with it."""

    def __init__(self, sock, key):
        super().__init__(daemon=True)
        self.sock, self.key = sock, key
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = ssh_string(b"ssh-ed25519") + ssh_string(public)

    def run(self):
        try:
            while True:
                body = read_exact(self.sock, struct.unpack(">I", read_exact(self.sock, 4))[0])
                if body[0] == 11:
                    answer = b"\x0c" + struct.pack(">I", 1) + ssh_string(self.blob) + ssh_string(b"vault")
                else:
                    n = struct.unpack_from(">I", body, 1)[0]
                    data = body[5 + n:]
                    m = struct.unpack_from(">I", data)[0]
                    signature = self.key.sign(data[4:4 + m])
                    answer = b"\x0e" + ssh_string(ssh_string(b"ssh-ed25519") + ssh_string(signature))
                self.sock.sendall(struct.pack(">I", len(answer)) + answer)
        except (EOFError, OSError):
            self.sock.close()


class Gate:
    """A listener that gives each connection a fresh worker.  Attributes may be changed between connections."""

    def __init__(self, binary, host_key, target_address, target_key, account, account_key=None, password=None):
        self.binary, self.host_key = binary, load_ssh_private_key(host_key.read_bytes(), None)
        self.target_address, self.target_key, self.account = target_address, target_key, account
        self.account_key = account_key and load_ssh_private_key(account_key.read_bytes(), None)
        self.password = password
        self.users = {"alice": "secret"}
        self.user_keys = set()
        self.banner = ""
        self.features = SHELL | EXEC | SFTP | SCP | UPLOAD | DOWNLOAD
        self.charset, self.legacy = 0, 0
        self.refuse = {}  # feature: line
        self.deny = None
        self.jump = None  # takes the socket of a forwarded connection; None: refused
        self.idle_s = self.total_s = 0
        self.stream_max = 0
        self.keep_max = 0
        self.env_allow = "LANG,LC_*"
        self.rows = [("web01", "cyadmin", "samples", "127.0.0.1:22")]
        self.keep_frames = True
        self.log = None  # a file for the workers' stderr
        self.stall_recorder = threading.Event()
        self.workers = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, address = self.listener.accept()
            except OSError:
                return
            self.workers.append(Worker(self, client, address))

    def last(self):
        deadline = time.monotonic() + 10
        while not self.workers and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.workers[-1]

    def over(self):
        return self.last().over()

    def close(self):
        self.listener.close()
        for w in self.workers:
            w.kill()


class Worker:
    def __init__(self, gate, client=None, address=("127.0.0.1", 1), probe=None):
        self.gate, self.probe = gate, probe
        self.events, self.frames = [], []
        self.digest = {}
        self.bytes = {}
        self.seq = 0
        self.session = uuid.uuid4().bytes
        self.ended = threading.Event()
        self.lock = threading.Lock()
        ours, theirs = zip(*(socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(4)))
        for s in theirs:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.control, self.broker, self.vault, self.recorder = ours
        fds = [s.fileno() for s in theirs]
        self.process = spawn(gate.binary, fds, gate.log)
        for s in theirs:
            s.close()
        self.client, self.address = client, address
        self.threads = [threading.Thread(target=self._guard, args=(loop,), daemon=True)
                        for loop in (self._control, self._broker, self._vault, self._recorder)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _guard(loop):
        try:
            loop()
        except (EOFError, ConnectionError, BrokenPipeError):
            pass

    @staticmethod
    def _recv(sock):
        data = sock.recv(70000)
        if not data:
            raise EOFError
        return unpack(data)

    @staticmethod
    def _send(sock, name, fd=None, **values):
        data = pack(name, **values)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        sock.sendmsg([data], control)

    def _control(self):
        name, _ = self._recv(self.control)
        assert name == "hello"
        fd = self.client.fileno() if self.client else None
        if self.probe is None:
            self._send(self.broker, "welcome", text=self.gate.banner, greeting="")
        self._send(self.control, "client", fd, worker=WORKER, job=1 if self.probe is None else 2, address=self.address[0],
                   port=self.address[1], door=0, target="", plain=0)
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
        self._send(self.control, "control", worker=WORKER, op=op, reason=reason)

    def watch(self):
        self._send(self.recorder, "keyframe")

    def _login(self, m):
        user, _, rest = m["user"].decode().replace("%", "#").partition("#")
        account, _, target = rest.rpartition("#")
        ok = self.gate.users.get(user) == m["proof"].decode() if m["method"] == 1 else m["proof"] in self.gate.user_keys
        verdict = (3 if m["method"] == 2 else 1) if ok else 2
        self._send(self.broker, "login_answer", verdict=verdict, user=user if ok else "", target=target if ok else "",
                   account=account if ok else "", say="")

    def _targets(self, m):
        rows = [r for r in self.gate.rows if m["search"].decode() in r[0]]
        page = rows[m["offset"]:m["offset"] + 50]
        self._send(self.broker, "targets_answer", count=len(page), total=len(rows),
                   rows=b"".join(struct.pack("<I", len(f.encode())) + f.encode() for r in page for f in r), say="")

    def _target(self, m):
        g = self.gate
        if g.deny:
            self._send(self.broker, "deny", code=-13, say=g.deny)
            return
        target = socket.create_connection(g.target_address)
        target.setblocking(False)
        self._send(self.broker, "grant", target.fileno(), session=self.session, target=m["target"] or b"web01", account=g.account,
                   cluster="samples", auth=1 if g.password else 2, host_key=g.target_key, features=g.features, idle_s=g.idle_s,
                   total_s=g.total_s, stream_max=g.stream_max, keep_max=g.keep_max, env_allow=g.env_allow, rule="r1", charset=g.charset, legacy=g.legacy, database="")
        target.close()

    def _jump(self):
        if not self.gate.jump:
            self._send(self.broker, "jump_answer", code=-13, say="no such target / 没有")
            return
        ours, theirs = socket.socketpair()
        self._send(self.broker, "jump_answer", theirs.fileno(), code=0, say="")
        theirs.close()
        threading.Thread(target=self.gate.jump, args=(ours,), daemon=True).start()

    def _broker(self):
        while True:
            name, m = self._recv(self.broker)
            if name != "login":
                self.events.append((name, m))
            if name == "login":
                self.events.append((name, {"method": m["method"], "user": m["user"]}))
                self._login(m)
            elif name == "targets":
                self._targets(m)
            elif name == "target":
                self._target(m)
            elif name == "open":
                line = self.gate.refuse.get(m["request"])
                self._send(self.broker, "open_answer", channel=m["channel"], request=m["request"], code=-13 if line else 0,
                           say=line or "")
            elif name == "jump":
                self._jump()
            elif name == "file":
                self._send(self.broker, "file_answer", seq=m["seq"])
            elif name == "end":
                self._send(self.broker, "end_answer")
                self.ended.set()
            elif name == "probe_answer":
                self.ended.set()

    def _vault(self):
        while True:
            name, m = self._recv(self.vault)
            public = self.gate.host_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            if name == "host_key":
                self._send(self.vault, "host_key_answer", key=public)
            elif name == "host_sign":
                assert m["key"] == public and len(m["hash"]) in (32, 48, 64)
                self._send(self.vault, "host_sign_answer", code=0, signature=self.gate.host_key.sign(m["hash"]))
            elif self.gate.password:
                self._send(self.vault, "use_secret", text=self.gate.password)
            else:
                ours, theirs = socket.socketpair()
                Agent(ours, self.gate.account_key).start()
                self._send(self.vault, "use_agent", theirs.fileno())
                theirs.close()

    def _recorder(self):
        owed = 0
        told = 0.0
        while True:
            if self.gate.stall_recorder.is_set():
                time.sleep(0.05)
                continue
            if not select.select([self.recorder], [], [], 0.3)[0]:
                self._send(self.recorder, "durable", seq=self.seq)
                continue
            name, m = self._recv(self.recorder)
            assert name == "frames" and m["seq"] == self.seq + 1, (name, m.get("seq"))
            self.seq = m["seq"]
            data, at = m["frames"], 0
            while at < len(data):
                at_us, kind, channel, n = struct.unpack_from("<QBII", data, at)
                body = data[at + 17:at + 17 + n]
                self._frame(at_us, FRAMES[kind], channel, body)
                at += 17 + n
            owed += len(data)
            if owed >= 65536:
                self._send(self.recorder, "credit", bytes=owed)
                owed = 0
            if time.monotonic() - told > 0.3 or FRAMES[kind] in ("close", "finish", "out"):
                self._send(self.recorder, "durable", seq=self.seq)
                told = time.monotonic()

    def _frame(self, at_us, kind, channel, body):
        if kind in ("in", "out", "err", "keys"):
            self.digest.setdefault((channel, kind), hashlib.sha256()).update(body)
            self.bytes[channel, kind] = self.bytes.get((channel, kind), 0) + len(body)
            if not self.gate.keep_frames:
                return
        self.frames.append((at_us, kind, channel, body))

    def of(self, kind, channel=None):
        return [f[3] for f in self.frames if f[1] == kind and channel in (None, f[2])]

    def named(self, name):
        return [m for n, m in self.events if n == name]

    def over(self, seconds=15):
        """Waits for its exit and until all that it said has been taken: four sockets have no order among them."""
        assert self.process.wait(seconds) == 0
        self._taken()
        return self

    def _taken(self):
        for thread in self.threads:
            thread.join(15)
            assert not thread.is_alive()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.gate.stall_recorder.clear()
        self._taken()
        for s in (self.control, self.broker, self.vault, self.recorder):
            s.close()
