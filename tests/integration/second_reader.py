"""A second reader of recordings and audit logs, written from docs/RECORDING.md alone.

It shares no code with the gateway: python3-nacl and python3-zstandard do the cryptography and the unpacking.

usage: second_reader.py verify recording|audit FILE PUBLIC_KEY_FILE
       second_reader.py decode FILE MASTER_KEY_FILE             frames as JSON Lines
"""

import base64
import hashlib
import json
import struct
import sys
import uuid

import nacl.bindings as sodium
import zstandard
from nacl.exceptions import CryptoError

CHECKPOINT, CLOSE, CRASHED, AUDIT, BLOCK, END = 1, 2, 3, 4, 5, 6
KEY, TOMBSTONE, BACKUP = 5, 6, 7  # what else is signed
SLACK_US = 3600 * 1_000_000
SEGMENT, COMPRESSED = 1, 2
HEADER, REACH, LINE_MAX = 112, 65536, 1 << 20
FRAMES = {1: "meta", 2: "open", 3: "in", 4: "keys", 5: "out", 6: "err", 7: "size", 8: "screen", 9: "digest", 10: "exit",
          11: "close", 12: "note", 13: "finish", 14: "file", 15: "content"}


class Bad(Exception):
    """The file is not what the gateway wrote."""


class NotSealed(Bad):
    """No end: being recorded, or cut."""


def need(condition, why):
    if not condition:
        raise Bad(why)


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


# ---- keys ----

def subkey(master, number, context):
    return hashlib.blake2b(b"", digest_size=32, key=master, salt=struct.pack("<QQ", number, 0), person=context + bytes(8)).digest()


def seal_keys(master):
    """The public and the secret X25519 key to which recording keys are sealed."""
    return sodium.crypto_box_seed_keypair(subkey(master, 2, b"ymseal__"))


def sign_key(master):
    return sodium.crypto_sign_seed_keypair(subkey(master, 1, b"ymsign__"))[0]


def public_key(text):
    """The key of a file with one line."""
    keys = public_keys(text)
    need(len(keys) == 1, "several keys")
    return keys[0]


def public_keys(text):
    """The keys of a file, oldest first, each signed by the one before; as a list of (key, until when it may have signed)."""
    lines = text.removesuffix("\n").split("\n")
    words = lines[0].split(" ")
    need(len(words) == 2 and words[0] == "yanmen-evidence-1", "not a public key file")
    keys = [base64.b64decode(words[1], validate=True)]
    since = [0]
    for line in lines[1:]:
        words = line.split(" ")
        need(len(words) == 4 and words[0] == "yanmen-evidence-next", "not a public key file")
        key, at, signature = base64.b64decode(words[1], validate=True), int(words[2]), base64.b64decode(words[3], validate=True)
        need(at > since[-1], "keys out of order")
        check_signature(keys[-1], KEY, bytes(16), len(keys) + 1, key, at, signature)
        keys.append(key)
        since.append(at)
    need(all(len(key) == 32 for key in keys), "a public key of another length")
    if len(keys) == 1:
        return keys
    return list(zip(keys, [at + SLACK_US for at in since[1:]] + [None]))


def check_signature(key, what, ident, seq, digest, time_us, signature):
    """key: one, or what public_keys gave."""
    if isinstance(key, list):
        for one, until in (k if isinstance(k, tuple) else (k, None) for k in key):
            if until is not None and time_us > until:
                continue
            try:
                return check_signature(one, what, ident, seq, digest, time_us, signature)
            except Bad:
                continue
        raise Bad(f"signature {what} over {seq}")
    text = b"yanmen evidence v1\0" + bytes([what]) + ident + struct.pack("<Q", seq) + digest + struct.pack("<q", time_us)
    need(len(text) == 84, "a signed text of another length")
    try:
        sodium.crypto_sign_open(signature + text, key)
    except CryptoError as e:
        raise Bad(f"signature {what} over {seq}") from e


# ---- the file ----

class Record:
    def __init__(self, number, raw, digest):
        self.number, self.raw, self.digest = number, raw, digest
        self.kind, self.flags = raw[0], raw[1]
        self.body = raw[8:]


def header(data):
    need(len(data) >= HEADER and data[:8] == b"yanmenR1", "no recording")
    ident, created = data[8:24], struct.unpack_from("<q", data, 24)[0]
    return ident, created, data[32:112]


def length_fits(kind, flags, n):
    if kind in (CHECKPOINT, CLOSE, CRASHED):
        return flags == 0 and n == 80
    if kind == END:
        return flags == 0 and n == 16
    return kind == BLOCK and flags <= 3 and 29 + (24 if flags & SEGMENT else 0) <= n <= 65589


def records(data):
    """Yields every record, its hash checked."""
    before, at, number = blake2b(data[:HEADER]), HEADER, 0
    while at < len(data):
        number += 1
        if len(data) - at < 8:
            raise NotSealed("the last record is cut")
        kind, flags, zero, n = struct.unpack_from("<BBHI", data, at)
        need(zero == 0 and length_fits(kind, flags, n), f"record {number}: type {kind}, flags {flags}, {n} bytes")
        if len(data) - at < 40 + n:
            raise NotSealed("the last record is cut")
        raw, digest = data[at:at + 8 + n], data[at + 8 + n:at + 40 + n]
        need(blake2b(before + raw) == digest, f"record {number}: the chain breaks")
        yield Record(number, raw, digest)
        before, at = digest, at + 40 + n


def verify(data, key):
    """What the gateway signed, or Bad.  Needs the public key alone."""
    ident, created, _ = header(data)
    hashes, ends, state, blocks, signed = {0: blake2b(data[:HEADER])}, None, None, 0, None
    for r in records(data):
        need(state is None, "something behind the closing record")
        final = r.kind in (CLOSE, CRASHED)
        need(final == (ends is not None), f"record {r.number}: an end and a closing record belong together")
        if r.kind == BLOCK:
            need(blocks or r.flags & SEGMENT, "the first block begins no segment")
            blocks += 1
        elif r.kind == END:
            ends = struct.unpack("<qQ", r.body)
        else:
            seq, time_us = struct.unpack_from("<Qq", r.body)
            need(r.number - REACH <= seq < r.number, f"record {r.number} covers {seq}")
            need(not final or seq == r.number - 1, f"record {r.number} covers {seq}")
            check_signature(key, r.kind, ident, seq, hashes[seq], time_us, r.body[16:])
            signed = seq
            if final:
                state = "closed" if r.kind == CLOSE else "crashed"
        hashes[r.number] = r.digest
    if state is None:
        raise NotSealed("no end")
    return {"id": str(uuid.UUID(bytes=ident)), "state": state, "seq": signed, "head": hashes[signed].hex(), "created_us": created,
            "ended_us": ends[0], "dropped": ends[1], "blocks": blocks}


def plain_blocks(data, master):
    """Yields the decrypted frames of every block."""
    ident, _, sealed = header(data)
    key = sodium.crypto_box_seal_open(sealed, *seal_keys(master))
    stream = sodium.crypto_secretstream_xchacha20poly1305_state()
    for r in records(data):
        if r.kind != BLOCK:
            continue
        size, front = struct.unpack_from("<I", r.body, 8)[0], 12
        if r.flags & SEGMENT:
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(stream, r.body[12:36], key)
            front = 36
        ad = ident + struct.pack("<Q", r.number) + r.raw[:8] + r.body[:front]
        try:
            plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(stream, r.body[front:], ad)
        except (CryptoError, RuntimeError) as e:
            raise Bad(f"block {r.number} does not decrypt") from e
        need(tag == 0, f"block {r.number}: tag {tag}")
        if r.flags & COMPRESSED:
            plain = zstandard.ZstdDecompressor().decompress(plain, max_output_size=65536)
        need(len(plain) == size, f"block {r.number}: {len(plain)} bytes instead of {size}")
        yield plain


def frames(data, master):
    """Yields (time_us, type name, channel, body)."""
    last = 0
    for plain in plain_blocks(data, master):
        at = 0
        while at < len(plain):
            time_us, kind, channel, n = struct.unpack_from("<QBII", plain, at)
            need(kind in FRAMES and at + 17 + n <= len(plain), f"frame of type {kind}, {n} bytes")
            need(time_us >= last, "time goes back")
            yield time_us, FRAMES[kind], channel, plain[at + 17:at + 17 + n]
            at, last = at + 17 + n, time_us


def put_bytes(row, data):
    try:
        row["text"] = data.decode()
    except UnicodeDecodeError:
        row["base64"] = base64.b64encode(data).decode()


def as_row(frame):
    time_us, kind, channel, body = frame
    row = {"time_us": time_us, "type": kind, "channel": channel}
    if kind in ("in", "out", "err"):
        put_bytes(row, body)
    elif kind == "keys":
        row["length"] = struct.unpack_from("<I", body)[0]
        if len(body) > 4:
            row["sealed"] = base64.b64encode(body[4:]).decode()
    elif kind in ("size", "screen"):
        row["columns"], row["rows"] = struct.unpack_from("<II", body)
        if kind == "screen":
            put_bytes(row, body[8:])
    elif kind == "digest":
        row["direction"], row["total"], row["sha256"] = FRAMES[body[0]], struct.unpack_from("<Q", body, 1)[0], body[9:].hex()
    elif kind == "content":
        row["file"], row["offset"], row["length"] = *struct.unpack_from("<IQ", body), len(body) - 12
    elif kind != "close":
        row["body"] = json.loads(body)
    return row


# ---- the audit log ----

ESCAPED = set(range(0x20)) | set(range(0x7f, 0xa0)) | {0x200e, 0x200f, 0xfeff} | set(range(0x2028, 0x202f)) | set(range(0x2066, 0x206a))


def canonical_value(value):
    if isinstance(value, int):
        return str(value)
    return '"' + "".join("\\" + c if c in '"\\' else f"\\u{ord(c):04x}" if ord(c) in ESCAPED else c for c in value) + '"'


def canonical(row):
    return ("{" + ",".join(f'"{key}":{canonical_value(value)}' for key, value in row.items()) + "}\n").encode()


SHAPES = {
    "format": {"format": str, "from": int, "before": str},
    "seq": {"seq": int, "uid": str, "at_us": int, "kind": str, "actor": str, "body": str, "hash": str},
    "head": {"head": int, "hash": str, "time_us": int, "signature": str},
    "end": {"end": int, "hash": str, "time_us": int, "signature": str},
}


def audit_line(line, number):
    need(len(line) <= LINE_MAX and line.endswith(b"\n"), f"line {number} is cut or too long")
    try:
        row = json.loads(line.decode())
        kind = next(iter(row))
        shape = SHAPES[kind]
    except (ValueError, KeyError, StopIteration, TypeError, AttributeError) as e:
        raise Bad(f"line {number} is none of an audit log") from e
    need(list(row) == list(shape) and all(type(row[k]) is t for k, t in shape.items()), f"line {number} has another shape")
    need(canonical(row) == line, f"line {number} is not written canonically")
    return kind, row


def unhex(text, n):
    try:
        data = bytes.fromhex(text)
    except ValueError as e:
        raise Bad("not hexadecimal") from e
    need(len(data) == n and data.hex() == text, "hexadecimal of another length or form")
    return data


def event_hash(before, row):
    fields = (row["uid"], str(row["at_us"]), row["kind"], row["actor"], row["body"])
    text = b"".join(struct.pack(">I", len(f.encode())) + f.encode() for f in fields)
    return hashlib.sha256(before + struct.pack(">Q", row["seq"]) + text).digest()


def verify_audit(data, key):
    """(first number, last number, time of the end), or Bad."""
    lines = [x + b"\n" for x in data.split(b"\n")]
    need(lines and lines[-1] == b"\n", "the last line is cut")
    lines.pop()
    need(lines, "empty")
    kind, row = audit_line(lines[0], 1)
    need(kind == "format" and row["format"] == "yanmen-audit-1" and row["from"] >= 1, "not the first line of an audit log")
    first, digest = row["from"], unhex(row["before"], 32)
    need(first > 1 or digest == bytes(32), "something before the first event")
    seq, ended = first - 1, None
    for number, line in enumerate(lines[1:], 2):
        need(ended is None, "something behind the end")
        kind, row = audit_line(line, number)
        need(kind != "format", f"line {number}: a second first line")
        if kind == "seq":
            need(row["seq"] == seq + 1, f"event {row['seq']} after {seq}")
            seq, digest = row["seq"], event_hash(digest, row)
            need(unhex(row["hash"], 32) == digest, f"event {seq}: the chain breaks")
            continue
        need(row[kind] == seq and unhex(row["hash"], 32) == digest, f"line {number}: a head of something else")
        check_signature(key, AUDIT, bytes(16), seq, digest, row["time_us"], unhex(row["signature"], 64))
        if kind == "end":
            ended = row["time_us"]
    if ended is None:
        raise NotSealed("no end")
    return first, seq, ended


def main(argv):
    if len(argv) == 4 and argv[0] == "verify":
        with open(argv[2], "rb") as f, open(argv[3], encoding="ascii") as k:
            print({"recording": verify, "audit": verify_audit}[argv[1]](f.read(), public_key(k.read())))
    elif len(argv) == 3 and argv[0] == "decode":
        with open(argv[1], "rb") as f, open(argv[2], "rb") as k:
            for frame in frames(f.read(), k.read()):
                print(json.dumps(as_row(frame), ensure_ascii=False))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])


# ---- tombstones ----

def tombstone(data, key):
    need(data[:8] == b"yanmenT1" and len(data) >= 148, "no tombstone")
    started, seq = struct.unpack_from("<qQ", data, 24)
    removed, length = struct.unpack_from("<qI", data, 72)
    need(len(data) == 84 + length + 64 and length <= 500, "a tombstone of another length")
    check_signature(key, TOMBSTONE, data[8:24], seq, blake2b(data[:-64]), removed, data[-64:])
    return {"id": str(uuid.UUID(bytes=data[8:24])), "started_us": started, "seq": seq, "head": data[40:72].hex(),
            "removed_us": removed, "reason": data[84:-64].decode()}
