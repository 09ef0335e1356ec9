"""What clients send every day is not refused where writes are; who knows less of a session tells no less; rows as servers of a known version read them."""

import collections
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from harness.mysql_server import MariaDB
from harness.sql_classifier import told
from harness.sql_rows import SPOKEN, Row, corpus

SERVERS = {"mariadb": ("mariadb", "10.11.19"), "mysql5": ("mysql", "5.6.24"), "mysql8": ("mysql", "9.7.4")}
# What "deny DDL and writes" lets pass. LOCK: dumps lock what they read; PREPARE counts with what it prepares.
HARMLESS = {"SELECT", "SHOW", "EXPLAIN", "SET", "USE", "TCL", "LOCK", "PREPARE", "EXECUTE", "DEALLOCATE", "EMPTY",
            "MULTI", "LEXMODE", "VERSION_COMMENT", "TAUTOLOGY"}
SHOP = """create database shop; use shop;
create table customer(id int auto_increment primary key, name varchar(50) not null, mail varchar(80) unique, made timestamp default now());
create table orders(id int primary key, customer int, total decimal(10,2), foreign key(customer) references customer(id) on delete cascade);
insert into customer(name) values('ann'),('bob'); insert into orders values(1,1,9.5);
create view big as select * from orders where total>5; create procedure p(in a int) select a; create function f(a int) returns int return a*2;
create trigger tr before insert on orders for each row set new.total=0; create event ev on schedule every 1 year do delete from orders;"""
CLIENTS = (("mariadb", "--auto-rehash", "-e", "show databases; use shop; show tables; desc orders; status; help select; show create table customer", "shop"),
           ("mariadb-show", "shop"), ("mariadb-show", "--count", "shop"), ("mariadb-show", "shop", "customer"),
           ("mariadb-admin", "status", "version", "variables", "extended-status", "processlist", "ping"), ("mariadb-dump", "shop"),
           ("mariadb-dump", "--single-transaction", "--routines", "--events", "--triggers", "--hex-blob", "--databases", "shop"),
           ("mariadb-dump", "--no-data", "--skip-lock-tables", "shop"), ("mariadb-dump", "--where=id>0", "--complete-insert", "shop", "customer"),
           ("mariadb-dump", "--xml", "shop", "orders"))
NOBODY_KNOWS = {"version": None, "mode": "NO_SUCH_MODE", "charset": "no_such_set"}
NOT_LESS = {"EMPTY", "UNPARSED"}  # another reading may have something in it, and that is told


def rows_of(server, pattern="*.tsv"):
    return [row for row in corpus(pattern) if row.dialect in SPOKEN[server]]


@pytest.mark.parametrize("server", SERVERS)
def test_every_row_is_told_as_it_says_when_the_version_is_known(server):
    dialect, version = SERVERS[server]
    wrong = [f"{row}\n    {', '.join(sorted(classes))}; missing {sorted(missing)}, too much {sorted(much)}"
             for row, classes in told(rows_of(server, "ev*_*.tsv"), dialect, version) for missing, much in [row.wrong(classes)] if missing or much]
    assert not wrong, f"{len(wrong)} rows\n" + "\n".join(wrong)


@pytest.mark.parametrize("unknown", ("version", "mode", "charset"))
@pytest.mark.parametrize("server", SERVERS)
def test_who_knows_less_tells_no_less(server, unknown):
    """A server's version, mode or character set that nobody knows: what is told when it is known is told then too, or it is not read at all."""
    dialect, version = SERVERS[server]
    rows = rows_of(server)
    blind = [replace(row, context=row.context | {unknown: NOBODY_KNOWS[unknown]}) for row in rows]
    less = []
    for (row, known), (_, classes) in zip(told(rows, dialect, version), told(blind, dialect, version)):
        missing = known - classes - NOT_LESS
        if missing and "UNPARSED" not in classes:
            less.append(f"{row}\n    {', '.join(sorted(classes))} without {', '.join(sorted(missing))}")
    assert not less, f"{len(less)} rows\n" + "\n".join(less)


@pytest.mark.parametrize("server", SERVERS)
def test_what_clients_send_to_read_is_harmless(server):
    dialect, version = SERVERS[server]
    rows = rows_of(server, "everyday_clients.tsv") + rows_of(server, "everyday_more.tsv")
    assert len(rows) > 250
    blocked = [f"{row}\n    {', '.join(sorted(classes - HARMLESS))}" for row, classes in told(rows, dialect, version) if classes - HARMLESS]
    assert not blocked, f"{len(blocked)} of {len(rows)}\n" + "\n".join(blocked)


@pytest.fixture(scope="module")
def heard():
    """What the clients of this machine send to a MariaDB to look about and to dump, from its own log."""
    folder = Path(tempfile.mkdtemp(prefix="heard-"))
    server = MariaDB(folder)
    server.sql(SHOP)
    server.sql("create user app@'%'; grant all on *.* to app@'%'; create user app@localhost; grant all on *.* to app@localhost; "
               "set global log_output='TABLE'; set global general_log=1")
    for argv in CLIENTS:
        done = subprocess.run([argv[0], "--no-defaults", "-uapp", "-h127.0.0.1", f"-P{server.port}", *argv[1:]], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
    logged = server.sql("select distinct hex(argument) from mysql.general_log where command_type in ('Query', 'Prepare') and user_host like 'app%'")
    yield [bytes.fromhex(line) for line in logged.split()]
    server.stop()
    shutil.rmtree(folder)


def test_what_the_clients_of_this_machine_send_is_harmless(heard):
    assert len(heard) > 50 and any(b"SQL_NO_CACHE" in sql for sql in heard)
    rows = [Row("heard", "mariadb", sql, ()) for sql in heard]
    blocked = [f"{row}: {', '.join(sorted(classes - HARMLESS))}" for row, classes in told(rows, *SERVERS["mariadb"]) if classes - HARMLESS]
    assert not blocked, "\n".join(blocked)


def test_each_row_is_there_once():
    keys = collections.Counter((row.where.partition(":")[0], row.dialect, tuple(sorted(row.context.items())), row.sql) for row in corpus())
    assert not [key for key, times in keys.items() if times > 1]
