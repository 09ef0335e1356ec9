"""Many real ssh clients at once, each a process of its own with a pipe to its terminal."""

import os
import re
import select
import signal
import subprocess
import time


class Crowd:
    """Clients by number; what each printed.  `dropped` tells those that have ended."""

    def __init__(self, instance, users, target):
        self.instance, self.users, self.target = instance, users, target
        self.clients, self.text = [], {}
        self.poll = select.epoll()

    def start(self, count, command, flags=("-tt",), at_once=40, seconds=600):
        """Starts so many, never more than at_once of them on the way, and waits until each has printed READY."""
        waiting, started, deadline = set(), 0, time.monotonic() + seconds
        first = len(self.clients)
        while started < count or waiting:
            while started < count and len(waiting) < at_once:
                waiting.add(self._one(command, flags))
                started += 1
            self.listen(0.5)
            waiting = {fd for fd in waiting if b"READY" not in self.text[fd]}
            assert not any(self.ended(fd) for fd in waiting), self.dropped()
            assert time.monotonic() < deadline, f"{len(waiting)} of {count} are not there in {seconds} s"
        return self.clients[first:]

    def login(self, user):
        return self.instance.login(user, self.target)

    def _one(self, command, flags):
        user = self.users[len(self.clients) % len(self.users)]
        client = self.instance.ssh_start(user, command, login=self.login(user), flags=flags, stdin=subprocess.PIPE,
                                         options=("ConnectTimeout=300", "ServerAliveInterval=0"))
        fd = client.stdout.fileno()
        os.set_blocking(fd, False)
        self.poll.register(fd, select.EPOLLIN)
        self.text[fd] = b""
        self.clients.append(client)
        client.fd = fd
        return fd

    def listen(self, seconds):
        for fd, _ in self.poll.poll(seconds):
            try:
                data = os.read(fd, 1 << 16)
            except BlockingIOError:
                continue
            self.text[fd] += data
            if not data:
                self.poll.unregister(fd)

    def ended(self, fd):
        return next(c for c in self.clients if c.fd == fd).poll() is not None

    def dropped(self):
        """What those said that have ended."""
        return [(c.returncode, os.read(c.stderr.fileno(), 500)) for c in self.clients if c.poll() is not None][:5]

    def all_answer(self, clients, seconds=300):
        """Each echoes a word of its own."""
        for i, c in enumerate(clients):
            self.text[c.fd] = b""
            c.stdin.write(b"echo here-$((%d+0))-x\n" % i)
            c.stdin.flush()
        deadline, missing = time.monotonic() + seconds, dict(enumerate(clients))
        while missing and time.monotonic() < deadline:
            self.listen(0.5)
            missing = {i: c for i, c in missing.items() if b"here-%d-x" % i not in self.text[c.fd]}
        assert not missing, (len(missing), self.dropped())

    def echo_us(self, client):
        """One keystroke there and back."""
        answer = select.poll()  # select() ends at descriptor 1024
        answer.register(client.fd, select.POLLIN)
        client.stdin.write(b"x")
        began = time.perf_counter()
        client.stdin.flush()
        assert answer.poll(30_000), "no echo in 30 s"
        took = (time.perf_counter() - began) * 1e6
        os.read(client.fd, 1 << 16)
        return took

    def end(self):
        for c in self.clients:
            if c.poll() is None:
                os.killpg(c.pid, signal.SIGKILL)
        for c in self.clients:
            c.wait()
            for pipe in (c.stdin, c.stdout, c.stderr):
                pipe.close()
        self.poll.close()


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii", errors="replace").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_counting(data):
    """Numbered lines without a gap; the first and the last may be cut."""
    numbers = [int(n) for n in re.findall(rb"(?<=\n)(\d+)\r?(?=\n)", data)]
    return len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
