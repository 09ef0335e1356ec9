"""An SSH client that says exactly what a test wants, also what no client says (RFC 4253, 4252, 4254; AES-GCM of RFC 5647)."""

import hashlib
import os
import socket
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = b"SSH-2.0-raw"


def string(b):
    b = b.encode() if isinstance(b, str) else b
    return struct.pack(">I", len(b)) + b


def number(b):
    b = b.lstrip(b"\0")
    return string(b"\0" + b if b and b[0] & 0x80 else b)


class Closed(Exception):
    pass


class RawSsh:
    def __init__(self, port, seconds=15):
        self.sock = socket.create_connection(("127.0.0.1", port), seconds)
        self.sock.settimeout(seconds)
        self.out_key = self.in_key = None
        self.asked = False
        self.sock.sendall(VERSION + b"\r\n")
        self.their_version = self._line()
        self._exchange()

    def close(self):
        self.sock.close()

    def _exact(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.sock.recv(n - len(data))
            except ConnectionError as e:
                raise Closed from e
            if not more:
                raise Closed
            data += more
        return data

    def _line(self):
        line = b""
        while not line.endswith(b"\n"):
            line += self._exact(1)
        return line.rstrip(b"\r\n")

    # ---- packets ----
    def send(self, payload):
        block = 16 if self.out_key else 8
        padding = block - (len(payload) + (1 if self.out_key else 5)) % block
        padding += block if padding < 4 else 0
        body = bytes([padding]) + payload + os.urandom(padding)
        length = struct.pack(">I", len(body))
        if self.out_key:
            body = self.out_key.encrypt(self._nonce("out"), body, length)
        self.raw(length + body)

    def raw(self, data):
        try:
            self.sock.sendall(data)
        except ConnectionError as e:
            raise Closed from e

    def receive(self):
        length = self._exact(4)
        n = struct.unpack(">I", length)[0]
        if self.in_key:
            body = self.in_key.decrypt(self._nonce("in"), self._exact(n + 16), length)
        else:
            body = self._exact(n)
        return body[1:len(body) - body[0]]

    def expect(self, *kinds):
        """The next message of one of these kinds; others are passed over."""
        while True:
            m = self.receive()
            if m[0] in kinds:
                return m

    def _nonce(self, way):
        fixed, count = self.nonces[way]
        self.nonces[way] = fixed, count + 1
        return fixed + struct.pack(">Q", count)

    # ---- key exchange ----
    def _exchange(self):
        lists = [b"curve25519-sha256", b"ssh-ed25519", *[b"aes128-gcm@openssh.com"] * 2, *[b"hmac-sha2-256-etm@openssh.com"] * 2,
                 b"none", b"none", b"", b""]
        ours = b"\x14" + os.urandom(16) + b"".join(string(x) for x in lists) + b"\0" * 5
        self.send(ours)
        theirs = self.expect(20)
        key = X25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.send(b"\x1e" + string(public))
        reply, parts, at = self.expect(31), [], 1
        for _ in range(3):
            n = struct.unpack_from(">I", reply, at)[0]
            parts.append(reply[at + 4:at + 4 + n])
            at += 4 + n
        self.host_key, their_public, _ = parts
        shared = number(key.exchange(X25519PublicKey.from_public_bytes(their_public)))
        hashed = hashlib.sha256(string(VERSION) + string(self.their_version) + string(ours) + string(theirs) + string(self.host_key) +
                                string(public) + string(their_public) + shared).digest()
        self.expect(21)
        self.send(b"\x15")

        def derived(letter, n):
            return hashlib.sha256(shared + hashed + letter + hashed).digest()[:n]
        self.nonces = {"out": self._start(derived(b"A", 12)), "in": self._start(derived(b"B", 12))}
        self.out_key, self.in_key = AESGCM(derived(b"C", 16)), AESGCM(derived(b"D", 16))

    @staticmethod
    def _start(iv):
        return iv[:4], struct.unpack(">Q", iv[4:])[0]

    # ---- login and channels ----
    def password(self, user, password):
        """True, or False when it was refused."""
        if not self.asked:
            self.asked = True
            self.send(b"\x05" + string("ssh-userauth"))
            self.expect(6)
        self.send(b"\x32" + string(user) + string("ssh-connection") + string("password") + b"\0" + string(password))
        return self.expect(51, 52)[0] == 52

    def open(self, number=0, window=1 << 21, packet=32768, kind="session"):
        """The gateway's number of the channel, or None when it was refused."""
        self.send(b"\x5a" + string(kind) + struct.pack(">III", number, window, packet))
        m = self.expect(91, 92)
        return struct.unpack_from(">I", m, 5)[0] if m[0] == 91 else None

    def request(self, channel, kind, body=b"", reply=True):
        """True or False, when an answer is wanted."""
        self.send(b"\x62" + struct.pack(">I", channel) + string(kind) + bytes([reply]) + body)
        return self.expect(99, 100)[0] == 99 if reply else None

    def data(self, channel, data):
        self.send(b"\x5e" + struct.pack(">I", channel) + string(data))
