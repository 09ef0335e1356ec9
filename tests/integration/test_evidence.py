"""Recordings and audit logs before a second reader, written from docs/RECORDING.md alone: it decodes what the gateway's own
reader decodes, and both refuse whatever was changed."""

import base64
import hashlib
import json
import os
import subprocess
from pathlib import Path

import nacl.bindings as sodium
import pytest
import second_reader as second
from harness.evidence import endpoint_key, sealed

ROOT = Path(__file__).resolve().parents[2]


class Tool:
    """evidence_tool: makes small files with the gateway's library and says what its reader thinks of others."""

    def __init__(self, path, scratch):
        self.path, self.scratch, self.made = path, scratch, {}
        self.key = second.public_key(self.make("public").decode())
        self.master = self.make("master")

    def make(self, what):
        if what not in self.made:
            self.made[what] = subprocess.run([self.path, "make", what], check=True, capture_output=True, timeout=30).stdout
        return self.made[what]

    def accepts(self, what, data):
        path = self.scratch / "file"
        path.write_bytes(data)
        code = subprocess.run([self.path, "check", what, path], capture_output=True, check=False, timeout=30).returncode
        assert code in (0, 1)
        return code == 0

    def lines(self, data):
        path = self.scratch / "file"
        path.write_bytes(data)
        text = subprocess.run([self.path, "lines", path], check=True, capture_output=True, timeout=30).stdout
        return [json.loads(line) for line in text.decode().splitlines()]


@pytest.fixture(scope="module")
def tool(tmp_path_factory):
    build = Path(os.environ.get("YANMEN_BUILD", ROOT / "build"))
    return Tool(build / "tests/unit/evidence/evidence_tool", tmp_path_factory.mktemp("evidence"))


def accepts(tool, data):
    try:
        second.verify(data, tool.key)
    except second.Bad:
        return False
    return True


def accepts_audit(tool, data):
    try:
        second.verify_audit(data, tool.key)
    except second.Bad:
        return False
    return True


def parts(data):
    """The header and the records, as bytes."""
    found, at = [data[:second.HEADER]], second.HEADER
    for record in second.records(data):
        found.append(data[at:at + len(record.raw) + 32])
        at += len(found[-1])
    return found


@pytest.mark.parametrize("state", ["closed", "crashed"])
def test_both_readers_accept_and_decode_alike(tool, state):
    data = tool.make(state)
    answer = second.verify(data, tool.key)
    assert answer["state"] == state and answer["blocks"] == 4 and answer["dropped"] == (17 if state == "crashed" else 0)
    assert tool.accepts("recording", data)
    rows = [second.as_row(f) for f in second.frames(data, tool.master)]
    assert rows == tool.lines(data)
    assert [r["type"] for r in rows] == ["meta", "open", "out", "keys", "keys", "size", "in", "err", "screen", "digest", "note",
                                         "exit", "close", "finish"]


def test_what_was_typed_opens_with_the_auditor_key_alone(tool):
    keys = [second.as_row(f) for f in second.frames(tool.make("closed"), tool.master) if f[1] == "keys"]
    assert keys[0]["length"] == 5 and "sealed" not in keys[1]
    assert sodium.crypto_box_seal_open(base64.b64decode(keys[0]["sealed"]), *second.seal_keys(tool.master)) == b"typed"


def test_an_open_recording_is_not_sealed(tool):
    with pytest.raises(second.NotSealed):
        second.verify(tool.make("open"), tool.key)
    assert not tool.accepts("recording", tool.make("open"))
    assert len(list(second.frames(tool.make("open"), tool.master))) == 14


def test_any_flipped_byte_fails_in_both(tool):
    good = tool.make("closed")
    for i in range(len(good)):
        assert not accepts(tool, good[:i] + bytes([good[i] ^ 1]) + good[i + 1:]), f"byte {i}"
    for i in range(0, len(good), 61):  # each bit of each byte: tests/unit/evidence/test_check.c
        assert not tool.accepts("recording", good[:i] + bytes([good[i] ^ 0x80]) + good[i + 1:]), f"byte {i}"


def test_any_cut_tail_fails_in_both(tool):
    good = tool.make("closed")
    for n in range(len(good)):
        assert not accepts(tool, good[:n]), f"cut at {n}"
    ends = [sum(len(p) for p in parts(good)[:i]) for i in range(len(parts(good)))]
    for n in ends:
        assert not tool.accepts("recording", good[:n]), f"cut at {n}"


def test_removed_doubled_swapped_and_added_records_fail_in_both(tool):
    good = parts(tool.make("closed"))
    spoiled = [good[:i] + good[i + 1:] for i in range(len(good))]
    spoiled += [good[:i] + [good[i]] + good[i:] for i in range(len(good))]
    spoiled += [good[:i] + [good[i + 1], good[i]] + good[i + 2:] for i in range(len(good) - 1)]
    spoiled += [good + [b"\0"], good + [good[-1]], parts(tool.make("open")) + good[-2:]]
    for case in spoiled:
        assert not accepts(tool, b"".join(case)) and not tool.accepts("recording", b"".join(case))


def test_someone_elses_key_verifies_nothing(tool):
    with pytest.raises(second.Bad):
        second.verify(tool.make("closed"), second.sign_key(bytes(32)))
    assert second.sign_key(tool.master) == tool.key


def test_audit_log_verifies_and_spoiled_ones_do_not(tool):
    good = tool.make("audit")
    assert second.verify_audit(good, tool.key)[:2] == (1, 3) and tool.accepts("audit", good)
    for i in range(len(good)):
        assert not accepts_audit(tool, good[:i] + bytes([good[i] ^ 1]) + good[i + 1:]), f"byte {i}"
        assert not accepts_audit(tool, good[:i]), f"cut at {i}"
    lines = [x + b"\n" for x in good.split(b"\n")[:-1]]
    for i, line in enumerate(lines):
        if not line.startswith(b'{"head"'):
            assert not accepts_audit(tool, b"".join(lines[:i] + lines[i + 1:])), f"without line {i}"


def test_the_vectors_of_the_document_are_right():
    text = (ROOT / "docs/RECORDING.md").read_text()
    rows = [line.strip() for line in text.splitlines() if line.startswith("    ") and line.strip()]
    at = next(i for i, line in enumerate(rows) if line.startswith("1 | "))
    before = bytes(32)
    for fields, digest in ((rows[at], rows[at + 1]), (rows[at + 2], rows[at + 3])):
        seq, uid, at_us, kind, actor, body = fields.split(" | ")
        row = {"seq": int(seq), "uid": uid, "at_us": int(at_us), "kind": kind, "actor": actor, "body": body}
        before = second.event_hash(before, row)
        assert before.hex() == digest


# ---- the running product ----


def test_a_real_session_reads_alike_in_both(instance):
    user = instance.user()
    instance.grant(user, instance.demo)
    sent = os.urandom(200_000)
    instance.ssh(user, "sha256sum; seq 1 50000; echo complaint >&2; exit 3", stdin=sent)
    session = sealed(instance, user)
    data = instance.export(session, "sealed")
    assert second.verify(data, endpoint_key(instance))["state"] == "closed"
    frames = list(second.frames(data, (instance.home / "vault.key").read_bytes()))
    assert [second.as_row(f) for f in frames] == [json.loads(x) for x in instance.export(session, "jsonl").decode().splitlines()]
    assert b"".join(body for _, kind, _, body in frames if kind == "in") == sent
    out = b"".join(body for _, kind, _, body in frames if kind == "out").decode()
    assert hashlib.sha256(sent).hexdigest() in out and out.endswith("\n50000\n")
    assert frames[0][1] == "meta" and frames[-1][1] == "finish"
    step = max(len(data) // 200, 1)
    for i in range(0, len(data), step):
        with pytest.raises(second.Bad):
            second.verify(data[:i] + bytes([data[i] ^ 4]) + data[i + 1:], endpoint_key(instance))


def test_the_real_audit_log_verifies(instance):
    path = instance.scratch / instance.name("audit")
    instance.ok("audit", "export", "--output", path)
    data = path.read_bytes()
    first, last, _ = second.verify_audit(data, endpoint_key(instance))
    assert first == 1 and last == data.count(b'{"seq":')
