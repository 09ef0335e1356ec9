"""tools/bench web: a browser's terminal at a client that renders nothing, through the console's server: output, Ctrl-C in a flood, files both
ways by HTTP, memory, and what the pages weigh.  Recording is on; beside the output `ssh -tt` straight to the target (direct) and by way of the
gateway (jump), in alternated runs.
"""

import argparse
import http.client
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/bench")]

from figures import Row, table, write_json  # noqa: E402
from harness import procs  # noqa: E402
from harness.browser import Browser, Terminal  # noqa: E402
from harness.instance import Account, Instance  # noqa: E402
from harness.target import Sshd  # noqa: E402
from harness.webterm import folder  # noqa: E402

MB = 1_000_000
ACK_AT = 64 << 10
LINE = "x" * 98


def cpu_s(pids):
    ticks = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
    return sum(int(n) for pair in ticks for n in pair) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, instance, size):
        self.instance, self.size = instance, size
        self.user = instance.user(key=True)
        self.server = Sshd(instance)
        self.server.authorize(self.user.key.with_suffix(".pub").read_text())
        self.server.start()
        self.target = instance.target(self.server.port, Account(instance.account.name, key=self.user.key))
        instance.grant(self.user, self.target)
        self.browser = Browser(instance).login(self.user)
        self.place = folder(instance)
        self.cpu = {"output": [], "up": [], "down": []}

    def open(self):
        self.terminal = Terminal(self.browser, self.target).online()
        self.pids = self.instance.pids("term")  # the one, and those that wait
        self.terminal.type("bind 'set enable-bracketed-paste off'; PS1='rea''dy> '; PS2=\n")
        self.terminal.until("ready> ")

    def timed(self, what, action):
        before, start = cpu_s(self.pids), time.monotonic()
        action()
        seconds = time.monotonic() - start
        self.cpu[what].append((cpu_s(self.pids) - before) / (self.size / 1e9))
        return self.size / MB / seconds

    def read(self, over, seconds=300):
        """Takes and acknowledges; `over` is asked with the bytes so far, the last of them, and whether a screen was drawn."""
        t, n, owed = self.terminal, 0, 0
        while True:
            frame = t.socket.receive(seconds)
            if frame[0] == Terminal.OUTPUT:
                n, owed = n + len(frame) - 1, owed + len(frame) - 1
                if owed >= ACK_AT:
                    t.say(Terminal.ACK, struct.pack("<I", owed))
                    owed = 0
            if frame[0] in (Terminal.OUTPUT, Terminal.SCREEN) and over(n, frame):
                t.say(Terminal.ACK, struct.pack("<I", owed))
                return

    def output(self):
        """Lines of 100 bytes, until the prompt."""
        def flood():
            self.terminal.type(f"yes {LINE} | head -n {self.size // 100}\n")
            self.read(lambda n, frame: n > self.size and frame.endswith(b"ready> "))
        return self.timed("output", flood)

    def interrupt(self):
        """From Ctrl-C in the midst of a flood to the prompt, in ms."""
        self.terminal.type(f"yes {LINE}\n")
        self.read(lambda n, frame: n > 20 * MB)
        start = time.monotonic()
        self.terminal.type("\x03")
        self.read(lambda n, frame: b"ready> " in frame[-400:])
        return (time.monotonic() - start) * 1000

    def http(self):
        return http.client.HTTPSConnection(self.browser.host, self.browser.port, context=self.browser.tls, timeout=120)

    def headers(self):
        b = self.browser
        return {"Origin": b.origin, "Cookie": b.cookie(), "X-CSRF-Token": b.csrf}

    def path(self, name):
        return f"/api/v1{self.terminal.path}/file?path={quote(str(self.place / name))}"

    def upload(self):
        data, c = os.urandom(self.size), self.http()

        def put():
            c.request("PUT", self.path(f"f{time.monotonic_ns()}"), body=data, headers=self.headers())
            answer = c.getresponse()
            assert answer.status in (200, 201, 204), (answer.status, answer.read())
            answer.read()
        return self.timed("up", put)

    def download(self):
        with open(self.place / "down", "wb") as f:
            f.write(os.urandom(self.size))
        (self.place / "down").chmod(0o644)
        c = self.http()

        def get():
            c.request("GET", self.path("down"), headers=self.headers())
            answer, n = c.getresponse(), 0
            assert answer.status == 200, answer.read()
            while piece := answer.read(1 << 20):
                n += len(piece)
            assert n == self.size
        return self.timed("down", get)

    # ---- what it stands beside ----
    def ssh(self, port, login):
        argv = ["ssh", "-tt", "-F", "/dev/null", "-i", self.user.key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-p", str(port), "-l", login, "127.0.0.1",
                f"yes {LINE} | head -n {self.size // 100}"]
        start, n = time.monotonic(), 0
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as p:
            while piece := os.read(p.stdout.fileno(), 1 << 20):
                n += len(piece)
        assert n >= self.size, n
        return n / MB / (time.monotonic() - start)

    def weights(self):
        """KB of each page by a browser that has nothing yet; of those after the login page, what it brings more."""
        who = self.instance.user("admin")
        done = subprocess.run(["node", ROOT / "tests/browser/weights.mjs", self.browser.origin, who.name, who.password_file, "/sessions", "/audit",
                               "/inventory/targets"], stdout=subprocess.PIPE, check=True, timeout=180)
        return [Row(f"page {name}", "KB", {"yanmen": [n / 1000]}, [(None, "<=", 153.6)] if name == "login" else [])
                for name, n in json.loads(done.stdout).items()]


def run(bench, rounds):
    rows = {name: [] for name in ("output", "interrupt", "up", "down", "idle", "direct", "jump")}
    for _ in range(rounds):
        bench.open()
        rows["idle"].append(max(map(procs.private_kib, bench.pids)) / 1024)
        rows["direct"].append(bench.ssh(bench.server.port, bench.instance.account.name))
        rows["jump"].append(bench.ssh(bench.instance.port, f"{bench.user.name}#{bench.target}"))
        rows["output"].append(bench.output())
        rows["interrupt"] += [bench.interrupt() for _ in range(3)]
        rows["up"].append(bench.upload())
        rows["down"].append(bench.download())
        bench.terminal.say(Terminal.END)
        bench.terminal.socket.ended()

    def note(what):
        return f"yanmen-term: {min(bench.cpu[what]):.1f} CPU-s a GB"
    return [Row("web terminal: output", "MB/s", {"yanmen": rows["output"], "direct": rows["direct"], "jump": rows["jump"]},
                [(None, ">=", 60)], note("output")),
            Row("web terminal: Ctrl-C in a flood", "ms", {"yanmen": rows["interrupt"]}, [(None, "<=", 100)]),
            Row("web terminal: upload", "MB/s", {"yanmen": rows["up"]}, [(None, ">=", 50)], note("up")),
            Row("web terminal: download", "MB/s", {"yanmen": rows["down"]}, [(None, ">=", 50)], note("down")),
            Row("web terminal: private memory, idle", "MiB", {"yanmen": rows["idle"]}, [(None, "<=", 1.5)]), *bench.weights()]


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
        bench = Bench(instance.start(), args.megabytes * MB)
        try:
            rows = run(bench, args.rounds)
        finally:
            bench.server.stop()
    finally:
        instance.run("--reset", "--yes", check=False)
        shutil.rmtree(home, ignore_errors=True)
    table(rows)
    if args.json:
        write_json(rows, args.json)


if __name__ == "__main__":
    main()
