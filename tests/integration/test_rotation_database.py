"""Rotation of accounts of databases, through the gateway: a real MariaDB, and a double of SQL Server."""

import shutil
import tempfile
from pathlib import Path

import pytest
from harness.database import OLD, database, tls_key
from harness.mariadb import MariaDB, certificate
from harness.tds_double import SqlServer
from harness.wait import until


@pytest.fixture(scope="module")
def folder():
    path = Path(tempfile.mkdtemp(prefix="rotation-db-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def mariadb(folder):
    server = MariaDB(folder)
    server.sql(f"create user app@'%' identified by '{OLD}'; create user other@'%' identified by '{OLD}'; "
               f"create user aged@'%' identified by '{OLD}'; create user gone@'%' identified by '{OLD}'")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def sqlserver(folder):
    double = SqlServer(*certificate(folder, "mssql"), {"app": OLD})
    yield double
    double.stop()


def logs_in(mariadb, account, password):
    return mariadb.client("-h127.0.0.1", f"-P{mariadb.port}", f"-u{account}", f"-p{password}", "--ssl", stdin="select 1").returncode == 0


def test_an_account_of_mariadb(instance, mariadb, folder):
    target = database(instance, "mysql", mariadb.port, mariadb.certificate, "app", "other")
    answer = instance.ok("account", "rotate", target, "app", seconds=200)
    assert (answer["state"], answer["say"]) == ("current", "")
    assert not logs_in(mariadb, "app", OLD)
    assert instance.ok("account", "rotate", target, "app", seconds=200)["state"] == "current"  # what is sealed is the right one
    refused = instance.cli("account", "rotate", target, "app", "--via", "other")
    assert refused.code == 1 and "its own password alone" in refused.stderr
    mariadb.sql("set global read_only=on")
    try:
        answer = instance.ok("account", "rotate", target, "other", seconds=200)
    finally:
        mariadb.sql("set global read_only=off")
    assert (answer["state"], answer["say"]) == ("failed", "the target did not take the new password")
    assert logs_in(mariadb, "other", OLD)
    wrong, _ = certificate(folder, "wrong")
    instance.ok("target", "set", target, "--tls-key", tls_key(wrong))
    refused = instance.cli("account", "rotate", target, "other")
    assert "suspended" in refused.stderr  # another key, so the credentials are entered again
    instance.ok("account", "set", target, "other", "--password-file", instance.file(OLD))
    answer = instance.ok("account", "rotate", target, "other", seconds=200)
    assert answer["state"] == "failed" and answer["say"].startswith("the target shows another key")
    assert logs_in(mariadb, "other", OLD)


def test_an_account_of_sql_server(instance, sqlserver, folder):
    target = database(instance, "sqlserver", sqlserver.port, folder / "mssql.pem", "app")
    for sqlserver.fault in None, None, "close":  # at last it is changed, but nobody says so
        before = sqlserver.accounts["app"]
        answer = instance.ok("account", "rotate", target, "app", seconds=200)
        assert (answer["state"], answer["say"]) == ("current", "")
        assert sqlserver.accounts["app"] != before
    before = sqlserver.accounts["app"]
    sqlserver.fault = "close before"
    answer = instance.ok("account", "rotate", target, "app", seconds=200)
    sqlserver.fault = None
    assert answer["state"] == "unsure" and sqlserver.accounts["app"] == before
    answer = instance.ok("account", "settle", answer["id"], seconds=200)
    assert (answer["state"], answer["say"]) == ("failed", "the old password still holds: the target did not take the new one")
    sqlserver.fault = "routed"  # a server of a kind that is not known here
    answer = instance.ok("account", "rotate", target, "app", seconds=200)
    sqlserver.fault = None
    assert (answer["state"], answer["say"]) == ("failed", "the server, or its way to log in, is not known here")
    made = [s for s in sqlserver.statements if s.startswith("ALTER")]
    assert len(made) == 4 and not any(p in instance.log_tail(3000) for p in (OLD, sqlserver.accounts["app"]))


def test_a_policy_and_a_leaver_reach_databases(instance, mariadb):
    target = database(instance, "mysql", mariadb.port, mariadb.certificate, "aged", "gone")
    policy, leaver = instance.name("p"), instance.user()
    instance.ok("rotation", "add", policy, "--target", target, "--account", "aged", "--every", "30")
    instance.sql(f"update yanmen.account a set rotated_at = now() - interval '32 days' from yanmen.target t where t.id = a.target_id and t.name = '{target}' "
                 "and a.name = 'aged'")
    instance.grant(leaver, target, account="gone")
    assert instance.ok("user", "disable", leaver.name, "--rotate")["rotated"] == 1

    def states():
        rows = {r["account"]: (r["why"], r["state"]) for r in instance.ok("account", "rotations", "--target", target)}
        return rows == {"aged": ("policy", "current"), "gone": ("leaver", "current")}
    until(states, 120, "the clock's rotations")
    instance.ok("rotation", "remove", policy)
    assert not logs_in(mariadb, "aged", OLD) and not logs_in(mariadb, "gone", OLD)


def test_a_key_that_is_none_is_refused(instance):
    name = instance.name("db")
    instance.ok("target", "add", name, "--kind", "mysql", "--address", "127.0.0.1:9", "--cluster", "samples")
    for key in ("sha256//AAAA", "x", "sha256//" + 43 * "A" + "B"):
        assert "SHA-256" in instance.cli("target", "set", name, "--tls-key", key).stderr
    assert "database" in instance.cli("target", "set", instance.demo, "--tls-key", "sha256//" + 43 * "A" + "=").stderr
    instance.ok("account", "set", name, "app", "--password-file", instance.file(OLD))
    assert "TLS key is not known" in instance.cli("account", "rotate", name, "app").stderr
