"""SQL Server as far as a login and ALTER LOGIN go, after [MS-TDS]; FreeTDS' tsql logs in to it too.

TLS is negotiated in PRELOGIN and its handshake travels in packets, as with the real one.
"""

import re
import ssl
import struct

from harness.double import Double
from harness.tds.wire import LOGIN7, NOT_SUPPORTED, ON, PRELOGIN, REPLY, Line, done, environment, failure, login_ack, prelogin, read_login7, token


class SqlServer(Double):
    def __init__(self, certificate, key, accounts):
        self.accounts, self.logins = accounts, []
        super().__init__(certificate, key)
        self.tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def serve(self, connection):
        line = Line(connection)
        kind, _, _ = line.message()
        assert kind == PRELOGIN, kind
        if self.fault == "lying length":
            return line.send(struct.pack(">BBHHBB", REPLY, 1, 4, 0, 1, 0))
        if self.fault == "lying option":
            return line.reply(b"\1\xff\xff\0\1\xff")
        line.reply(prelogin(NOT_SUPPORTED if self.fault == "no TLS" else ON))
        line.shake_hands(self.tls)
        kind, _, data = line.message()
        assert kind == LOGIN7, kind
        login = read_login7(data)
        self.logins.append({k: login[k] for k in ("user", "host", "server", "database")})
        if self.accounts.get(login["user"]) != login["password"]:
            return line.reply(failure(18456, 14, f"Login failed for user '{login['user']}'.") + done(2))
        routed = token(0xe3, b"\x14" + bytes(10)) if self.fault == "routed" else b""
        line.reply(environment(1, "master", "master") + environment(2, "us_english") + login_ack() +
                   environment(4, "4096", "4096") + routed + done())
        while True:
            self.answer(line, login["user"])

    def answer(self, line, user):
        kind, _, data = line.message()
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
