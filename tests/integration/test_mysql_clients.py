"""MySQL clients of every kind through a whole Yanmen to a real MariaDB: what people do every day, and who ends it."""

import base64
import datetime
import json
import subprocess
import threading

import MySQLdb
import pymysql
import pytest
from harness.browser import Browser
from harness.build import plain_build
from harness.mariadb import MariaDB
from harness.sqlworker import pin_of
from harness.wait import until

PASSWORD = "target-Password-1"
pytestmark = plain_build("real clients and two servers")


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory):
    server = MariaDB(tmp_path_factory.mktemp("mariadb"))
    server.sql(f"create database shop character set utf8mb4; create user app@'127.0.0.1' identified by '{PASSWORD}'; grant all on *.* to app@'127.0.0.1';"
               "create table shop.goods (id int primary key auto_increment, name varchar(100)) engine=innodb;"
               "insert into shop.goods (name) values ('tea'), ('coffee')")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shop(own_instance, mariadb):
    pin = base64.b64encode(pin_of(mariadb.certificate)).decode()
    own_instance.ok("target", "add", "shop", "--kind", "mysql", "--address", f"127.0.0.1:{mariadb.port}", "--cluster", "samples", "--database", "shop")
    own_instance.ok("target", "set", "shop", "--tls-key", f"sha256//{pin}")
    own_instance.ok("account", "set", "shop", "app", "--password-file", own_instance.file(PASSWORD))
    return own_instance


class Door:
    """One person with access to the shop, and an access password of his own."""

    def __init__(self, instance):
        self.instance, self.user = instance, instance.user()
        instance.grant(self.user, "shop", account="app")
        path = instance.scratch / instance.name("access")
        instance.ok("access-password", "add", instance.name("p"), "--user", self.user.name, "--output", path)
        self.access = path.read_text().strip()
        self.password = self.user.password_file.read_text()
        self.host, self.port = instance.endpoints["mysql"]["host"], instance.endpoints["mysql"]["port"]
        self.login = f"{self.user.name}#shop"

    def pymysql(self, **more):
        return pymysql.connect(**{"host": self.host, "port": self.port, "user": self.login, "password": self.password, "charset": "utf8mb4",
                                  "ssl": {"ssl": True}} | more)

    def frames(self):
        session = until(lambda: self.instance.session_of(self.user)["state"] == "closed" and self.instance.session_of(self.user), 30, "its end")
        lines = self.instance.export(session["session"], "jsonl").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def door(shop):
    return Door(shop)


def run(*argv, stdin=None, **env):
    return subprocess.run([str(a) for a in argv], input=stdin, capture_output=True, text=True, timeout=60, env=env or None)


def test_mariadb_by_password_and_by_access_password(door):
    for password in (door.password, door.access):
        done = run("mariadb", "--no-defaults", f"-h{door.host}", f"-P{door.port}", f"-u{door.login}", f"-p{password}", "--ssl", "-N", "-e",
                   "select name from goods order by id; select connection_id() > 0")
        assert (done.stdout, done.returncode) == ("tea\ncoffee\n1\n", 0), done.stderr
    session = door.instance.session_of(door.user)
    assert (session["protocol"], session["target"], session["account"]) == ("mysql", "shop", "app")


def test_mariadb_as_people_use_it(door):
    done = run("mariadb", "--no-defaults", f"-h{door.host}", f"-P{door.port}", f"-u{door.login}", f"-p{door.access}", "--ssl", stdin="""
        use shop
        show tables;
        status
        begin; insert into goods (name) values ('milk'); rollback;
        \\u mysql
        select database();
        delimiter //
        select 1//
    """)
    assert done.returncode == 0 and "goods" in done.stdout and "mysql" in done.stdout, done.stderr


def test_mysqldb(door):
    c = MySQLdb.connect(host=door.host, port=door.port, user=door.login, password=door.password, ssl={"ca": str(door.instance.home / "tls.pem")}
                        if (door.instance.home / "tls.pem").exists() else {"cipher": "HIGH"}, charset="utf8mb4")
    cursor = c.cursor()
    cursor.execute("select name from goods where name = %s", ("tea",))
    assert cursor.fetchall() == (("tea",),)
    cursor.close()
    c.close()


PHP = """
$o = [PDO::MYSQL_ATTR_SSL_CA => '', PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false, PDO::ATTR_EMULATE_PREPARES => false,
      PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION];
$d = new PDO("mysql:host=%s;port=%d;charset=utf8mb4", getenv("U"), getenv("P"), $o);
$s = $d->prepare("select name from goods where id = ? and name <> ?");
foreach ([1, 2] as $id) { $s->execute([$id, "x"]); foreach ($s as $row) echo $row[0], "\\n"; }
$d->beginTransaction(); $d->exec("update goods set name = 'gone'"); $d->rollBack();
try { $d->query("select * from nowhere"); } catch (PDOException $e) { echo $e->getCode(), "\\n"; }
$s = $d->prepare("insert into goods (name) values (?)"); $d->beginTransaction(); $s->bindValue(1, str_repeat("y", 50)); $s->execute();
echo $s->rowCount(), "\\n"; $d->rollBack();
"""


@pytest.mark.parametrize("secret", ["password", "access"])
def test_php_pdo_with_prepared_statements(door, secret):
    done = run("php", "-r", PHP % (door.host, door.port), U=door.login, P=getattr(door, secret), PATH="/usr/bin")
    assert done.stdout == "tea\ncoffee\n42S02\n1\n", done.stdout + done.stderr


def test_mysqlslap_with_eight_clients_at_once(door):
    done = run("mysqlslap", "--no-defaults", f"-h{door.host}", f"-P{door.port}", f"-u{door.login}", f"-p{door.access}", "--ssl", "--create-schema=shop",
               "--query=select name from goods where id = 1", "--concurrency=8", "--number-of-queries=400", "--no-drop")
    assert done.returncode == 0 and "Average number of seconds" in done.stdout, done.stderr


def test_a_hundred_connections_at_once(door):
    answers, failed = [], []

    def work():
        try:
            c = door.pymysql(password=door.access)
            cursor = c.cursor()
            cursor.execute("select count(*) from goods where id in (1, 2)")
            answers.append(cursor.fetchall())
            c.close()
        except pymysql.MySQLError as e:
            failed.append(e.args)
    threads = [threading.Thread(target=work) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(90)
    assert not failed and answers == [((2,),)] * 100


def test_a_rule_is_in_force_for_the_next_statement(door):
    c = door.pymysql()
    cursor = c.cursor()
    cursor.execute("select 1")
    rule = door.instance.ok("sql-rule", "add", "--target", "shop", "--class", "DROP", "--deny", "--reason", "not here", "--reason-zh", "此处禁止")

    def denied():
        try:
            cursor.execute("drop table if exists nothing")
        except pymysql.MySQLError as e:
            return e.args == (1142, "not here / 此处禁止")
        return False
    until(denied, 20, "the rule")
    cursor.execute("select 2")
    assert cursor.fetchall() == ((2,),)
    assert door.instance.told(door.user, "sql.denied")[0]["body"]["rule"] == rule["id"]
    door.instance.ok("sql-rule", "remove", rule["id"])
    until(lambda: not denied(), 20, "the rule's end")
    c.close()


def test_a_kill_ends_client_and_statement(door, mariadb):
    c = door.pymysql()
    failed = []

    def work():
        try:
            c.cursor().execute("select sleep(55) /* long */")
        except pymysql.MySQLError as e:
            failed.append(e.args)
    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: "sleep(55)" in mariadb.sql("show full processlist"), 20, "the statement on the server")
    session = door.instance.session_of(door.user, "online")["session"]
    door.instance.ok("session", "kill", session, "--reason", "too long")
    thread.join(20)
    assert failed and failed[0][0] in (1053, 2013)
    until(lambda: "sleep(55)" not in mariadb.sql("show full processlist"), 20, "the statement's end on the server")


def test_a_query_is_cancelled_over_another_connection(door):
    slow, other = door.pymysql(), door.pymysql()
    ended = []

    def work():
        try:
            slow.cursor().execute("select sleep(50)")
            ended.append(slow)
        except pymysql.MySQLError as e:
            ended.append(e.args[0])
    thread = threading.Thread(target=work)
    thread.start()

    def cancelled():
        other.cursor().execute(f"kill query {slow.thread_id()}")
        thread.join(0.5)
        return not thread.is_alive()
    until(cancelled, 20, "the end of the query")
    cursor = slow.cursor()
    cursor.execute("select 3")
    assert cursor.fetchall() == ((3,),)
    for c in (slow, other):
        c.close()


def test_a_wrong_password(door):
    with pytest.raises(pymysql.MySQLError) as e:
        door.pymysql(password="wrong")
    assert e.value.args[0] == 1045


def test_without_tls_nobody_comes_in(door):
    with pytest.raises(pymysql.MySQLError) as e:
        door.pymysql(ssl=None)
    assert e.value.args[0] == 3159


def test_a_table_is_refused_however_it_is_named(door, mariadb):
    mariadb.sql("create table if not exists shop.secret (id int)")
    rule = door.instance.ok("sql-rule", "add", "--target", "shop", "--tables", "shop.secret", "--deny")["id"]
    c = door.pymysql(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    cursor = c.cursor()

    def code(sql):
        try:
            cursor.execute(sql)
        except pymysql.err.MySQLError as e:
            return e.args[0]
        return 0
    assert code("select 1") == 0
    for sql in ("select * from secret", "select * from `shop`.`SECRET`", "select 1 from goods where exists (table secret)",
                "use mysql; select * from shop.secret", "prepare s from 'select * from secret'"):
        assert code(sql) == 1142, sql
    assert code("use mysql") == 0 and code("select * from secret") == 1146, "there is none in that one"
    assert code("select * from shop.secret") == code("use shop; select * from secret") == code("handler shop.secret open") == 1142
    c.close()
    door.instance.ok("sql-rule", "remove", rule)


class Approval:
    """The shop wants an approval for what deletes."""

    def __init__(self, instance, asker):
        self.instance, self.dora = instance, instance.user("dba")
        self.rule = instance.ok("sql-rule", "add", "--target", "shop", "--class", "DELETE", "--approve")["id"]
        instance.ok("sql-policy", "set", "shop", "--approval", "on")
        instance.ok("group", "add", (group := instance.name("g")))
        instance.ok("group", "put", group, "shop")
        instance.ok("group", "admin", group, self.dora.name)
        self.asker, self.decider = Browser(instance).login(asker), Browser(instance).login(self.dora)

    def approved(self, sql, **more):
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat()
        r = self.asker.ok(self.asker.command("sql-request add", target="shop", sql=sql, reason="ticket 4711", until=end, **more))["id"]
        self.decider.ok(self.decider.command("sql-request approve", id=r))
        return r

    def ends(self, r, state):
        until(lambda: self.asker.ok(self.asker.command("sql-request show", id=r))["state"] == state, 30, f"request {r} is {state}")
        return self.asker.ok(self.asker.command("sql-request show", id=r))

    def close(self):
        self.instance.ok("sql-rule", "remove", self.rule)
        self.asker.close()
        self.decider.close()


@pytest.fixture
def approval(door):
    a = Approval(door.instance, door.user)
    yield a
    a.close()


def test_what_was_approved_runs_once_from_ones_own_client(door, approval, mariadb):
    mariadb.sql("create table shop.old (id int primary key) engine=innodb; insert into shop.old values (1), (2), (3)")
    one, both = "DELETE FROM old WHERE id = 1", "DELETE FROM old WHERE id = 2; DELETE FROM nowhere"
    c = door.pymysql()
    cursor = c.cursor()

    def refused(sql):
        with pytest.raises(pymysql.err.OperationalError) as e:
            cursor.execute(sql)
        assert e.value.args[0] == 1142 and "SQL 审批" in e.value.args[1]
        return e.value.args[1]
    assert "no request with this text" in refused(one)
    r = approval.approved(one, database="shop")
    assert cursor.execute(f" {one} ;") == 1, "blanks and separators are not of it"
    c.commit()
    shown = approval.ends(r, "done")
    assert [(s["state"], s["rows"]) for s in shown["list"]] == [("OK", 1)]
    assert f"request {r} is done" in refused(one), "once"
    r = approval.approved(both)
    assert cursor.execute("DELETE FROM old WHERE id = 2") == 1
    with pytest.raises(pymysql.err.ProgrammingError):
        cursor.execute("DELETE FROM nowhere")
    c.rollback()
    shown = approval.ends(r, "failed")
    assert [s["state"] for s in shown["list"]] == ["OK", "FAILED"] and shown["list"][1]["code"] == 1146
    cursor.execute("select count(*) from old")
    assert cursor.fetchall() == ((2,),), "one went, one came back"
    c.close()
    passed = [f["body"] for f in door.frames() if f["type"] == "statement" and "request" in f["body"]]
    assert [(f["sql"], f["verdict"], f["rule"]) for f in passed] == [(sql, "approve", approval.rule) for sql in (
        f" {one} ;", "DELETE FROM old WHERE id = 2", "DELETE FROM nowhere")], "the recording names the request"


def test_a_client_that_dies_over_an_approved_statement_leaves_unknown(door, approval):
    sql = "DELETE FROM goods WHERE name = 'none' AND sleep(30) = 1 OR sleep(30) = 1"
    r = approval.approved(sql)
    c = door.pymysql()
    runs = threading.Thread(target=lambda: pytest.raises(Exception, c.cursor().execute, sql))
    runs.start()
    until(lambda: approval.asker.ok(approval.asker.command("sql-request show", id=r))["state"] == "running", 20, "it runs")
    door.instance.ok("session", "kill", door.instance.session_of(door.user)["session"], "--reason", "enough")
    runs.join()
    assert "never sent again" in approval.ends(r, "unknown")["say"]
