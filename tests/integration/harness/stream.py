"""Sessions that print numbered lines, and the comparison of what a client received with what was recorded."""

import os
import signal
import subprocess
import time

from .wait import until

# A line every 10 ms; each says its number.
LOOP = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done"


class Stream:
    """One client that collects numbered lines until it is ended."""

    def __init__(self, instance, user, login=None):
        self.instance, self.user = instance, user
        self.path = instance.scratch / instance.name("stream")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(self.argv(LOOP, login), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=subprocess.PIPE, env=instance.ssh_env(user), start_new_session=True)
        until(lambda: self.last() > 5, 20, "the stream's first lines")
        self.session = instance.session_of(user, "online")["id"]

    def argv(self, command, login):
        return self.instance.ssh_argv(self.user, command, login=login)

    def received(self):
        return self.path.read_bytes()

    def last(self):
        return last_number(self.received())

    def alive(self):
        return self.process.poll() is None

    def goes_on(self, seconds=10):
        """New lines arrive."""
        now = self.last()
        until(lambda: self.last() > now + 5, seconds, "more lines")

    def end(self):
        if self.alive():
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)
        self.process.stderr.close()


def last_number(data):
    lines = data.split(b"\n")[:-1]
    return int(lines[-1]) if lines and lines[-1].strip().isdigit() else 0


def three_streams(instance):
    streams = []
    for _ in range(3):
        user = instance.user(password=False, key=True)
        instance.grant(user, instance.demo)
        streams.append(Stream(instance, user))
    return streams


def recorded(instance, session):
    """The output of a session as its recording tells it; the recording must verify."""
    answer = instance.ok("recording", "verify", session)
    return instance.export(session, "text").replace(b"\r\n", b"\n"), answer


def numbers(data):
    return [int(line) for line in data.split(b"\n") if line.strip().isdigit()]


def compare(instance, stream, lost_lines=0):
    """Every number that the client received is recorded in order, but for at most lost_lines at the end."""
    text, _ = recorded(instance, stream.session)
    got, kept = numbers(stream.received().rpartition(b"\n")[0] + b"\n"), numbers(text)
    assert kept == list(range(1, len(kept) + 1)), f"gaps in the recording: {kept[:3]} .. {kept[-3:]}"
    assert got == list(range(1, len(got) + 1)), "gaps at the client"
    assert len(kept) >= len(got) - lost_lines, f"recorded {len(kept)} lines, the client received {len(got)}"


def wait_service(instance, user, seconds=30):
    """Logins work again, by themselves."""
    began = time.monotonic()
    until(lambda: instance.ssh(user, "echo back").stdout == b"back\n", seconds, "the service", every=0.2)
    return time.monotonic() - began
