"""Rotation, and a process that dies at each of its states: never are both passwords lost."""

import subprocess

import pytest
from harness import procs
from harness.database import OLD, database
from harness.machine import Machine
from harness.mariadb import certificate
from harness.tds_double import SqlServer
from harness.wait import until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def machine(own_instance):
    m = Machine(own_instance)
    try:
        yield m.start()
    finally:
        m.end()


@pytest.fixture(scope="module")
def target(own_instance, machine):
    return own_instance.target(machine.port, machine.account("root"))


def worker_at(instance, port):
    """The SSH worker that talks with that port."""
    inodes = {int(r[9]) for r in procs.tcp_table() if int(r[2].rpartition(":")[2], 16) == port and r[3] == "01"}
    return next((pid for pid in instance.pids("ssh") if procs.sockets(pid) & inodes), None)


def last(instance, target, account):
    return instance.ok("account", "rotations", "--target", target, "--account", account.name)[0]


def holds(instance, target, account, machine):
    """A session through the gateway; and it is one of the two passwords."""
    user = instance.user()
    instance.grant(user, target, account=account.name)
    return instance.ssh(user, "true", login=instance.login(user, target, account.name)).returncode == 0


@pytest.mark.parametrize("victim", ["broker", "vault", "worker"])
def test_a_process_that_dies_while_the_target_changes_the_password(own_instance, machine, target, victim):
    i = own_instance
    account = machine.account(sudo="NOPASSWD: ALL")
    old = account.password_file.read_text().strip()
    i.ok("account", "set", target, account.name, "--password-file", account.password_file)
    machine.holds()
    asking = subprocess.Popen(i.cli_argv("account", "rotate", target, account.name, "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    machine.asked()
    assert last(i, target, account)["state"] == "sent"
    procs.kill_hard(worker_at(i, machine.port) if victim == "worker" else i.pids(victim)[0])
    machine.let_go()
    until(i.healthy, 60, "the gateway after it")
    asking.wait(200)
    machine.behaves("")

    def settled():
        run = last(i, target, account)
        if run["state"] == "unsure":  # not in a minute, now; somebody else may be at it just then
            i.cli("account", "settle", run["id"], seconds=200)
        return run["state"] in ("current", "failed")
    until(settled, 200, "a settled rotation")
    state = last(i, target, account)["state"]
    assert machine.takes(account, old) == (state == "failed")
    assert holds(i, target, account, machine)


def test_a_worker_that_dies_while_a_database_changes_the_password(own_instance, tmp_path):
    i = own_instance
    double = SqlServer(*certificate(tmp_path, "mssql"), {"app": OLD})
    target = database(i, "sqlserver", double.port, tmp_path / "mssql.pem", "app")
    double.fault = "silent"  # it was told, and does nothing
    asking = subprocess.Popen(i.cli_argv("account", "rotate", target, "app", "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    until(lambda: double.statements, 60, "the statement")
    procs.kill_hard(worker_at(i, double.port))
    double.fault = None
    assert b'"unsure"' in asking.communicate(timeout=200)[0]
    run = i.ok("account", "settle", i.ok("account", "rotations", "--target", target)[0]["id"], seconds=200)
    assert run["state"] == "failed" and double.accounts["app"] == OLD
    assert i.ok("account", "rotate", target, "app", seconds=200)["state"] == "current"
    double.stop()


def test_a_broker_that_dies_before_anything_is_sent(own_instance, machine, target):
    """In the middle of the step that writes the sealed password down."""
    i = own_instance
    account = machine.account(sudo="NOPASSWD: ALL")
    i.ok("account", "set", target, account.name, "--password-file", account.password_file)
    i.sql("create function yanmen.stands() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$; "
          "create trigger stands before update on yanmen.rotation for each row when (new.state = 'sealed') execute function yanmen.stands()")
    try:
        asking = subprocess.Popen(i.cli_argv("account", "rotate", target, account.name, "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: i.sql(f"select state from yanmen.rotation where account = '{account.name}'") == ["planned"], 30, "a planned one")
        procs.kill_hard(i.pids("broker")[0])
        asking.wait(60)
    finally:
        i.sql("drop trigger stands on yanmen.rotation; drop function yanmen.stands()")
    until(i.healthy, 60, "the gateway after it")
    until(lambda: last(i, target, account)["state"] == "failed", 60, "a failed one")
    assert machine.takes(account, account.password_file.read_text().strip()) and holds(i, target, account, machine)
    assert i.ok("account", "rotate", target, account.name, seconds=200)["state"] == "current"
