"""Clients that mean harm."""

import os
import socket
import struct


def connect(instance, seconds=20):
    s = socket.create_connection(("127.0.0.1", instance.port), 10)
    s.settimeout(seconds)
    return s


def until_closed(s, seconds=30):
    """Reads to the end; True when the other side closed in time."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def packet(payload, padding=8):
    length = 1 + len(payload) + padding
    return struct.pack(">IB", length, padding) + payload + os.urandom(padding)


BANNER = b"SSH-2.0-hostile\r\n"
KEXINIT_CUT = bytes([20]) + os.urandom(16) + struct.pack(">I", 0xFFFFFFFF)
MALFORMED = {
    "not ssh at all": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "an old protocol": b"SSH-1.5-old\r\n",
    "an endless banner": b"SSH-2.0-" + b"A" * 100_000,
    "binary before the banner": bytes(range(256)) * 64,
    "a length of 4 GiB": BANNER + b"\xff\xff\xff\xff" + b"x" * 2000,
    "a length of zero": BANNER + b"\0\0\0\0" * 64,
    "padding longer than the packet": BANNER + struct.pack(">IB", 12, 255) + b"x" * 11,
    "a cut key exchange": BANNER + packet(KEXINIT_CUT),
    "an unknown message": BANNER + packet(bytes([199]) + b"x" * 40),
    "a login before the key exchange": BANNER + packet(bytes([50]) + struct.pack(">I", 4) + b"root" + b"\0" * 32),
    "a channel before the login": BANNER + packet(bytes([90]) + struct.pack(">I", 7) + b"session" + b"\0" * 12),
    "a thousand ignores": BANNER + packet(bytes([2]) + struct.pack(">I", 8) + b"x" * 8) * 1000,
    "a disconnect": BANNER + packet(bytes([1]) + struct.pack(">II", 2, 0xFFFFFF) + b"x"),
    "random bytes after the banner": BANNER + os.urandom(40_000),
}
