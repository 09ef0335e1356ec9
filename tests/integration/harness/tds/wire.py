"""Packets, TLS inside and around them, and the tokens of an answer, by TDS version."""

import select
import ssl
import struct

BATCH, RPC, REPLY, ATTENTION, BULK, FEDAUTH, TRANSACTION, LOGIN7, SSPI, PRELOGIN = 1, 3, 4, 6, 7, 8, 0x0e, 0x10, 0x11, 0x12
OFF, ON, NOT_SUPPORTED, REQUIRED = 0, 1, 2, 3
DONE, DONEPROC, DONEINPROC = 0xfd, 0xfe, 0xff
MORE, FAILED, COUNT, ATTENDED = 1, 2, 0x10, 0x20
SAID_MAX = 1 << 22
RANKS = {0x70000000: 70, 0x71000000: 71, 0x71000001: 71, 0x72090002: 72, 0x730a0003: 73, 0x730b0003: 73.5, 0x74000004: 74, 0x08000000: 80}


def utf16(text):
    return text.encode("utf-16le")


def prelogin(encryption, options=()):
    options = [(0, bytes([16, 0, 0x10, 0, 0, 0])), (1, bytes([encryption])), (2, b"\0"), (4, b"\0"), *options]
    head, data, offset = b"", b"", 5 * len(options) + 1
    for option, value in options:
        head += struct.pack(">BHH", option, offset + len(data), len(value))
        data += value
    return head + b"\xff" + data


def read_prelogin(data):
    options, at = {}, 0
    while data[at] != 0xff:
        option, offset, n = struct.unpack(">BHH", data[at:at + 5])
        assert offset + n <= len(data), (option, offset, n)
        options[option] = data[offset:offset + n]
        at += 5
    return options


def token(kind, body):
    return bytes([kind]) + struct.pack("<H", len(body)) + body


def environment(kind, new, old=""):
    return token(0xe3, bytes([kind, len(new)]) + utf16(new) + bytes([len(old)]) + utf16(old))


def routing(host, port):
    value = b"\0" + struct.pack("<HH", port, len(host)) + utf16(host)
    return token(0xe3, b"\x14" + struct.pack("<H", len(value)) + value + b"\0\0")


def transaction_changed(kind, descriptor):
    return token(0xe3, bytes([kind]) + (b"\x08" + descriptor + b"\0" if kind == 8 else b"\0\x08" + descriptor))


def message(kind, number, severity, text, rank=74):
    line = struct.pack("<I" if rank >= 72 else "<H", 1)
    return token(kind, struct.pack("<IBBH", number, 1, severity, len(text)) + utf16(text) + b"\0\0" + line)


def failure(number, severity, text, rank=74):
    return message(0xaa, number, severity, text, rank)


def information(number, text, rank=74):
    return message(0xab, number, 10, text, rank)


def done(status=0, rows=0, kind=DONE, rank=74):
    return struct.pack("<BHHQ" if rank >= 72 else "<BHHI", kind, status, 0xc1, rows)


def login_ack(version=0x74000004):
    name = utf16("Microsoft SQL Server")
    return token(0xad, b"\1" + struct.pack(">I", version) + bytes([len(name) // 2]) + name + bytes([16, 0, 0x10, 0]))


class Line:
    """A connection: packets in and out, plain, inside TLS, or with a TLS handshake in packets."""

    def __init__(self, connection):
        self.socket, self.session, self.held, self.size = connection, None, b"", 4096
        self.said = None  # a list: what went over it, ("c" or "s", type, body), but for very long answers

    def receive(self):
        """More bytes into `held`.  TLS is taken record by record: behind a login-only TLS plain text may follow at once."""
        if self.session is None:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.held += more
            return
        head = self.exactly(5)
        self.incoming.write(head + self.exactly(struct.unpack(">H", head[3:])[0]))
        try:
            while True:
                more = self.session.read(65536)
                if not more:
                    raise EOFError
                self.held += more
        except ssl.SSLWantReadError:
            pass

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def take(self, n):
        while len(self.held) < n:
            self.receive()
        taken, self.held = self.held[:n], self.held[n:]
        return taken

    def packet(self):
        kind, status, length = struct.unpack(">BBH4x", self.take(8))
        return kind, status, self.take(length - 8)

    def message(self):
        data = b""
        while True:
            kind, status, more = self.packet()
            data += more
            if status & 1:
                self.note("c", kind, data)
                return kind, status, data

    def note(self, who, kind, data):
        if self.said is not None:
            self.said.append((who, kind, bytes(data)))

    def asked_to_stop(self, seconds=0):
        """An attention has come.  Waits for one as long as that."""
        if len(self.held) < 8:
            if not select.select([self.socket], [], [], seconds)[0]:
                return False
            self.receive()
        if len(self.held) >= 8 and self.held[0] == ATTENTION:
            self.message()
            return True
        return False

    def send(self, data):
        if self.session:
            self.session.write(data)
            data = self.outgoing.read()
        self.socket.sendall(data)

    def reply(self, data, kind=REPLY):
        out = Answer(self, kind)
        out.put(data)
        out.end()

    def shake_hands(self, context):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
            if self.outgoing.pending:
                self.reply(self.outgoing.read(), PRELOGIN)
            kind, _, data = self.packet()
            assert kind == PRELOGIN, kind
            self.incoming.write(data)
        if self.outgoing.pending:
            self.reply(self.outgoing.read(), PRELOGIN)
        self.session = session

    def secure_all(self, context):
        """TDS 8.0: TLS comes first, and everything is inside."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
            if self.outgoing.pending:
                self.socket.sendall(self.outgoing.read())
            head = self.exactly(5)
            self.incoming.write(head + self.exactly(struct.unpack(">H", head[3:])[0]))
        if self.outgoing.pending:
            self.socket.sendall(self.outgoing.read())
        self.session = session
        return session.selected_alpn_protocol()


class Answer:
    """A message that goes out packet by packet as it grows."""

    def __init__(self, line, kind=REPLY):
        self.line, self.kind, self.data, self.number = line, kind, bytearray(), 0
        self.all = bytearray()

    def put(self, data):
        self.data += data
        if len(self.all) <= SAID_MAX:
            self.all += data
        most = self.line.size - 8
        while len(self.data) > most:
            self.packet(0, self.data[:most])
            del self.data[:most]

    def packet(self, status, body):
        self.number = self.number % 255 + 1
        self.line.send(struct.pack(">BBHHBB", self.kind, status, len(body) + 8, 0, self.number, 0) + bytes(body))

    def end(self):
        if len(self.all) <= SAID_MAX:
            self.line.note("s", self.kind, self.all)  # who was answered may look at it at once
        self.packet(1, self.data)
        self.data = bytearray()


def read_login7(data):
    """The texts of a LOGIN7, each within the message, and the password as it was typed."""
    length, version, size = struct.unpack("<III", data[:12])
    assert length == len(data), (length, len(data))
    assert version in RANKS, hex(version)

    def field(i):
        at, units = struct.unpack("<HH", data[36 + 4 * i:40 + 4 * i])
        assert units == 0 or at + 2 * units <= len(data)
        return data[at:at + 2 * units]

    plain = bytes((b ^ 0xa5) >> 4 | (b ^ 0xa5) << 4 & 0xf0 for b in field(2))
    names = {0: "host", 1: "user", 3: "program", 4: "server", 6: "library", 8: "database"}
    login = {name: field(i).decode("utf-16le") for i, name in names.items()}
    return {**login, "password": plain.decode("utf-16le"), "version": version, "size": size, "features": read_features(data)}


def read_features(data):
    features = {}
    if data[27] & 0x10:
        at = struct.unpack("<I", data[struct.unpack("<H", data[56:58])[0]:][:4])[0]
        while data[at] != 0xff:
            n = struct.unpack("<I", data[at + 1:at + 5])[0]
            features[data[at]] = data[at + 5:at + 5 + n]
            at += 5 + n
    return features
