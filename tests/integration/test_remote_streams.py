"""-R: what passes through a lent port, in both directions, whole."""

import contextlib
import hashlib
import os
import socket
import threading

from harness import procs
from harness.instance import free_port
from harness.lending import FEATURES, features
from harness.remote import connect, exchange, login, read_all, reverse
from harness.target import Dropbear
from harness.through import listens
from harness.wait import until


def test_twenty_at_once_and_no_more_than_32(instance, lender, echo):
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{echo}") as client:
        [port] = client.allocated()
        with contextlib.ExitStack() as stack:
            many = [stack.enter_context(connect(port)) for _ in range(32)]
            for n, s in enumerate(many):
                s.sendall(b"number %02d" % n)
            for n, s in enumerate(many):
                assert s.recv(9) == b"number %02d" % n
            with connect(port) as over:
                assert over.recv(1) == b""
        assert instance.told(lender, "forward.refused")[0]["body"]["reason"] == "too many at once"

        def again():
            with connect(port) as s, contextlib.suppress(ConnectionError):
                s.sendall(b"again")
                return s.recv(5) == b"again"
        until(again, 30, "room for another one")
    assert len(instance.sessions(lender)) == 1


def test_the_target_closes_its_half_first(instance, lender):
    with socket.create_server(("127.0.0.1", 0)) as server, \
            reverse(instance, lender, "-R", f"0:127.0.0.1:{server.getsockname()[1]}") as client:
        server.settimeout(30)
        with connect(client.allocated()[0]) as there:
            there.sendall(b"greeting")
            there.shutdown(socket.SHUT_WR)
            here, _ = server.accept()
            with here:
                here.settimeout(30)
                assert here.recv(100) == b"greeting" and here.recv(100) == b""
                here.sendall(b"still heard")
                assert there.recv(100) == b"still heard"
                here.shutdown(socket.SHUT_WR)
                assert there.recv(100) == b""


def test_one_that_does_not_read_holds_itself_only(instance, lender, echo):
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{echo}") as client, contextlib.ExitStack() as stack:
        [port] = client.allocated()
        for _ in range(31):
            s = stack.enter_context(connect(port))
            s.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                for _ in range(300):
                    s.sendall(bytes(32768))  # the echo is not read
        with connect(port) as other:
            other.sendall(b"goes on")
            assert other.recv(7) == b"goes on"


def test_nobody_listens_at_the_client(instance, lender):
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{free_port()}") as client:
        with connect(client.allocated()[0]) as s:
            assert s.recv(1) == b""
        assert client.process.poll() is None
    [row] = instance.told(lender, "forward.refused")
    assert "the client refuses it: connect failed" in row["body"]["reason"]


def test_the_target_says_all_and_hangs_up(instance, lender):
    """Its bytes may be here before the client knows the channel."""
    data = os.urandom(300_000)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server, \
            reverse(instance, lender, "-R", f"0:127.0.0.1:{server.getsockname()[1]}") as client:
        server.settimeout(30)
        [port] = client.allocated()
        for _ in range(20):
            with connect(port) as s:
                s.sendall(data)
            here, _ = server.accept()
            with here:
                here.settimeout(30)
                assert read_all(here) == data


def test_the_client_says_all_and_hangs_up(instance, lender):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with server.accept()[0] as s:
                        s.sendall(b"the time of day")
        threading.Thread(target=serve, daemon=True).start()
        with reverse(instance, lender, "-R", f"0:127.0.0.1:{server.getsockname()[1]}") as client:
            [port] = client.allocated()
            for _ in range(30):
                with connect(port) as s:
                    assert read_all(s) == b"the time of day"
        server.shutdown(socket.SHUT_RDWR)


def test_bytes_hold_while_keys_are_exchanged_all_the_time(instance, lender, echo):
    data = os.urandom(24 << 20)
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{echo}", options=("RekeyLimit=4M",)) as client, \
            connect(client.allocated()[0]) as s:
        assert exchange(s, data) == data + b"digest " + hashlib.sha256(data).hexdigest().encode()


def test_who_comes_before_the_client_was_told_is_let_in(instance, lender, echo):
    for _ in range(6):
        port = free_port()
        with reverse(instance, lender, "-R", f"{port}:127.0.0.1:{echo}"):
            until(lambda port=port: listens(port), 40, "the port", every=0.001)
            with connect(port) as s:
                assert exchange(s, b"x").startswith(b"xdigest")


def test_the_address_is_the_targets_to_decide(instance, lender, echo):
    port = free_port()
    with reverse(instance, lender, "-R", f"127.0.0.3:{port}:127.0.0.1:{echo}"):
        until(lambda: any(r[1].startswith("0300007F:") and r[3] == "0A" for r in procs.tcp_table()), 40, "a port on 127.0.0.3")
        with socket.create_connection(("127.0.0.3", port), 30) as s:
            s.settimeout(60)
            assert exchange(s, b"x").startswith(b"xdigest")
    with reverse(instance, lender, "-R", f"80:127.0.0.1:{echo}") as client:
        assert client.process.wait(60) == 255  # the account is not root there
    asked = [r["body"]["text"] for r in instance.told(lender, "channel.opened", 3) if r["body"]["request"] == "reverse"]
    assert f"127.0.0.3:{port}" in asked and "localhost:80" in asked
    assert instance.told(lender, "forward.refused")[0]["body"]["asked"] == "localhost:80"


def test_dropbear_lends_back(instance, echo, agent):
    server = Dropbear(instance)
    server.start()
    server.authorize(agent.public)
    user = instance.user()
    user.target = instance.target(server.port)
    instance.grant(user, user.target, *features(*FEATURES))
    try:
        with reverse(instance, user, "-R", f"0:127.0.0.1:{echo}") as client, connect(client.allocated()[0]) as s:
            assert exchange(s, b"x").startswith(b"xdigest")
        done = instance.ssh(user, "ssh-add -l", login=login(user), flags=["-A"], env=agent.env)
        assert agent.fingerprint() in done.stdout.decode(), done.stderr
    finally:
        server.stop()
        server.forget()
