"""localhost in a forward on a connection that has a target: the target's own loopback, as VS Code Remote wants it."""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import threading

import paramiko
import pytest
from harness import procs
from harness.echo import echo_server
from harness.instance import free_port
from harness.through import Through, listens
from harness.wait import until


@pytest.fixture
def echo():
    with echo_server() as port:
        yield port


@pytest.fixture
def web(instance):
    """The port of an HTTP server that gives the files of a folder, and such a file."""
    folder = instance.scratch / instance.name("www")
    folder.mkdir()
    (folder / "big").write_bytes(os.urandom(6 << 20))
    port = free_port()
    with subprocess.Popen(["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, str(port)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until(lambda: listens(port), 30, "the HTTP server")
        server.port, server.file = port, folder / "big"
        yield server
        server.kill()


@contextlib.contextmanager
def direct(instance, user, *flags, words=("-N",), login=None):
    """ssh ... user#target with a local end on {port}."""
    port = free_port()
    flags = [f.format(port=port) for f in flags]
    with subprocess.Popen(["ssh", *instance.ssh_options(user), *flags, *words[:1], f"{login or user.name + '#' + instance.demo}@127.0.0.1",
                           *words[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=instance.ssh_env(user), start_new_session=True) as process:
        try:
            until(lambda: process.poll() is not None or listens(port), 30, "the local end")
            assert process.poll() is None, process.stderr.read()
            process.port = port
            yield process
        finally:
            process.kill()


def paramiko_to(instance, user):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=f"{user.name}#{instance.demo}", password=user.password_file.read_text())
    return transport


def open_local(transport, port, host="localhost"):
    channel = transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 1), timeout=30)
    channel.settimeout(30)
    return channel


def ends_at_once(transport, port):
    try:
        assert open_local(transport, port).recv(100) == b""
    except paramiko.SSHException as e:
        assert "Unable to open channel" in str(e)  # paramiko's word for one that is closed before it looks


def curl(through, port, url, *more):
    return through.plain("curl", "-sS", "--max-time", "60", *more, "--socks5-hostname", f"127.0.0.1:{port}", url)


def frames(instance, session):
    def whole():
        rows = [(r := json.loads(line)) | r.get("body", {}) for line in instance.export(session, "jsonl").splitlines()]
        return rows if any(r.get("type") == "finish" for r in rows) else None
    return until(whole, 30, "the whole recording")


# ---- what it is for ----


@pytest.mark.parametrize("way", ["direct", "jump"])
def test_as_vs_code_remote_does_it(instance, engineer, web, way):
    """ssh -T -D with a shell on it, then connections to a port of localhost that the target's server listens on."""
    through = Through(instance, engineer)
    with direct(instance, engineer, "-D", "{port}", words=("-T", "sh")) if way == "direct" else \
            through.listening("-T", "-D", "{port}", host=instance.demo, command="sh", stdin=subprocess.PIPE) as client:
        client.stdin.write(b"echo up\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"up\n"
        for host in ("localhost", "127.0.0.1", "LocalHost"):
            done = curl(through, client.port, f"http://{host}:{web.port}/big")
            assert done.stdout == web.file.read_bytes(), done.stderr
        session = instance.session_of(engineer, "online")
        client.stdin.write(b"exit 3\n")
        client.stdin.flush()
        assert client.wait(30) == 3
    rows = frames(instance, session["id"])
    opened = [r for r in rows if r["type"] == "open" and r["kind"] == "forward"]
    assert [r["command"] for r in opened] == [f"{h}:{web.port}" for h in ("localhost", "127.0.0.1", "localhost")]
    assert len({r["channel"] for r in rows if r["type"] == "open"}) == 4
    for r in opened:
        kinds = [f["type"] for f in rows if f.get("channel") == r["channel"]]
        assert kinds == ["open", "digest", "digest", "close"]
    assert instance.session_of(engineer, "closed")["bytes_out"] > 3 * (6 << 20)
    instance.ok("recording", "verify", session["id"])
    asked = [r["body"] for r in instance.told(engineer, "channel.opened", 4)]
    assert [b["text"] for b in asked if b["request"] == "forward"].count(f"localhost:{web.port}") == 2


@pytest.mark.parametrize("way", ["direct", "jump"])
def test_a_local_forward_alone_is_a_session(instance, engineer, echo, way):
    through = Through(instance, engineer)
    started = direct(instance, engineer, "-L", f"{{port}}:localhost:{echo}") if way == "direct" else \
        through.listening("-L", f"{{port}}:localhost:{echo}", host=instance.demo)
    data = os.urandom(2 << 20)
    with started as client, socket.create_connection(("127.0.0.1", client.port), 30) as s:
        s.settimeout(60)

        def send():
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        got = b""
        while more := s.recv(65536):
            got += more
        sender.join(30)
        assert got == data + b"digest " + hashlib.sha256(data).hexdigest().encode()
        session = instance.session_of(engineer, "online")
        assert (session["target"], session["protocol"]) == (instance.demo, "ssh")
    ended = instance.session_of(engineer, "closed")
    assert (ended["bytes_in"], ended["bytes_out"]) == (len(data), len(got))
    digests = {r["sha256"] for r in frames(instance, session["id"]) if r["type"] == "digest"}
    assert digests == {hashlib.sha256(data).hexdigest(), hashlib.sha256(got).hexdigest()}


def test_socks_through_a_jump(instance, engineer, web):
    through = Through(instance, engineer)
    with through.listening("-D", "{port}", host=instance.demo) as client:
        assert curl(through, client.port, f"http://localhost:{web.port}/big").stdout == web.file.read_bytes()


def test_the_target_closes_its_half_first(instance, engineer):
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = paramiko_to(instance, engineer)
        channel = open_local(transport, server.getsockname()[1])
        server.settimeout(30)
        there, _ = server.accept()
        with there:
            there.settimeout(30)
            there.sendall(b"greeting")
            there.shutdown(socket.SHUT_WR)
            assert channel.recv(100) == b"greeting" and channel.recv(100) == b""
            channel.sendall(b"still heard")
            assert there.recv(100) == b"still heard"
            channel.shutdown_write()
            assert there.recv(100) == b""
        until(lambda: channel.closed, 20, "the end of the channel")
        transport.close()


def test_a_service_that_says_something_and_hangs_up(instance, engineer):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with server.accept()[0] as s:
                        s.sendall(b"the time of day")
        threading.Thread(target=serve, daemon=True).start()
        with direct(instance, engineer, "-L", f"{{port}}:localhost:{server.getsockname()[1]}") as client:
            for _ in range(30):
                with socket.create_connection(("127.0.0.1", client.port), 30) as s:
                    s.settimeout(30)
                    assert s.recv(100, socket.MSG_WAITALL) == b"the time of day"
        server.shutdown(socket.SHUT_RDWR)


def test_twenty_at_once_beside_a_shell_and_no_more_than_32(instance, engineer, echo):
    transport = paramiko_to(instance, engineer)
    shell = transport.open_session(timeout=30)
    shell.exec_command("cat")
    channels = [open_local(transport, echo) for _ in range(32)]
    for n, c in enumerate(channels):
        c.sendall(b"number %02d" % n)
    for n, c in enumerate(channels):
        assert c.recv(9) == b"number %02d" % n
    with pytest.raises(paramiko.ChannelException):
        open_local(transport, echo)
    assert len(instance.sessions(engineer, "online")) == 1
    others = [transport.open_session(timeout=30) for _ in range(15)]  # shells have a number of their own
    shell.sendall(b"and the shell")
    assert shell.recv(100) == b"and the shell"
    for c in channels + others:
        c.close()

    def again():
        with contextlib.suppress(paramiko.ChannelException):
            return open_local(transport, echo)
    c = until(again, 20, "room for another one")
    c.sendall(b"again")
    assert c.recv(100) == b"again"
    transport.close()


def test_one_that_does_not_read_holds_itself_only(instance, engineer, echo):
    transport = paramiko_to(instance, engineer)
    stalled = []
    for _ in range(31):
        c = open_local(transport, echo)
        c.settimeout(1)
        with contextlib.suppress(TimeoutError):
            for _ in range(200):
                c.send(bytes(32768))  # the echo is not read
        stalled.append(c)
    other = open_local(transport, echo)
    other.sendall(b"goes on")
    assert other.recv(100) == b"goes on"
    transport.close()
    assert instance.session_of(engineer, "closed")["reason"]


# ---- what is refused ----


def test_a_closed_port_closes_the_channel_and_the_reason_is_in_the_audit(instance, engineer):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    transport = paramiko_to(instance, engineer)
    ends_at_once(transport, port)
    [row] = instance.told(engineer, "forward.refused")
    session = instance.session_of(engineer, "online")["id"]
    assert row["body"]["asked"] == f"localhost:{port}" and "onnect" in row["body"]["reason"] and session in str(row)
    other = transport.open_session(timeout=30)  # the session goes on
    other.exec_command("echo on")
    assert other.recv(100) == b"on\n"
    transport.close()
    notes = [r for r in frames(instance, session) if r["type"] == "note"]
    assert any(n["kind"] == "refused" and "the target refuses it" in n["text"] for n in notes)


def test_a_target_that_forwards_for_nobody_says_so_in_the_audit(instance, engineer, sshd, echo):
    sshd.more = "AllowTcpForwarding no"
    sshd.restart()
    target = instance.target(sshd.port)
    instance.grant(engineer, target)
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=f"{engineer.name}#{target}", password=engineer.password_file.read_text())
    ends_at_once(transport, echo)
    assert "rohibited" in instance.told(engineer, "forward.refused")[0]["body"]["reason"]
    transport.close()


def test_without_the_feature_it_is_refused(instance, echo):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "shell", "--feature", "exec")
    transport = paramiko_to(instance, user)
    ends_at_once(transport, echo)
    [row] = instance.told(user, "channel.refused")
    assert (row["body"]["request"], row["body"]["text"]) == ("forward", f"localhost:{echo}")
    transport.close()


def test_without_a_target_localhost_is_nobodys(instance, engineer, echo):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=engineer.name, password=engineer.password_file.read_text())
    with pytest.raises(paramiko.ChannelException):
        open_local(transport, echo)
    transport.close()


@pytest.mark.parametrize("port", [0, 65536])
def test_ports_that_are_none_are_refused(instance, engineer, port):
    transport = paramiko_to(instance, engineer)
    with pytest.raises(paramiko.ChannelException):
        open_local(transport, port)
    transport.close()


def test_ssh_to_the_loopback_is_refused(instance, engineer, sshd):
    transport = paramiko_to(instance, engineer)
    ends_at_once(transport, sshd.port)
    assert "SSH inside a forward" in instance.told(engineer, "forward.refused")[0]["body"]["reason"]
    transport.close()


def test_ssh_from_the_client_is_refused_and_words_like_it_pass(instance, engineer, echo):
    transport = paramiko_to(instance, engineer)
    channel = open_local(transport, echo)
    for byte in (b"S", b"S", b"H", b"-"):
        channel.sendall(byte)  # "SSH-" a byte at a time
    assert channel.recv(100) == b""
    other = open_local(transport, echo)
    other.sendall(b"SS")
    other.shutdown_write()
    got = b""
    while more := other.recv(100):
        got += more
    assert got == b"SSdigest " + hashlib.sha256(b"SS").hexdigest().encode()
    assert len(instance.told(engineer, "forward.refused")) == 1
    transport.close()


# ---- limits and faults ----


def test_lock_idle_and_kill(instance, echo):
    user = instance.user()
    instance.grant(user, instance.demo, "--idle", "4")
    transport = paramiko_to(instance, user)
    channel = open_local(transport, echo)
    channel.sendall(b"one")
    assert channel.recv(100) == b"one"
    session = instance.session_of(user, "online")["id"]
    instance.ok("session", "lock", session)
    until(lambda: instance.session_of(user)["locked"], 10, "the lock")
    channel.sendall(b"two")
    channel.settimeout(0.5)
    with pytest.raises(TimeoutError):
        channel.recv(100)
    instance.ok("session", "unlock", session)
    channel.settimeout(30)
    assert channel.recv(100) == b"two"
    assert channel.recv(100) == b""  # nobody spoke for four seconds; no words of ours between the bytes
    assert not channel.recv_stderr_ready()
    assert "idle" in instance.session_of(user, "closed")["reason"]
    second = paramiko_to(instance, user)
    channel = open_local(second, echo)
    instance.ok("session", "kill", instance.session_of(user, "online")["id"], "--reason", "enough")
    assert channel.recv(100) == b""
    until(lambda: "enough" in {s["reason"] for s in instance.sessions(user)}, 20, "the end of the row")
    transport.close()
    second.close()


def test_a_killed_worker_ends_it_and_the_session_has_crashed(instance, engineer, echo):
    with direct(instance, engineer, "-L", f"{{port}}:localhost:{echo}") as client, \
            socket.create_connection(("127.0.0.1", client.port), 30) as s:
        s.settimeout(30)
        s.sendall(b"x")
        assert s.recv(1) == b"x"
        procs.kill_hard(procs.server_side(client.pid, instance.pids("ssh"), instance.port))
        assert s.recv(10) == b""
    assert instance.session_of(engineer, "crashed")["target"] == instance.demo


def test_no_recorder_no_forward(own_instance, echo):
    instance = own_instance
    user = instance.engineer
    with direct(instance, user, "-L", f"{{port}}:localhost:{echo}") as client, \
            socket.create_connection(("127.0.0.1", client.port), 30) as s:
        s.settimeout(60)
        s.sendall(b"x")
        assert s.recv(1) == b"x"
        procs.kill_hard(next(iter(instance.pids("recorder"))))
        assert s.recv(10) == b""
        assert client.wait(30) != 0
    until(lambda: not instance.sessions(user, "online"), 30, "the end of the row")


def test_many_that_close_before_they_are_answered_leave_nothing(instance, engineer, echo):
    transport = paramiko_to(instance, engineer)
    opened = 0
    for n in range(200):
        with contextlib.suppress(paramiko.SSHException, OSError):
            c = open_local(transport, echo if n % 3 else 1)
            opened += 1
            if n % 2:
                c.sendall(b"never heard")
            c.close()
    assert opened > 20

    def all_again():
        got = []
        with contextlib.suppress(paramiko.ChannelException):
            while len(got) < 32:
                got.append(open_local(transport, echo))
        for c in got:
            c.close()
        return len(got) == 32
    until(all_again, 60, "room for as many as ever")
    transport.close()
    session = instance.session_of(engineer, "closed")["id"]
    rows = frames(instance, session)
    assert {r["channel"] for r in rows if r["type"] == "open"} == {r["channel"] for r in rows if r["type"] == "close"}
    instance.ok("recording", "verify", session)
