"""tools/bench web: a browser's terminal at a client that renders nothing: output, Ctrl-C in a flood, files both ways, memory.

The connection to the worker comes through `ssh -W`, a login through a login: two more encryptions than a terminal has that the console opens. Recording
is on.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/bench")]

from figures import Row, table, write_json  # noqa: E402
from harness import procs  # noqa: E402
from harness.instance import Instance  # noqa: E402
from harness.webterm import WebTerm, folder  # noqa: E402

MB = 1_000_000


def cpu_s(pid):
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, instance, size):
        self.instance, self.size = instance, size
        self.user = instance.user()
        instance.grant(self.user, instance.demo)
        self.place = folder(instance)
        self.cpu = []

    def timed(self, term, action, n):
        before, start = cpu_s(term.pid), time.monotonic()
        action()
        seconds = time.monotonic() - start
        self.cpu.append((cpu_s(term.pid) - before) / (n / 1e9))
        return n / MB / seconds

    def output(self, term):
        """Lines of 100 bytes, until the prompt."""
        term.keep = False
        before = term.received

        def flood():
            term.type(f"yes {'x' * 98} | head -n {self.size // 100}\r")
            term.wait(lambda: term.received - before >= self.size, 300, "the output")
        rate = self.timed(term, flood, self.size)
        term.keep = True
        term.type("\r")
        term.expect("ready> ")
        return rate

    def interrupt(self, term):
        """From Ctrl-C in the midst of a flood to the prompt, in ms."""
        term.keep = False
        before, screens = term.received, len(term.screens)
        term.type(f"yes {'x' * 98}\r")
        term.wait(lambda: term.received - before > 20 * MB, 120, "a flood")
        with term.lock:
            term.output, term.keep = b"", True
            start = time.monotonic()
            term.type(b"\x03")
        term.wait(lambda: b"ready> " in term.output[-200:] or any(b"ready> " in s[2] for s in term.screens[screens:]), 60, "the prompt")
        return (time.monotonic() - start) * 1000

    def files(self, term):
        data = os.urandom(self.size)
        up = self.timed(term, lambda: term.put(self.place / "f", data, overwrite=True), self.size)
        down = self.timed(term, lambda: term.get(self.place / "f", sink=lambda piece: None), self.size)
        return up, down


def run(bench, rounds):
    rows = {name: [] for name in ("output", "interrupt", "up", "down", "idle")}
    for _ in range(rounds):
        with WebTerm(bench.instance, bench.user) as term:
            term.shell()
            rows["idle"].append(procs.private_kib(term.pid) / 1024)
            rows["output"].append(bench.output(term))
            rows["interrupt"] += [bench.interrupt(term) for _ in range(3)]
            up, down = bench.files(term)
            rows["up"].append(up)
            rows["down"].append(down)
    note = f"CPU of yanmen-term a GB: {min(bench.cpu):.1f} to {max(bench.cpu):.1f} s"
    return [Row("web terminal: output", "MB/s", {"yanmen": rows["output"]}, [(None, ">=", 60)], note),
            Row("web terminal: Ctrl-C in a flood", "ms", {"yanmen": rows["interrupt"]}, [(None, "<=", 100)]),
            Row("web terminal: upload", "MB/s", {"yanmen": rows["up"]}, [(None, ">=", 50)]),
            Row("web terminal: download", "MB/s", {"yanmen": rows["down"]}, [(None, ">=", 50)]),
            Row("web terminal: private memory, idle", "MiB", {"yanmen": rows["idle"]}, [(None, "<=", 1.5)])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--json")
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    home.chmod(0o711)
    home.rmdir()
    instance = Instance(home, "--set", "limits.unauthenticated_source=400")
    try:
        rows = run(Bench(instance.start(), args.megabytes * MB), args.rounds)
    finally:
        instance.run("--reset", "--yes", check=False)
        shutil.rmtree(home, ignore_errors=True)
    table(rows)
    if args.json:
        write_json(rows, args.json)


if __name__ == "__main__":
    main()
