"""The messages between the processes, read from gateway/core/wire.h itself."""

import array
import re
import socket
import struct
from pathlib import Path

HEADER = Path(__file__).resolve().parents[3] / "gateway/core/wire.h"
NUMBER = {"U8": "<B", "U16": "<H", "U32": "<I", "U64": "<Q", "I64": "<q"}
BYTES = {"ID": 16, "H32": 32, "SIG": 64}


def _read():
    text = HEADER.read_text().replace("\\\n", " ")
    fields = {name: re.findall(r"F\((\w+), (\w+)\)", body)
              for name, body in re.findall(r"#define (WIRE_\w+_F)\(F\)([^\n]*)", text)}
    return {name: (int(number, 16), fields[kind]) for name, number, kind in re.findall(r"M\((\w+), (0x\w+), (WIRE_\w+_F)\)", text)}


MESSAGES = _read()
NAMES = {number: (name, fields) for name, (number, fields) in MESSAGES.items()}


def string(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(value)) + value


def pack(name, /, **values):
    """Fields that are not given are zero or empty."""
    number, fields = MESSAGES[name]
    body = b""
    for kind, key in fields:
        if kind == "STR":
            body += string(values.pop(key, b""))
        elif kind in BYTES:
            body += values.pop(key, bytes(BYTES[kind]))
        else:
            body += struct.pack(NUMBER[kind], values.pop(key, 0))
    assert not values, values
    return struct.pack("<HBBI", number, 1, 0, len(body)) + body


def unpack(data):
    number, version, flags, length = struct.unpack_from("<HBBI", data)
    assert (version, flags, length) == (1, 0, len(data) - 8)
    name, fields = NAMES[number]
    at, values = 8, {}
    for kind, key in fields:
        if kind == "STR":
            n = struct.unpack_from("<I", data, at)[0]
            values[key] = data[at + 4:at + 4 + n]
            at += 4 + n
        elif kind in BYTES:
            values[key] = data[at:at + BYTES[kind]]
            at += BYTES[kind]
        else:
            values[key] = struct.unpack_from(NUMBER[kind], data, at)[0]
            at += struct.calcsize(NUMBER[kind])
    assert at == len(data)
    return name, values


def pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for s in (ours, theirs):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return ours, theirs


def send(sock, name, fd=None, /, **values):
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
    sock.sendmsg([pack(name, **values)], control)


def receive(sock, timeout=10.0):
    """(name, fields, fd or None); EOFError when the peer is gone."""
    sock.settimeout(timeout)
    data, control, _, _ = sock.recvmsg(70000, socket.CMSG_SPACE(4))
    if not data:
        raise EOFError
    fds = array.array("i")
    for _, _, raw in control:
        fds.frombytes(raw[:4])
    name, values = unpack(data)
    return name, values, fds[0] if fds else None
