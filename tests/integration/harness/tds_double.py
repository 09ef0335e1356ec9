"""SQL Server as far as a login and ALTER LOGIN go, after [MS-TDS]; FreeTDS' tsql logs in to it too.

TLS is negotiated in PRELOGIN and its handshake travels in packets, as with the real one.
"""

import re
import ssl
import struct

from harness.double import Double, read

REPLY, PRELOGIN = 4, 0x12
ON, NOT_SUPPORTED = 1, 2


def utf16(text):
    return text.encode("utf-16le")


def prelogin(encryption):
    options = [(0, bytes([16, 0, 0x10, 0, 0, 0])), (1, bytes([encryption])), (2, b"\0"), (4, b"\0")]
    head, data, offset = b"", b"", 5 * len(options) + 1
    for option, value in options:
        head += struct.pack(">BHH", option, offset + len(data), len(value))
        data += value
    return head + b"\xff" + data


def token(kind, body):
    return bytes([kind]) + struct.pack("<H", len(body)) + body


def environment(kind, new, old=""):
    return token(0xe3, bytes([kind, len(new)]) + utf16(new) + bytes([len(old)]) + utf16(old))


def failure(number, severity, text):
    return token(0xaa, struct.pack("<IBBH", number, 1, severity, len(text)) + utf16(text) + b"\0\0" + struct.pack("<I", 1))


def done(status=0):
    return struct.pack("<BHHQ", 0xfd, status, 0xc1, 0)


def login_ack(version=0x74000004):
    name = utf16("Microsoft SQL Server")
    return token(0xad, b"\1" + struct.pack(">I", version) + bytes([len(name) // 2]) + name + bytes([16, 0, 0x10, 0]))


class Line:
    def __init__(self, connection):
        self.socket, self.session, self.held = connection, None, b""

    def packet(self):
        kind, status, length = struct.unpack(">BBH4x", self.take(8))
        return kind, status, self.take(length - 8)

    def take(self, n):
        while len(self.held) < n:
            if self.session is None:
                return read(self.socket, n)
            try:
                self.held += self.session.read(65536)
            except ssl.SSLWantReadError:
                more = self.socket.recv(65536)
                if not more:
                    raise EOFError from None
                self.incoming.write(more)
        taken, self.held = self.held[:n], self.held[n:]
        return taken

    def message(self):
        data = b""
        while True:
            kind, status, more = self.packet()
            data += more
            if status & 1:
                return kind, data

    def send(self, data):
        if self.session:
            self.session.write(data)
            data = self.outgoing.read()
        self.socket.sendall(data)

    def reply(self, data, kind=REPLY):
        self.send(struct.pack(">BBHHBB", kind, 1, len(data) + 8, 0, 1, 0) + data)

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


def read_login7(data):
    """The texts of a LOGIN7, each within the message, and the password as it was typed."""
    length, version = struct.unpack("<II", data[:8])
    assert length == len(data) and version == 0x74000004, (length, len(data), hex(version))

    def field(i):
        at, units = struct.unpack("<HH", data[36 + 4 * i:40 + 4 * i])
        assert at + 2 * units <= len(data)
        return data[at:at + 2 * units]

    plain = bytes((b ^ 0xa5) >> 4 | (b ^ 0xa5) << 4 & 0xf0 for b in field(2))
    return {"user": field(1).decode("utf-16le"), "password": plain.decode("utf-16le"), "host": field(0).decode("utf-16le"),
            "server": field(4).decode("utf-16le"), "database": field(8).decode("utf-16le")}


class SqlServer(Double):
    def __init__(self, certificate, key, accounts):
        self.accounts, self.logins = accounts, []
        super().__init__(certificate, key)
        self.tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def serve(self, connection):
        line = Line(connection)
        kind, data = line.message()
        assert kind == PRELOGIN, kind
        if self.fault == "lying length":
            return line.send(struct.pack(">BBHHBB", REPLY, 1, 4, 0, 1, 0))
        if self.fault == "lying option":
            return line.reply(b"\1\xff\xff\0\1\xff")
        line.reply(prelogin(NOT_SUPPORTED if self.fault == "no TLS" else ON))
        line.shake_hands(self.tls)
        kind, data = line.message()
        assert kind == 0x10, kind
        login = read_login7(data)
        self.logins.append({k: v for k, v in login.items() if k != "password"})
        if self.accounts.get(login["user"]) != login["password"]:
            return line.reply(failure(18456, 14, f"Login failed for user '{login['user']}'.") + done(2))
        routed = token(0xe3, b"\x14" + bytes(10)) if self.fault == "routed" else b""
        line.reply(environment(1, "master", "master") + environment(2, "us_english") + login_ack() +
                   environment(4, "4096", "4096") + routed + done())
        while True:
            self.answer(line, login["user"])

    def answer(self, line, user):
        kind, data = line.message()
        assert kind == 1, kind
        text = data[struct.unpack("<I", data[:4])[0]:].decode("utf-16le")
        self.statements.append(text)
        if self.fault == "close before":
            raise EOFError
        if self.fault == "silent":
            line.take(1)
        if self.fault == "endless":
            while True:
                line.send(struct.pack(">BBHHBB", REPLY, 0, 4096, 0, 1, 0) + bytes(4088))
        result = self.alter(user, text)
        if self.fault == "close":
            raise EOFError
        line.reply(result)

    def alter(self, user, text):
        quoted = r"N'((?:[^']|'')*)'"
        found = re.fullmatch(rf"ALTER LOGIN \[((?:[^\]]|\]\])*)\] WITH PASSWORD = {quoted} OLD_PASSWORD = {quoted}", text)
        if not found:
            return done()  # what a client sends for itself
        name, fresh, old = found[1].replace("]]", "]"), found[2].replace("''", "'"), found[3].replace("''", "'")
        if name != user or old != self.accounts[user]:
            return failure(15151, 16, f"Cannot alter the login '{name}'.") + done(2)
        if len(fresh) < 8:
            return failure(15118, 16, "Password validation failed. It does not meet policy requirements.") + done(2)
        self.accounts[user] = fresh
        return done()
