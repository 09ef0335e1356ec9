"""Accounts of databases change their own passwords: a real MariaDB, and doubles of MySQL 8 and SQL Server.

What a caller must be able to tell apart after a failure: nothing was changed, or it is not known.
"""

import hashlib
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness.build import PREFIX
from harness.mariadb import PLUGINS, MariaDB, certificate
from harness.mysql_double import MySQL
from harness.tds_double import SqlServer

TRY = PREFIX.parent / "tests/integration/rotate/rotate_try"
OLD, NEW = "Old-password-1", "It's a \"new\" [one]; -- 42"


@pytest.fixture(scope="module")
def folder():
    path = Path(tempfile.mkdtemp(prefix="rotate-"))
    yield path
    shutil.rmtree(path)


class Means:
    """rotate_try against one server."""

    def __init__(self, folder, kind, where, tls):
        self.folder, self.kind, self.where, self.tls = folder, kind, where, tls

    def secret(self, text):
        path = self.folder / hashlib.sha256(text.encode()).hexdigest()
        path.write_text(text)
        return path

    def run(self, verb, account, *secrets, tls=None, milliseconds=60000):
        done = subprocess.run([TRY, self.kind, verb, str(self.where), tls or self.tls, account, *map(self.secret, secrets)],
                              capture_output=True, text=True, timeout=120, env={"YANMEN_TRY_MS": str(milliseconds)})
        assert done.returncode in (0, 1), done.stderr
        code, words = done.stdout.split("\n")[0].split("\t")
        assert not any(s in done.stdout + done.stderr for s in secrets), "a secret was told"
        return code, words

    def change(self, account, old, new, **options):
        return self.run("change", account, old, new, **options)[0]

    def verify(self, account, secret, **options):
        return self.run("verify", account, secret, **options)[0]

    def turn(self, account, old, new):
        """Changes it, and shows that the new one holds and the old one does not."""
        assert self.change(account, old, new) == "0"
        assert (self.verify(account, new), self.verify(account, old)) == ("0", "EACCES")


@pytest.fixture(scope="module")
def other(folder):
    return certificate(folder, "other")[0]


@pytest.fixture(scope="module")
def mariadb(folder):
    server = MariaDB(folder)
    server.sql("set global general_log=on; "
               f"create user native@'%' identified by '{OLD}';"
               f"create user mode@'%' identified by '{OLD}'; create user expired@'%' identified by '{OLD}' password expire;"
               f"create user locked@'%' identified by '{OLD}' account lock;")
    yield server
    server.stop()


@pytest.fixture
def maria(folder, mariadb):
    return Means(folder, "mysql", mariadb.port, f"ca:{mariadb.certificate}")


def test_accounts_of_mariadb_keep_their_plugin(mariadb, maria):
    before = mariadb.sql("select user, plugin from mysql.user order by user")
    for account in "native", "expired":
        maria.turn(account, OLD, NEW)
    assert mariadb.sql("select user, plugin from mysql.user order by user") == before
    client = mariadb.client("-h127.0.0.1", f"-P{mariadb.port}", "-unative", f"-p{NEW}", "--ssl", stdin="select current_user()")
    assert client.stdout == "native@%\n", client.stderr
    for account in "native", "expired":
        assert maria.change(account, NEW, OLD) == "0"
    logs = b"".join(p.read_bytes() for p in (mariadb.folder / "data").glob("*-bin.0*"))
    assert b"SET PASSWORD" in logs and NEW[-9:].encode() not in logs


@pytest.mark.skipif(not (PLUGINS / "auth_ed25519.so").exists(), reason="MariaDB's plugins could not be fetched: tools/setup/plugins")
def test_ed25519_and_a_check_of_passwords(mariadb, maria):
    mariadb.sql("install soname 'auth_ed25519'; install soname 'simple_password_check'; "
                f"create user ed@'%' identified via ed25519 using password('{OLD}');")
    maria.turn("ed", OLD, NEW)
    code, words = maria.run("change", "ed", NEW, "short")
    assert (code, "current policy requirements" in words) == ("EPERM", True), words
    assert mariadb.sql("select plugin from mysql.user where user='ed'") == "ed25519\n"
    mariadb.sql("uninstall soname 'simple_password_check'; drop user ed@'%'")


def test_a_literal_is_right_in_every_mode(mariadb, maria):
    odd = r"back\slash\' \\ and 'quotes' 9A"
    maria.turn("mode", OLD, odd)
    mariadb.sql("set global init_connect='set sql_mode=no_backslash_escapes'")
    try:
        maria.turn("mode", odd, odd + "\\")
        mariadb.sql("set global init_connect='set sql_mode=ansi_quotes, names gbk'")
        maria.turn("mode", odd + "\\", odd)
    finally:
        mariadb.sql("set global init_connect=''")
    assert maria.change("mode", odd, OLD) == "0"


def test_refusals_leave_the_password_as_it_was(mariadb, maria, other):
    mariadb.sql("set global read_only=on")
    code, words = maria.run("change", "native", OLD, NEW)
    mariadb.sql("set global read_only=off")
    assert (code, "--read-only" in words) == ("EPERM", True), words
    assert maria.change("native", OLD, "密码-is-not-ascii-9") == "EINVAL"
    assert maria.change("native", NEW, OLD) == "EACCES"
    assert maria.run("change", "locked", OLD, NEW) == ("EACCES", "Access denied, this account is locked")
    assert maria.change("native", OLD, NEW, tls="off") == "EKEYREJECTED"
    assert maria.change("native", OLD, NEW, tls=f"ca:{other}") == "EKEYREJECTED"
    assert maria.change("native", OLD, NEW, tls=f"pin:{other}") == "EKEYREJECTED"
    assert maria.verify("native", OLD) == "0"
    assert maria.verify("native", OLD, tls=f"pin:{mariadb.certificate}") == "0"
    assert maria.verify("native", OLD, tls="off") == "0"  # the answer to a challenge shows no password


def test_a_unix_socket_needs_no_tls(folder, mariadb):
    local = Means(folder, "mysql", mariadb.socket, "local")
    local.turn("native", OLD, NEW)
    local.turn("native", NEW, OLD)


@pytest.fixture
def mysql(folder):
    double = MySQL(*certificate(folder, "mysql"), {"app": OLD.encode()})
    yield double
    double.stop()


@pytest.fixture
def mssql(folder):
    double = SqlServer(*certificate(folder, "mssql"), {"app": OLD, "or]der": OLD})
    yield double
    double.stop()


def test_caching_sha2_password_in_full_and_from_its_cache(folder, mysql, mariadb):
    means = Means(folder, "mysql", mysql.port, f"ca:{folder}/mysql.pem")
    assert [means.verify("app", OLD) for _ in range(2)] == ["0", "0"]
    assert means.verify("app", OLD, tls="off") == "0"  # from the cache
    mysql.cached.clear()
    assert means.run("verify", "app", OLD, tls="off")[0] == "EACCES"
    means.turn("app", OLD, NEW)
    mysql.plugin = "mysql_native_password"  # the greeting's, with a switch to the account's
    means.turn("app", NEW, OLD)
    mysql.plugin = "sha256_password"
    assert means.verify("app", OLD) == "0"
    client = mariadb.client("-h127.0.0.1", f"-P{mysql.port}", "-uapp", f"-p{OLD}", "--ssl", "-e", "DO 0")
    assert client.returncode == 0, client.stderr


def test_alter_login_of_sql_server(folder, mssql):
    means = Means(folder, "tds", mssql.port, f"ca:{folder}/mssql.pem")
    means.turn("app", OLD, NEW)
    means.turn("or]der", OLD, NEW)
    assert mssql.logins[0] == {"user": "app", "host": "yanmen", "server": "localhost", "database": "master"}
    assert means.run("change", "app", NEW, "short") == ("EPERM", "Password validation failed. It does not meet policy requirements.")
    assert means.verify("app", NEW, tls=f"pin:{folder}/mssql.pem") == "0"
    for tls in "off", "local":
        assert means.verify("app", NEW, tls=tls) == "EKEYREJECTED"
    mssql.fault = "routed"
    assert means.verify("app", NEW) == "EOPNOTSUPP"


def test_freetds_logs_in_to_the_double(folder, mssql):
    conf = folder / "freetds.conf"
    conf.write_text(f"[double]\nhost = 127.0.0.1\nport = {mssql.port}\ntds version = 7.4\nencryption = require\n"
                    f"ca file = {folder}/mssql.pem\ncheck certificate hostname = no\n")
    for secret, known in (OLD, True), ("wrong-password", False):
        done = subprocess.run(["tsql", "-S", "double", "-U", "app", "-P", secret], input="exit\n", capture_output=True, text=True,
                              timeout=60, env={"FREETDSCONF": str(conf), "PATH": "/usr/bin", "LANG": "C.UTF-8"})
        assert (done.returncode == 0) == known, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["mysql", "tds"])
def test_what_a_failure_leaves_is_told(folder, mysql, mssql, kind):
    double, name = (mysql, "mysql") if kind == "mysql" else (mssql, "mssql")
    means = Means(folder, kind, double.port, f"ca:{folder}/{name}.pem")
    before = {"no TLS": "EKEYREJECTED", "lying length": "EMSGSIZE" if kind == "mysql" else "EPROTO"}
    before |= {"cut greeting": "EPROTO"} if kind == "mysql" else {"lying option": "EPROTO"}
    for double.fault, code in before.items():
        assert means.change("app", OLD, NEW) == code, double.fault
    assert double.statements == []
    for double.fault in "close before", "endless":
        assert means.change("app", OLD, NEW) == "EINPROGRESS", double.fault
    double.fault = "silent"
    assert means.change("app", OLD, NEW, milliseconds=4000) == "EINPROGRESS"
    double.fault = None
    if kind == "mysql":
        double.fault = "quoting"
        assert means.run("change", "app", OLD, NEW) == ("EPERM", "the database server refused the change")
    double.fault = "close"
    assert means.change("app", OLD, "Another-new-one-7") == "EINPROGRESS"
    double.fault = None
    assert means.verify("app", "Another-new-one-7") == "0", "it was made, only its answer was lost"


def test_a_server_that_is_silent_from_the_start(folder, mysql):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for kind in "mysql", "tds":
            means = Means(folder, kind, mute.getsockname()[1], f"ca:{folder}/mysql.pem")
            assert means.verify("app", OLD, milliseconds=300) == "ETIMEDOUT"
