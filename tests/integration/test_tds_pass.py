"""Real clients of SQL Server through the codecs of the gateway: every way to encrypt, the real account in the login, statements seen and refused,
the session usable afterwards.  What stands between is tds_pass, the smallest gateway that can be made of them.
"""

import threading

import pymssql
import pyodbc
import pytds
import pytest
from harness.mariadb import certificate
from harness.tds.clients import freetds, jtds, tedious, tsql
from harness.tds.server import TdsServer
from harness.tds.through import Through
from harness.wait import until

NO = "禁止 DROP"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tds"), "localhost")


@pytest.fixture
def start(files, tmp_path):
    """start(least): the way through, with the server behind it as `server`.  At the end no refused statement has reached that."""
    running = []

    def one(least="none"):
        server = TdsServer(*files, {"app": "Real-1"}, mode="not supported")
        through = Through(server, *files, least, tmp_path)
        through.server = server
        running.append(through)
        return through
    yield one
    for through in running:
        through.stop()
        through.server.stop()
        assert not [s for s in through.server.statements if "DROP" in s]
        assert {login["user"] for login in through.server.logins} <= {"app"}
        sent = [line for line in through.lines() if line.startswith("statement ")]
        assert len(sent) == len(through.server.statements)


@pytest.mark.parametrize("least, asked, cover", [
    ("none", "off", "nothing"), ("none", "request", "login"), ("none", "require", "all"),
    ("login", "request", "login"), ("login", "off", None), ("all", "request", "all"), ("all", "require", "all"), ("all", "off", None),
])
def test_tsql_is_encrypted_as_the_door_wants(start, tmp_path, least, asked, cover):
    through = start(least)
    answer = tsql(freetds(tmp_path, through.port, asked), "SELECT 6*7, N'雁门'", user="alice#db1")
    if cover is None:
        assert "42" not in answer and through.server.logins == []
        assert any("请在客户端启用加密" in line for line in until(through.lines, what="the refusal"))
    else:
        assert "42\t雁门" in answer
        assert f"login alice#db1 {cover}" in through.lines()
        assert through.server.logins[0]["program"] == "TSQL"


@pytest.mark.parametrize("version", ["7.0", "7.1", "7.2", "7.3", "7.4"])
def test_a_refusal_of_every_version_is_an_error_and_the_session_goes_on(start, tmp_path, version):
    through = start()
    answer = tsql(freetds(tmp_path, through.port, version=version), "DROP TABLE t\nGO\nSELECT 'still', 6*7")
    assert NO in answer and "Msg 229" in answer and "still\t42" in answer
    assert "refused DROP TABLE t " in through.lines()


def test_pymssql_goes_on_after_a_refusal_inside_a_transaction(start):
    through = start()
    connection = pymssql.connect(server="127.0.0.1", port=str(through.port), user="alice#db1", password="x", database="shop", login_timeout=20,
                                 timeout=60)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (id int)")
    cursor.execute("INSERT INTO t VALUES (%d)", (1,))
    with pytest.raises(pymssql.Error, match="229.*No DROP here"):
        cursor.execute("INSERT INTO t VALUES (2) DROP TABLE t")  # nothing of it runs
    connection.commit()
    cursor.execute("SELECT id FROM t")
    assert cursor.fetchall() == [(1,)]
    cursor.execute("SELECT * FROM flood(5000, 2000)")
    assert sum(len(text) for _, text in cursor) == 10_000_000
    assert "done 5000" in through.lines()
    connection.close()


def test_pyodbc_prepares_cancels_and_is_refused(start, tmp_path, monkeypatch):
    through = start()
    monkeypatch.setenv("FREETDSCONF", freetds(tmp_path, through.port)["FREETDSCONF"])
    connection = pyodbc.connect("DRIVER=FreeTDS;SERVERNAME=double;DATABASE=shop;UID=alice#db1;PWD=x", timeout=20)
    cursor, failed = connection.cursor(), []
    assert tuple(cursor.execute("SELECT ?, ?", 7, "héllo 雁门").fetchone()) == (7, "héllo 雁门")
    with pytest.raises(pyodbc.Error):
        cursor.execute("DROP TABLE t WHERE id = ?", 1)
    cursor = connection.cursor()

    def run():
        try:
            cursor.execute("WAITFOR DELAY '00:02:00'")
        except pyodbc.Error as e:
            failed.append(e.args[0])
    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: any("WAITFOR" in s for s in through.server.statements), what="the statement")
    cursor.cancel()
    thread.join(60)
    assert not thread.is_alive() and failed == ["HY008"]
    assert connection.cursor().execute("SELECT 1").fetchone()[0] == 1
    assert "attention" in through.lines() and "transaction" in through.lines()
    connection.close()


@pytest.mark.parametrize("size", [512, 4096, 32767])
def test_pytds_with_packets_of_every_size_and_a_bulk_load(start, size):
    through = start()
    text = "长" * 20000
    with pytds.connect("127.0.0.1", "shop", "alice#db1", "x", port=through.port, autocommit=True, login_timeout=20, timeout=60, blocksize=size) as c:
        cursor = c.cursor()
        cursor.execute("SELECT %s, %s", (42, text))
        assert cursor.fetchall() == [(42, text)]
        with pytest.raises(pytds.Error, match=NO):
            cursor.execute(f"SELECT N'{text}' DROP TABLE t")
        cursor.execute("CREATE TABLE t (a int, b int)")
        cursor.copy_to(columns=["a", "b"], table_or_view="t", file=["1\t2\n", "3\t4\n"], sep="\t")
    assert "bulk" in through.lines()


@pytest.mark.parametrize("least, encrypt, cover", [("none", "false", "nothing"), ("all", "true", "all"), ("all", "strict", "all")])
def test_tedious_in_every_mode(start, files, least, encrypt, cover):
    through = start(least)
    assert tedious(through.port, encrypt, files[0], "SELECT 1 DROP TABLE t") == ['[[42,"héllo 雁门"]]', "error 208", '[["again"]]', "error 229"]
    assert f"login sa {cover}" in through.lines()


@pytest.mark.parametrize("least, asked, cover", [("none", "off", "nothing"), ("login", "require", "all"), ("all", "request", "all")])
def test_jtds_also_without_a_prelogin(start, least, asked, cover):
    through = start(least)
    assert jtds(through.port, asked) == ["42 héllo", "error 208", "again"]
    assert f"login sa {cover}" in through.lines()
