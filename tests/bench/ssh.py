"""tools/bench ssh: set-up time, echo latency, bulk throughput and memory beside direct ssh, a bare relay and ssh -J.

The relay (socat) copies bytes between two sockets and does nothing else: no cryptography, no record, no rule.  It shows what
any process in between costs on this machine.  All ways run the same client with the same key exchange and cipher to the same target; the runs alternate, so that
a busy machine is busy for all of them.  Recording is on.
"""

import argparse
import os
import pty
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/bench")]

from figures import Row, percentile, table, write_json  # noqa: E402
from harness import procs  # noqa: E402
from harness.instance import Account, Instance, free_port  # noqa: E402
from harness.target import Sshd  # noqa: E402
from harness.wait import until  # noqa: E402

CIPHER = "aes128-gcm@openssh.com"
WAYS = ("direct", "relay", "jump", "yanmen")


class Bench:
    def __init__(self, home, rounds):
        self.rounds = rounds
        self.instance = Instance(home, "--set", "limits.unauthenticated_source=400").start()
        self.user = self.instance.user(password=False, key=True)
        self.files = self.instance.scratch / "bench"
        self.files.mkdir()
        self.files.chmod(0o777)
        self.target, self.jump = self._server(), self._server()
        self.relay_port = free_port()
        self.relay = subprocess.Popen(["socat", f"TCP-LISTEN:{self.relay_port},bind=127.0.0.1,reuseaddr,fork,nodelay",
                                       f"TCP:127.0.0.1:{self.target.port},nodelay"], start_new_session=True)
        name = self.instance.target(self.target.port, Account(self.instance.account.name, key=self.user.key))
        self.instance.grant(self.user, name)
        self.login = f"{self.user.name}#{name}"
        self.config = self._ssh_config()

    def _server(self):
        server = Sshd(self.instance)
        server.authorize(self.user.key.with_suffix(".pub").read_text())
        server.start()
        return server

    def _ssh_config(self):
        """One host of each way, so that ssh, scp and the jump share all options."""
        path = self.files / "ssh_config"
        account = self.instance.account.name
        path.write_text(f"""\
Host *
  IdentityFile {self.user.key}
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {self.files}/known_hosts
  GlobalKnownHostsFile /dev/null
  LogLevel ERROR
  HostName 127.0.0.1
  KexAlgorithms curve25519-sha256
  Ciphers {CIPHER}
  PreferredAuthentications publickey
Host direct
  User {account}
  Port {self.target.port}
Host relay
  User {account}
  Port {self.relay_port}
Host hop
  User {account}
  Port {self.jump.port}
Host jump
  User {account}
  Port {self.target.port}
  ProxyJump hop
Host yanmen
  User {self.login}
  Port {self.instance.port}
""")
        return path

    def argv(self, way, *command, flags=()):
        return ["ssh", "-F", str(self.config), *flags, way, *command]

    def end(self):
        os.killpg(self.relay.pid, signal.SIGTERM)
        self.relay.wait()
        for server in (self.target, self.jump):
            server.stop()
        self.instance.end()

    # ---- measuring ----
    def alternate(self, once, rounds=None, ways=WAYS):
        """samples by way; one run of each way in turn, the first turn not counted."""
        samples = {way: [] for way in ways}
        self.busy = {way: [] for way in ways}
        for turn in range((rounds or self.rounds) + 1):
            for way in ways if turn % 2 else reversed(ways):
                before = cpu_time()
                value = once(way)
                used, idle = (b - a for a, b in zip(before, cpu_time()))
                if turn:
                    samples[way].append(value)
                    self.busy[way].append(100 * used / max(used + idle, 1))
        return samples

    def bulk_row(self, name, once, wanted):
        samples = self.alternate(once)
        return Row(name, "MB/s", samples, wanted, "cores busy: " + ", ".join(f"{w} {statistics.median(b):.0f} %" for w, b in self.busy.items()))

    def run_timed(self, argv, stdin=None, megabytes=None):
        began = time.perf_counter()
        done = subprocess.run(argv, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)}: {done.stderr.decode()}")
        return megabytes / seconds if megabytes else seconds * 1000

    def banner(self):
        ports = {"direct": self.target.port, "yanmen": self.instance.port}

        def once(way):
            time.sleep(0.02)  # a pool is refilled between two people
            began = time.perf_counter()
            with socket.create_connection(("127.0.0.1", ports[way])) as s:
                s.recv(4)
                return (time.perf_counter() - began) * 1000
        return Row("connect to banner", "ms", self.alternate(once, self.rounds * 5, tuple(ports)), [(None, "<=", 1.0)])

    def setup(self):
        samples = self.alternate(lambda way: self.run_timed(self.argv(way, "true")), self.rounds * 3)
        return Row("log in and run true", "ms", samples, [("direct", "<=", 1.0)])

    def echo(self, strokes):
        """Keystrokes one at a time on three open terminals in turn."""
        terminals = {way: Terminal(self.argv(way, "stty -icanon echo; echo READY; exec cat > /dev/null", flags=("-tt",))) for way in WAYS}
        times = {way: [] for way in WAYS}
        try:
            for _ in range(strokes):
                for way, terminal in terminals.items():
                    times[way].append(terminal.echo_us())
                    time.sleep(0.002)
        finally:
            for terminal in terminals.values():
                terminal.close()
        for name, share in (("echo latency p50", 0.5), ("echo latency p99", 0.99)):
            yield Row(name, "us", {way: [percentile(t, share)] for way, t in times.items()}, [("direct", "<=", 1.3)])

    def bulk(self, path):
        """Throughput in MB/s of one file over every path of the gateway."""
        size = path.stat().st_size / 1e6
        kind = path.name
        here = self.files / "here"

        def down(way):
            return self.run_timed(["scp", "-q", "-F", str(self.config), f"{way}:{path}", str(here)], megabytes=size)

        def up(way):
            return self.run_timed(["scp", "-q", "-F", str(self.config), str(path), f"{way}:{self.files}/there-{way}"], megabytes=size)

        def command(way):
            return self.run_timed(self.argv(way, f"cat {path}"), megabytes=size)

        def terminal(way):
            return self.run_timed(self.argv(way, f"cat {path}", flags=("-tt",)), megabytes=size)

        files = [("direct", ">=", 0.75), ("jump", ">=", 1.5)]
        self.stream_max(1)
        yield self.bulk_row(f"file down, hashed, {kind}", down, files)
        yield self.bulk_row(f"file up, hashed, {kind}", up, files)
        self.stream_max(1 << 40)
        wanted = [("jump", ">=", 1.0)] if kind == "text" else []
        yield self.bulk_row(f"command, recorded, {kind}", command, wanted)
        if kind == "text":
            yield self.bulk_row(f"terminal, recorded, {kind}", terminal, [("direct", ">=", 0.5)])

    def stream_max(self, value):
        self.instance.ok("settings", "set", "stream.max", str(value))
        subprocess.run(self.argv("yanmen", "true"), check=True, timeout=60)

    def memory(self, sessions):
        """Private memory of a worker with an idle session, beside the two processes of sshd for the same."""
        idle = {way: [subprocess.Popen(self.argv(way, "echo READY; exec sleep 1000"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
                      for _ in range(sessions)] for way in ("direct", "yanmen")}
        try:
            for process in idle["direct"] + idle["yanmen"]:
                process.stdout.readline()
            until(lambda: len(self.instance.sessions(self.user, "online")) == sessions, 20, "the sessions")
            workers = sorted(map(procs.private_kib, self.instance.pids("ssh")))[-sessions:]
            # The sessions of the direct logins and of the gateway's own logins end at the same sshd.
            theirs = [p for p in procs.children(self.target.process.pid)]
            pairs = [procs.private_kib(p) + sum(procs.private_kib(c) for c in procs.children(p) if procs.program(c).startswith("sshd"))
                     for p in theirs]
            return Row("memory of an idle session, private", "MB", {"direct": [statistics.median(pairs) / 1024],
                       "yanmen": [statistics.median(workers) / 1024]}, [(None, "<=", 1.2)], "direct: sshd's two processes")
        finally:
            for process in idle["direct"] + idle["yanmen"]:
                process.terminate()
                process.wait()
                process.stdout.close()


def cpu_time():
    """(busy, idle) of all cores together, in clock ticks: /proc/stat, proc(5)."""
    values = [int(v) for v in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = values[3] + values[4]
    return sum(values) - idle, idle


class Terminal:
    """An ssh on a pseudo-terminal whose far end echoes each key."""

    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(argv[0], argv)
        seen = b""
        while b"READY" not in seen:
            seen += os.read(self.fd, 1000)
        self.quiet()

    def quiet(self):
        while select.select([self.fd], [], [], 0.2)[0]:
            os.read(self.fd, 1000)

    def echo_us(self):
        began = time.perf_counter()
        os.write(self.fd, b"x")
        os.read(self.fd, 100)
        return (time.perf_counter() - began) * 1e6

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def make_text(path, megabytes):
    """Real text: what a person would cat.  Sources and headers of this machine, again and again until it is enough."""
    wanted = megabytes * 1_000_000
    with open(path, "wb") as f:
        while f.tell() < wanted:
            for folder in ("/usr/include", "/usr/lib/python3", "/usr/share/doc"):
                for p in sorted(Path(folder).rglob("*")):
                    if f.tell() < wanted and p.suffix in (".h", ".py", ".txt", "") and p.is_file():
                        data = p.read_bytes()
                        if b"\0" not in data:
                            f.write(data)
    os.truncate(path, wanted)
    path.chmod(0o644)
    return path


def make_random(path, megabytes):
    with open(path, "wb") as f:
        for _ in range(megabytes):
            f.write(os.urandom(1_000_000))
    path.chmod(0o644)
    return path


def main():
    p = argparse.ArgumentParser(prog="tools/bench ssh")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--quick", action="store_true", help="small files and few rounds: to see that it works")
    p.add_argument("--json", default=str(ROOT / "build/bench-ssh.json"))
    options = p.parse_args()
    rounds, megabytes, strokes = (2, 20, 100) if options.quick else (options.rounds, 200, 1000)
    work = Path(tempfile.mkdtemp(prefix="yanmen-bench-"))
    work.chmod(0o711)
    os.environ["YANMEN_PREFIX"] = str(ROOT / "build/install")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench, rows = None, []
    try:
        bench = Bench(work / "home", rounds)
        print(f"{os.cpu_count()} cores, {CIPHER}, curve25519, medians of {rounds} alternated runs, recording on", flush=True)
        rows += [bench.banner(), bench.setup(), *bench.echo(strokes)]
        for path in (make_random(bench.files / "random", megabytes), make_text(bench.files / "text", megabytes)):
            for row in bench.bulk(path):
                rows.append(row)
        rows.append(bench.memory(5 if options.quick else 20))
        table(rows)
        write_json(rows, options.json)
        missed = sum(not v["met"] for row in rows for v in row.verdicts())
        print(f"\n{missed} of {sum(len(row.wanted) for row in rows)} figures missed; all values in {options.json}")
    finally:
        if bench is not None:
            bench.end()
        elif (work / "home/instance.json").exists():  # it did not come up whole
            Instance(work / "home").end()
        shutil.rmtree(work, ignore_errors=True)


main()
