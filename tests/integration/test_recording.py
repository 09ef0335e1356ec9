"""What was done can be seen again, exported, and proven: online and offline, with the public key alone."""

import contextlib
import json
import subprocess

import pexpect
import pytest
from harness.terminal import EOF, shell, terminal
from harness.wait import until


@pytest.fixture(scope="module")
def shown(instance):
    """A closed session at a terminal with known content: its id."""
    user = instance.user()
    instance.grant(user, instance.demo)
    with terminal(instance, user, rows=30, columns=90) as child:
        shell(child)
        child.sendline("printf 'colour \\033[31mred\\033[0m \\033]0;title\\007 end\\n'; echo 你好-$((6*7))")
        child.expect_exact("你好-42")
        child.setwinsize(40, 120)
        child.sendline("exit")
        child.expect_exact(EOF)
    return sealed(instance, user)


@pytest.fixture(scope="module")
def command(instance):
    """A closed session of one command with output on both channels: its id."""
    user = instance.user()
    instance.grant(user, instance.demo)
    instance.ssh(user, "cat; seq 1 20000; echo complaint >&2; exit 3", stdin=b"what was sent in\n")
    return sealed(instance, user)


def sealed(instance, user):
    row = instance.session_of(user, "closed")
    until(lambda: next(r for r in instance.ok("recording", "list") if r["id"] == row["id"])["recording"] == "closed", 10, "the seal")
    return row["id"]


def test_text_holds_what_was_on_the_screen(instance, shown, command):
    text = instance.export(shown, "text").decode()
    assert "你好-42" in text and "\x1b" not in text
    text = instance.export(command, "text").decode()
    assert "complaint" in text and "20000" in text


def test_asciicast_is_version_2_and_plays(instance, shown):
    lines = instance.export(shown, "asciicast").decode().splitlines()
    header, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    assert header["version"] == 2 and (header["width"], header["height"]) == (90, 30)
    assert "你好-42" in "".join(data for _, kind, data in events if kind == "o")
    assert any(kind == "r" and data == "120x40" for _, kind, data in events)
    times = [t for t, _, _ in events]
    assert times == sorted(times)


def test_jsonl_holds_every_frame(instance, command):
    rows = [json.loads(line) for line in instance.export(command, "jsonl").decode().splitlines()]
    assert len(rows) > 5 and all(isinstance(r, dict) for r in rows)
    assert "what was sent in" in json.dumps(rows, ensure_ascii=False) or any("data" in r or "base64" in r for r in rows)


def test_verify_online_and_offline(instance, shown):
    instance.ok("recording", "verify", shown)
    path = instance.file("")
    path.write_bytes(instance.export(shown, "sealed"))
    instance.ok("verify", path, "--public-key", instance.endpoints["public_key"])


def test_an_altered_recording_fails_offline(instance, command):
    good = instance.export(command, "sealed")
    path = instance.file("")
    step = max(len(good) // 40, 1)
    spoiled = [good[:i] + bytes([good[i] ^ 1]) + good[i + 1:] for i in range(0, len(good), step)]
    spoiled += [good[:-1], good[:len(good) // 2], good + b"\0", b""]
    for data in spoiled:
        path.write_bytes(data)
        assert instance.cli("verify", path, "--public-key", instance.endpoints["public_key"]).code == 1


def test_someone_elses_key_verifies_nothing(instance, command):
    path = instance.file("")
    path.write_bytes(instance.export(command, "sealed"))
    other = instance.file("yanmen-evidence-1 " + "A" * 43 + "=\n")
    assert instance.cli("verify", path, "--public-key", other).code == 1


def test_the_stored_file_cannot_be_changed_unseen(instance, engineer):
    instance.ssh(engineer, "seq 1 1000")
    session = sealed(instance, engineer)
    stored = [p for p in (instance.home / "recordings").rglob("*") if p.is_file() and session.replace("-", "") in p.name.replace("-", "")]
    assert stored, "no file named by the session"
    with open(stored[0], "r+b") as f:
        f.seek(-200, 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 0x10]))
    assert instance.cli("recording", "verify", session).code == 1


def test_what_lies_on_the_disk_cannot_be_read(instance, engineer):
    word = instance.name("readable-word")
    instance.ssh(engineer, f"for i in 1 2 3 4 5 6 7 8 9; do echo {word}; done")
    sealed(instance, engineer)
    assert not any(word.encode() in p.read_bytes() for p in (instance.home / "recordings").rglob("*") if p.is_file())


def test_audit_export_verifies_offline_and_an_altered_one_does_not(instance, command):
    path = instance.scratch / instance.name("audit")
    instance.ok("audit", "export", "--output", path)
    key = instance.endpoints["public_key"]
    instance.ok("verify", path, "--public-key", key)
    lines = path.read_bytes().splitlines(keepends=True)
    assert any(command.encode() in line for line in lines)
    middle = len(lines) // 2
    for spoiled in (lines[:middle] + lines[middle + 1:], lines[:-1], lines[:1] + lines[2:],
                    [line.replace(b"session", b"sessiom", 1) for line in lines], lines + lines[-1:]):
        path.write_bytes(b"".join(spoiled))
        assert instance.cli("verify", path, "--public-key", key).code == 1
    instance.ok("audit", "verify")


def test_replay_shows_it_again_and_safely(instance, shown):
    done = subprocess.run(instance.cli_argv("replay", shown, "--speed", "50"), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0 and "你好-42".encode() in done.stdout
    assert b"\x1b]0;" not in done.stdout


def test_viewing_is_audited(instance, shown):
    instance.export(shown, "text")
    assert [r for r in instance.audit(text=shown) if r["kind"] == "recording.exported"]


def test_typed_passwords_are_not_in_the_recording(instance, engineer):
    secret = instance.name("typed-secret")
    with terminal(instance, engineer) as child:
        shell(child)
        # The prompt is not in the line that is typed, and comes when the echo is off already.
        child.sendline("stty -echo; printf 'Pass''word: '; read p; stty echo; echo; echo read ${#p}")
        child.expect_exact("Password: ")
        child.sendline(secret)
        child.expect_exact(f"read {len(secret)}")
        child.sendline("exit")
        child.expect_exact(EOF)
    session = sealed(instance, engineer)
    for form in ("text", "asciicast", "jsonl"):
        assert secret.encode() not in instance.export(session, form)


# ---- the keys of replay; at a tenth of the speed nothing below would come by waiting ----

@pytest.fixture(scope="module")
def slow(instance):
    """A session at a terminal that says little, and that late: its id."""
    user = instance.user()
    instance.grant(user, instance.demo)
    with terminal(instance, user, seconds=60) as child:
        shell(child)
        child.sendline("echo wo''rd-1; sleep 12; echo wo''rd-2; sleep 12; exit")
        child.expect_exact(EOF)
    return sealed(instance, user)


@contextlib.contextmanager
def replay(instance, session, *options):
    argv = [str(a) for a in instance.cli_argv("replay", session, *options)]
    child = pexpect.spawn(argv[0], argv[1:], timeout=30, encoding="utf-8", dimensions=(24, 120))
    child.delaybeforesend = None
    try:
        yield child
    finally:
        child.close(force=True)


RIGHT, LEFT = "\x1b[C", "\x1b[D"


def replayed(instance, session):
    return len([r for r in instance.audit(text=session) if r["kind"] == "recording.replayed"])


def test_replay_goes_on_and_back_by_arrows(instance, slow):
    before = replayed(instance, slow)
    with replay(instance, slow, "--speed", "0.1") as child:
        child.expect_exact("q quits")
        child.send(" ")  # also while it pauses
        child.send(RIGHT * 2)
        child.expect_exact("word-2\r")
        child.send(LEFT * 2)
        child.expect_exact("\x1b[2J")
        child.send(RIGHT * 2)
        child.expect_exact("word-2\r")
        child.send("q")
        child.expect(EOF)
        child.wait()
        assert child.exitstatus == 0
    assert replayed(instance, slow) == before + 3  # to go back is to open it again


def test_replay_gets_faster(instance, slow):
    with replay(instance, slow, "--speed", "0.1") as child:
        child.expect_exact("q quits")
        child.send("+" * 12)
        child.expect_exact("session ended")
        child.expect(EOF)


def test_replay_begins_where_it_is_told(instance, slow):
    with replay(instance, slow, "--speed", "0.1", "--from", "11") as child:
        child.expect_exact("word-1\r")
        child.send("q")
        child.expect(EOF)
        assert "word-2\r" not in child.before
