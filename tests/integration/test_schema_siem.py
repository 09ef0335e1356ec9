"""schema: what the SIEM stream reads, how far it is, and what doctor says of it."""

import json

import psycopg2
import pytest

pytestmark = pytest.mark.schema

COLUMNS = "seq, uid, at, kind, actor, body, hash, user_name, target, account, session, ip, failed"


def rows(db, after=0, most=100, most_bytes=1 << 20):
    found = db.exporter.rows(f"select {COLUMNS} from siem.rows(%s, %s, %s)", after, most, most_bytes)
    return [dict(zip(COLUMNS.split(", "), row)) for row in found]


def add(db, n=1, **body):
    for i in range(n):
        db.superuser.rows("select audit.add('user:alice', 'login.refused', %s::jsonb)", json.dumps({"n": i, **body}))


def seal(db):
    db.sealer.rows("select audit.seal(1000)")


def doctor(db, *sinks):
    found = db.broker.one("select api.doctor(%s::jsonb, %s::jsonb)", json.dumps({"actor": "local:0", "role": "admin"}),
                          json.dumps({"siem": sinks}))
    return {r["name"]: r for r in found if r["name"].startswith("SIEM")}


def test_only_sealed_rows_are_given_in_the_order_of_the_chain(db):
    add(db, 3, user="alice", target="web01", address="192.0.2.7", account="root", outcome="no")
    assert rows(db) == []
    seal(db)
    found = rows(db)
    assert [r["seq"] for r in found] == [1, 2, 3]
    assert [json.loads(r["body"])["n"] for r in found] == [0, 1, 2]
    first = found[0]
    assert (first["user_name"], first["target"], first["account"], first["ip"], first["failed"]) == (
        "alice", "web01", "root", "192.0.2.7", True)
    assert first["at"].endswith("Z") and len(first["at"]) == 27 and len(first["hash"]) == 64
    assert [r["seq"] for r in rows(db, after=1, most=1)] == [2]
    assert rows(db, after=3) == []
    exported = db.broker.rows("select seq, encode(hash, 'hex') from audit.export(1, 100) where uid is not null")
    assert exported == [(r["seq"], r["hash"]) for r in found]


def test_a_page_is_bounded_by_bytes_and_gives_one_row_however_long(db):
    add(db, 3, text="x" * 1000)
    seal(db)
    assert [r["seq"] for r in rows(db, most_bytes=2300)] == [1, 2]
    assert [r["seq"] for r in rows(db, most_bytes=1)] == [1]
    assert len(rows(db, most=-5)) == 1


def test_what_is_no_address_is_no_ip_and_long_names_are_cut(db):
    add(db, address="local", user="x" * 1000)
    seal(db)
    [row] = rows(db)
    assert row["ip"] is None and row["user_name"] == "x" * 255 and json.loads(row["body"])["user"] == "x" * 1000


@pytest.mark.parametrize("body, failed", [({}, False), ({"outcome": "ok"}, False), ({"outcome": "login refused"}, True),
                                          ({"state": "closed"}, False), ({"state": "crashed"}, True), ({"state": "failed"}, True)])
def test_a_row_says_whether_it_tells_of_a_failure(db, body, failed):
    add(db, **body)
    seal(db)
    assert rows(db)[0]["failed"] is failed


def test_a_body_that_was_altered_does_not_stop_the_stream(db):
    add(db, 2)
    seal(db)
    db.superuser.rows("set session_replication_role = replica; update audit.event set body = '{broken' where body ~ '0'; "
                      "reset session_replication_role")
    assert [json.loads(r["body"]) for r in rows(db)] == ["{broken", {"n": 1}]


def test_a_sink_moves_forward_only_and_never_beyond_what_is_sealed(db):
    add(db, 5)
    seal(db)
    assert db.exporter.one("select siem.start('syslog', 'tcp://h:1')") == 0
    def report(seq, state="ok"):
        db.exporter.rows("select siem.report('syslog', %s, %s, '', '')", seq, state)
    report(3)
    report(2)
    assert db.exporter.one("select siem.start('syslog', 'tcp://other:1')") == 3
    report(99)
    assert db.exporter.one("select siem.start('syslog', 'tcp://h:1')") == 5
    assert db.exporter.one("select siem.start('file', '/x')") == 0
    with pytest.raises(psycopg2.errors.RaiseException):
        db.exporter.rows("select siem.report('nosuch', 1, 'ok', '', '')")
    with pytest.raises(psycopg2.errors.CheckViolation):
        db.exporter.one("select siem.start('mail', 'x')")


def test_away_and_back_are_one_audit_row_each(db):
    db.exporter.one("select siem.start('syslog', 'tcp://h:1')")
    for state, why in (("ok", ""), ("away", "connect"), ("away", "stalled"), ("ok", ""), ("ok", "")):
        db.exporter.rows("select siem.report('syslog', 0, %s, %s, 'Connection refused')", state, why)
    assert [(e["kind"], e["actor"], e.get("reason"), e["destination"]) for e in db.events() if e["kind"].startswith("siem")] == [
        ("siem.away", "system", "connect", "tcp://h:1"), ("siem.back", "system", None, "tcp://h:1")]


def test_the_exporter_reads_no_table_and_runs_nothing_else(db):
    for statement in ("select * from siem.sink", "select * from audit.event", "select audit.seal(1)", "select siem.doctor('[]')",
                      "select * from audit.export(1, 10)", "update siem.sink set seq = 0"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            db.exporter.rows(statement)


def test_doctor_is_silent_without_a_siem_and_tells_what_to_mend(db):
    assert doctor(db) == {}
    assert not any(r["name"].startswith("SIEM") for r in db.api("doctor"))
    assert doctor(db, "file")["SIEM file"]["state"] == "fail"
    db.exporter.one("select siem.start('syslog', 'tls://siem.example:6514')")
    add(db, 2)
    seal(db)
    assert doctor(db, "syslog")["SIEM syslog"] == {
        "name": "SIEM syslog", "state": "ok", "say": "tls://siem.example:6514: row 0 has arrived, 2 on their way"}
    db.exporter.rows("select siem.report('syslog', 1, 'away', 'certificate', 'hostname mismatch')")
    found = doctor(db, "syslog")["SIEM syslog"]
    assert found["state"] == "warn" and "siem.ca must be who signed it" in found["say"]
    assert "(hostname mismatch)" in found["say"] and "1 rows wait since" in found["say"]
    for why in ("name", "connect", "tls", "closed", "stalled", "files", "space", "denied", "file", "another"):
        db.exporter.rows("select siem.report('syslog', 1, 'away', %s, '')", why)
        say = doctor(db, "syslog")["SIEM syslog"]["say"]
        assert say.startswith("tls://siem.example:6514: ") and f"({why}); 1 rows wait since 20" in say, say
    db.superuser.rows("update siem.sink set told_at = now() - interval '2 minutes'")
    assert doctor(db, "syslog")["SIEM syslog"]["state"] == "fail"


def test_doctor_says_when_a_sink_that_works_is_far_behind(db):
    db.exporter.one("select siem.start('file', '/var/log/yanmen/audit.jsonl')")
    db.superuser.rows("select audit.add('system', 'login.ok', '{}', gen_random_uuid(), now() - interval '20 minutes')")
    seal(db)
    found = doctor(db, "file")["SIEM file"]
    assert (found["state"], found["say"]) == ("warn", "/var/log/yanmen/audit.jsonl: 20 minutes behind, 1 rows to go")
