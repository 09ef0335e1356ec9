"""Mutations of the corpus on real servers: whatever changes something must not have been classified as something that does not.

The same ones in every run, on MariaDB; YANMEN_SQL_SEED takes another seed, YANMEN_SQL_SECONDS goes on for so long. tools/test --long does both, on all servers.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import MySQLdb
import pytest
from harness.build import plain_build
from harness.mysql_server import SERVERS, MariaDB
from harness.sql_classifier import Classifier
from harness.sql_mutate import Mutator, smaller
from harness.sql_oracle import Oracle, uncovered
from harness.sql_rows import SPOKEN, corpus
from harness.wait import LONG

pytestmark = plain_build("the classifier's fuzz target has a sanitizer")
SEED = os.environ.get("YANMEN_SQL_SEED", "1" if not LONG else str(time.time()))
SECONDS = int(os.environ.get("YANMEN_SQL_SECONDS", "600" if LONG else "0"))
BATCHES, BATCH = 24, 250
BOUNDS = {MariaDB: ("--max-statement-time=5",)}  # SELECT SLEEP(...)
DEAR = {"ADMIN", "REPL", "KILL", "GRANT", "SET_GLOBAL", "UNPARSED"}  # is told, and would cost us the server, or is refused
READS = {"SELECT", "SHOW", "EXPLAIN", "SET", "USE", "TCL", "EMPTY", "MULTI", "LEXMODE", "VERSION_COMMENT", "LOCK", "HANDLER", "PREPARE", "DEALLOCATE"}
WHOLE = re.compile(rb"mysql|database|schema|kept", re.I)      # where a change would not be of our tables only


@pytest.fixture(scope="module", params=SERVERS if LONG else (MariaDB,), ids=lambda server: server.name)
def oracle(request):
    if not request.param.there():
        pytest.skip(f"no {request.param.name} (tools/setup/mysql says why)")
    folder = Path(tempfile.mkdtemp(prefix="mutate-"))
    server = request.param(folder, *BOUNDS.get(request.param, ()))
    yield Oracle(server)
    server.stop()
    shutil.rmtree(folder)


class Ours:
    """What the classifier tells of rows that are read in the same way."""

    def __init__(self, oracle):
        self.oracle, self.version, self.made = oracle, oracle.server.version(), {}

    def __call__(self, rows):
        way = rows[0].mode, rows[0].charset
        if way not in self.made:
            self.made[way] = Classifier(self.oracle.server.family, *way, self.version)
        return self.made[way].told([self.oracle.placed(row.sql) for row in rows])

    def close(self):
        for classifier in self.made.values():
            classifier.close()


def naive(rows):
    """What many a tool does: comments away, and the first word decides."""
    words = [re.match(rb"[\s;(]*(\w*)", re.sub(rb"/\*.*?\*/|--[^\n]*|#[^\n]*", b" ", row.sql, flags=re.S))[1] for row in rows]
    return [frozenset({word.upper().decode() or "UNPARSED", "MULTI"}) if word.upper() not in (b"KILL", b"SHUTDOWN", b"FLUSH") else frozenset({"KILL"})
            for word in words]


class ServerDied(Exception):
    pass


class Trial:
    def __init__(self, oracle, told):
        self.oracle, self.told, self.ran = oracle, told, 0

    def alarm(self, row, told):
        """What it did that was not told, or nothing."""
        if told & DEAR or (not told <= READS and WHOLE.search(row.sql)):
            return []
        self.ran += 1
        try:
            return uncovered(self.oracle.run(row), told)
        except MySQLdb.OperationalError as e:
            try:
                self.oracle.server.process.wait(10)
            except subprocess.TimeoutExpired:
                raise e from None
            raise ServerDied(str(row)) from e

    def again(self, row):
        return bool(self.alarm(row, self.told([row])[0]))

    def batch(self, rows):
        found = []
        for row, told in zip(rows, self.told(rows)):
            if self.alarm(row, told):
                least = smaller(row, self.again)
                told = self.told([least])[0]
                found.append(f"{least} {least.context}\n    told {sorted(told)}: {self.alarm(least, told)}")
        return found


def seeds(oracle):
    return [row for row in corpus() if row.dialect in SPOKEN[oracle.server.speaks] and row.runs and len(row.sql) < 600]


def test_a_naive_classifier_is_found_out(oracle):
    trial, mutator = Trial(oracle, naive), Mutator(seeds(oracle), "1", oracle.server.speaks)
    assert any(trial.alarm(row, told) for batch in (mutator.batch(50) for _ in range(20)) for row, told in zip(batch, naive(batch)))


@pytest.mark.timeout(SECONDS + 180)
def test_no_mutation_changes_what_was_told_to_be_read(oracle):
    ours = Ours(oracle)
    mutator, trial, found = Mutator(seeds(oracle), SEED, oracle.server.speaks), Trial(oracle, ours), []
    deadline, batches = time.monotonic() + SECONDS, 0
    while batches < BATCHES or time.monotonic() < deadline:
        try:
            found += trial.batch(mutator.batch(BATCH))
        except ServerDied as e:  # a fault of the server's: there is nothing more to ask
            print(f"the server died of {e}")
            break
        batches += 1
        if len(found) > 40:
            break
    ours.close()
    print(f"seed {SEED}: {batches * BATCH} mutants, {trial.ran} of them run")
    assert trial.ran > BATCHES * BATCH // 10 or found
    assert not found, f"seed {SEED}: {len(found)} alarms\n" + "\n".join(found)
