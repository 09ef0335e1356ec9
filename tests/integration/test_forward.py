"""-L and -D: other ports and other kinds of targets through a login: granted ones only, counted, a session each."""

import hashlib
import http.server
import os
import socket
import threading
import time

import paramiko
import pytest
from harness import procs
from harness.echo import echo_server
from harness.target import silent_listener
from harness.through import Through
from harness.wait import until


class Http(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"hello " + self.path.encode() if not self.path.startswith("/big") else bytes(8 << 20)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        digest = hashlib.sha256(self.rfile.read(int(self.headers["Content-Length"]))).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(digest)))
        self.end_headers()
        self.wfile.write(digest)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web():
    """The port of an HTTP server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def echo():
    with echo_server() as port:
        yield port


def granted(instance, port, *options):
    """(user, name of a target at that port, his way)"""
    user, target = instance.user(), instance.database(port)
    instance.grant(user, target, *options)
    return user, target, Through(instance, user)


def get(port, path="/x", host="127.0.0.1"):
    with socket.create_connection((host, port), 30) as s:
        s.settimeout(60)
        s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        data = b""
        while more := s.recv(65536):
            data += more
        return data


def channel_to(instance, user, target, port):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=user.name, password=user.password_file.read_text())
    channel = transport.open_channel("direct-tcpip", (target, port), ("127.0.0.1", 1), timeout=30)
    channel.settimeout(30)
    return transport, channel


def test_a_local_forward_is_a_session_whose_bytes_are_counted_and_digested(instance, web):
    user, target, through = granted(instance, web)
    with through.listening("-L", f"{{port}}:{target}:{web}") as client:
        answer = get(client.port)
        assert answer.endswith(b"hello /x")
        session = instance.session_of(user, "closed")
    assert (session["protocol"], session["target"], session["account"]) == ("forward", target, "")
    assert (session["bytes_in"], session["bytes_out"]) == (len(b"GET /x HTTP/1.0\r\n\r\n"), len(answer))
    text = until(lambda: instance.export(session["id"], "jsonl"), 20, "its recording")
    assert hashlib.sha256(answer).hexdigest().encode() in text and b"hello" not in text and b'"forward"' in text
    instance.ok("recording", "verify", session["id"])
    rows = {r["kind"]: r for r in instance.audit(user=user.name)}
    assert {"forward.opened", "session.start", "session.ended"} <= set(rows)
    assert f"127.0.0.1:{web}" in str(rows["session.start"])


def test_socks_reaches_granted_targets_and_nothing_else(instance, web, echo):
    user, target, through = granted(instance, web)
    ungranted = instance.database(echo)
    with through.listening("-D", "127.0.0.1:{port}") as client:
        proxy = ["curl", "-sS", "--max-time", "30", "-x", f"socks5h://127.0.0.1:{client.port}"]
        assert through.plain(*proxy, f"http://{target}:{web}/by-name").stdout == b"hello /by-name"
        assert through.plain(*proxy, f"http://127.0.0.1:{web}/by-address").stdout == b"hello /by-address"
        for url in (f"http://{ungranted}:{echo}/", f"http://127.0.0.1:{echo}/", "http://nowhere.invalid/", "http://127.0.0.1:1/",
                    f"http://127.0.0.1:{instance.port}/", f"http://{target}:{web + 1}/"):
            done = through.plain(*proxy, url)
            assert done.returncode == 97, (url, done.stdout, done.stderr)  # the SOCKS server said no
    refused = instance.told(user, "forward.refused", 6)
    assert len(refused) == 6 and all("no_grant" in str(r) for r in refused)


def test_without_the_feature_it_is_refused(instance, web):
    user, target, through = granted(instance, web, "--feature", "shell")
    with pytest.raises(paramiko.ChannelException) as refused:
        channel_to(instance, user, target, web)
    assert refused.value.code == 1
    assert "no_forward" in str(instance.told(user, "forward.refused")[0])


def test_half_close_both_ways(instance, echo):
    user, target, _ = granted(instance, echo)
    transport, channel = channel_to(instance, user, target, echo)
    data = os.urandom(3 << 20)

    def send():
        channel.sendall(data)
        channel.shutdown_write()
    sender = threading.Thread(target=send)
    sender.start()
    got = b""
    while more := channel.recv(65536):
        got += more
    sender.join(30)
    assert got == data + b"digest " + hashlib.sha256(data).hexdigest().encode()
    transport.close()


def test_the_target_closes_its_half_first(instance):
    server = socket.create_server(("127.0.0.1", 0))
    user, target, _ = granted(instance, server.getsockname()[1])
    transport, channel = channel_to(instance, user, target, server.getsockname()[1])
    server.accept()[0].close()  # target add has looked whether it can be reached
    there, _ = server.accept()
    there.settimeout(30)
    there.sendall(b"greeting")
    there.shutdown(socket.SHUT_WR)
    assert channel.recv(100) == b"greeting" and channel.recv(100) == b""
    channel.sendall(b"still heard")
    assert there.recv(100) == b"still heard"
    channel.shutdown_write()
    assert there.recv(100) == b""
    until(lambda: channel.closed, 10, "the end of the channel")
    assert instance.session_of(user, "closed")["reason"] == "closed"
    for s in (there, server):
        s.close()
    transport.close()


def test_much_data_arrives_whole(instance, web):
    user, target, through = granted(instance, web)
    with through.listening("-L", f"{{port}}:{target}:{web}") as client:
        assert get(client.port, "/big").endswith(bytes(8 << 20))
        source = instance.scratch / instance.name("body")
        source.write_bytes(os.urandom(12 << 20))
        done = through.plain("curl", "-sS", "--data-binary", f"@{source}", f"http://127.0.0.1:{client.port}/")
        assert done.stdout.decode() == hashlib.sha256(source.read_bytes()).hexdigest()


def test_twenty_at_once(instance, echo):
    user, target, through = granted(instance, echo)
    with through.listening("-L", f"{{port}}:{target}:{echo}") as client:
        clients = [socket.create_connection(("127.0.0.1", client.port), 30) for _ in range(20)]
        for n, s in enumerate(clients):
            s.settimeout(60)
            s.sendall(b"number %02d" % n)
        assert [s.recv(9) for s in clients] == [b"number %02d" % n for n in range(20)]
        assert len(instance.sessions(user, "online")) == 20
        for s in clients:
            s.close()
        until(lambda: not instance.sessions(user, "online"), 20, "the end of all")


@pytest.mark.parametrize("first", ["client", "server"])
def test_ssh_inside_a_forward_is_refused(instance, first):
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    user, target, _ = granted(instance, port)
    transport, channel = channel_to(instance, user, target, port)
    server.accept()[0].close()  # target add has looked whether it can be reached
    there, _ = server.accept()
    there.settimeout(30)
    if first == "client":
        for byte in (b"S", b"S", b"H", b"-2.0-x\r\n"):
            channel.sendall(byte)
            time.sleep(0)
    else:
        there.sendall(b"SSH-2.0-OpenSSH\r\n")
    assert (there if first == "client" else channel).recv(100) == b""
    assert "SSH inside a forward" in instance.session_of(user, "closed")["reason"]
    there.close()
    server.close()
    transport.close()


def test_words_that_only_begin_like_ssh_pass(instance, echo):
    user, target, _ = granted(instance, echo)
    transport, channel = channel_to(instance, user, target, echo)
    for words in (b"S", b"SX more", b"SSH-"):  # SSH stands at the very beginning or nowhere
        channel.sendall(words)
    got = b""
    while len(got) < 12:
        got += channel.recv(100)
    assert got == b"SSX moreSSH-"
    transport.close()


def test_a_target_that_stalls_holds_its_forward_only(instance, echo):
    with silent_listener() as quiet:
        user, target, _ = granted(instance, quiet)
        other = instance.database(echo)
        instance.grant(user, other)
        transport, channel = channel_to(instance, user, target, quiet)
        sent = 0
        channel.settimeout(3)
        with pytest.raises(TimeoutError):
            while sent < 64 << 20:
                sent += channel.send(bytes(32768))
        assert sent < 16 << 20  # held, not hoarded
        second = transport.open_channel("direct-tcpip", (other, echo), ("127.0.0.1", 1), timeout=30)
        second.settimeout(30)
        second.sendall(b"goes on")
        assert second.recv(100) == b"goes on"
        channel.close()
        until(lambda: len(instance.sessions(user, "online")) == 1, 20, "the end of the stalled one")
        transport.close()


def test_kill_lock_and_idle(instance, echo):
    user, target, _ = granted(instance, echo, "--idle", "4")
    transport, channel = channel_to(instance, user, target, echo)
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
    assert channel.recv(100) == b""  # nobody spoke for four seconds
    assert "idle" in instance.session_of(user, "closed")["reason"]
    second = transport.open_channel("direct-tcpip", (target, echo), ("127.0.0.1", 1), timeout=30)
    second.settimeout(30)
    instance.ok("session", "kill", instance.session_of(user, "online")["id"], "--reason", "enough")
    assert second.recv(100) == b""
    assert {"enough"} <= {s["reason"] for s in instance.sessions(user)}
    transport.close()


def test_a_closed_port_ends_the_channel_and_is_told_in_the_audit(instance, echo):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    user, target, _ = granted(instance, port)
    transport, channel = channel_to(instance, user, target, port)
    assert channel.recv(100) == b""
    assert "refuses the connection" in str(instance.told(user, "session.denied")[0])
    transport.close()


@pytest.mark.parametrize("which", ["outer", "inner"])
def test_a_killed_worker_ends_the_forward(instance, echo, which):
    user, target, through = granted(instance, echo)
    with through.listening("-L", f"{{port}}:{target}:{echo}") as client, \
            socket.create_connection(("127.0.0.1", client.port), 30) as s:
        s.settimeout(30)
        s.sendall(b"x")
        assert s.recv(1) == b"x"
        outer = procs.server_side(client.pid, instance.pids("ssh"), instance.port)
        to_target = [inode for (_, remote), inode in procs.tcp().items() if remote == echo]
        inner = next(p for p in instance.pids("ssh") if procs.sockets(p).intersection(to_target))
        procs.kill_hard(outer if which == "outer" else inner)
        assert s.recv(10) == b""
        until(lambda: inner not in instance.pids("ssh"), 10, "the end of the inner worker")
    row = until(lambda: next((r for r in instance.sessions(user) if r["state"] != "online"), None), 10, "the end of the row")
    assert row["state"] == ("crashed" if which == "inner" else "closed")


def test_what_nobody_may_is_refused_and_stands_in_the_audit(instance, engineer):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=f"{engineer.name}#{instance.demo}", password=engineer.password_file.read_text())
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("0.0.0.0", 8022)
    channel = transport.open_session(timeout=30)
    with pytest.raises(paramiko.SSHException):
        channel.request_x11()
    [row] = instance.told(engineer, "channel.refused")
    assert (row["body"]["request"], row["body"]["text"]) == ("reverse", "0.0.0.0:8022")
    [row] = instance.told(engineer, "forward.refused")
    assert row["body"]["protocol"] == "x11"
    transport.close()
