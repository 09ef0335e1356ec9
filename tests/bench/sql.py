"""tools/bench sql: point selects through the SQL door, beside the same server directly, through haproxy and through MySQL Router.

Slices of two seconds in turn, the order swapped each round; of each the queries a second, and the processor time of a query in what stands
between client and server.  Plain numbers of a shared machine are worthless: the ratios of slices that stood side by side are not.  And the
classifier alone, in MB/s.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/bench")]

from figures import Row, table, write_json  # noqa: E402
from harness.instance import Instance  # noqa: E402
from harness.mariadb import MariaDB, free_port  # noqa: E402
from harness.mysql_server import NEW, MySQL9  # noqa: E402
from harness.wait import until  # noqa: E402

SLICE_S, ROWS, DATABASE = 2, 10_000, "sbtest"
TEXT, PREPARED = "disable", "auto"  # sysbench's --db-ps-mode
CPU_US = 30
HAPROXY = """global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen mysql
  bind 127.0.0.1:{port}
  server s 127.0.0.1:{to}
"""
ROUTER = """[DEFAULT]
logging_folder=
runtime_folder={folder}
data_folder={folder}
plugin_folder={plugins}
[logger]
level=WARNING
[routing:mysql]
bind_address=127.0.0.1
bind_port={port}
destinations=127.0.0.1:{to}
routing_strategy=first-available
protocol=classic
client_ssl_mode=DISABLED
server_ssl_mode=DISABLED
max_connect_errors=1000000
"""


def cpu_s(pid, ended=False):
    """Of a process; with `ended` also of its children that are over."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15 if ended else 13])) / os.sysconf("SC_CLK_TCK")


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Way:
    """One way from sysbench to the server.  `spent`: processor time so far of what stands between, in seconds; None: nothing does."""

    def __init__(self, name, port, user, password, spent=None):
        self.name, self.port, self.user, self.password, self.spent = name, port, user, password, spent

    def sysbench(self, what, mode=TEXT, threads=1):
        done = subprocess.run(["sysbench", "oltp_point_select", "--mysql-host=127.0.0.1", f"--mysql-port={self.port}", f"--mysql-user={self.user}",
                               f"--mysql-password={self.password}", f"--mysql-db={DATABASE}", "--tables=1", f"--table-size={ROWS}",
                               f"--db-ps-mode={mode}", f"--threads={threads}", f"--time={SLICE_S}", what],
                              capture_output=True, text=True, timeout=SLICE_S + 60)
        assert done.returncode == 0, f"{self.name}: {done.stdout[-1500:]}{done.stderr}"
        return done.stdout

    def slice(self, mode, threads):
        """(queries a second, µs of processor time a query in between)"""
        before = self.spent() if self.spent else 0
        out = self.sysbench("run", mode, threads)
        n, rate = re.search(r"transactions:\s+(\d+)\s+\(([\d.]+)", out).groups()
        return float(rate), (self.spent() - before) / int(n) * 1e6 if self.spent else None


class Peer:
    """A proxy that is a process of its own, with a file."""

    def __init__(self, name, argv, text, folder, to):
        self.port = free_port()
        (folder / f"{name}.conf").write_text(text.format(port=self.port, to=to, folder=folder, plugins=NEW / "usr/lib/mysqlrouter/plugin"))
        self.name = name
        with open(folder / f"{name}.log", "w") as log:
            self.process = subprocess.Popen([*argv, folder / f"{name}.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: listens(self.port), 20, name)

    def spent(self):
        return cpu_s(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


class Yanmen:
    """A gateway whose target is the server: one session, one recording and one worker for each of sysbench's connections."""

    def __init__(self, instance, server):
        self.instance = instance
        user = instance.user()
        self.target = instance.name("db")
        instance.ok("target", "add", self.target, "--kind", "mysql", "--address", f"127.0.0.1:{server.port}", "--cluster", "samples", "--tls", "off",
                    "--database", DATABASE)
        instance.ok("account", "set", self.target, "bench", "--password-file", instance.file(server.password))
        instance.grant(user, self.target, account="bench")
        path = instance.scratch / "access"
        instance.ok("access-password", "add", "bench", "--user", user.name, "--output", path)
        self.name, self.password = f"{user.name}#{self.target}", path.read_text().strip()
        self.port = instance.endpoints["mysql"]["port"]

    def spent(self):
        """Of the workers, once all are over, and of the recorder."""
        until(lambda: len(self.instance.pids("mysql")) <= 1 and not self.instance.ok("session", "list", "--state", "online"), 20, "the workers' end")
        return cpu_s(self.instance.service_pid("yanmend"), ended=True) + sum(map(cpu_s, self.instance.pids("recorder")))


class Server(MariaDB):
    def __init__(self, folder):
        super().__init__(folder)
        self.password = "Point-select-1"
        self.sql(f"create database {DATABASE}; create user bench@'127.0.0.1' identified by '{self.password}'; "
                 f"grant all on {DATABASE}.* to bench@'127.0.0.1'")


def measure(ways, mode, threads, rounds):
    rates, cpu = {w.name: [] for w in ways}, {w.name: [] for w in ways if w.spent}
    for n in range(rounds):
        for way in ways if n % 2 == 0 else reversed(ways):
            rate, spent = way.slice(mode, threads)
            rates[way.name].append(rate)
            if way.spent:
                cpu[way.name].append(spent)
    what = f"point select, {'text' if mode == TEXT else 'prepared'}, {threads} connections"
    beside = [("router", ">=", 1)] if "router" in rates and threads > 1 else []
    return [Row(what, "q/s", rates, beside), Row("  processor time of a query", "us", cpu, [(None, "<=", CPU_US)])]


def classifier(seconds):
    """MB/s of the classifier alone, over the statements of the corpus."""
    done = subprocess.run([ROOT / "build/tests/bench/classify_rate", str(seconds), *sorted((ROOT / "tests/corpus/sql").glob("*.tsv"))],
                          stdout=subprocess.PIPE, check=True, timeout=seconds + 60)
    return [Row(f"classifier, {name}", "MB/s", {"yanmen": [rate]}) for name, rate in json.loads(done.stdout).items()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--json")
    args = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    home.chmod(0o711)
    folder = home / "peers"
    folder.mkdir()
    home_of_instance = home / "y"
    instance, peers, server = Instance(home_of_instance, "--set", "sql.plain=yes", "--set", "limits.unauthenticated_source=400"), [], Server(folder)
    try:
        direct = Way("direct", server.port, "bench", server.password)
        direct.sysbench("prepare")
        peers.append(Peer("haproxy", ["haproxy", "-f"], HAPROXY, folder, server.port))
        if MySQL9.there():  # it comes with it
            peers.append(Peer("router", [*MySQL9.loaded("bin/mysqlrouter"), "-c"], ROUTER, folder, server.port))
        else:
            print("MySQL Router is not here (tools/setup/mysql): left out")
        yanmen = Yanmen(instance.start(), server)
        ways = [direct, *(Way(p.name, p.port, "bench", server.password, p.spent) for p in peers),
                Way("yanmen", yanmen.port, yanmen.name, yanmen.password, yanmen.spent)]
        rows = [row for mode in (TEXT, PREPARED) for threads in args.connections for row in measure(ways, mode, threads, args.rounds)]
    finally:
        for peer in peers:
            peer.stop()
        instance.run("--reset", "--yes", check=False)
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    rows += classifier(5)
    table(rows)
    if args.json:
        write_json(rows, args.json)


if __name__ == "__main__":
    main()
