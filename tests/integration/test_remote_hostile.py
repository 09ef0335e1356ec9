"""A target that opens channels nobody asked for, and the limits of what is lent."""

import contextlib
import socket
import threading

import paramiko
import pytest
from harness.lending import FEATURES, Liar, features
from harness.remote import connect, frames, login, reverse, transport_to
from harness.wait import until


@pytest.fixture
def liar(instance):
    """A target that opens channels nobody asked for; its name."""
    key, ending = paramiko.ECDSAKey.generate(), []
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    transport = paramiko.Transport(server.accept()[0])
                    transport.add_server_key(key)
                    ending.append(transport)
                    with contextlib.suppress(paramiko.SSHException, EOFError):
                        transport.start_server(threading.Event(), Liar(transport))
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield instance.target(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for transport in ending:
            transport.close()


def test_channels_that_nobody_asked_for_are_refused_and_audited(instance, liar, agent):
    user = instance.user()
    user.target = liar
    instance.grant(user, liar, *features(*FEATURES))
    done = instance.ssh(user, "agent x11 reverse session", login=login(user), env=agent.env)
    assert done.stdout == b"agent:1\nx11:1\nreverse:1\nsession:1\n", done.stderr  # administratively prohibited
    rows = instance.told(user, "forward.refused", 3)
    assert {(r["body"]["protocol"], r["body"]["reason"]) for r in rows} == {
        (what, "the target opened it unasked") for what in ("agent", "x11", "reverse")}
    assert any(r["body"].get("asked") == "localhost:40405 from 127.0.0.1:4711" for r in rows)


def test_a_flood_of_channels_is_bounded_and_leaves_nothing(instance, liar, agent):
    user = instance.user()
    user.target = liar
    instance.grant(user, liar, *features(*FEATURES))
    words = ["agent"] * 40 + ["close"] * 30 + ["agent", "close"] * 50
    done = instance.ssh(user, " ".join(words), login=login(user), flags=["-A"], env=agent.env, seconds=120)
    answers = done.stdout.decode().split()
    assert len(answers) == 90 and answers[:40] == ["agent:opened"] * 32 + ["agent:1"] * 8, done.stderr
    assert set(answers[40:]) <= {"agent:opened", "agent:1"} and "agent:opened" in answers[40:]
    session = instance.session_of(user, "closed")["id"]
    rows = frames(instance, session)
    assert {r["channel"] for r in rows if r["type"] == "open"} == {r["channel"] for r in rows if r["type"] == "close"}
    instance.ok("recording", "verify", session)


def test_what_x11_asks_for_arrives_as_it_was(instance, liar):
    user = instance.user()
    user.target = liar
    instance.grant(user, liar, *features(*FEATURES))
    transport = transport_to(instance, user)
    channel = transport.open_session(timeout=30)
    channel.request_x11(screen_number=3, auth_protocol="MIT-MAGIC-COOKIE-1", auth_cookie="c0ffee", single_connection=True)
    channel.exec_command("x11-request")
    out = b""
    while more := channel.recv(1000):
        out += more
    assert out == b"(True, 'MIT-MAGIC-COOKIE-1', b'c0ffee', 3)\n"
    transport.close()


def test_a_lent_agent_lends_no_screen_and_a_port_no_other_port(instance, liar, agent):
    user = instance.user()
    user.target = liar
    instance.grant(user, liar, *features(*FEATURES))
    done = instance.ssh(user, "x11 reverse agent", login=login(user), flags=["-A", "-R", "40404:127.0.0.1:1"], env=agent.env)
    assert done.stdout == b"x11:1\nreverse:1\nagent:opened\n", done.stderr


# ---- limits ----


def test_lock_idle_and_kill(instance, open_target, echo):
    user = instance.user()
    user.target = open_target
    instance.grant(user, open_target, *features("exec", "reverse"), "--idle", "10")
    with reverse(instance, user, "-R", f"0:127.0.0.1:{echo}") as client, connect(client.allocated()[0]) as s:
        s.sendall(b"one")
        assert s.recv(3) == b"one"
        session = instance.session_of(user, "online")["id"]
        instance.ok("session", "lock", session)
        until(lambda: instance.session_of(user)["locked"], 10, "the lock")
        s.sendall(b"two")
        s.settimeout(0.5)
        with pytest.raises(TimeoutError):
            s.recv(3)  # what the client says is held
        instance.ok("session", "unlock", session)
        s.settimeout(30)
        assert s.recv(3) == b"two"
        assert s.recv(3) == b""  # nobody spoke for ten seconds
        assert client.process.wait(30) == 255
    assert "idle" in instance.session_of(user, "closed")["reason"]
    with reverse(instance, user, "-R", f"0:127.0.0.1:{echo}") as client, connect(client.allocated()[0]) as s:
        s.sendall(b"one")
        assert s.recv(3) == b"one"
        instance.ok("session", "kill", instance.session_of(user, "online")["id"], "--reason", "enough")
        assert s.recv(3) == b""
        assert client.process.wait(30) == 255
    until(lambda: "enough" in {r["reason"] for r in instance.sessions(user)}, 20, "the end of the row")
