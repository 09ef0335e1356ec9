"""What is lent to a target (-R, agent, X11): fixtures and the client's side."""

import contextlib
import json
import socket
import subprocess
import threading

import paramiko
import pytest
from .echo import echo_server
from .lending import FEATURES, Ports, agent_of, features
from .wait import until


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
