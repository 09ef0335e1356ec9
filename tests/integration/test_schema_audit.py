"""schema/0002_audit.sql: append-only, chained in the order of commits, verified by a second reader."""

import hashlib
import json
import os
import random
import struct
import subprocess
import threading
import time
import uuid

import psycopg2
import pytest
from harness.cluster import BIN, Cluster, Connection, Database, Refused, refused

pytestmark = pytest.mark.schema

ZERO = bytes(32)
PARTITIONS = "select inhrelid::regclass::text from pg_inherits where inhparent = 'audit.event'::regclass"
AT = 1763823600123456
KNOWN = [  # docs/RECORDING.md, "Audit chain"
    ("0190a5b2-7c00-7000-8000-000000000001", 1763823600123456, "session.start", "user:alice", '{"target": "web01"}',
     "d51b05c998a6c4e005f8f6a0877ca9d70cb62567878dc198d8ba8369b463679b"),
    ("0190a5b2-7c00-7000-8000-000000000002", 1763823601000000, "session.ended", "user:alice", '{"reason": "离开 \\"bye\\""}',
     "7006d25890002814a8244976e33e3c75bf23bcd3973b176dce391e66fd9e682e")]


def add(c, times=1, kind="test.event", **body):
    for _ in range(times):
        c.rows("select api.spool_apply(gen_random_uuid(), %s, %s, %s::jsonb)", AT, kind, json.dumps(body))


def seal(db, rows=1000):
    [[seq, head, added]] = db.sealer.rows("select seq, hash, added from audit.seal(%s)", rows)
    return seq, bytes(head), added


def export(db):
    return [r for r in db.broker.rows("select * from audit.export(1, 10000)") if r[1] is not None]


def chain(rows):
    """A second reader: the head, from the export and docs/RECORDING.md alone."""
    head = ZERO
    for n, (seq, uid, at_us, kind, actor, body, stored, *_) in enumerate(rows, 1):
        assert seq == n
        fields = [x.encode() for x in (uid, str(at_us), kind, actor, body)]
        head = hashlib.sha256(head + struct.pack(">Q", seq) + b"".join(struct.pack(">I", len(f)) + f for f in fields)).digest()
        assert bytes(stored) == head, seq
    return head


def verify(db, after=0, rows=None):
    [[checked, seq, head, bad, why]] = db.broker.rows("select * from audit.verify(%s, %s)", after, rows)
    return checked, seq, head and bytes(head), bad, why


# ---- the chain ----

def test_the_known_answers(db):
    assert seal(db) == (0, ZERO, 0)
    for n, (uid, at_us, kind, actor, body, head) in enumerate(KNOWN, 1):
        db.owner.rows("select audit.add(%s, %s, %s::jsonb, %s::uuid, yanmen.time_us(%s))", actor, kind, body, uid, at_us)
        assert seal(db) == (n, bytes.fromhex(head), 1)
    assert [(r[1], r[2], r[3], r[4], r[5], bytes(r[6]).hex()) for r in export(db)] == KNOWN
    assert seal(db) == (2, bytes.fromhex(KNOWN[1][5]), 0)


def test_a_second_reader_gets_the_same_head(db):
    for body in ({}, {"text": "离开 \"bye\" \\ \n \x1b[2J \u00ad"}, {"n": 1e5, "x": [1, {"y": None}]}, {"text": "x" * 100000}):
        add(db.broker, 1, **body)
    db.api("group_add", name="数据库")
    assert seal(db)[2] == 5
    assert chain(export(db)) == seal(db)[1] == verify(db)[2]


def test_sealing_goes_in_steps_and_so_does_verifying(db):
    add(db.broker, 10)
    assert [seal(db, 4)[0] for _ in range(4)] == [4, 8, 10, 10]
    assert verify(db) == (10, 10, seal(db)[1], None, None)
    checked, seq, head, bad, why = verify(db, 0, 6)
    assert (checked, seq, bad) == (6, 6, None) and verify(db, seq, 6)[:2] == (4, 10)
    assert verify(db, 99)[3:] == (99, "missing")
    assert [r[0] for r in db.broker.rows("select seq from audit.export(4, 3)")] == [4, 5, 6]
    assert db.broker.rows("select * from audit.export(11, 5)") == []


def test_a_late_commit_is_never_skipped(db):
    add(db.broker, 2)
    old = db.connect("yanmen_broker")
    old.rows("begin")
    add(old, 1, text="late")
    add(db.broker, 3)
    assert seal(db)[0] == 2  # nothing behind the open transaction
    add(db.broker, 1)
    assert seal(db)[0] == 2
    old.rows("commit")
    assert seal(db)[0] == 7
    assert chain(export(db)) == seal(db)[1]
    assert sorted(json.loads(r[5]).get("text", "") for r in export(db)) == [""] * 6 + ["late"]


def test_a_transaction_that_rolls_back_or_dies_holds_nothing_up_and_leaves_no_gap(db):
    for end in ("rollback", "close"):
        c = db.connect("yanmen_broker")
        c.rows("begin")
        add(c, 2)
        add(db.broker)
        before = seal(db)[0]
        if end == "rollback":
            c.rows("rollback")
        else:
            c.close()
            time.sleep(0.1)
        assert seal(db)[0] == before + 1
    assert verify(db)[3] is None and [r[0] for r in export(db)] == [1, 2]


def test_concurrent_writers_and_sealers_make_one_chain(db):
    stop, failures = threading.Event(), []

    def guarded(work, role):
        c = Connection(db.cluster, db.name, role)
        try:
            work(c)
        except Exception as e:  # told below: a thread's exception fails no test
            failures.append(e)
        finally:
            c.close()

    def write(c):
        for i in range(40):
            c.rows("begin")
            add(c, random.randint(1, 3), text=f"{i}")
            c.rows("rollback" if i % 10 == 9 else "commit")

    def keep_sealing(c):
        while not stop.is_set():
            c.rows("select * from audit.seal(7)")

    writers = [threading.Thread(target=guarded, args=(write, "yanmen_broker")) for _ in range(4)]
    sealers = [threading.Thread(target=guarded, args=(keep_sealing, "yanmen_sealer")) for _ in range(2)]
    for t in writers + sealers:
        t.start()
    for t in writers:
        t.join()
    stop.set()
    for t in sealers:
        t.join()
    assert failures == []
    head = seal(db, 100000)
    uids = [r[1] for r in export(db)]
    assert len(uids) == len(set(uids)) == head[0] == db.superuser.one("select count(*) from audit.event") > 100
    assert chain(export(db)) == head[1]


def test_heads_are_the_chains_and_stand_behind_their_event_in_the_export(db):
    add(db.broker, 2)
    seq, head, _ = seal(db)
    sign = "select audit.head_sign(%s, %s, %s, %s)"
    assert refused("YM404", db.sealer.rows, sign, seq, ZERO, 5, bytes(64)) == "no such head"
    refused("YM404", db.sealer.rows, sign, seq + 1, head, 5, bytes(64))
    with pytest.raises(psycopg2.errors.CheckViolation):
        db.sealer.rows(sign, seq, head, 5, b"short")
    for time_us in (5, 6, 6):
        db.sealer.rows(sign, seq, head, time_us, bytes(64))
    add(db.broker)
    seal(db)
    rows = [(r[0], r[1] is not None, r[7]) for r in db.broker.rows("select * from audit.export(1, 100)")]
    assert rows == [(1, True, None), (2, True, None), (2, False, 5), (2, False, 6), (3, True, None)]
    assert [(h[0], bytes(h[1]), h[2]) for h in db.broker.rows("select * from audit.heads(1, 100)")] == [(2, head, 5), (2, head, 6)]


# ---- tampering ----

def rewrite(db, sql):
    db.superuser.rows(f"set session_replication_role = replica; {sql}; reset session_replication_role")


@pytest.mark.parametrize("bad,why,sql", [
    (5, "changed", "update audit.event set body = replace(body, 'n', 'm') where id = {id}"),
    (5, "changed", "update audit.event set body = 'no json' where id = {id}"),
    (5, "changed", "update audit.event set actor = 'user:mallory' where id = {id}"),
    (5, "changed", "update audit.event set kind = 'other' where id = {id}"),
    (5, "changed", "update audit.event set uid = gen_random_uuid() where id = {id}"),
    (5, "event missing", "update audit.event set at = at + interval '1 microsecond' where id = {id}"),
    (5, "event missing", "delete from audit.event where id = {id}"),
    (5, "missing", "delete from audit.seal where seq = 5"),
    (5, "changed", "update audit.seal set hash = sha256('') where seq = 5"),
    (5, "changed", "update audit.seal set event_id = (select event_id from audit.seal where seq = 6) where seq = 5; "
                   "update audit.seal set event_id = {id} where seq = 6"),
    (5, "changed (what is searched)", "update audit.event set search = '' where id = {id}"),
    (5, "changed (what is searched)", "update audit.event set user_name = 'bob' where id = {id}"),
    (5, "changed (what is searched)", "update audit.event set session = gen_random_uuid() where id = {id}"),
    (8, "head differs", "delete from audit.seal where seq > 6"),
])
def test_verify_finds_what_a_superuser_changed(db, bad, why, sql):
    for n in range(8):
        add(db.broker, 1, n=n, user="alice")
    seq, head, _ = seal(db)
    db.sealer.rows("select audit.head_sign(%s, %s, 5, %s)", seq, head, bytes(64))
    assert verify(db) == (8, 8, head, None, None)
    event = db.superuser.one("select event_id from audit.seal where seq = 5")
    db.superuser.rows("alter table audit.seal drop constraint seal_event_id_key")
    try:
        rewrite(db, sql.format(id=event))
        assert verify(db)[3:] == (bad, why)
    finally:
        rewrite(db, "delete from audit.seal")
        db.superuser.rows("alter table audit.seal add constraint seal_event_id_key unique (event_id)")


# ---- append-only ----

def test_nobody_changes_or_empties_it_not_even_its_owner(db):
    add(db.broker, 3)
    seq, head, _ = seal(db)
    db.sealer.rows("select audit.head_sign(%s, %s, 5, %s)", seq, head, bytes(64))
    parts = [t for [t] in db.superuser.rows(PARTITIONS)]
    assert len(parts) >= 3
    for table in ["audit.event", "audit.seal", "audit.head"] + parts:
        refused("YM403", db.owner.rows, f"truncate {table} cascade")
        if db.superuser.one(f"select count(*) from {table}"):
            refused("YM403", db.owner.rows, f"delete from {table}")
            column = "kind" if "event" in table else "hash"
            refused("YM403", db.owner.rows, f"update {table} set {column} = {column}")
        for c in (db.broker, db.sealer):
            for sql in (f"delete from {table}", f"insert into {table} default values", f"truncate {table}",
                        f"select * from {table}"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    c.rows(sql)
    for sql in ("set session_replication_role = replica", "alter table audit.event disable trigger all",
                "select audit.add('x', 'y', '{}')",
                "drop trigger append_only on audit.event", "select audit.seal(1)", "update audit.cursor set id = 9",
                "select audit.refuse()"):
        with pytest.raises(psycopg2.Error):
            db.broker.rows(sql)
    assert verify(db) == (3, 3, head, None, None)


def test_a_command_that_fails_leaves_neither_its_change_nor_its_audit_row(db):
    before = len(db.events())
    with pytest.raises(Refused):
        db.api("group_put", group="g", target="x")
    c = db.connect("yanmen_broker")
    c.rows("begin")
    c.api("group_add", name="g")
    c.rows("rollback")
    assert len(db.events()) == before and db.api("group_list") == []


# ---- months ----

def test_each_month_has_its_partition_made_in_advance_or_on_demand(db):
    db.broker.rows("select api.maintain()")
    assert db.superuser.one("""select to_regclass('audit.event_' || to_char(now() at time zone 'UTC' + interval '1 month',
        'YYYY_MM')) is not null""")
    edge = 1893455999999999  # 2029-12-31 23:59:59.999999
    for at_us in (edge, edge + 1):
        db.spool(str(uuid.uuid4()), "login.ok", {}, at_us)
    made = {m for [m] in db.superuser.rows(PARTITIONS)}
    assert {"audit.event_2029_12", "audit.event_2030_01"} <= made
    assert [db.superuser.one(f"select count(*) from audit.event_{m}") for m in ("2029_12", "2030_01")] == [1, 1]
    refused("YM403", db.owner.rows, "truncate audit.event_2030_01")
    refused("YM403", db.owner.rows, "delete from audit.event_2030_01")
    assert seal(db)[2] == 2 and chain(export(db)) == seal(db)[1]


def test_two_writers_may_need_a_new_month_at_once(db):
    at_us, failures = 1956528000000000 + random.randrange(10**6), []

    def write():
        c = Connection(db.cluster, db.name, "yanmen_broker")
        try:
            c.rows("begin")
            c.rows("select api.spool_apply(gen_random_uuid(), %s, 'login.ok', '{}')", at_us)
            c.rows("commit")
        except Exception as e:  # told below
            failures.append(e)
        finally:
            c.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == [] and db.superuser.one("select count(*) from audit.event") == 6


# ---- doctor ----

def test_doctor_tells_what_waits_to_be_chained(db):
    def state():
        return next(r for r in db.api("doctor") if r["name"] == "audit chain")["state"]

    add(db.broker)
    assert state() == "fail"
    seal(db)
    assert state() == "ok"


# ---- dump and restore ----

def test_a_dump_restored_elsewhere_verifies_and_goes_on(db):
    for _ in range(30):
        add(db.broker, 1, text="before")
    db.superuser.rows("do $$ begin for i in 1 .. 3000 loop perform pg_current_xact_id(); commit; end loop; end $$")
    add(db.broker, 5, text="chained")
    seq, head, _ = seal(db)
    add(db.broker, 2, text="not chained yet")
    tools = {"env": os.environ | {"PGHOST": str(db.cluster.run), "PGUSER": "postgres"}, "check": True, "cwd": "/"}
    dump = subprocess.run([BIN / "pg_dump", "--no-sync", "ym"], stdout=subprocess.PIPE, **tools).stdout
    other = Cluster()
    try:
        other.create("ym")
        tools["env"]["PGHOST"] = str(other.run)
        subprocess.run([BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "ym"], input=dump, stdout=subprocess.DEVNULL, **tools)
        restored = Database(other, "ym")
        xids = "select (select max(xid)::text::bigint from audit.event), pg_current_xact_id()::text::bigint"
        [[there, here]] = restored.superuser.rows(xids)
        assert there > here  # or this test shows nothing
        assert verify(restored) == (seq, seq, head, None, None)
        add(restored.broker, 3, text="after")
        numbers = [seal(restored)[0] for _ in range(4)]
        assert numbers[0] == seq + 2 and numbers[-1] == seq + 5
        rows = export(restored)
        assert [json.loads(r[5])["text"] for r in rows[-5:]] == ["not chained yet"] * 2 + ["after"] * 3
        assert chain(rows) == seal(restored)[1]
        refused("YM403", restored.owner.rows, "delete from audit.event")
        assert restored.superuser.rows("select version from yanmen.schema_version order by 1") == db.superuser.rows(
            "select version from yanmen.schema_version order by 1")
        restored.close()
    finally:
        other.stop()
