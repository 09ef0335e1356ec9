"""The login of MySQL 8 with caching_sha2_password, which MariaDB has not, and servers that misbehave.

After "Client/Server Protocol" (Connection Phase; Caching_sha2 Authentication). It answers ALTER USER … IDENTIFIED BY and
little else; Debian's `mariadb` logs in to it too, so that it is not only our own reading of the protocol.
"""

import hashlib
import os
import re
import struct

from harness.double import Double, read

LONG_PASSWORD, PROTOCOL_41, SSL, SECURE, PLUGIN_AUTH, LENENC = 1, 1 << 9, 1 << 11, 1 << 15, 1 << 19, 1 << 21
FLAGS = LONG_PASSWORD | PROTOCOL_41 | SSL | 1 << 13 | SECURE | PLUGIN_AUTH
OK = b"\0\0\0\x02\0\0\0"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def error(code, words):
    return b"\xff" + struct.pack("<H", code) + b"#HY000" + words.encode()


class Wire:
    def __init__(self, connection):
        self.stream, self.seq = connection, 0

    def get(self):
        head = read(self.stream, 4)
        self.seq = head[3] + 1
        return read(self.stream, int.from_bytes(head[:3], "little"))

    def put(self, payload):
        self.stream.sendall(len(payload).to_bytes(3, "little") + bytes([self.seq & 255]) + payload)
        self.seq += 1


class MySQL(Double):
    def __init__(self, certificate, key, accounts):
        self.accounts, self.cached = accounts, set()
        self.plugin = "caching_sha2_password"  # what the greeting names
        super().__init__(certificate, key)

    def greet(self, wire, nonce):
        flags = FLAGS & ~SSL if self.fault == "no TLS" else FLAGS
        wire.put(b"\x0a8.4.0\0" + struct.pack("<I", 7) + nonce[:8] + b"\0" + struct.pack("<H", flags & 0xffff) + b"\x2d\x02\0" +
                 struct.pack("<H", flags >> 16) + b"\x15" + bytes(10) + nonce[8:] + b"\0" + self.plugin.encode() + b"\0")

    def log_in(self, wire, connection):
        nonce = bytes(b % 126 + 1 for b in os.urandom(20))
        if self.fault == "lying length":
            return connection.sendall(b"\xff\xff\xff\0\x0a8.4.0\0")
        if self.fault == "cut greeting":
            return wire.put(b"\x0a8.4.0\0\7\0\0\0abc")
        self.greet(wire, nonce)
        response = wire.get()
        if len(response) == 32:
            wire.stream = connection = self.tls.wrap_socket(connection, server_side=True)
            response = wire.get()
        user, rest = response[32:].split(b"\0", 1)
        answer, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        if rest.split(b"\0")[0 if not response[0] & 8 else 1] != b"caching_sha2_password":
            wire.put(b"\xfecaching_sha2_password\0" + nonce + b"\0")
            answer = wire.get()
        return user.decode() if self.proves(wire, user.decode(), answer, nonce) else wire.put(error(1045, "Access denied"))

    def proves(self, wire, user, answer, nonce):
        password = self.accounts.get(user)
        if password is None:
            return False
        once = sha256(password)
        right = bytes(a ^ b for a, b in zip(once, sha256(sha256(once), nonce), strict=True))
        if user in self.cached and answer == right:
            wire.put(b"\1\3")
            return True
        wire.put(b"\1\4")  # the password itself, which a client gives over TLS only
        if wire.get() != password + b"\0":
            return False
        self.cached.add(user)
        return True

    def serve(self, connection):
        wire = Wire(connection)
        user = self.log_in(wire, connection)
        if not user:
            return
        wire.put(OK)
        while True:
            wire.seq = 0
            command = wire.get()
            if command[0] != 3:
                return
            self.statements.append(command[1:].decode())
            if self.fault == "close":
                self.alter(user, self.statements[-1])
                return
            if self.fault == "close before":
                return
            if self.fault == "endless":
                while True:
                    wire.put(b"\2" + bytes(60000))
            if self.fault == "silent":
                read(wire.stream, 1)
            if self.fault == "quoting":
                wire.put(error(1064, f"You have an error in your SQL syntax near {self.statements[-1][-24:]} at line 1\x1b[2J"))
            else:
                wire.put(self.alter(user, self.statements[-1]))

    def alter(self, user, statement):
        found = re.fullmatch(r"ALTER USER CURRENT_USER\(\) IDENTIFIED BY '((?:[^'\\]|''|\\\\)*)'", statement)
        if not found:
            return OK if statement.startswith(("DO ", "select ")) else error(1064, "You have an error in your SQL syntax")
        fresh = found[1].replace("''", "'").replace("\\\\", "\\")
        if len(fresh) < 8:
            return error(1819, "Your password does not satisfy the current policy requirements")
        self.accounts[user] = fresh.encode()
        self.cached.discard(user)
        return OK
