"""The MySQL worker alone, with a real MariaDB behind it and real clients in front: logins, statements, replies, faults."""

import hashlib
import socket
import subprocess
import threading
import time

import MySQLdb
import pymysql
import pytest
from harness.build import PROGRAMS
from harness.mariadb import MariaDB, certificate
from harness.sqlworker import ALLOW, APPROVE, DENY, INFILE, QUERY, SqlGate, SqlWorker, rule
from harness.wait import until

PASSWORD = "target-Password-1"


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory):
    server = MariaDB(tmp_path_factory.mktemp("mariadb"))
    server.sql(f"create database shop character set utf8mb4; create user app@'127.0.0.1' identified by '{PASSWORD}'; grant all on *.* to app@'127.0.0.1';"
               "create table shop.goods (id int primary key auto_increment, name varchar(100)) engine=innodb;"
               "set names utf8mb4; insert into shop.goods (name) values ('tea'), ('茶');"
               "set global max_allowed_packet=64*1024*1024; set global local_infile=1")
    yield server
    server.stop()


def pin_of(path):
    der = subprocess.run(f"openssl x509 -in {path} -pubkey -noout | openssl pkey -pubin -outform der", shell=True, check=True,
                         capture_output=True).stdout
    return hashlib.sha256(der).digest()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("own"), "gate")


@pytest.fixture
def gate(mariadb, own, tmp_path):
    g = SqlGate(PROGRAMS / "yanmen-mysql", ("127.0.0.1", mariadb.port), pin_of(mariadb.certificate), "app", PASSWORD, own)
    g.log = open(tmp_path / "log", "w")
    yield g
    g.close()
    g.log.close()
    print(open(tmp_path / "log").read())


def connect(gate, user="alice", password="secret", **more):
    more = {"database": "shop", "charset": "utf8mb4", "ssl": {"ssl": True}} | more
    return pymysql.connect(host="127.0.0.1", port=gate.port, user=user, password=password, **more)


def one(connection, sql, args=None):
    with connection.cursor() as c:
        c.execute(sql, args)
        return c.fetchall()


def refused(connection, sql):
    with pytest.raises(pymysql.MySQLError) as e:
        one(connection, sql)
    return e.value.args


def test_a_login_by_password_in_tls_and_a_query(gate):
    c = connect(gate)
    assert one(c, "select id, name from goods") == ((1, "tea"), (2, "茶"))
    c.close()
    w = gate.last().over()
    assert [s["sql"] for s in w.statements() if "goods" in s["sql"]]
    assert all(o["ok"] for o in w.outcomes()) and len(w.outcomes()) == len(w.statements())
    assert w.named("end")[0]["reason"] == b"logout"
    assert b"MariaDB" in w.named("reached")[0]["detail"]
