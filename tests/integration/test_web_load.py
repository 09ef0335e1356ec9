"""The console's server beside clients that send and do not read: what it costs."""

import time

import pytest
from harness.browser import Browser, Terminal
from harness.build import plain_build

pytestmark = [pytest.mark.alone, plain_build("processor time is measured")]


def cpu(pid):
    """Seconds of processor time."""
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_a_client_that_sends_and_does_not_read_costs_nothing(instance, engineer):
    b = Browser(instance).login(engineer)
    t = Terminal(b, instance.demo).online()
    path = "/tmp/yanmen-web-load"
    put = f"/api/v1{t.path}/file?path={path}"
    assert b.ask("PUT", put, body=bytes(40_000_000)).status == 200
    held = []
    try:
        for _ in range(8):
            s = b.connect()
            held.append(s)
            s.sendall(f"GET {put} HTTP/1.1\r\nHost: {b.host}:{b.port}\r\nCookie: {b.cookie()}\r\n\r\n".encode() + b"GET / HTTP/1.1\r\n" * 50)
            assert s.recv(12) == b"HTTP/1.1 200"
        time.sleep(1)  # until what the sockets hold is full
        pid = instance.pids("web")[0]
        before = cpu(pid)
        time.sleep(4)
        assert cpu(pid) - before < 0.4
    finally:
        for s in held:
            s.close()
        t.type(f"rm -f {path}; exit\n")
        t.socket.ended()
        b.close()


def test_an_idle_server_sleeps(instance):
    b = Browser(instance)
    held = [b.connect() for _ in range(20)]
    pid = instance.pids("web")[0]
    time.sleep(0.5)
    before = cpu(pid)
    time.sleep(3)
    assert cpu(pid) - before < 0.1
    for s in held:
        s.close()
