"""-R: which ports are lent, and to whom."""

import contextlib
import hashlib
import os
import signal
import subprocess

import paramiko
import pytest
from harness import procs
from harness.echo import echo_server
from harness.instance import free_port
from harness.lending import FEATURES, features
from harness.remote import connect, exchange, frames, login, reverse, transport_to
from harness.target import Sshd, frozen
from harness.through import Through, listens
from harness.wait import until


@pytest.mark.parametrize("way", ["direct", "jump"])
def test_a_port_that_the_target_chooses_leads_to_the_client(instance, lender, echo, way):
    data = os.urandom(3 << 20)
    through = Through(instance, lender) if way == "jump" else None
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{echo}", through=through) as client:
        [port] = client.allocated()
        with connect(port) as s:
            got = exchange(s, data)
        assert got == data + b"digest " + hashlib.sha256(data).hexdigest().encode()
        session = instance.session_of(lender, "online")["id"]
    ended = instance.session_of(lender, "closed")
    assert (ended["bytes_in"], ended["bytes_out"]) == (len(got), len(data))  # in: from the client
    rows = frames(instance, session)
    [opened] = [r for r in rows if r["type"] == "open"]
    assert opened["kind"] == "reverse" and opened["command"].startswith(f"localhost:{port} from 127.0.0.1:")
    assert {r["sha256"] for r in rows if r["type"] == "digest"} == {hashlib.sha256(data).hexdigest(), hashlib.sha256(got).hexdigest()}
    assert [r["text"] for r in rows if r["type"] == "note"] == [f"localhost:{port}"]
    instance.ok("recording", "verify", session)
    texts = [r["body"]["text"] for r in instance.told(lender, "channel.opened", 2) if r["body"]["request"] == "reverse"]
    assert sorted(texts)[0] == f"localhost:{port}" and sorted(texts)[1].startswith(f"localhost:{port} from")


def test_curl_on_the_target_reads_from_the_client(instance, lender):
    folder = instance.scratch / instance.name("www")
    folder.mkdir()
    (folder / "file").write_bytes(os.urandom(1 << 20))
    port, fixed = free_port(), free_port()
    with subprocess.Popen(["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, str(port)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as web:
        until(lambda: listens(port), 30, "the HTTP server")
        done = instance.ssh(lender, f"curl -sS --max-time 40 http://127.0.0.1:{fixed}/file", login=login(lender),
                            flags=["-R", f"{fixed}:127.0.0.1:{port}", "-o", "ExitOnForwardFailure=yes"])
        web.kill()
    assert done.returncode == 0 and done.stdout == (folder / "file").read_bytes(), done.stderr


def test_several_ports_and_one_that_is_taken(instance, lender, echo):
    with contextlib.ExitStack() as stack:
        echoes = [stack.enter_context(echo_server()) for _ in range(5)]  # OpenSSH asks once for the same
        client = stack.enter_context(reverse(instance, lender, *(word for e in echoes for word in ("-R", f"0:127.0.0.1:{e}"))))
        ports = client.allocated(5)
        assert len(set(ports)) == 5
        for port in ports:
            with connect(port) as s:
                assert exchange(s, b"x").startswith(b"xdigest")
        with reverse(instance, lender, "-R", f"{ports[0]}:127.0.0.1:{echo}") as second:
            assert second.process.wait(60) == 255
            second.said(f"remote port forwarding failed for listen port {ports[0]}")
    rows = instance.told(lender, "forward.refused")
    assert "the target refuses it" in rows[0]["body"]["reason"] and rows[0]["body"]["asked"] == f"localhost:{ports[0]}"


def test_a_port_is_taken_back(instance, lender, echo):
    """By the multiplexing client: -O forward, -O cancel."""
    control, port = f"/tmp/{instance.name('ctl')}", free_port()
    with reverse(instance, lender, "-M", "-S", control) as client:
        def master(*words):
            return subprocess.run(["ssh", "-F", "none", "-S", control, *words, "127.0.0.1"], capture_output=True, timeout=60, check=False)
        until(lambda: os.path.exists(control), 30, "the master's socket")
        rule = f"{port}:127.0.0.1:{echo}"
        assert master("-O", "forward", "-R", rule).returncode == 0
        assert listens(port)
        with connect(port) as s:
            s.sendall(b"one")
            assert s.recv(3) == b"one"
            assert master("-O", "cancel", "-R", rule).returncode == 0
            until(lambda: not listens(port), 20, "the end of the port")
            s.sendall(b"two")  # what runs goes on
            assert s.recv(3) == b"two"
        assert master("-O", "forward", "-R", rule).returncode == 0
        assert listens(port) and client.process.poll() is None
    until(lambda: not listens(port), 20, "the end of the port with the connection")


def test_keepalives_of_an_impatient_client_do_not_take_the_answer(instance, lender, echo):
    """The target is slow; OpenSSH reads the next answer as that of its oldest global request."""
    slow = Sshd(instance)
    slow.more = "LoginGraceTime 60\n"
    slow.start()
    target = instance.target(slow.port)
    instance.grant(lender, target, *features(*FEATURES))
    lender.target = target
    os.kill(slow.process.pid, signal.SIGSTOP)  # connections come and nobody speaks
    with reverse(instance, lender, "-R", f"0:127.0.0.1:{echo}", options=("ServerAliveInterval=2", "ServerAliveCountMax=2")) as client:
        until(lambda: any(remote == slow.port for _, remote in procs.tcp()), 30, "the login to the target")
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.process.wait(9)  # more than it would bear in silence
        os.kill(slow.process.pid, signal.SIGCONT)
        with connect(client.allocated()[0]) as s:
            assert exchange(s, b"x").startswith(b"xdigest")
    slow.stop()


def test_a_target_that_answers_too_late(instance, sshd, lender, echo):
    """It stands still; its answer to what was given up is not taken for another one's, and that port leads nowhere."""
    control = f"/tmp/{instance.name('ctl')}"
    late, good = free_port(), free_port()
    with reverse(instance, lender, "-M", "-S", control, "-R", f"0:127.0.0.1:{echo}") as client:
        client.allocated()
        until(lambda: os.path.exists(control), 30, "the master's socket")
        [monitor] = procs.children(sshd.process.pid)
        with contextlib.ExitStack() as stack:
            for pid in (monitor, *procs.children(monitor)):
                stack.enter_context(frozen(pid))
            asked = ["ssh", "-F", "none", "-S", control, "-O", "forward", "-R"]
            done = subprocess.run([*asked, f"{late}:127.0.0.1:{echo}", "127.0.0.1"], capture_output=True, timeout=60, check=False)
            assert done.returncode != 0
        until(lambda: listens(late), 30, "the port that comes too late")
        with connect(late) as s:
            assert s.recv(1) == b""
        done = subprocess.run([*asked, f"{good}:127.0.0.1:{echo}", "127.0.0.1"], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        with connect(good) as s:
            assert exchange(s, b"x").startswith(b"xdigest")
    reasons = [r["body"]["reason"] for r in instance.told(lender, "forward.refused", 2)]
    assert set(reasons) == {"the target does not answer", "the target opened it unasked"}


def test_without_the_feature_no_port(instance, engineer, echo):
    engineer.target = instance.demo
    with reverse(instance, engineer, "-R", f"0:127.0.0.1:{echo}") as client:
        assert client.process.wait(60) == 255
        client.said("remote port forwarding failed")
    [row] = instance.told(engineer, "channel.refused")
    assert row["body"]["request"] == "reverse"


def test_no_more_than_sixteen_ports(instance, lender):
    transport = transport_to(instance, lender)
    ports = [transport.request_port_forward("localhost", 0) for _ in range(16)]
    assert len(set(ports)) == 16
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("localhost", 0)
    transport.cancel_port_forward("localhost", ports[0])
    assert transport.request_port_forward("localhost", 0)
    assert instance.told(lender, "forward.refused")[0]["body"]["reason"] == "too many ports"
    transport.close()


@pytest.mark.parametrize("asked", [("localhost", 65536 + 22), ("x" * 300, 0)])
def test_addresses_that_are_none_are_refused(instance, lender, asked):
    transport = transport_to(instance, lender)
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward(*asked)
    transport.close()


def test_a_flood_of_requests_ends_the_connection(instance, lender):
    transport = transport_to(instance, lender)
    with contextlib.suppress(EOFError, OSError):  # it may be over before all are sent
        for _ in range(400):
            transport.global_request("tcpip-forward", ("localhost", 0), wait=False)
    until(lambda: not transport.is_active(), 30, "the end of the connection")
    transport.close()


def test_sockets_of_the_file_system_are_refused(instance, lender):
    with reverse(instance, lender, "-R", "/tmp/never:127.0.0.1:1") as client:
        assert client.process.wait(60) == 255
    port = free_port()
    with reverse(instance, lender, "-L", f"{port}:/tmp/never"):
        until(lambda: listens(port), 40, "the local end")
        with connect(port) as s:
            assert s.recv(1) == b""
    [row] = instance.told(lender, "forward.refused")
    assert row["body"]["protocol"] == "channel"


def test_on_a_connection_without_a_target_nothing_is_lent(instance, lender, echo, agent):
    done = instance.ssh(lender, login=lender.name, flags=["-N", "-R", f"0:127.0.0.1:{echo}"], options=["ExitOnForwardFailure=yes"])
    assert done.returncode == 255
    rows = instance.told(lender, "forward.refused")
    assert (rows[0]["body"]["protocol"], rows[0]["body"]["reason"]) == ("reverse", "no target on this connection")
    through = Through(instance, lender, more="Host gate\n  ForwardAgent yes\n")
    through.env |= agent.env
    done = through.run(lender.target, "echo $SSH_AUTH_SOCK.")
    assert done.stdout == b".\n"
