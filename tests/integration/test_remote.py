"""-R, agent and X11 forwarding: real OpenSSH on both sides, by policy."""

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import threading

import paramiko
import pytest
from harness import procs
from harness.echo import echo_server
from harness.instance import free_port
from harness.lending import FEATURES, Liar, Ports, agent_of, features, screen
from harness.target import Dropbear, Sshd, frozen
from harness.terminal import shell, terminal
from harness.through import Through, listens
from harness.wait import until

QUIET = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes"


@pytest.fixture
def echo():
    with echo_server() as port:
        yield port


@pytest.fixture
def agent(instance):
    with agent_of(instance) as agent:
        yield agent


@pytest.fixture
def open_target(instance, sshd):
    """A server that forwards everything."""
    sshd.more = "X11Forwarding yes\nX11UseLocalhost yes\nAllowAgentForwarding yes\nAllowTcpForwarding yes\nGatewayPorts clientspecified"
    sshd.restart()
    return instance.target(sshd.port)


@pytest.fixture
def lender(instance, open_target):
    """A user who may lend everything to his target."""
    user = instance.user()
    instance.grant(user, open_target, *features(*FEATURES))
    user.target = open_target
    return user


def login(user):
    return f"{user.name}#{user.target}"


@contextlib.contextmanager
def reverse(instance, user, *flags, words=("-N",), options=(), through=None):
    """ssh -R ...: its words are read as they come."""
    options = ("LogLevel=INFO", "ExitOnForwardFailure=yes", *options)
    if through:
        through.config.write_text(through.config.read_text().replace("LogLevel ERROR", "LogLevel INFO"))
        argv = through.argv("-o", "ExitOnForwardFailure=yes", *flags, *words, user.target)
    else:
        argv = instance.ssh_argv(user, *words[1:], login=login(user), options=options, flags=(*flags, *words[:1]))
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env=instance.ssh_env(user), start_new_session=True) as process:
        try:
            yield Ports(process)
        finally:
            process.kill()


def frames(instance, session):
    def whole():
        rows = [(r := json.loads(line)) | r.get("body", {}) for line in instance.export(session, "jsonl").splitlines()]
        return rows if any(r.get("type") == "finish" for r in rows) else None
    return until(whole, 30, "the whole recording")


def connect(port):
    s = socket.create_connection(("127.0.0.1", port), 30)
    s.settimeout(60)
    return s


def read_all(s):
    got = b""
    while more := s.recv(65536):
        got += more
    return got


def exchange(s, data):
    """Sends all, closes that half, and reads to the end."""
    def send():
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    got = read_all(s)
    sender.join(30)
    return got


def transport_to(instance, user):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=login(user), password=user.password_file.read_text())
    return transport


# ---- agent ----


@pytest.mark.parametrize("way", ["direct", "jump"])
def test_an_onward_login_with_the_lent_agent(instance, lender, agent, way):
    onward = Sshd(instance)
    onward.start()
    onward.authorize(agent.public)
    hop = f"ssh {QUIET} -p {onward.port} {onward.account.name}@127.0.0.1 echo onward"
    command = f"ssh-add -l && {hop}"
    try:
        if way == "direct":
            done = instance.ssh(lender, command, login=login(lender), flags=["-A"], env=agent.env)
        else:
            through = Through(instance, lender)
            through.env |= agent.env
            done = through.run("-A", lender.target, command)
    finally:
        onward.stop()
    assert done.returncode == 0, done.stderr
    listed, said = done.stdout.decode().splitlines()
    assert agent.fingerprint() in listed and said == "onward"
    session = instance.session_of(lender, "closed")["id"]
    rows = frames(instance, session)
    lent = [r for r in rows if r["type"] == "open" and r["kind"] == "agent"]
    assert len(lent) == 2 and [r["agent"] for r in rows if r["type"] == "open" and r["kind"] == "exec"] == [True]
    for r in lent:
        assert [f["type"] for f in rows if f.get("channel") == r["channel"]] == ["open", "digest", "digest", "close"]
    instance.ok("recording", "verify", session)
    asked = [r["body"]["request"] for r in instance.told(lender, "channel.opened", 4)]
    assert sorted(asked) == ["agent", "agent", "agent", "exec"]  # the request, and each use of it


def test_without_the_feature_no_agent_and_a_terminal_reads_why(instance, engineer, agent):
    done = instance.ssh(engineer, "echo $SSH_AUTH_SOCK.", flags=["-A"], env=agent.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b".\n", b"")
    [row] = instance.told(engineer, "channel.refused")
    assert row["body"]["request"] == "agent"
    done = instance.ssh(engineer, "echo $SSH_AUTH_SOCK.", flags=["-A", "-tt"], env=agent.env)
    assert b"agent is not allowed here" in done.stdout and b"\n.\r\n" in done.stdout
    notes = [r for r in frames(instance, instance.session_of(engineer, "closed")["id"]) if r["type"] == "note"]
    assert any("agent is not allowed" in n["text"] for n in notes)


def test_through_the_menu_and_by_plink(instance, engineer, lender, agent):
    """The target is chosen after the agent was lent; another client asks in its own words."""
    with terminal(instance, lender, login=lender.name, flags=["-A"], env=agent.env) as child:
        child.expect_exact("choose a target")
        child.send(lender.target)
        child.expect_exact("(1)")
        child.send("\r")
        child.expect_exact("$ ")
        shell(child)
        child.sendline("ssh-add -l")
        child.expect_exact(agent.fingerprint())
    key = subprocess.run(["ssh-keyscan", "-p", str(instance.port), "127.0.0.1"], capture_output=True, text=True, timeout=60, check=True)
    told = subprocess.run(["ssh-keygen", "-lf", "-"], input=key.stdout, capture_output=True, text=True, timeout=60, check=True).stdout.split()[1]
    done = subprocess.run(["plink", "-batch", "-ssh", "-A", "-P", str(instance.port), "-pwfile", str(lender.password_file), "-l", login(lender),
                           "-hostkey", told, "127.0.0.1", "ssh-add -l"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          env={"HOME": str(instance.scratch), "PATH": os.environ["PATH"], **agent.env})
    assert agent.fingerprint() in done.stdout.decode(), done.stderr


def test_an_agent_that_is_not_there_is_no_harm(instance, lender):
    """The client refuses the channel: what the target hears is a closed connection."""
    transport = transport_to(instance, lender)
    channel = transport.open_session(timeout=30)
    assert transport.global_request("keepalive@openssh.com") is not None
    request = paramiko.Message()
    request.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    request.add_int(channel.remote_chanid)
    request.add_string("auth-agent-req@openssh.com")
    request.add_boolean(False)
    transport._send_user_message(request)  # paramiko's own agent forwarding would take the channel
    channel.exec_command("ssh-add -l; echo after")
    out = b""
    while more := channel.recv(1000):
        out += more
    assert out == b"after\n" and channel.recv_exit_status() == 0
    [row] = instance.told(lender, "forward.refused")
    assert row["body"]["protocol"] == "agent" and "the client refuses it" in row["body"]["reason"]
    transport.close()


# ---- ports of the target ----


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


# ---- screens ----


@pytest.mark.parametrize("way", ["direct", "untrusted", "jump"])
def test_a_real_x_client_on_the_screen_of_the_client(instance, lender, way):
    with screen(instance) as env:
        if way != "jump":
            done = instance.ssh(lender, "xdpyinfo", login=login(lender), flags=["-X" if way == "untrusted" else "-Y"], env=env)
        else:
            through = Through(instance, lender)
            through.env |= env
            done = through.run("-Y", lender.target, "xdpyinfo")
    assert done.returncode == 0 and b"dimensions:    320x200" in done.stdout, done.stderr
    session = instance.session_of(lender, "closed")["id"]
    rows = frames(instance, session)
    [opened] = [r for r in rows if r["type"] == "open" and r["kind"] == "x11"]
    assert re.match(r"from (127\.0\.0\.1|::1):\d+$", opened["command"]), opened  # the display is localhost
    assert [f["type"] for f in rows if f.get("channel") == opened["channel"]] == ["open", "digest", "digest", "close"]
    assert sorted(r["body"]["request"] for r in instance.told(lender, "channel.opened", 3)) == ["exec", "x11", "x11"]


def test_without_the_feature_no_screen(instance, open_target):
    user = instance.user()
    instance.grant(user, open_target)
    user.target = open_target
    with screen(instance) as env:
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-X"], env=env)
        assert done.stdout == b".\n"
        [row] = instance.told(user, "channel.refused")
        assert row["body"]["request"] == "x11"
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-Y", "-tt"], env=env)
        assert b"x11 is not allowed here" in done.stdout


def test_a_target_without_x11_says_so_on_a_terminal(instance, sshd, agent):
    user = instance.user()
    user.target = instance.target(sshd.port)
    instance.grant(user, user.target, *features(*FEATURES))
    with screen(instance) as env:
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-Y", "-tt"], env=env)
    assert b"the target does not forward X11" in done.stdout and b"\n.\r\n" in done.stdout


def test_a_known_no_is_the_ordinary_failure(instance, engineer):
    engineer.target = instance.demo
    transport = transport_to(instance, engineer)
    first = transport.open_session(timeout=30)
    first.exec_command("true")
    assert first.recv_exit_status() == 0
    channel = transport.open_session(timeout=30)
    with pytest.raises(paramiko.SSHException):
        channel.request_x11()
    [row] = instance.told(engineer, "forward.refused")
    assert row["body"]["protocol"] == "x11"
    transport.close()


# ---- a hostile target ----


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


# ---- limits and faults ----


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
