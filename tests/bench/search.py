"""tools/bench search: how fast rows come into the search tables, how large they get, and how soon they are found.

A PostgreSQL of its own with the settings of tools/run; distinct rows (search_rows.py) go in by the functions that the
broker calls.  Cold: before every question the server was restarted and the page cache of its files dropped.
"""

import argparse
import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from psycopg2.extras import execute_values

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/bench")]

from figures import Row, percentile, table, write_json  # noqa: E402
from harness.cluster import BIN, LOCAL, Connection, Cluster  # noqa: E402
from search_rows import CHINESE, ENGLISH, rows  # noqa: E402

SETTINGS = [x for s in ("listen_addresses=", "shared_buffers=64MB", "max_wal_size=256MB", "jit=off", "timezone=UTC") for x in ("-c", s)]
BATCH = 1000


class Server(Cluster):
    """As harness.cluster's, with the settings of an instance and a life of several starts."""

    def __init__(self, folder):
        self.dir = Path(folder)
        self.data, self.run = self.dir / "data", self.dir / "run"
        self.is_new = not (self.data / "PG_VERSION").exists()
        self.as_user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for d in (self.dir, self.data, self.run):
            d.mkdir(mode=0o700, exist_ok=True)
            if self.as_user and d != self.dir:
                os.chown(d, nobody.pw_uid, nobody.pw_gid)
        self.dir.chmod(0o711)
        self.run.chmod(0o755)
        if self.is_new:
            subprocess.run([BIN / "initdb", "-D", self.data, "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "postgres",
                            "--no-instructions"], check=True, stdout=subprocess.DEVNULL, cwd="/", **self.as_user)
        self.start()

    def start(self):
        self.log = open(self.dir / "log", "a")
        self.server = subprocess.Popen([BIN / "postgres", "-D", self.data, "-k", self.run, *SETTINGS], stderr=self.log, cwd="/",
                                       **self.as_user)
        self._wait()

    def halt(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait()
        self.log.close()

    def chill(self):
        """Stopped, its files out of the page cache, started."""
        self.halt()
        for path in self.data.rglob("*"):
            if path.is_file():
                fd = os.open(path, os.O_RDONLY)
                os.fdatasync(fd)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(fd)
        self.start()


class Loader:
    """Sessions with their lines of output by api.search_put, events by the log, its chain and api.search_take."""

    def __init__(self, server):
        self.owner, self.super = Connection(server, "ym", "yanmen_owner"), Connection(server, "ym", "postgres")
        self.broker, self.sealer = Connection(server, "ym", "yanmen_broker"), Connection(server, "ym", "yanmen_sealer")
        self.events, self.sessions, self.lines, self.text_bytes = [], [], [], 0
        self.super.rows("""alter table yanmen.session disable trigger all; alter table search.recording disable trigger all;
            set session_replication_role = replica""")

    def take(self, batch):
        session = str(uuid.UUID(int=random.getrandbits(128)))
        self.sessions.append((session, batch.user, batch.target, batch.start_us))
        output = []
        for kind, at, text in batch.rows:
            self.text_bytes += len(text.encode())
            if kind == "output":
                output.append([batch.start_us + at, 1, text])
            else:
                event = {"login": "session.start", "command": "channel.opened", "file": "file.sent"}[kind]
                body = json.dumps({"user": batch.user, "target": batch.target, "text": text}, ensure_ascii=False)
                self.events.append((str(uuid.UUID(int=random.getrandbits(128))), batch.start_us + at, event, f"user:{batch.user}", body,
                                    batch.user, batch.target, session, f"{batch.user} {batch.target} {text}"))
        self.lines.append((session, output))
        if len(self.events) >= BATCH:
            self.flush()

    def flush(self):
        with self.super.pg.cursor() as c:
            execute_values(c, """insert into yanmen.session (id, worker, user_id, target_id, grant_id, user_name, target_name, cluster_name,
                account_name, protocol, address, rule, state, started_at) values %s""",
                           [(s, "w", 1, 1, 1, u, t, "c", "a", "ssh", "", "", "closed", us) for s, u, t, us in self.sessions],
                           template="(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,yanmen.time_us(%s))", page_size=BATCH)
            execute_values(c, "insert into search.recording (session_id) values %s", [(s[0],) for s in self.sessions], page_size=BATCH)
            months = {time.strftime("%Y-%m-01", time.gmtime(e[1] / 1e6)) for e in self.events}
            for month in months:
                c.execute("select audit.need_month(%s)", (month,))
            execute_values(c, "insert into audit.event (uid, at, kind, actor, body, user_name, target_name, session, search) values %s",
                           self.events, template="(%s,yanmen.time_us(%s),%s,%s,%s,%s,%s,%s,%s)", page_size=BATCH)
        while self.sealer.rows("select added from audit.seal(10000)") != [(0,)]:
            pass
        while self.broker.one("select api.search_take(1000)") == 1000:
            pass
        for session, output in self.lines:
            for i in range(0, len(output), BATCH):
                part = output[i:i + BATCH]
                assert self.broker.one("select api.search_put(%s, %s, %s)", session, i, json.dumps(part)) == i + len(part)
        self.events, self.sessions, self.lines = [], [], []


def load(server, count):
    server.create("ym")
    server.migrate("ym")
    loader = Loader(server)
    begun, done = time.monotonic(), 0
    told = 0
    for batch in rows(count):
        loader.take(batch)
        done += len(batch.rows)
        if done - told >= 250_000:
            told = done
            print(f"  {done:,} rows, {done / (time.monotonic() - begun):,.0f} a second", file=sys.stderr, flush=True)
    loader.flush()
    seconds = time.monotonic() - begun
    loader.super.rows("analyze search.line; analyze audit.event; analyze audit.seal; analyze yanmen.session")
    sizes = dict(loader.super.rows("""select c.relname::text, pg_relation_size(c.oid) from pg_class c
        where c.relnamespace = 'search'::regnamespace and c.relkind in ('r', 'i')"""))
    facts = {"rows": done, "rate": done / seconds, "text": loader.text_bytes, "sizes": sizes}
    (server.dir / "facts.json").write_text(json.dumps(facts))
    return facts


class Asker:
    """Questions as people ask them, each another one, from what is there."""

    def __init__(self, server, count, seed):
        self.r = random.Random(seed)
        owner = Connection(server, "ym", "yanmen_owner")
        self.sample = owner.rows("""select l.text, l.kind::text, u.name, t.name, yanmen.time_text(l.at) from search.line l tablesample system (%s)
            join search.who u on u.id = l.who join search.who t on t.id = l.whom limit 20000""", min(100, 2_000_000 / count))
        self.whens = [r[4] for r in self.sample]
        owner.close()

    def some(self, kind=None):
        while True:
            row = self.r.choice(self.sample)
            if kind in (None, row[1]):
                return row

    def window(self):
        a, b = sorted(self.r.sample(self.whens, 2))
        return {"since": a, "until": b}

    def questions(self):
        r = self.r
        common, seldom = lambda: r.choice(ENGLISH[:8]), lambda: r.choice(ENGLISH[-15:])
        text, kind, user, target, _ = self.some()
        hexword = lambda: max(self.some()[0].replace("=", " ").replace("]", " ").replace("[", " ").replace("@", " ").replace(".", " ")
                              .replace("/", " ").split(), key=len)
        path = lambda: next(w for w in self.some("c")[0].split() + ["/etc/nginx"] if w.startswith("/"))
        address = lambda: f"10.{r.randrange(4)}.{r.randrange(256)}.{r.randrange(256)}"
        return {
            "rare word": {"text": hexword()}, "common word": {"text": common()}, "seldom word": {"text": seldom()},
            "two common": {"text": f"{common()} {common()}"}, "common and seldom": {"text": f"{common()} {seldom()} {seldom()}"},
            "three words": {"text": f"{seldom()} {seldom()} {seldom()}"}, "phrase": {"text": f'"{common()} {seldom()}"'},
            "Chinese common": {"text": r.choice(CHINESE[:8])}, "Chinese seldom": {"text": r.choice(CHINESE[-10:])},
            "Chinese phrase": {"text": r.choice(CHINESE[:20]) + r.choice(CHINESE[:20]) + r.choice(CHINESE[:20])},
            "Chinese character": {"text": r.choice("库据连超失用密告启备磁内网")}, "path": {"text": path()}, "address": {"text": address()},
            "network": {"text": address().rpartition(".")[0]}, "user": {"user": user}, "target": {"target": target},
            "common, user, target": {"text": common(), "user": user, "target": target},
            "rare, user": {"text": hexword(), "user": user}, "commands": {"text": "rm -rf", "kind": "command", "user": user},
            "common, window": {"text": common()} | self.window(), "seldom, user, window": {"text": seldom(), "user": user} | self.window(),
            "nothing there": {"text": f"{common()} nosuchword{r.randrange(10**9)}"}, "newest": {},
        }


def ask(c, name, args, times):
    begun = time.perf_counter()
    answer = c.one("select api.audit_search(%s::jsonb, %s::jsonb)", json.dumps(LOCAL), json.dumps(args))
    took = (time.perf_counter() - begun) * 1000
    times.setdefault(name, []).append((took, len(answer), bool(answer) and answer[-1]["kind"] == "search.more"))


def measure(server, count, rounds, cold_rounds, seed):
    warm, cold = {}, {}
    asker = Asker(server, count, seed)
    for n in range(cold_rounds):
        for name, args in asker.questions().items():
            server.chill()
            c = Connection(server, "ym", "yanmen_broker")
            ask(c, name, args, cold)
            c.close()
    c = Connection(server, "ym", "yanmen_broker")
    for n in range(rounds + 1):
        for name, args in asker.questions().items():
            ask(c, name, args, warm if n else {})
    c.close()
    return warm, cold


def report(facts, warm, cold):
    line = facts["sizes"]
    index = sum(v for k, v in line.items() if k.startswith("line_"))
    gb = lambda n: f"{n / 1e9:.2f} GB"
    print(f"\n{facts['rows']:,} rows, {facts['text'] / facts['rows']:.0f} bytes of text each; {facts['rate']:,.0f} rows a second "
          f"(wanted: 2,000, {'met' if facts['rate'] >= 2000 else 'MISSED'})")
    print(f"text {gb(facts['text'])}, table {gb(line['line'])} ({line['line'] / facts['text']:.2f} x), index {gb(index)} "
          f"({index / facts['text']:.2f} x)")
    print(f"\n{'milliseconds':24}{'warm p50':>10}{'p95':>8}{'max':>8}{'cold p50':>10}{'p95':>8}{'max':>8}{'rows':>7}{'cut':>5}")
    for name in warm:
        w, c = [x[0] for x in warm[name]], [x[0] for x in cold.get(name, [])] or [0]
        cut = sum(x[2] for x in warm[name] + cold.get(name, []))
        print(f"{name:24}{percentile(w, .5):>10.0f}{percentile(w, .95):>8.0f}{max(w):>8.0f}{percentile(c, .5):>10.0f}"
              f"{percentile(c, .95):>8.0f}{max(c):>8.0f}{max(x[1] for x in warm[name]):>7}{cut:>5}")
    figures = []
    for way, times in (("warm", warm), ("cold", cold)):
        every = [x[0] for rows_ in times.values() for x in rows_]
        if every:
            figures.append(Row(f"search, {way}, all questions, p95", "ms", {"yanmen": [percentile(every, .95)]}, [(None, "<=", 1000)]))
    table(figures)
    return figures


def main():
    parser = argparse.ArgumentParser(prog="tools/bench search", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--cold", type=int, default=3, help="rounds of questions after a restart without the page cache")
    parser.add_argument("--keep", metavar="DIR", help="folder that keeps the rows for another run")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    folder = options.keep or tempfile.mkdtemp(prefix="yanmen-search-")
    server = Server(folder)
    try:
        known = Path(folder) / "facts.json"
        facts = json.loads(known.read_text()) if known.exists() else load(server, options.rows)
        warm, cold = measure(server, facts["rows"], options.rounds, options.cold, random.randrange(1 << 30))
        figures = report(facts, warm, cold)
        if options.json:
            write_json(figures, options.json)
    finally:
        server.halt()
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
