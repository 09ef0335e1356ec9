"""The ledger of files: what real clients move through the gateway stands there with its true size and SHA-256; grants that let
files go one way only; what is cut stands there as partial."""

import base64
import hashlib
import json
import os
import shlex
import signal
import subprocess

import paramiko
import pytest
from harness.sftp import Raw, U64, batch, client, granted, random_file, remote, row_of, sha, through_pipe
from harness.wait import until

SIZES = [0, 1, 32768, 100_001, 3_000_000]


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("ledger")
    path.mkdir()
    path.chmod(0o777)
    return path


@pytest.fixture(scope="module")
def person(instance):
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    return user


def ledger(instance, user, *options, state=None, n=None, seconds=20):
    """The rows of a user that have ended, oldest first; with n: as soon as there are so many."""
    def rows():
        found = [r for r in instance.ok("file", "list", "--user", user.name, *options)
                 if (r["state"] == state if state else r["state"] != "begun")]
        return found if n is None or len(found) >= n else None
    return until(rows, seconds, f"{n} rows in the ledger") if n else rows()


def sftp_of(instance, user):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=instance.login(user), pkey=paramiko.Ed25519Key.from_private_key_file(str(user.key)))
    return paramiko.SFTPClient.from_transport(transport), transport


# ---- every client's files stand there ----

@pytest.mark.parametrize("protocol", [(), ("-O",)], ids=["sftp", "old"])
@pytest.mark.parametrize("size", SIZES)
def test_scp_stands_in_the_ledger_both_ways(instance, person, folder, protocol, size):
    source, there, back = random_file(folder, instance, size), folder / instance.name("up"), folder / instance.name("down")
    done = client(instance, person, "scp", *protocol, "-q", source, remote(instance, person, there))
    assert done.returncode == 0, done.stderr
    done = client(instance, person, "scp", *protocol, "-q", remote(instance, person, there), back)
    assert done.returncode == 0, done.stderr
    assert sha(source) == sha(there) == sha(back)
    for op in ("upload", "download"):
        row = row_of(instance, person, there, op)
        assert (row["state"], row["size"], row["sha256"], row["from"], row["protocol"]) == (
            "complete", size, sha(source), 0, "scp" if protocol else "sftp"), row


def test_a_tree_by_the_old_protocol_has_a_row_for_each_file(instance, person, folder):
    tree, to = folder / instance.name("tree"), folder / instance.name("copy")
    (tree / "中文 名" / "deep").mkdir(parents=True)
    files = [tree / "top", tree / "中文 名" / "a b", tree / "中文 名" / "deep" / "x"]
    for f in files:
        f.write_bytes(os.urandom(5000))
    done = client(instance, person, "scp", "-O", "-q", "-r", "-p", tree, remote(instance, person, to))
    assert done.returncode == 0, done.stderr
    rows = until(lambda: (r := [r for r in ledger(instance, person) if r["path"].startswith(f"{to}/")]) and len(r) == 3 and r, 20,
                 "three rows")
    assert {(r["path"].rsplit("/", 1)[1], r["sha256"]) for r in rows} == {(f.name, sha(f)) for f in files}
    assert all(r["state"] == "complete" and "中文 名" in r["path"] for r in rows if r["path"].rsplit("/", 1)[1] != "top")


def test_what_sftp_does_to_files_stands_there_too(instance, person, folder):
    source, there = random_file(folder, instance, 10_000), folder / instance.name("t")
    done = batch(instance, person, f"put {source} {there}", f"rename {there} {there}.new", f"chmod 600 {there}.new",
                 f"ln -s {there}.new {there}.link", f"ln {there}.new {there}.hard", f"mkdir {there}.d", f"rmdir {there}.d",
                 f"-rm {there}.missing", f"rm {there}.new")
    assert done.returncode == 0, done.stderr
    def rows():
        found = [r for r in ledger(instance, person) if str(there) in r["path"] or str(there) in r["to"]]
        return found if len(found) >= 9 else None
    ops = [(r["op"], r["state"]) for r in until(rows, 20, "all that was done")]
    assert ops == [("upload", "complete"), ("rename", "complete"), ("setstat", "complete"), ("symlink", "complete"),
                   ("hardlink", "complete"), ("mkdir", "complete"), ("rmdir", "complete"), ("remove", "failed"),
                   ("remove", "complete")]
    [renamed] = [r for r in rows() if r["op"] == "rename"]
    assert (renamed["path"], renamed["to"]) == (str(there), f"{there}.new")
    assert any(e["kind"] == "file.rename" and e["body"]["to"] == f"{there}.new" for e in instance.audit(user=person.name))


def test_a_resumed_transfer_names_where_it_began(instance, person, folder):
    whole = random_file(folder, instance, 2_000_000)
    data = whole.read_bytes()
    there, back = folder / instance.name("re"), folder / instance.name("back")
    there.write_bytes(data[:700_000])
    there.chmod(0o666)
    back.write_bytes(data[:1_200_000])
    done = batch(instance, person, f"reput {whole} {there}", f"reget {there} {back}")
    assert done.returncode == 0, done.stderr
    assert sha(whole) == sha(there) == sha(back)
    up, down = row_of(instance, person, there, "upload"), row_of(instance, person, there, "download")
    assert (up["from"], up["size"], up["sha256"]) == (700_000, 1_300_000, hashlib.sha256(data[700_000:]).hexdigest())
    assert (down["from"], down["size"], down["sha256"]) == (1_200_000, 800_000, hashlib.sha256(data[1_200_000:]).hexdigest())


def test_rsync_has_a_row_with_the_size_and_hash_of_its_stream(instance, person, folder):
    source, there = random_file(folder, instance, 50_000), folder / instance.name("rs")
    shell = shlex.join(["ssh", *map(str, instance.ssh_options(person)), "-l", instance.login(person)])
    for a, b in ((source, f"127.0.0.1:{there}"), (f"127.0.0.1:{there}", folder / instance.name("back"))):
        done = subprocess.run(["rsync", "-e", shell, a, b], capture_output=True, timeout=60, env=instance.ssh_env(person))
        assert done.returncode == 0, done.stderr
    up, down = row_of(instance, person, there, "upload"), row_of(instance, person, there, "download")
    assert (up["protocol"], up["state"], down["state"]) == ("rsync", "complete", "complete")
    assert up["size"] > 50_000 and down["size"] > 50_000 and len(up["sha256"]) == 64
    frames = [json.loads(line) for line in instance.export(up["session"], "jsonl").splitlines()]
    stream = b"".join(base64.b64decode(f["base64"]) if "base64" in f else f["text"].encode() for f in frames if f["type"] == "in")
    assert (len(stream), hashlib.sha256(stream).hexdigest()) == (up["size"], up["sha256"])


def test_paramiko_with_everything_in_flight_stands_in_the_ledger(instance, person, folder):
    source, there, back = random_file(folder, instance, 4_000_000), folder / instance.name("pm"), folder / instance.name("pmb")
    sftp, transport = sftp_of(instance, person)
    sftp.put(str(source), str(there))
    sftp.get(str(there), str(back))
    transport.close()
    assert sha(source) == sha(there) == sha(back)
    for op in ("upload", "download"):
        row = row_of(instance, person, there, op)
        assert (row["state"], row["size"], row["sha256"]) == ("complete", 4_000_000, sha(source)), row


# ---- orders that only a raw client makes ----

def test_writes_out_of_order_are_hashed_as_the_file_is(instance, person, folder):
    data, there = os.urandom(10 * 1000), folder / instance.name("o")
    raw = Raw(through_pipe(instance, person))
    assert raw.init()[0] == 2
    handle = raw.open(there, 0x1a)
    for i in (3, 0, 2, 1, 9, 8, 7, 5, 4, 6):
        assert raw.ask(6, handle, U64(i * 1000), data[i * 1000:(i + 1) * 1000])[0] == 101
    raw.close(handle)
    raw.p.stdin.close()
    assert raw.p.wait(30) == 0
    row = row_of(instance, person, there, "upload")
    assert there.read_bytes() == data
    assert (row["state"], row["size"], row["sha256"]) == ("complete", 10_000, hashlib.sha256(data).hexdigest())
    assert row["ranges"] > 5


def test_writes_over_each_other_have_no_hash_and_say_so(instance, person, folder):
    there = folder / instance.name("v")
    raw = Raw(through_pipe(instance, person))
    raw.init()
    handle = raw.open(there, 0x1a)
    for at in (0, 500, 2000):
        raw.ask(6, handle, U64(at), b"x" * 1000)
    raw.close(handle)
    raw.p.stdin.close()
    raw.p.wait(30)
    row = row_of(instance, person, there, "upload")
    assert (row["state"], row["size"], row["sha256"], row["ranges"]) == ("complete", 3000, None, 3)
    assert "not known" in row["why"]


def test_a_later_version_is_talked_down_to_three(instance, person, folder):
    raw = Raw(through_pipe(instance, person))
    kind, body = raw.init(version=6)
    assert kind == 2 and body[:4] == b"\0\0\0\3"
    raw.p.kill()
    raw.p.communicate()


def test_what_is_no_sftp_goes_on_as_a_recorded_stream(instance):
    """With both directions allowed: the channel is a stream from there, kept in full."""
    person = instance.user(key=True, password=False)
    instance.grant(person, instance.demo)
    raw = Raw(through_pipe(instance, person))
    raw.init()
    nonsense = (9).to_bytes(4, "big") + bytes([99]) + b"nonsense"
    raw.p.stdin.write(nonsense)
    raw.p.stdin.close()
    raw.p.wait(30)
    session = instance.session_of(person, "closed")
    rows = until(lambda: instance.ok("file", "list", "--session", session["id"]), 20, "the row that says so")
    assert [(r["op"], r["state"]) for r in rows] == [("unreadable", "failed")]
    frames = [json.loads(line) for line in instance.export(session["id"], "jsonl").splitlines()]
    assert any(f["type"] == "note" and f["body"]["kind"] == "stream" for f in frames)
    assert b"nonsense" in b"".join(f["text"].encode() for f in frames if f["type"] == "in" and "text" in f)


def test_contents_are_hashed_and_not_stored(instance, person, folder):
    source = folder / instance.name("secret")
    source.write_bytes(b"these very words " * 1000)
    there = folder / instance.name("there")
    for protocol in ((), ("-O",)):
        done = client(instance, person, "scp", *protocol, "-q", source, remote(instance, person, there))
        assert done.returncode == 0, done.stderr
        row = ledger(instance, person, "--path", str(there), n=1)[-1]
        export = until(lambda: instance.export(row["session"], "jsonl"), 20, "an export")
        assert b"these very words" not in export
        frames = [json.loads(line) for line in export.splitlines()]
        told = [f["body"] for f in frames if f["type"] == "file"]
        assert [(f["op"], f["state"]) for f in told][-2:] == [("upload", "begun"), ("upload", "complete")] or \
            ("upload", "complete") in [(f["op"], f["state"]) for f in told]
        assert sha(source) in [f.get("sha256") for f in told]
        assert str(there).encode() in instance.export(row["session"], "text")
        there.unlink()


# ---- one way only ----

CHANGES = ["rename {} {}.x", "rm {}", "mkdir {}.d", "rmdir {}.e", "chmod 777 {}", "ln -s {} {}.l", "ln {} {}.h"]


@pytest.mark.parametrize("protocol", [(), ("-O",)], ids=["sftp", "old"])
def test_scp_may_go_one_way_only(instance, folder, protocol):
    up = granted(instance, "sftp", "scp", "upload")
    down = granted(instance, "sftp", "scp", "download")
    source = random_file(folder, instance, 100_000)
    for user, allowed in ((up, "up"), (down, "down")):
        there, back = folder / instance.name("there"), folder / instance.name("back")
        done = client(instance, user, "scp", *protocol, "-q", source, remote(instance, user, there))
        assert (done.returncode == 0, there.exists()) == (allowed == "up", allowed == "up"), done.stderr
        done = client(instance, user, "scp", *protocol, "-q", remote(instance, user, source), back)
        assert (done.returncode == 0, back.exists() and back.stat().st_size > 0) == (allowed == "down",) * 2, done.stderr


def test_sftp_that_may_not_upload_goes_on_and_changes_nothing(instance, folder):
    user = granted(instance, "sftp", "download")
    here, back = random_file(folder, instance, 5000), folder / instance.name("back")
    (folder / f"{here.name}.e").mkdir()
    before = sorted(p.name for p in folder.iterdir())
    lines = ["-put {} {}.put".format(here, here), *("-" + c.format(here, here) for c in CHANGES), f"get {here} {back}", f"ls {folder}"]
    done = batch(instance, user, *lines, options=("SendEnv=LANG",))
    assert done.returncode == 0, done.stderr
    assert sha(back) == sha(here) and here.name.encode() in done.stdout
    assert sorted(p.name for p in folder.iterdir()) == sorted([*before, back.name])
    assert b"may not upload" in done.stderr and done.stderr.count(b"may not upload") == 1
    rows = ledger(instance, user, n=len(CHANGES) + 2)
    assert {r["op"] for r in rows if r["state"] == "refused"} == {"upload", "rename", "remove", "mkdir", "rmdir", "setstat",
                                                                  "symlink", "hardlink"}
    assert {e["kind"] for e in instance.audit(user=user.name)} >= {"file.upload", "file.remove", "file.download"}


def test_a_refused_request_never_reaches_the_target(instance, folder):
    """The answer is ours, has our words in it, and the answers of the target around it stay whole."""
    user = granted(instance, "sftp", "upload")
    secret = random_file(folder, instance, 1000)
    raw = Raw(through_pipe(instance, user))
    raw.init()
    for _ in range(3):
        kind, body = raw.ask(3, str(secret).encode(), 1, 0)
        assert kind == 101 and body[:4] == b"\0\0\0\3" and "不允许下载".encode() in body
        kind, body = raw.ask(17, str(secret).encode())
        assert kind == 105 and body[4:12] == (1000).to_bytes(8, "big")
    kind, body = raw.ask(3, str(secret).encode(), 3, 0)
    assert kind == 101 and body[:4] == b"\0\0\0\3"
    kind, body = raw.ask(200, b"no-such@example.com")
    assert kind == 101 and body[:4] == b"\0\0\0\x08"
    raw.p.stdin.close()
    assert raw.p.wait(30) == 0


def test_what_is_no_sftp_ends_where_a_way_is_refused(instance, folder):
    user = granted(instance, "sftp", "download")
    process = through_pipe(instance, user)
    Raw(process).init()
    process.stdin.write((9).to_bytes(4, "big") + bytes([99]) + b"nonsense")
    process.stdin.flush()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 254 and b"no file transfer" in err and out == b""
    rows = ledger(instance, user, n=1)
    assert [(r["op"], r["state"]) for r in rows] == [("unreadable", "refused")]


def test_an_scp_stream_must_go_the_way_that_its_command_said(instance, folder):
    user = granted(instance, "scp", "download")
    done = instance.ssh(user, f"scp -f {folder}", stdin=b"\0C0644 5 x\nhello\0")
    assert done.returncode == 254 and b"no file transfer" in done.stderr


def test_rsync_may_go_one_way_only(instance, folder):
    user = granted(instance, "exec", "download")
    source, there = random_file(folder, instance, 1000), folder / instance.name("rs")
    shell = shlex.join(["ssh", *map(str, instance.ssh_options(user)), "-l", instance.login(user)])
    done = subprocess.run(["rsync", "-e", shell, source, f"127.0.0.1:{there}"], capture_output=True, timeout=60, env=instance.ssh_env(user))
    assert done.returncode != 0 and b"upload is not allowed" in done.stderr and not there.exists()
    done = subprocess.run(["rsync", "-e", shell, f"127.0.0.1:{source}", there], capture_output=True, timeout=60, env=instance.ssh_env(user))
    assert done.returncode == 0 and sha(there) == sha(source), done.stderr


def test_an_sftp_server_by_its_path_is_held_to_the_same_rules(instance, folder):
    user = granted(instance, "sftp", "download")
    here, back = random_file(folder, instance, 5000), folder / instance.name("back")
    done = batch(instance, user, f"-put {here} {here}.put", f"get {here} {back}", flags=("-s", "/usr/lib/openssh/sftp-server"))
    assert done.returncode == 0 and sha(back) == sha(here) and not (folder / f"{here.name}.put").exists(), done.stderr


# ---- what is cut ----

def begun(instance, user, op):
    return until(lambda: [r for r in instance.ok("file", "list", "--user", user.name) if r["op"] == op], 20, "a row that begun")


def slow_upload(instance, user, there):
    raw = Raw(through_pipe(instance, user))
    raw.init()
    handle = raw.open(there, 0x1a)
    raw.ask(6, handle, U64(0), b"x" * 30000)
    [row] = begun(instance, user, "upload")
    assert row["state"] == "begun"
    return raw


def test_a_client_that_goes_leaves_a_partial_row_with_what_passed(instance, folder):
    user = granted(instance, "sftp", "upload")
    raw = slow_upload(instance, user, folder / instance.name("cut"))
    os.killpg(raw.p.pid, signal.SIGKILL)
    raw.p.communicate()
    [row] = ledger(instance, user, n=1)
    assert (row["state"], row["size"], row["sha256"]) == ("partial", 30000, hashlib.sha256(b"x" * 30000).hexdigest())


def test_a_worker_that_is_killed_leaves_a_partial_row(instance, folder):
    user = granted(instance, "sftp", "upload")
    raw = slow_upload(instance, user, folder / instance.name("killed"))
    os.kill(instance.worker_of(raw.p), signal.SIGKILL)
    raw.p.communicate(timeout=30)
    [row] = ledger(instance, user, n=1)
    assert (row["state"], row["sha256"]) == ("partial", None) and "cut" in row["why"]
    assert [e["body"]["state"] for e in instance.audit(user=user.name) if e["kind"] == "file.upload"] == ["partial"]
