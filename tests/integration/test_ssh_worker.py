"""The real SSH worker between a real client and a real sshd, with this test for its parent, broker, vault and recorder.

What only shows from inside: every frame, the order of recording and forwarding, a recorder that stalls, the answers of a
broker.  Everything else about a session is tried on a whole instance, in test_session.py and its neighbours.
"""

import hashlib
import json
import os
import re
import signal
import struct
import subprocess
import time

import pexpect
import pytest
from harness import procs
from harness.build import plain_build
from harness.wait import until
from harness.worker import EXEC, SCP, SFTP, UPLOAD, Worker

unsanitized = plain_build("a sanitizer's memory has no limit and never shrinks")
END, LOCK, UNLOCK = 1, 2, 3
REACHED, KEY_CHANGED, LOGIN_REFUSED, STALLED, BROKEN = range(1, 6)


def shell(child):
    child.sendline("bind 'set enable-bracketed-paste off' 2>/dev/null; PS1='rea''dy> '; PS2=")
    child.expect("[\r\n]ready> ")


def opened(worker):
    return [json.loads(f) for f in worker.of("open")]


# ---- what is recorded ----
def test_a_command_is_asked_recorded_and_ended_in_order(place, gate):
    done = place.run(gate, "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")
    w = gate.over()
    assert w.ended.is_set()
    assert [n for n, _ in w.events if n not in ("login", "authenticated")] == ["target", "reached", "open", "end"]
    assert w.named("authenticated")  # goes to the parent: another socket, so no order with the others
    assert w.named("open") == [{"channel": 1, "request": EXEC, "text": b"echo out; echo err >&2; exit 7"}]
    kinds = [f[1] for f in w.frames]
    assert kinds[0] == "open" and kinds[-3:] == ["exit", "close", "finish"] and sorted(kinds[1:-3]) == ["err", "out"]
    assert opened(w)[0]["kind"] == "exec" and not opened(w)[0]["pty"]
    assert json.loads(w.of("exit")[0]) == {"status": 7}
    assert w.named("end")[0]["out_bytes"] == 8 and w.named("reached")[0]["outcome"] == REACHED


def test_a_signal_is_recorded_as_one(place, gate):
    place.run(gate, "kill -TERM $$; sleep 5")
    assert json.loads(gate.over().of("exit")[0]) == {"signal": "TERM"}


@pytest.mark.parametrize("direction", ["in", "out"])
def test_bytes_beyond_the_limit_are_digested_and_arrive_unchanged_through_rekeying(place, gate, direction):
    data = os.urandom(8 << 20)
    gate.stream_max = 1 << 20
    file = place.folder / f"data-{direction}"
    if direction == "in":
        done = place.run(gate, f"cat > {file}", stdin=data, options=("RekeyLimit=1M",))
        assert done.returncode == 0 and file.read_bytes() == data
    else:
        file.write_bytes(data)
        done = place.run(gate, f"cat {file}", options=("RekeyLimit=1M",))
        assert done.returncode == 0 and done.stdout == data
    w = gate.over()
    assert w.bytes[1, direction] == 1 << 20
    assert w.digest[1, direction].digest() == hashlib.sha256(data[:1 << 20]).digest()
    kind, total, digest = struct.unpack("<BQ32s", w.of("digest")[0])
    assert (kind, total, digest) == (3 if direction == "in" else 5, len(data), hashlib.sha256(data).digest())
    assert w.named("end")[0][f"{direction}_bytes"] == len(data)


def test_a_short_stream_is_stored_whole_and_has_no_digest(place, gate):
    gate.stream_max = 1 << 20
    data = os.urandom(1 << 20)
    assert place.run(gate, "cat", stdin=data).stdout == data
    w = gate.over()
    assert b"".join(w.of("out")) == b"".join(w.of("in")) == data and not w.of("digest")


def test_keys_sizes_and_screens_of_a_terminal(place, gate):
    with place.terminal(gate, rows=30, columns=100) as child:
        shell(child)
        w = gate.last()
        assert (opened(w)[0]["kind"], opened(w)[0]["columns"], opened(w)[0]["rows"]) == ("shell", 100, 30)
        child.setwinsize(40, 120)
        until(lambda: w.of("size") == [struct.pack("<II", 120, 40)], 5, "the new size")
        child.sendline("echo on-the-$((1+1))-screen")
        child.expect_exact("on-the-2-screen")
        w.watch()
        screen = until(lambda: w.of("screen"), 5, "a screen")[-1]
        assert struct.unpack_from("<II", screen) == (120, 40) and b"on-the-2-screen" in screen
        child.sendline("exit")
        child.expect_exact(pexpect.EOF)
    assert b"echo on-the-" in b"".join(w.of("keys")) and not w.of("in")


def test_nothing_reaches_the_client_that_the_recorder_has_not_taken(place, gate):
    with place.start(gate, "echo begun; sleep 1; exec cat /dev/zero") as client:
        assert client.stdout.readline() == b"begun\n"
        w = gate.last()
        gate.stall_recorder.set()
        os.set_blocking(client.stdout.fileno(), False)
        got, deadline = 0, time.monotonic() + 5
        while time.monotonic() < deadline:
            got += len(client.stdout.read(1 << 20) or b"")
            time.sleep(0.01)
        assert got <= 256 * 1024  # the credit
        gate.stall_recorder.clear()
        os.set_blocking(client.stdout.fileno(), True)
        got += len(client.stdout.read(4 << 20))
        # Taken is what the recorder's socket has accepted: up to the credit of it may not be counted here yet.
        assert w.bytes[1, "out"] >= got - 256 * 1024 > 0 and got > 4 << 20


def test_a_recorder_that_stalls_for_good_ends_the_session(place, gate):
    with place.terminal(gate) as child:
        shell(child)
        gate.stall_recorder.set()
        child.sendline("yes")
        child.expect("session ended: .*录像", timeout=30)
        gate.stall_recorder.clear()


def test_a_recorder_that_is_gone_ends_the_session_at_once(place, gate):
    with place.terminal(gate) as child:
        shell(child)
        gate.last().recorder.shutdown(2)
        child.expect("session ended: .*录像", timeout=2)


# ---- requests ----
@pytest.mark.parametrize("command, request_", [("scp -t /nonexistent/x", SCP | UPLOAD), ("scp -t /nonexistent/x; true", EXEC), ("id", EXEC)])
def test_scp_is_told_from_commands(place, gate, command, request_):
    place.run(gate, command)
    assert gate.over().named("open")[0]["request"] == request_


@pytest.mark.parametrize("protocol, request_", [((), SFTP), (("-O",), SCP | UPLOAD)], ids=["sftp", "scp"])
def test_file_copies_are_asked_as_what_they_are(place, gate, protocol, request_):
    source, there = place.folder / "source", place.folder / f"there{request_}"
    source.write_bytes(os.urandom(300_000))
    done = subprocess.run(place.argv(gate, *protocol, "-q", source, f"alice%web01@127.0.0.1:{there}", program="scp"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0 and there.read_bytes() == source.read_bytes(), done.stderr
    assert gate.over().named("open")[0]["request"] == request_


def test_a_refused_request_is_one_line_and_254(place, gate):
    gate.refuse = {EXEC: "commands are not granted"}
    done = place.run(gate, "touch", place.folder / "never")
    assert (done.returncode, done.stdout) == (254, b"") and done.stderr.count(b"\n") == 1
    assert b"commands are not granted" in done.stderr and not (place.folder / "never").exists()
    w = gate.over()
    assert [json.loads(n)["kind"] for n in w.of("note")] == ["refused"] and not w.of("open")


def test_other_subsystems_are_refused(place, gate):
    done = place.run(gate, "netconf", flags=("-s",))
    assert done.returncode == 254 and b"netconf" in done.stderr
    assert not gate.over().named("open")


def test_a_denied_target_is_one_line_and_254(place, gate):
    gate.deny = "not for you 不可用"
    done = place.run(gate, "id")
    assert done.returncode == 254 and "不可用" in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_a_sixteenth_channel_opens_and_a_seventeenth_does_not(place, gate):
    control = place.folder / "control"
    master = subprocess.Popen(place.argv(gate, flags=("-M", "-N", "-S", control)), stdin=subprocess.DEVNULL)
    running = []
    try:
        until(control.exists, 20, "the master")
        for i in range(16):
            running.append(subprocess.Popen(["ssh", "-S", control, "x", f"echo {i}; read x"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE))
            assert running[i].stdout.readline() == b"%d\n" % i
        done = subprocess.run(["ssh", "-S", control, "-o", "BatchMode=yes", "x", "true"], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=20)
        assert done.returncode != 0 and len(gate.last().named("open")) == 16
        running[3].communicate(b"\n", 10)
        assert running[3].returncode == 0
        again = ["ssh", "-S", control, "-o", "BatchMode=yes", "x", "echo again"]
        until(lambda: subprocess.run(again, stdin=subprocess.DEVNULL, capture_output=True, timeout=20).stdout == b"again\n", 5,
              "another channel in the place of the one that ended")
    finally:
        for p in running:
            p.kill()
            p.communicate()
        master.kill()  # a signal that it catches can miss its wait
        master.wait(10)


# ---- control ----
@pytest.mark.alone
def test_a_kill_is_seen_with_its_reason_and_leaves_a_finished_recording(place, gate):
    with place.terminal(gate) as child:
        shell(child)
        w = gate.last()
        began = time.monotonic()
        w.say(END, "维护 window is over")
        child.expect_exact("session ended: 维护 window is over ***")
        assert time.monotonic() - began < 1
        child.expect_exact(pexpect.EOF)
    w.over()
    assert json.loads(w.of("finish")[0])["reason"] == "维护 window is over"
    assert len(w.of("close")) == 1


@pytest.mark.alone
def test_a_kill_does_not_wait_for_a_client_that_stalls(place, gate):
    gate.keep_frames = False
    with place.start(gate, "cat /dev/zero") as client:
        client.stdout.read(1 << 20)
        w = gate.last()
        os.kill(client.pid, signal.SIGSTOP)
        time.sleep(1)
        began = time.monotonic()
        w.say(END, "enough")
        assert w.ended.wait(5) and time.monotonic() - began < 1
        w.over()
        os.kill(client.pid, signal.SIGCONT)


def test_what_is_typed_under_a_lock_is_gone_and_a_file_only_waits(place, gate):
    with place.terminal(gate) as child, place.start(gate, "sha256sum") as upload:
        shell(child)
        until(lambda: len(gate.workers) == 2 and all(w.of("open") for w in gate.workers), 10, "both sessions")
        for w in gate.workers:
            w.say(LOCK, "one moment")
        child.expect_exact("*** input locked by an administrator ***")
        data = os.urandom(400_000)
        upload.stdin.write(data)
        upload.stdin.close()
        child.sendline("echo typed-$((1+1))")
        time.sleep(1)
        assert b"typed" not in b"".join(gate.workers[0].of("keys") + gate.workers[1].of("keys"))
        for w in gate.workers:
            w.say(UNLOCK, "")
        child.expect_exact("*** input unlocked ***")
        child.sendline("echo back-$((1+1))")
        child.expect_exact("back-2")
        assert "typed-2" not in child.before
        upload.stdin = None
        assert upload.communicate(timeout=20)[0].split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_in_chinese_where_the_client_says_so(place, gate):
    with place.terminal(gate, env={"LANG": "zh_CN.UTF-8"}) as child:
        shell(child)
        gate.last().say(LOCK, "")
        child.expect_exact("*** 管理员已锁定输入 ***")
        gate.last().say(END, "时间到")
        child.expect_exact("*** 雁门：会话已结束：时间到 ***")


def test_idle_and_total_limits(place, gate):
    gate.idle_s = 2
    with place.terminal(gate) as child:
        shell(child)
        child.expect_exact("idle for too long", timeout=20)
    gate.idle_s, gate.total_s = 0, 2
    began = time.monotonic()
    done = place.run(gate, "while :; do echo .; sleep 0.2; done")
    assert done.returncode != 0 and b"time that the grant allows" in done.stderr and 1.5 < time.monotonic() - began < 20


# ---- targets ----
def test_a_changed_host_key_is_told_before_anything_is_sent(place, gate):
    gate.target_key = place.blob("other")
    done = place.run(gate, "id")
    assert done.returncode != 0 and b"yanmen target repin web01" in done.stderr and done.stderr.count(b"\n") == 1
    w = gate.over()
    assert [(r["outcome"], r["presented"]) for r in w.named("reached")] == [(KEY_CHANGED, place.blob("target"))]
    assert not w.of("open")


def test_a_target_that_stalls_is_given_up(place):
    frozen = place.sshd()
    gate = place.gate(frozen.port)
    os.kill(frozen.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        done = place.run(gate, "id")
        assert done.returncode != 0 and b"does not answer in time" in done.stderr and 24 < time.monotonic() - began < 45
        assert gate.over().named("reached")[0]["outcome"] == STALLED
    finally:
        os.kill(frozen.pid, signal.SIGCONT)


def test_a_target_that_breaks_off_loses_no_byte_that_it_sent(place, gate):
    """The client is slow, so the gateway still holds some of it when the target is gone."""
    data = os.urandom(1_500_000)
    file = place.folder / "last"
    file.write_bytes(data)
    with place.start(gate, f"cat {file}; kill -9 $PPID") as client:
        first = client.stdout.read(1000)
        os.kill(client.pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(client.pid, signal.SIGCONT)
        got = first + client.stdout.read()
        assert client.wait(10) != 0
    w = gate.over()
    assert data.startswith(got) and b"".join(w.of("out")).startswith(got)
    assert b"closed the connection" in w.named("end")[0]["reason"]


@pytest.mark.parametrize("pinned, expected", [("target_rsa", "target_rsa"), ("other", "target"), (None, "target")])
def test_a_probe_prefers_the_pinned_type(place, target, pinned, expected):
    w = Worker(place.gate(target.port), probe=place.blob(pinned) if pinned else b"")
    assert w.ended.wait(15)
    answer = w.named("probe_answer")[0]
    assert (answer["code"], answer["host_key"]) == (0, place.blob(expected)), answer
    assert re.match(rb"SSH-2.0-OpenSSH", answer["banner"])
    w.over()


# ---- memory ----
@unsanitized
@pytest.mark.alone
def test_memory_stays_flat_before_a_client_that_trickles(place, gate):
    """Worse than one that stops: libssh opens the window at every small read."""
    gate.keep_frames = False
    with place.start(gate, "cat /dev/zero") as client:
        client.stdout.read(65536)
        pid, seen = gate.last().process.pid, []
        for _ in range(250):
            client.stdout.read1(32768)
            time.sleep(0.02)
            seen.append(procs.private_kib(pid))
        assert max(seen) < 16_000, max(seen)
