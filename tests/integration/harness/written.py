"""A recording of hours, written from docs/RECORDING.md alone and put in the place of a session's own: nobody waits two hours for one."""

import hashlib
import json
import os
import struct
import time
from datetime import datetime, timezone

import nacl.bindings as sodium
import zstandard
from second_reader import BLOCK, CLOSE, COMPRESSED, END, SEGMENT, blake2b, seal_keys, subkey

META, OPEN, OUT, SIZE, SCREEN, EXIT, CLOSED, NOTE, FINISH, FILE = 1, 2, 5, 7, 8, 10, 11, 12, 13, 14
BLOCK_MAX, SEGMENT_MAX, SEGMENT_US = 65536, 4 << 20, 300_000_000


class Recording:
    """Frames in, a sealed file out."""

    def __init__(self, ident, begun_us, master):
        self.ident, self.master = ident.bytes, master
        self.key = os.urandom(32)
        sealed = sodium.crypto_box_seal(self.key, seal_keys(master)[0])
        self.out = [b"yanmenR1" + self.ident + struct.pack("<q", begun_us) + sealed]
        self.hash, self.number = blake2b(self.out[0]), 0
        self.plain, self.first_us, self.last_us = bytearray(), 0, begun_us
        self.state, self.segment_bytes, self.segment_us = None, 0, 0
        self.pack = zstandard.ZstdCompressor(level=1)

    def record(self, kind, flags, body):
        raw = struct.pack("<BBHI", kind, flags, 0, len(body)) + body
        self.hash, self.number = blake2b(self.hash + raw), self.number + 1
        self.out += [raw, self.hash]

    def frame(self, time_us, kind, channel, body):
        assert time_us >= self.last_us
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False).encode()
        if len(self.plain) + 17 + len(body) > BLOCK_MAX:
            self.block()
        if not self.plain:
            self.first_us = time_us
        self.plain += struct.pack("<QBII", time_us, kind, channel, len(body)) + body
        self.last_us = time_us

    def block(self):
        if not self.plain:
            return
        fresh = self.state is None or self.segment_bytes >= SEGMENT_MAX or self.first_us - self.segment_us >= SEGMENT_US
        front = struct.pack("<qI", self.first_us, len(self.plain))
        if fresh:
            self.state = sodium.crypto_secretstream_xchacha20poly1305_state()
            front += sodium.crypto_secretstream_xchacha20poly1305_init_push(self.state, self.key)
            self.segment_bytes, self.segment_us = 0, self.first_us
        packed = self.pack.compress(bytes(self.plain))
        flags = COMPRESSED | (SEGMENT if fresh else 0)
        head = struct.pack("<BBHI", BLOCK, flags, 0, len(front) + len(packed) + 17)
        ad = self.ident + struct.pack("<Q", self.number + 1) + head + front
        self.record(BLOCK, flags, front + sodium.crypto_secretstream_xchacha20poly1305_push(self.state, packed, ad, 0))
        self.segment_bytes += len(self.plain)
        self.plain.clear()

    def finish(self):
        """The file, and what the recorder would tell of it."""
        self.block()
        self.record(END, 0, struct.pack("<qQ", self.last_us, 0))
        seq, head, now = self.number, self.hash, int(time.time() * 1e6)
        claim = b"yanmen evidence v1\0" + bytes([CLOSE]) + self.ident + struct.pack("<Q", seq) + head + struct.pack("<q", now)
        secret = sodium.crypto_sign_seed_keypair(subkey(self.master, 1, b"ymsign__"))[1]
        signature = sodium.crypto_sign(claim, secret)[:64]
        self.record(CLOSE, 0, struct.pack("<Qq", seq, now) + signature)
        return b"".join(self.out), {"seq": seq, "head": head, "signed_us": now, "signature": signature}


def put(instance, session, recording):
    """In the place of that session's recording, as if it had lasted that long; and out of the search index."""
    data, told = recording.finish()
    begun_us = struct.unpack_from("<q", data, 24)[0]
    path = next((instance.home / "recordings").rglob(f"{session}.ymr"))
    path.write_bytes(data)
    begun, ended = (datetime.fromtimestamp(us / 1e6, timezone.utc).isoformat() for us in (begun_us, recording.last_us))
    instance.sql(f"update yanmen.session set started_at = '{begun}', ended_at = '{ended}' where id = '{session}'; "
                 f"update yanmen.recording set seq = {told['seq']}, head = '\\x{told['head'].hex()}', bytes = {len(data)}, "
                 f"started_us = {begun_us}, ended_us = {recording.last_us}, signed_us = {told['signed_us']}, "
                 f"signature = '\\x{told['signature'].hex()}' where session_id = '{session}'")
    return data


def master_key(instance):
    conf = (instance.home / "yanmen.conf").read_text()
    data = open(next(line.split("=", 1)[1].strip() for line in conf.splitlines() if line.startswith("vault_key")), "rb").read()
    assert len(data) == 32  # the first generation's
    return data


def noise(seed, n):
    """Text that packs as build logs and listings do, not as one repeated line."""
    words = [hashlib.sha256(f"{seed}/{i}".encode()).hexdigest()[:6 + i % 9] for i in range(64)]
    state, lines = seed + 1, []
    size = 0
    while size < n:
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xffffffffffffffff
        line = f"\x1b[32m[{state >> 44:5d}]\x1b[0m cc -O2 -c src/{words[state >> 20 & 63]}/{words[state >> 30 & 63]}.c -o {words[state >> 40 & 63]}.o {state >> 33:08x}\r\n"
        lines.append(line)
        size += len(line)
    return "".join(lines).encode()


def long_one(session, master, begun_us, seconds=7200, bytes_a_second=15_000, marks=()):
    """A shell of 120×40 that prints all the time; at each second of `marks` a line "mark-N", an exec, a file and a note."""
    r = Recording(session, begun_us, master)
    r.frame(begun_us, META, 0, {"session": str(session), "user": "long", "target": "demo"})
    r.frame(begun_us, OPEN, 1, {"kind": "shell", "pty": True, "columns": 120, "rows": 40, "term": "xterm"})
    pieces = [noise(i, bytes_a_second) for i in range(16)]
    drawn = 0
    for second in range(seconds):
        at = begun_us + second * 1_000_000
        if second in marks:
            r.frame(at + 1, OPEN, 100 + second, {"kind": "exec", "command": f"deploy --step {second}"})
            r.frame(at + 2, EXIT, 100 + second, {"status": 0})
            r.frame(at + 3, CLOSED, 100 + second, b"")
            r.frame(at + 4, FILE, 1, {"number": second, "protocol": "sftp", "op": "upload", "state": "complete", "path": f"/srv/{second}.tar", "size": 7})
            r.frame(at + 5, NOTE, 0, {"kind": "locked", "text": f"look at this {second}"})
        data = pieces[second % 16]
        for part in range(8):
            n = len(data) // 8
            r.frame(at + 10 + part * 100_000, OUT, 1, data[part * n:(part + 1) * n])
        r.frame(at + 900_000, OUT, 1, f"\r\nmark-{second} 雁门\r\n".encode())
        drawn += 1
        if drawn == 30:
            drawn = 0
            picture = b"\x1b[1;1H" + f"screen of {second}\r\nmark-{second} 雁门\r\n".encode()
            r.frame(at + 900_001, SCREEN, 1, struct.pack("<II", 120, 40) + picture)
    end = begun_us + seconds * 1_000_000
    r.frame(end, EXIT, 1, {"status": 0})
    r.frame(end, CLOSED, 1, b"")
    r.frame(end, FINISH, 0, {"reason": "the client ended it"})
    return r
