"""The real SSH worker before clients that OpenSSH is not: what they may say, and in what order."""

import contextlib
import hashlib
import os
import random
import re
import struct
import time
from pathlib import Path

import pytest
from harness import procs
from harness.build import plain_build
from harness.rawssh import Closed, RawSsh, string
from harness.wait import until
from harness.worker import EXEC, REVERSE

unsanitized = plain_build("a sanitizer's memory has no limit and never shrinks")


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
