"""Kept contents of files: what moved through a grant with keep-upload or keep-download comes out again as it was; what is not kept,
not whole or not the ledger's is refused with a reason and leaves no file."""

import hashlib
import json
import os
import signal
import struct

import pytest
import second_reader as second
from harness.contents import ALL, exported
from harness.evidence import endpoint_key, sealed
from harness.sftp import Raw, U64, batch, client, granted, random_file, remote, row_of, sha, through_pipe
from harness.wait import until


@pytest.fixture(scope="module")
def folder(instance):
    path = instance.scratch / instance.name("contents")
    path.mkdir()
    path.chmod(0o777)
    return path


@pytest.fixture(scope="module")
def kept(instance):
    return granted(instance, *ALL, "keep-upload", "keep-download")


def refused(instance, ident, folder, exit, *words):
    to = folder / instance.name("export")
    done = instance.cli("file", "export", ident, "--output", to)
    assert done.code == exit and all(w in done.stderr for w in words), done
    assert not to.exists()


@pytest.mark.parametrize("size", [0, 1, 100_001, 5_000_000])
@pytest.mark.parametrize("protocol", [(), ("-O",)])
def test_what_scp_moved_is_exported_as_it_was(instance, kept, folder, protocol, size):
    source, there, back = random_file(folder, instance, size), folder / instance.name("there"), folder / instance.name("back")
    for a, b in ((source, remote(instance, kept, there)), (remote(instance, kept, there), back)):
        done = client(instance, kept, "scp", *protocol, "-q", a, b)
        assert done.returncode == 0, done.stderr
    assert sha(source) == sha(there) == sha(back)
    for op in ("upload", "download"):
        row = row_of(instance, kept, there, op)
        assert row["kept"] is True and row["sha256"] == sha(source), row
        assert sha(exported(instance, row, folder)) == sha(source)
    until(lambda: len([e for e in instance.told(kept, "file.exported") if e["body"]["path"] == str(there)]) == 2, 20, "both audited")


def test_writes_out_of_order_and_over_each_other_come_out_in_their_places(instance, kept, folder):
    data = os.urandom(10 * 1000)
    orders = {"o": (3, 0, 2, 1, 9, 8, 7, 5, 4, 6), "v": (0, 5, 5, 1, 2, 3, 4, 6, 7, 8, 9, 0)}
    for name, order in orders.items():
        there = folder / instance.name(name)
        raw = Raw(through_pipe(instance, kept))
        raw.init()
        handle = raw.open(there, 0x1a)
        for i in order:
            raw.ask(6, handle, U64(i * 1000), data[i * 1000:(i + 1) * 1000])
        raw.close(handle)
        raw.p.stdin.close()
        assert raw.p.wait(30) == 0
        row = row_of(instance, kept, there, "upload")
        assert there.read_bytes() == data and row["kept"]
        assert row["sha256"] == (hashlib.sha256(data).hexdigest() if name == "o" else None)
        assert exported(instance, row, folder).read_bytes() == data


def test_a_resumed_file_lies_where_it_lay(instance, kept, folder):
    whole = random_file(folder, instance, 900_000)
    there = folder / instance.name("re")
    there.write_bytes(whole.read_bytes()[:700_000])
    there.chmod(0o666)
    done = batch(instance, kept, f"reput {whole} {there}")
    assert done.returncode == 0, done.stderr
    row = row_of(instance, kept, there, "upload")
    assert (row["from"], row["kept"]) == (700_000, True)
    assert exported(instance, row, folder).read_bytes() == bytes(700_000) + whole.read_bytes()[700_000:]


def test_only_the_named_direction_is_kept_and_none_by_default(instance, folder):
    source = folder / instance.name("secret")
    source.write_bytes(b"these very words " * 1000)
    usual = instance.user(key=True, password=False)
    instance.grant(usual, instance.demo)
    for user, wanted in ((usual, ()), (granted(instance, *ALL, "keep-download"), ("download",))):
        there, back = folder / instance.name("there"), folder / instance.name("back")
        done = batch(instance, user, f"put {source} {there}", f"get {there} {back}")
        assert done.returncode == 0 and sha(back) == sha(source), done.stderr
        for op in ("upload", "download"):
            row = row_of(instance, user, there, op)
            assert row["kept"] == (op in wanted), row
            if op in wanted:
                assert sha(exported(instance, row, folder)) == sha(source)
            else:
                refused(instance, row["id"], folder, 1, "not kept")


def test_a_file_over_the_limit_passes_and_is_not_kept(instance, folder):
    user = granted(instance, *ALL, "keep-upload")
    before = instance.ok("settings", "get", "files.keep_max")["value"]
    instance.ok("settings", "set", "files.keep_max", "100000")
    try:
        big, small = random_file(folder, instance, 100_001), random_file(folder, instance, 100_000)
        done = batch(instance, user, f"put {big} {big}.t", f"put {small} {small}.t")
        assert done.returncode == 0, done.stderr
    finally:
        instance.ok("settings", "set", "files.keep_max", before)
    row = row_of(instance, user, f"{big}.t", "upload")
    assert (row["state"], row["sha256"], row["kept"]) == ("complete", sha(big), False)
    refused(instance, row["id"], folder, 1, "not kept", "files.keep_max")
    assert sha(exported(instance, row_of(instance, user, f"{small}.t", "upload"), folder)) == sha(small)


def test_what_was_cut_is_not_exported(instance, kept, folder):
    there = folder / instance.name("cut")
    raw = Raw(through_pipe(instance, kept))
    raw.init()
    handle = raw.open(there, 0x1a)
    raw.ask(6, handle, U64(0), b"x" * 30000)
    os.killpg(raw.p.pid, signal.SIGKILL)
    raw.p.communicate()
    row = row_of(instance, kept, there, "upload")
    assert (row["state"], row["size"]) == ("partial", 30000)
    refused(instance, row["id"], folder, 1, "partial")
    refused(instance, f"{row['session']}:999999", folder, 3)
    refused(instance, "00000000-0000-7000-8000-000000000000:1", folder, 3)
    refused(instance, row["session"], folder, 2, "SESSION:NUMBER")


def test_exports_name_the_contents_and_do_not_hold_them(instance, kept, folder):
    source, there = folder / instance.name("named"), folder / instance.name("there")
    source.write_bytes(b"these very words " * 10_000)
    done = client(instance, kept, "scp", "-q", source, remote(instance, kept, there))
    assert done.returncode == 0, done.stderr
    row = row_of(instance, kept, there, "upload")
    for form in ("jsonl", "text", "asciicast"):
        assert b"these very words" not in until(lambda f=form: instance.export(row["session"], f), 20, "an export")
    frames = [json.loads(line) for line in instance.export(row["session"], "jsonl").splitlines()]
    pieces = [f for f in frames if f["type"] == "content"]
    assert {f["file"] for f in pieces} == {row["number"]} and sum(f["length"] for f in pieces) == row["size"]
    assert sorted(f["offset"] for f in pieces)[0] == 0
    last = [f for f in frames if f["type"] == "file" and f["body"]["number"] == row["number"]][-1]
    assert last["body"]["kept"] is True and frames.index(last) > max(map(frames.index, pieces))
    assert instance.ok("recording", "verify", row["session"])["verified"]


def test_a_second_reader_has_the_file_again(instance, folder):
    user = granted(instance, *ALL, "keep-upload")
    source, there = random_file(folder, instance, 1_000_000), folder / instance.name("there")
    done = client(instance, user, "scp", "-q", source, remote(instance, user, there))
    assert done.returncode == 0, done.stderr
    row = row_of(instance, user, there, "upload")
    data = instance.export(sealed(instance, user), "sealed")
    assert second.verify(data, endpoint_key(instance))["state"] == "closed"
    frames = list(second.frames(data, (instance.home / "vault.key").read_bytes()))
    assert [second.as_row(f) for f in frames] == [json.loads(x) for x in instance.export(row["session"], "jsonl").splitlines()]
    again = bytearray(row["size"])
    for _, kind, _, body in frames:
        if kind == "content":
            number, at = struct.unpack_from("<IQ", body)
            assert number == row["number"]
            again[at:at + len(body) - 12] = body[12:]
    assert bytes(again) == source.read_bytes()
