"""The real SSH worker between a real client and a real sshd, with this test for its parent, broker, vault and recorder.

What only shows from inside: every frame, the order of recording and forwarding, a recorder that stalls, the answers of a
broker.  Everything else about a session is tried on a whole instance, in test_session.py and its neighbours.
"""

import base64
import contextlib
import getpass
import hashlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time
import uuid
from pathlib import Path

import pexpect
import pytest
from harness import procs
from harness.build import PROGRAMS, plain_build
from harness.instance import free_port
from harness.rawssh import Closed, RawSsh, string
from harness.wait import until
from harness.worker import EXEC, REVERSE, SCP, SFTP, UPLOAD, Gate, Worker

unsanitized = plain_build("a sanitizer's memory has no limit and never shrinks")
END, LOCK, UNLOCK = 1, 2, 3
REACHED, KEY_CHANGED, LOGIN_REFUSED, STALLED, BROKEN = range(1, 6)


class Place:
    """Keys, a target sshd of whoever runs the tests, and gates to it."""

    def __init__(self):
        self.folder = Path("/tmp") / f"yanmen-ssh-{uuid.uuid4().hex[:8]}"
        self.folder.mkdir(mode=0o755)
        for name, kind in (("gate", "ed25519"), ("target", "ed25519"), ("target_rsa", "rsa"), ("account", "ed25519"),
                           ("other", "ed25519"), ("user", "ed25519")):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", self.folder / name], check=True)
        self.processes, self.gates = [], []

    def blob(self, name):
        return base64.b64decode((self.folder / f"{name}.pub").read_text().split()[1])

    def sshd(self, more=""):
        port = free_port()
        config = self.folder / f"config{port}"
        config.write_text(f"""\
{more}
ListenAddress 127.0.0.1:{port}
HostKey {self.folder}/target
HostKey {self.folder}/target_rsa
PidFile none
AuthorizedKeysFile {self.folder}/account.pub
PermitRootLogin yes
StrictModes no
UsePAM no
AcceptEnv *
MaxSessions 100
MaxStartups 100
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
""")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        with open(self.folder / f"log{port}", "wb") as log:
            process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stderr=log)
        self.processes.append(process)
        until(lambda: b"listening" in (self.folder / f"log{port}").read_bytes(), 10, "the target")
        process.port = port
        return process

    def gate(self, port):
        binary = PROGRAMS / "yanmen-ssh"
        g = Gate(binary, self.folder / "gate", ("127.0.0.1", port), self.blob("target"), getpass.getuser(),
                 account_key=self.folder / "account")
        g.user_keys.add(self.blob("user"))
        g.log = open(self.folder / "workers", "ab")
        self.gates.append(g)
        return g

    def argv(self, gate, *command, login="alice%web01", options=(), flags=(), program="ssh"):
        common = ["BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR", "StrictHostKeyChecking=no",
                  "UserKnownHostsFile=/dev/null", f"IdentityFile={self.folder}/user", *options]
        return [program, "-F", "none", *flags, *(w for o in common for w in ("-o", o)), "-P" if program != "ssh" else "-p",
                str(gate.port), *([f"{login}@127.0.0.1"] if program == "ssh" else []), *map(str, command)]

    def run(self, gate, *command, stdin=None, seconds=60, **kw):
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(self.argv(gate, *command, **kw), capture_output=True, timeout=seconds, **given)

    @contextlib.contextmanager
    def start(self, gate, *command, **kw):
        process = subprocess.Popen(self.argv(gate, *command, **kw), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextlib.contextmanager
    def terminal(self, gate, login="alice%web01", rows=24, columns=80, env=None):
        argv = self.argv(gate, login=login, flags=("-tt",), options=("SendEnv=LANG LC_*",))
        child = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", timeout=20, dimensions=(rows, columns),
                              env={"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C", **(env or {})})
        child.delaybeforesend = None
        try:
            yield child
        finally:
            child.close(force=True)

    def close(self):
        for g in self.gates:
            g.close()
            g.log.close()
        for p in self.processes:
            p.terminate()
            p.wait(10)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def place():
    p = Place()
    yield p
    p.close()


@pytest.fixture(scope="module")
def target(place):
    return place.sshd("RekeyLimit 1M")


@pytest.fixture
def gate(place, target):
    return place.gate(target.port)


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


# ---- clients that OpenSSH is not ----
@pytest.fixture
def raw(gate):
    open_ones = []

    def connect(**kw):
        open_ones.append(RawSsh(gate.port, **kw))
        return open_ones[-1]
    yield connect
    for one in open_ones:
        one.close()


def test_the_user_name_is_that_of_the_first_try(gate, raw):
    client = raw()
    assert not client.password("alice#web01", "wrong")
    with contextlib.suppress(Closed):
        assert not client.password("bob#web01", "secret")
        client.expect(1)
    assert [m["user"] for m in gate.over().named("login")] == [b"alice#web01"]


def test_six_tries_and_no_more(gate, raw):
    client = raw()
    with contextlib.suppress(Closed):
        for _ in range(20):
            assert not client.password("alice#web01", "wrong")
    assert len(gate.over().named("login")) == 6


def test_only_sessions_open_and_only_after_the_login(gate, raw):
    client = raw()
    with pytest.raises((Closed, TimeoutError)):
        client.sock.settimeout(2)
        client.open()
    gate.refuse[REVERSE] = "no ports"
    client = raw()
    assert client.password("alice#web01", "secret")
    client.send(b"\x50" + string("tcpip-forward") + b"\1" + string("127.0.0.1") + struct.pack(">I", 22))
    assert client.expect(81, 82)[0] == 82
    channel = client.open()
    assert client.request(channel, "auth-agent-req@openssh.com")  # libssh says so; what the grant says comes with the start
    assert not client.request(channel, "x11-req", b"\0" + string("MIT-MAGIC-COOKIE-1") + string("00") + struct.pack(">I", 0))
    assert not client.request(channel, "unheard-of")
    assert client.request(channel, "exec", string("echo still"))
    assert client.expect(94)[9:] == b"still\n"


def direct_tcpip(client, host, port, number=5):
    """The answer to a forwarded connection, as it is."""
    client.send(b"\x5a" + string("direct-tcpip") + struct.pack(">III", number, 1 << 20, 32768) + string(host) +
                struct.pack(">I", port) + string("127.0.0.1") + struct.pack(">I", 9))
    return client.expect(91, 92)


def test_a_refused_forward_says_no_and_where_ssh_is_expected_why(gate, raw):
    client = raw()
    with pytest.raises((Closed, TimeoutError)):
        client.sock.settimeout(2)
        direct_tcpip(client, "web01", 22)
    client = raw()
    assert client.password("alice", "secret")
    answer = direct_tcpip(client, "web01", 80)
    assert answer[0] == 92 and struct.unpack_from(">I", answer, 5)[0] == 1  # administratively prohibited
    answer = direct_tcpip(client, "web01", 22)
    assert answer[0] == 91
    line, packet = client.expect(94)[9:].split(b"\r\n", 1)
    length, padding, kind, code, n = struct.unpack_from(">IBBII", packet)
    assert line == b"SSH-2.0-Yanmen" and len(packet) == 4 + length and len(packet) % 8 == 0 and padding >= 4
    assert (kind, code, packet[14:14 + n]) == (1, 7, b"no such target")
    channel = struct.unpack_from(">I", answer, 5)[0]
    client.send(b"\x60" + struct.pack(">I", channel))  # end of file: it has read why
    client.expect(97)
    assert [(m["host"], m["port"], m["origin"]) for m in gate.last().named("jump")] == [
        (b"web01", 80, b"127.0.0.1:9"), (b"web01", 22, b"127.0.0.1:9")]


def test_a_forward_is_carried_whole_and_with_its_half_closes(gate, raw):
    def serve(sock):
        data = b""
        while more := sock.recv(65536):
            data += more
        sock.sendall(hashlib.sha256(data).digest())
        sock.close()
    gate.jump = serve
    client = raw()
    assert client.password("alice", "secret")
    answer = direct_tcpip(client, "web01", 22)
    channel, window = struct.unpack_from(">II", answer, 5)
    data = os.urandom(window // 2)
    for at in range(0, len(data), 30000):
        client.data(channel, data[at:at + 30000])
    client.send(b"\x60" + struct.pack(">I", channel))
    assert client.expect(94)[9:] == hashlib.sha256(data).digest()
    client.expect(96)
    client.expect(97)


def test_a_channel_starts_once(gate, raw):
    client = raw()
    assert client.password("alice#web01", "secret")
    channel = client.open()
    pty = string("xterm") + struct.pack(">IIII", 80, 24, 0, 0) + string("")
    assert client.request(channel, "exec", string("sleep 5"))
    assert not client.request(channel, "exec", string("id")) and not client.request(channel, "pty-req", pty)
    assert until(lambda: gate.last().named("open"), 5, "the request") == [{"channel": 1, "request": EXEC, "text": b"sleep 5"}]


def test_a_command_beyond_the_limit_is_refused(gate, raw):
    client = raw()
    assert client.password("alice#web01", "secret")
    assert not client.request(client.open(), "exec", string("x" * 33_000))
    assert not gate.last().named("target")


def test_a_client_that_ignores_its_window_is_cut_off(gate, raw):
    client = raw()
    assert client.password("alice#web01", "secret")
    channel = client.open()
    assert client.request(channel, "exec", string("sleep 100"))
    with pytest.raises((Closed, TimeoutError)):
        for _ in range(2000):
            client.data(channel, b"x" * 32000)
    assert gate.over().named("end")[0]["reason"] == b"the client ignored its window"


@unsanitized
def test_a_window_of_four_gigabytes_is_not_filled_for_a_client_that_does_not_read(gate, raw):
    gate.keep_frames = False
    client = raw()
    assert client.password("alice#web01", "secret")
    channel = client.open(window=0xFFFFFFFF)
    assert client.request(channel, "exec", string("cat /dev/zero"))
    time.sleep(3)
    assert procs.private_kib(gate.last().process.pid) < 16_000


def test_nonsense_after_the_login_ends_in_order(gate, raw):
    generator = random.Random(7)
    kinds = [1, 2, 3, 4, 5, 6, 7, 20, 21, 30, 31, *range(50, 54), 60, 61, 80, 81, 82, *range(90, 101), 192, 255]
    requests = ["pty-req", "env", "exec", "shell", "subsystem", "signal", "window-change", "x11-req", "exit-status", "exit-signal", "break"]
    for _ in range(60):
        client = raw()
        assert client.password("alice#web01", "secret")
        channel = struct.pack(">I", client.open())
        with contextlib.suppress(Closed):
            for _ in range(20):
                body = generator.choice([b"", channel, channel + string(generator.choice(requests)), string("session")])
                client.send(bytes([generator.choice(kinds)]) + body + generator.randbytes(generator.randint(0, 80)))
        client.close()
        gate.over()


@unsanitized
def test_memory_of_a_worker_has_a_limit(gate, raw):
    raw()
    limits = Path(f"/proc/{gate.last().process.pid}/limits").read_text()
    assert re.search(r"Max data size +268435456 +268435456 ", limits), limits


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
