"""Files under way while the broker is killed and while PostgreSQL is stopped: the ledger is complete afterwards, each file once."""

import hashlib
import json
import os
import signal
import threading

import pytest
from harness import procs
from harness.sftp import Raw, U64, random_file, sha, through_pipe
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage

PIECE = os.urandom(20_000)


@pytest.fixture
def person(own_instance):
    wait_service(own_instance, own_instance.engineer)
    user = own_instance.user(key=True, password=False)
    own_instance.grant(user, own_instance.demo)
    return user


@pytest.fixture(scope="module")
def folder(own_instance):
    path = own_instance.scratch / own_instance.name("faults")
    path.mkdir()
    path.chmod(0o777)
    return path


def rows(instance, user):
    return instance.ok("file", "list", "--user", user.name)


def told_once(instance, user):
    """One audit row a file, and the chain verifies."""
    n = len(rows(instance, user))
    numbers = until(lambda: found if len(found := [e["number"] for e in bodies(instance, user)]) >= n else None, 20,
                    "the sealed audit rows")
    assert len(numbers) == len(set(numbers)) == n
    instance.ok("audit", "verify")


def bodies(instance, user):
    path = instance.scratch / instance.name("audit")
    instance.ok("audit", "export", "--output", path)
    events = [json.loads(line) for line in path.read_text().splitlines()]
    return [b for e in events if e.get("kind", "").startswith("file.") and (b := json.loads(e["body"]))["user"] == user.name]


def begin(instance, user, there):
    raw = Raw(through_pipe(instance, user))
    raw.init()
    handle = raw.open(there, 0x1a)
    assert raw.ask(6, handle, U64(0), PIECE)[0] == 101
    until(lambda: [r for r in rows(instance, user) if r["state"] == "begun"], 20, "the row that begins")
    return raw, handle


def finish(raw, handle):
    assert raw.ask(6, handle, U64(len(PIECE)), PIECE)[0] == 101
    raw.close(handle)
    raw.p.stdin.close()
    assert raw.p.wait(60) == 0


def is_complete(instance, user):
    [row] = until(lambda: [r for r in rows(instance, user) if r["state"] != "begun"], 40, "the row that ends")
    assert (row["state"], row["size"], row["sha256"]) == ("complete", 2 * len(PIECE), hashlib.sha256(2 * PIECE).hexdigest())
    told_once(instance, user)


def test_a_broker_that_is_killed_loses_and_doubles_no_file(own_instance, person, folder):
    raw, handle = begin(own_instance, person, folder / "broker")
    procs.kill_hard(until(lambda: next(iter(own_instance.pids("broker")), None), 15, "the broker"))
    finish(raw, handle)
    wait_service(own_instance, own_instance.engineer)
    is_complete(own_instance, person)


def test_rows_arrive_when_the_database_comes_back(own_instance, person, folder):
    raw, handle = begin(own_instance, person, folder / "away")
    postgres = own_instance.service_pid("postgres")
    everyone = [postgres, *procs.children(postgres)]
    for pid in everyone:
        os.kill(pid, signal.SIGSTOP)
    try:
        finish(raw, handle)
    finally:
        for pid in everyone:
            os.kill(pid, signal.SIGCONT)
    is_complete(own_instance, person)


def test_a_recorder_that_is_killed_leaves_a_partial_row(own_instance, person, folder):
    raw, _ = begin(own_instance, person, folder / "recorder")
    procs.kill_hard(until(lambda: next(iter(own_instance.pids("recorder")), None), 15, "the recorder"))
    raw.p.communicate(timeout=60)
    wait_service(own_instance, own_instance.engineer)
    [row] = until(lambda: [r for r in rows(own_instance, person) if r["state"] != "begun"], 40, "the row that ends")
    assert row["state"] == "partial"
    told_once(own_instance, person)


def test_many_files_while_the_broker_is_killed_stand_there_each_once(own_instance, person, folder):
    files = [random_file(folder, own_instance, 3000 + i) for i in range(40)]
    raw = Raw(through_pipe(own_instance, person))
    raw.init()
    for i, f in enumerate(files):
        handle = raw.open(folder / f"many{i}", 0x1a)
        assert raw.ask(6, handle, U64(0), f.read_bytes())[0] == 101
        raw.close(handle)
        if i == 20:
            procs.kill_hard(until(lambda: next(iter(own_instance.pids("broker")), None), 15, "the broker"))
    raw.p.stdin.close()
    assert raw.p.wait(60) == 0
    wait_service(own_instance, own_instance.engineer)
    found = until(lambda: len(r := rows(own_instance, person)) == 40 and all(x["state"] == "complete" for x in r) and r, 40, "40 rows")
    assert sorted(r["sha256"] for r in found) == sorted(map(sha, files))
    told_once(own_instance, person)


def test_kept_contents_wait_for_a_recorder_that_stands_still(own_instance, folder):
    """No more than the worker's credit passes meanwhile; afterwards the file comes out as it went in."""
    person = own_instance.user(key=True, password=False)
    own_instance.grant(person, own_instance.demo, *(w for f in ("sftp", "upload", "keep-upload") for w in ("--feature", f)))
    there, data = folder / "still", os.urandom(3_000_000)
    raw = Raw(through_pipe(own_instance, person))
    raw.init()
    handle = raw.open(there, 0x1a)
    recorder = next(iter(own_instance.pids("recorder")))
    os.kill(recorder, signal.SIGSTOP)
    try:
        writer = threading.Thread(target=lambda: [raw.send(6, handle, U64(at), data[at:at + 30_000], ident=1000 + at)
                                                  for at in range(0, len(data), 30_000)])
        writer.start()
        until(lambda: there.stat().st_size > 0, 20, "bytes that pass on credit")
        assert there.stat().st_size < 300_000
    finally:
        os.kill(recorder, signal.SIGCONT)
    for _ in range(0, len(data), 30_000):
        assert raw.receive()[0] == 101
    writer.join(30)
    raw.close(handle)
    raw.p.stdin.close()
    assert raw.p.wait(60) == 0 and there.read_bytes() == data
    [row] = until(lambda: [r for r in rows(own_instance, person) if r["state"] != "begun"], 40, "the row that ends")
    to = own_instance.scratch / own_instance.name("export")
    own_instance.ok("file", "export", row["id"], "--output", to)
    assert row["kept"] and to.read_bytes() == data
