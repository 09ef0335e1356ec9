"""kill -9 of every process while a login through a login and a forward are under way."""

import socket
import subprocess

import pytest
from harness import procs
from harness.echo import echo_server
from harness.stream import wait_service
from harness.through import Through
from harness.wait import until


class UnderWay:
    """One login with a session of its own, a forward and a login through it."""

    def __init__(self, instance, echo):
        self.instance = instance
        self.user = instance.user()
        self.target = instance.database(echo)
        self.echo = echo
        instance.grant(self.user, instance.demo)
        instance.grant(self.user, self.target)
        self.through = Through(instance, self.user, login=f"{self.user.name}%{instance.demo}")

    def __enter__(self):
        self.listening = self.through.listening("-L", f"{{port}}:{self.target}:{self.echo}")
        self.outer = self.listening.__enter__()
        self.inner = subprocess.Popen(self.through.argv(self.instance.demo, "echo in; cat"), stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.through.env)
        assert self.inner.stdout.readline() == b"in\n", self.inner.stderr.read()
        self.forward = self.connect()
        return self

    def __exit__(self, *_):
        self.forward.close()
        self.inner.kill()
        self.inner.communicate()
        self.listening.__exit__(None, None, None)

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.outer.port), 30)
        s.settimeout(30)
        s.sendall(b"ping")
        assert s.recv(4) == b"ping"
        return s

    def goes_on(self):
        self.forward.sendall(b"more")
        assert self.forward.recv(4) == b"more"
        self.inner.stdin.write(b"line\n")
        self.inner.stdin.flush()
        assert self.inner.stdout.readline() == b"line\n"

    def has_ended(self):
        assert self.inner.wait(20) != 0
        assert self.forward.recv(10) == b""


@pytest.fixture
def under_way(own_instance):
    wait_service(own_instance, own_instance.engineer)
    with echo_server() as echo, UnderWay(own_instance, echo) as u:
        yield u


def kill_one(instance, role):
    def pid_of():
        return instance.service_pid(role) if role in ("postgres", "yanmend") else next(iter(instance.pids(role)), None)
    procs.kill_hard(until(pid_of, 15, f"a living {role}"))


@pytest.mark.parametrize("role", ["broker", "vault", "pwhash", "postgres"])
def test_what_runs_goes_on_and_new_ones_come_again(own_instance, under_way, role):
    kill_one(own_instance, role)
    under_way.goes_on()
    wait_service(own_instance, own_instance.engineer)
    under_way.goes_on()
    done = under_way.through.run(own_instance.demo, "echo again")
    assert done.stdout == b"again\n", done.stderr
    until(lambda: sorted(r["protocol"] for r in own_instance.sessions(under_way.user, "online")) == ["forward", "ssh"], 20,
          "the end of the third session, and of no other")


def test_without_the_recorder_both_end(own_instance, under_way):
    kill_one(own_instance, "recorder")
    under_way.has_ended()
    wait_service(own_instance, own_instance.engineer)
    until(lambda: not own_instance.sessions(under_way.user, "online"), 20, "the end of the rows")
    assert {r["state"] for r in own_instance.sessions(under_way.user)} == {"crashed"}
    own_instance.ok("audit", "verify")


def test_without_the_parent_all_end_and_come_again(own_instance, under_way):
    kill_one(own_instance, "yanmend")
    under_way.has_ended()
    wait_service(own_instance, own_instance.engineer)
    until(lambda: not own_instance.sessions(under_way.user, "online"), 30, "the end of the rows")
    assert under_way.through.run(own_instance.demo, "echo again").stdout == b"again\n"
