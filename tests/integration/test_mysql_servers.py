"""Servers of every age behind the MySQL door: MariaDB, MySQL 5.6 (no TLS that is still spoken, no tracking) and MySQL 9 (caching_sha2_password)."""

import base64
import subprocess

import pymysql
import pytest
from harness.build import plain_build
from harness.mysql_server import SERVERS, MySQL9, MySQL56
from harness.sqlworker import pin_of

PASSWORD = "target-Password-1"
pytestmark = plain_build("real servers")


@pytest.fixture(scope="module", params=SERVERS, ids=lambda kind: kind.name.replace(" ", ""))
def shop(request, own_instance, tmp_path_factory):
    """(instance, server, target, a person's login, his access password)"""
    kind = request.param
    if not kind.there():
        pytest.skip(f"{kind.name} is not here: tools/setup/mysql")
    folder = tmp_path_factory.mktemp("server")
    server = kind(folder)
    server.sql(f"create database shop; create user app@'127.0.0.1' identified by '{PASSWORD}'; grant all on shop.* to app@'127.0.0.1'; "
               "create table shop.goods (id int primary key, name varchar(40)) default charset utf8mb4; insert into shop.goods values (1, '茶'), (2, 'coffee')")
    target, tls = own_instance.name("db"), kind is MySQL9
    own_instance.ok("target", "add", target, "--kind", "mysql", "--address", f"127.0.0.1:{server.port}", "--cluster", "samples", "--database", "shop",
                    *([] if tls else ["--tls", "off"]))
    if tls:
        own_instance.ok("target", "set", target, "--tls-key", "sha256//" + base64.b64encode(pin_of(folder / "data/server-cert.pem")).decode())
    own_instance.ok("account", "set", target, "app", "--password-file", own_instance.file(PASSWORD))
    user = own_instance.user()
    own_instance.grant(user, target, account="app")
    path = own_instance.scratch / own_instance.name("access")
    own_instance.ok("access-password", "add", own_instance.name("p"), "--user", user.name, "--output", path)
    yield own_instance, server, target, f"{user.name}#{target}", path.read_text().strip()
    server.stop()


def connect(instance, login, password, **more):
    at = instance.endpoints["mysql"]
    return pymysql.connect(**{"host": at["host"], "port": at["port"], "user": login, "password": password, "charset": "utf8mb4", "ssl": {"ssl": True}} | more)


def test_everyday_work(shop):
    instance, server, _, login, password = shop
    for _ in range(2):  # the second login to MySQL 9 finds its password in the server's memory
        c = connect(instance, login, password)
        cursor = c.cursor()
        cursor.execute("select name from goods where id = %s", (1,))
        assert cursor.fetchall() == (("茶",),)
        cursor.execute("select version()")
        assert server.version() in cursor.fetchone()[0]
        cursor.execute("insert into goods values (3, 'milk')")
        c.rollback()
        cursor.execute("select count(*) from goods")
        assert cursor.fetchone() == (2,)
        with pytest.raises(pymysql.err.ProgrammingError):
            cursor.execute("select * from nowhere")
        c.select_db("information_schema")
        cursor.execute("select database()")
        assert cursor.fetchone() == ("information_schema",)
        c.close()


@pytest.mark.skipif(not MySQL9.there(), reason="MySQL 9 is not here: tools/setup/mysql")
def test_its_own_client(shop, tmp_path):
    """The client of MySQL 9 knows caching_sha2_password alone."""
    instance, _, _, login, password = shop
    at = instance.endpoints["mysql"]
    done = subprocess.run([*MySQL9.loaded("bin/mysql"), "--no-defaults", "-h", at["host"], "-P", str(at["port"]), "-u", login, f"-p{password}",
                           "--ssl-mode=REQUIRED", "-N", "-e", "select count(*) from goods; select 1"], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("2\n1\n", 0), done.stderr


def test_a_mode_that_no_server_tells_of_is_followed(shop):
    """MySQL 5.6 tracks nothing: what a SET does is the classifier's to know; on all of them a mode never hides a statement."""
    instance, server, target, login, password = shop
    rule = instance.ok("sql-rule", "add", "--target", target, "--class", "DELETE", "--deny")["id"]
    c = connect(instance, login, password, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    cursor = c.cursor()
    hidden = "select '\\'; delete from goods; -- '"
    cursor.execute(hidden)
    cursor.execute("set sql_mode = 'NO_BACKSLASH_ESCAPES'")
    for attempt in (hidden, "set sql_mode = ''; select 1; set sql_mode = 'NO_BACKSLASH_ESCAPES'; " + hidden):
        with pytest.raises(pymysql.err.OperationalError) as e:
            cursor.execute(attempt)
        assert e.value.args[0] == 1142, attempt
    c.close()
    assert server.sql("select count(*) from shop.goods") == "2\n"
    instance.ok("sql-rule", "remove", rule)


def test_a_wrong_password_of_the_target_is_told_and_not_retried(shop):
    instance, _, target, login, password = shop
    instance.ok("account", "set", target, "app", "--password-file", instance.file("another"))
    with pytest.raises(pymysql.err.OperationalError) as e:
        connect(instance, login, password)
    assert "another" not in str(e.value)
    instance.ok("account", "set", target, "app", "--password-file", instance.file(PASSWORD))
    connect(instance, login, password).close()


@pytest.mark.parametrize("shop", [MySQL56], indirect=True, ids=["MySQL5.6"])
def test_an_old_server_without_tls_gets_a_scramble_and_no_password(shop):
    """What goes to it in clear is a scramble; a server that wants the password itself does not get it without TLS."""
    instance, server, target, login, password = shop
    server.sql("create user bare@'127.0.0.1' identified with sha256_password; set old_passwords = 2; set password for bare@'127.0.0.1' = password('x-Password-1');")
    instance.ok("account", "set", target, "bare", "--password-file", instance.file("x-Password-1"))
    user = instance.user()
    instance.grant(user, target, account="bare")
    with pytest.raises(pymysql.err.OperationalError) as e:
        connect(instance, f"{user.name}#{target}", user.password_file.read_text())
    assert "TLS" in str(e.value) and "x-Password-1" not in str(e.value)
