"""The double of SQL Server is one that real clients take for it: every way to encrypt, what they ask at the start, parameters, prepared
statements, cursors, transactions, errors, attention, big answers, packet sizes, routing.  And what it sends when it is hostile.

Heavy clients run where they are: tedious with `npm install --prefix build-tds tedious`, jTDS with the packages libjtds-java and a JDK.
"""

import socket
import struct
import subprocess
import threading
from pathlib import Path

import pymssql
import pyodbc
import pytds
import pytest
from harness.build import PREFIX
from harness.mariadb import certificate
from harness.tds.clients import freetds, jtds, tedious, tsql
from harness.tds.server import HOSTILE, TdsServer
from harness.tds.wire import ATTENTION, REPLY
from harness.wait import until

ROOT = Path(__file__).resolve().parents[2]
TRY = PREFIX.parent / "tests/integration/tds/tds_try"
ACCOUNTS = {"sa": "Pass-1"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tds"), "mssql")


@pytest.fixture
def start(files):
    """start(mode, ...): a double; all of them end with the test, and none may have broken."""
    running = []

    def one(mode="on", **options):
        running.append(TdsServer(*files, options.pop("accounts", ACCOUNTS), mode=mode, **options))
        return running[-1]
    yield one
    for server in running:
        server.stop()
        understood(server)


def codecs(rank, said):
    """What the gateway's codecs read in it."""
    name = {70: 1, 71: 2, 72: 3, 73: 4, 73.5: 5, 74: 6, 80: 7}[rank]
    data = b"".join(struct.pack("<cBBI", who.encode(), name, kind, len(body)) + body for who, kind, body in said if kind != ATTENTION)
    done = subprocess.run([TRY], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


def understood(server):
    """Everything that real clients and the double said to each other is understood, and the statements are those that the double ran."""
    statements = []
    for rank, said in server.said if server.fault is None else ():
        lines = codecs(rank, said)
        assert not [line for line in lines if line.startswith("refused")], lines
        assert lines.count("answer") == sum(who == "s" for who, _, _ in said)
        statements += [line.removeprefix("statement ") for line in lines if line.startswith("statement ")]
    if server.fault is None:
        assert sorted(statements) == sorted(s.replace("\r", " ").replace("\n", " ") for s in server.statements)


@pytest.mark.parametrize("mode, asked, cover", [
    ("off", "request", "login"), ("off", "require", "all"), ("off", "off", "nothing"),
    ("on", "request", "all"), ("on", "require", "all"), ("on", "off", "nothing"),
    ("not supported", "request", "nothing"), ("not supported", "off", "nothing"), ("not supported", "require", None),
    ("required", "request", "all"), ("required", "require", "all"), ("required", "off", None),
])
def test_every_pair_of_encryptions_ends_as_the_specification_says(start, tmp_path, mode, asked, cover):
    server = start(mode)
    answer = tsql(freetds(tmp_path, server.port, asked), "SELECT 6*7, N'雁门'")
    if cover is None:
        assert server.logins == [] and "42" not in answer
    else:
        assert [login["cover"] for login in server.logins] == [cover]
        assert "42\t雁门" in answer


@pytest.mark.parametrize("version", ["7.0", "7.1", "7.2", "7.3", "7.4"])
def test_every_version_reads_rows_errors_and_counts(start, tmp_path, version):
    env = freetds(tmp_path, start().port, version=version)
    answer = tsql(env, "CREATE TABLE t (id int, a text) INSERT INTO t VALUES (1, 'one') INSERT INTO t VALUES (2, NULL) SELECT id, a FROM t "
                       f"PRINT 'said' SELECT '{'x' * 5000}' SELECT * FROM nosuch")
    assert "1\tone" in answer and "2\tNULL" in answer and "said" in answer and "x" * 4000 in answer
    assert "Invalid object name 'nosuch'" in answer and "Msg 208" in answer


def test_a_login_that_is_wrong_is_told_why(start, tmp_path):
    server = start()
    env = freetds(tmp_path, server.port)
    assert "Login failed for user 'sa'" in tsql(env, "SELECT 1", password="wrong")
    assert 'Cannot open database "nosuchdb"' in tsql(env, "SELECT 1", "-D", "nosuchdb")
    assert "database" in tsql(env, "SELECT db_name() AS database_name", "-D", "shop")
    assert [login["database"] for login in server.logins] == ["", "nosuchdb", "shop"]


def test_bsqldb_runs_a_script(start, tmp_path):
    env = freetds(tmp_path, start().port)
    script = "CREATE TABLE t (id int, a varchar(9))\nGO\nINSERT INTO t VALUES (1, 'one')\nSELECT * FROM t\nGO\n"
    done = subprocess.run(["bsqldb", "-S", "double", "-U", "sa", "-P", "Pass-1", "-D", "shop"], input=script, env=env, capture_output=True, text=True,
                          timeout=60)
    assert "one" in done.stdout and "1 rows affected" in done.stderr, done


def test_isql_over_tdsodbc(start, tmp_path):
    env = freetds(tmp_path, start().port)
    connection = "DRIVER=FreeTDS;SERVERNAME=double;DATABASE=shop;UID=sa;PWD=Pass-1"
    done = subprocess.run(["isql", "-k", connection, "-b", "-v"], input="SELECT 6*7 AS answer\n", env=env, capture_output=True, text=True, timeout=60)
    assert "42" in done.stdout, done


class TestPymssql:
    @pytest.fixture
    def connection(self, start):
        self.server = start()
        connection = pymssql.connect(server="127.0.0.1", port=str(self.server.port), user="sa", password="Pass-1", database="shop", login_timeout=20,
                                     timeout=60)
        yield connection
        connection.close()

    def test_transactions_keep_or_undo(self, connection):
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (id int, a text)")
        connection.commit()
        cursor.execute("INSERT INTO t VALUES (%d, %s)", (1, "雁门's"))
        assert cursor.rowcount == 1
        connection.rollback()
        cursor.execute("SELECT COUNT(*) FROM t")
        assert cursor.fetchone() == (0,)
        cursor.executemany("INSERT INTO t VALUES (%d, %s)", [(i, f"n{i}") for i in range(20)])
        connection.commit()
        cursor.execute("SELECT TOP 2 id, a FROM t ORDER BY id DESC")
        assert cursor.fetchall() == [(19, "n19"), (18, "n18")]

    def test_several_results_and_an_error_leave_it_usable(self, connection):
        cursor = connection.cursor()
        cursor.execute("SELECT 1 SELECT 'two', NULL")
        assert cursor.fetchall() == [(1,)]
        assert cursor.nextset() and cursor.fetchall() == [("two", None)]
        with pytest.raises(pymssql.Error) as e:
            cursor.execute("SELECT 1/0")
        assert e.value.args[0] == 8134
        cursor.execute("SELECT 'still'")
        assert cursor.fetchone() == ("still",)

    def test_a_procedure_has_an_output(self, connection):
        cursor = connection.cursor()
        found = cursor.callproc("double_it", (21, pymssql.output(int)))
        cursor.nextset()
        assert found[1] == 42
        assert ("double_it", [21, None]) in self.server.requests

    def test_a_result_of_a_hundred_megabytes_streams_by(self, connection):
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM flood(20000, 2500)")
        rows = last = 0
        for last, text in cursor:
            rows += len(text) == 2500
        assert (rows, last) == (20000, 19999)


class TestPyodbc:
    @pytest.fixture
    def connection(self, start, tmp_path, monkeypatch):
        self.server = start()
        monkeypatch.setenv("FREETDSCONF", freetds(tmp_path, self.server.port)["FREETDSCONF"])
        connection = pyodbc.connect("DRIVER=FreeTDS;SERVERNAME=double;DATABASE=shop;UID=sa;PWD=Pass-1", timeout=20)
        yield connection
        connection.close()

    def test_prepared_statements_take_every_kind_of_value(self, connection):
        cursor = connection.cursor()
        values = (7, "héllo 雁门", b"\0\1\2", 1.5, None)
        row = cursor.execute("SELECT ?, ?, ?, ?, ?", *values).fetchone()
        assert tuple(row) == values
        assert any(name == "sp_prepexec" for name, _ in self.server.requests)

    def test_a_transaction_manager_request_begins_and_ends_it(self, connection):
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (id int)")
        connection.commit()
        cursor.execute("INSERT INTO t VALUES (1)")
        connection.rollback()
        assert cursor.execute("SELECT COUNT(*) FROM t").fetchone()[0] == 0
        assert {kind for name, (kind, *_) in self.server.requests if name == "transaction"} == {5, 7, 8}

    def test_an_attention_ends_a_statement_and_not_the_session(self, connection):
        cursor, failed = connection.cursor(), []

        def run():
            try:
                cursor.execute("WAITFOR DELAY '00:02:00'")
            except pyodbc.Error as e:
                failed.append(e.args[0])
        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: any("WAITFOR" in s for s in self.server.statements), what="the statement")
        cursor.cancel()
        thread.join(60)
        assert not thread.is_alive() and failed == ["HY008"]
        assert connection.cursor().execute("SELECT 1").fetchone()[0] == 1


class TestPytds:
    def connect(self, server, **more):
        return pytds.connect("127.0.0.1", "shop", "sa", "Pass-1", port=server.port, autocommit=True, login_timeout=20, timeout=60, **more)

    def test_parameters_go_by_sp_executesql(self, start):
        server = start("not supported")
        with self.connect(server) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT %s, %s", (42, "雁门"))
            assert cursor.fetchall() == [(42, "雁门")]
        assert any(name == "sp_executesql" for name, _ in server.requests)

    @pytest.mark.parametrize("size", [512, 4096, 32767])
    def test_messages_of_many_packets_of_every_size(self, start, size):
        server = start("not supported")
        text = "长" * 20000
        with self.connect(server, blocksize=size) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT N'{text}'")
            assert cursor.fetchall() == [(text,)]
        assert server.logins[0]["size"] == size

    def test_bulk_rows_are_accepted(self, start):
        server = start("not supported")
        with self.connect(server) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a int, b int)")
            cursor.copy_to(columns=["a", "b"], table_or_view="t", file=["1\t2\n", "3\t4\n"], sep="\t")
        assert [r for r in server.requests if r[0] == "bulk"][0][1][0] in ("t", "[t]")


def hostile(start, fault):
    """What the codecs make of the last answer of a server like that, to the client of a transcript."""
    server = start("not supported", accounts={"trlogin": "Tr-pw-1"}, databases=("tr",))
    said = [bytes.fromhex(line[2:]) for line in (ROOT / "tests/corpus/tds/tsql.hex").read_text().splitlines() if line.startswith("c ")]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(said[1])  # LOGIN7: PRELOGIN may be left out
        assert client.recv(4096)[0] == REPLY
        server.fault = fault
        client.sendall(said[2])
        client.recv(4096)
    until(lambda: server.said[0][1][-1][0] == "s" and len(server.said[0][1]) == 4, what="the answer")
    return codecs(*server.said[0])[3:]


@pytest.mark.parametrize("fault", sorted(set(HOSTILE) - {"lying length", "wrong type", "routed late"}))
def test_what_a_hostile_server_answers_is_not_followed(start, fault):
    lines = hostile(start, fault)
    assert len(lines) == 1 and lines[0].startswith("refused"), lines


def test_a_routing_that_comes_late_is_seen(start):
    assert hostile(start, "routed late") == ["routed", "answer"]


def test_a_client_is_led_on_to_another_server(start, tmp_path):
    there, here = start("not supported"), start("not supported")  # FreeTDS' TLS does not survive it
    here.route = ("127.0.0.1", there.port)
    assert "42" in tsql(freetds(tmp_path, here.port), "SELECT 6*7")
    assert len(here.logins) == len(there.logins) == 1


@pytest.mark.parametrize("mode, encrypt, cover", [("not supported", "false", "nothing"), ("on", "true", "all"), ("strict", "strict", "outside")])
def test_tedious_in_every_mode(start, files, mode, encrypt, cover):
    server = start(mode)
    assert tedious(server.port, encrypt, files[0]) == ['[[42,"héllo 雁门"]]', "error 208", '[["again"]]']
    assert server.logins[0]["cover"] == cover
    assert server.logins[0]["version"] == 0x74000004  # in strict mode as well


# Not TLS for the login alone: a Java of today takes what follows it for a part of it.
@pytest.mark.parametrize("mode, asked, cover", [("not supported", "off", "nothing"), ("on", "request", "all"), ("off", "require", "all")])
def test_jtds_also_without_a_prelogin(start, mode, asked, cover):
    server = start(mode)
    assert jtds(server.port, asked) == ["42 héllo", "error 208", "again"]
    assert server.logins[0]["cover"] == cover and server.logins[0]["version"] == 0x71000001
