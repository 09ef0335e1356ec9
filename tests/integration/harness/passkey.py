"""An authenticator without a browser: WebAuthn's bytes, made here, so that each of them can be wrong."""

import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, ATTESTED = 1, 4, 0x40


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(text_):
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


def cbor(value):
    """As much of RFC 8949 as a COSE key needs."""
    def head(major, n):
        return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25]) + struct.pack(">H", n)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def number(n, size):
    return n.to_bytes(size, "big")


class Authenticator:
    def __init__(self, kind="ES256", rp="localhost"):
        self.kind, self.rp, self.id, self.counter, self.handle = kind, rp, os.urandom(32), 0, b""
        if kind == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
            self.cose = {1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw() if hasattr(
                self.key.public_key(), "public_bytes_raw") else self.raw()}
        elif kind == "RS256":
            self.key = rsa.generate_private_key(65537, 2048)
            n = self.key.public_key().public_numbers()
            self.cose = {1: 3, 3: -257, -1: number(n.n, 256), -2: number(n.e, 3)}
        else:
            self.key = ec.generate_private_key(ec.SECP256R1() if kind == "ES256" else ec.SECP384R1())
            n, size = self.key.public_key().public_numbers(), 32 if kind == "ES256" else 48
            self.cose = {1: 2, 3: -7 if kind == "ES256" else -35, -1: 1 if kind == "ES256" else 2, -2: number(n.x, size), -3: number(n.y, size)}

    def raw(self):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        if self.kind == "EdDSA":
            return self.key.sign(message)
        if self.kind == "RS256":
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def auth(self, flags, more=b""):
        return hashlib.sha256(self.rp.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter) + more

    @staticmethod
    def client(kind, challenge, origin, **more):
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False} | more).encode()

    def create(self, asked, origin, flags=PRESENT | VERIFIED, **client):
        """The arguments of `passkey add`, for what `passkey begin` answered."""
        self.handle = data(asked["handle"])
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor(self.cose)
        return {"credential": text(self.id), "authenticator_data": text(self.auth(flags | ATTESTED, attested)),
                "client_data": text(self.client("webauthn.create", asked["challenge"], origin, **client))}

    def get(self, asked, origin, flags=PRESENT | VERIFIED, **client):
        """The answer to a login's challenge."""
        self.counter += 1
        said, auth = self.client("webauthn.get", asked["challenge"], origin, **client), self.auth(flags)
        return {"id": text(self.id), "client_data": text(said), "authenticator_data": text(auth),
                "signature": text(self.sign(auth + hashlib.sha256(said).digest())), "user": text(self.handle)}
