"""The MySQL worker alone, with a real MariaDB behind it and real clients in front: logins, statements, replies, faults."""

import hashlib
import socket
import threading

import pymysql
import pytest
from harness.build import PROGRAMS, plain_build
from harness.mariadb import MariaDB, certificate
from harness.sqlworker import APPROVE, DENY, QUERY, SqlGate, SqlWorker, pin_of, rule
from harness.wait import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of clients that are cut off
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


def heard(gate, name):
    return until(lambda: gate.last().named(name), 10, name)[0]


def test_a_login_by_password_in_tls_and_a_query(gate):
    c = connect(gate)
    assert one(c, "select id, name from goods") == ((1, "tea"), (2, "茶"))
    c.close()
    w = gate.last().over()
    assert [s["sql"] for s in w.statements() if "goods" in s["sql"]]
    assert all(o["ok"] for o in w.outcomes()) and len(w.outcomes()) == len(w.statements())
    assert w.named("end")[0]["reason"] == b"logout"
    assert b"MariaDB" in w.named("reached")[0]["detail"]


# ---- who one is ----

class Native(pymysql.Connection):
    """A client of before caching_sha2_password."""

    def _get_server_information(self):
        super()._get_server_information()
        self._auth_plugin_name = "mysql_native_password"


@pytest.mark.parametrize("plugin", [2, 1])
def test_an_access_password_logs_in_by_a_scramble_alone(gate, plugin):
    kind = pymysql.connect if plugin == 2 else Native
    c = kind(host="127.0.0.1", port=gate.port, user="alice", password=gate.access["alice"], ssl={"ssl": True})
    assert one(c, "select 1") == ((1,),)
    c.close()
    w = gate.last().over()
    assert [m["plugin"] for m in w.named("login_scramble")] == [plugin] and not w.named("login")


def test_a_native_client_with_a_login_password_is_asked_for_it(gate):
    c = Native(host="127.0.0.1", port=gate.port, user="alice", password="secret", ssl={"ssl": True})
    assert one(c, "select 1") == ((1,),)
    c.close()


def test_without_tls_a_password_comes_under_an_rsa_key(gate):
    c = connect(gate, ssl=None)
    assert one(c, "select 1") == ((1,),)
    c.close()


def test_a_door_that_wants_tls_refuses_who_comes_without(gate):
    gate.plain = False
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate, ssl=None)
    assert e.value.args[0] == 3159 and "TLS" in e.value.args[1]
    assert not gate.last().named("login") and not gate.last().named("login_scramble")


@pytest.mark.parametrize("user, password", [("alice", "wrong"), ("nobody", "secret"), ("alice", "")])
def test_who_is_not_known_is_refused(gate, user, password):
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate, user=user, password=password)
    assert e.value.args[0] in (1045, 1251)
    assert not gate.last().named("target")


def test_a_second_factor_is_told_of_in_words(gate):
    gate.factor = True
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate)
    assert e.value.args[0] == 1045 and "access password" in e.value.args[1] and "访问密码" in e.value.args[1]


def test_a_port_for_any_target_wants_its_name(gate):
    gate.bound = ""
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate)
    assert "USER#TARGET" in e.value.args[1]
    c = connect(gate, user="alice#db01")
    assert one(c, "select 1") == ((1,),)
    c.close()


def test_a_denied_target_says_why(gate):
    gate.deny = "You may not use this target now. 当前时段不允许。"
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate)
    assert "may not use" in e.value.args[1]


def test_another_key_of_the_target_ends_it_before_the_password(gate):
    gate.pin = bytes(32)
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate)
    assert "key has changed" in e.value.args[1]
    assert heard(gate, "reached")["outcome"] == 2


def test_a_password_that_the_target_refuses(gate):
    gate.password = "old-one"
    with pytest.raises(pymysql.MySQLError):
        connect(gate)
    assert heard(gate, "reached")["outcome"] == 3


def test_the_probe_tells_key_and_version(gate, mariadb):
    w = SqlWorker(gate, None, probe=b"")
    w.ended.wait(10)
    answer = w.named("probe_answer")[0]
    assert (answer["code"], answer["host_key"]) == (0, pin_of(mariadb.certificate)) and b"MariaDB" in answer["banner"]


# ---- statements ----

@pytest.fixture(params=["8.0.11-Yanmen", "bound"])
def both(gate, request):
    """A port that leads anywhere, and one that knows its target: other capabilities, the same rows."""
    if request.param == "bound":
        connect(gate).close()
        gate.greeting = gate.last().over().named("reached")[0]["detail"]
    return gate


def test_several_results_of_one_batch(both):
    c = connect(both, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    with c.cursor() as cursor:
        cursor.execute("select 1; update goods set name = 'coffee' where id = 99; select name from goods order by id")
        assert cursor.fetchall() == ((1,),)
        assert cursor.nextset() and cursor.rowcount == 0
        assert cursor.nextset() and cursor.fetchall() == (("tea",), ("茶",))
        assert not cursor.nextset()
    c.close()


def test_an_error_of_the_target_reaches_the_client_as_it_is(both):
    c = connect(both)
    assert refused(c, "select * from nowhere")[0] == 1146
    assert one(c, "select 1") == ((1,),)
    c.close()
    failed = [o for o in both.last().over().outcomes() if not o["ok"]]
    assert (failed[0]["code"], failed[0]["state"]) == (1146, "42S02") and "nowhere" in failed[0]["words"]


def test_a_transaction_is_rolled_back(both):
    c = connect(both)
    c.begin()
    one(c, "delete from goods")
    assert one(c, "select count(*) from goods") == ((0,),)
    c.rollback()
    assert one(c, "select count(*) from goods") == ((2,),)
    c.close()
    deleted = [o for o in both.last().over().outcomes() if o["rows"] == 2]
    assert len(deleted) == 1


def test_rows_of_more_than_one_packet(both):
    c = connect(both)
    assert len(one(c, "select repeat('x', 20000000), 1")[0][0]) == 20000000
    assert one(c, "select 2") == ((2,),)
    c.close()


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


@plain_build("a sanitizer keeps what was freed")
def test_a_large_result_costs_no_memory(both):
    c = connect(both, cursorclass=pymysql.cursors.SSCursor)
    with c.cursor() as cursor:
        cursor.execute("select repeat('x', 1000000) from seq_1_to_200")
        assert sum(len(row[0]) for row in cursor) == 200_000_000
    assert memory_kb(both.last().process.pid) < 32 * 1024
    c.close()


@plain_build("a sanitizer keeps what was freed")
def test_a_client_that_does_not_read_holds_the_target_and_nothing_grows(gate):
    c = connect(gate, cursorclass=pymysql.cursors.SSCursor)
    cursor = c.cursor()
    cursor.execute("select repeat('x', 1000000) from seq_1_to_100")
    w = gate.last()
    cursor.fetchone()
    assert memory_kb(w.process.pid) < 32 * 1024
    w.say(1, "enough")
    w.over()


def test_a_long_statement_passes_and_a_longer_one_is_refused(both):
    c = connect(both, max_allowed_packet=64 << 20)
    assert one(c, f"select length('{'x' * 12_000_000}')") == ((12_000_000,),)
    assert refused(c, f"select length('{'x' * 17_000_000}')")[0] == 1153
    assert one(c, "select 3") == ((3,),)
    c.close()


def test_a_rule_refuses_and_the_connection_stays(both):
    both.rules = [rule(11, DENY, "DROP TRUNCATE", say="No dropping. 禁止删除。"), rule(12, APPROVE, "DELETE")]
    c = connect(both, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
    assert refused(c, "drop table goods") == (1142, "No dropping. 禁止删除。")
    assert "needs approval" in refused(c, "delete from goods where id = 1")[1]
    assert refused(c, "insert into goods (name) values ('x'); drop table goods")[0] == 1142
    assert one(c, "select count(*) from goods") == ((2,),)
    w = both.last()
    both.rules = []
    w.push_rules()
    until(lambda: one(c, "select 1") and _passes(c, "drop table if exists nothing"), 10, "new rules")
    c.close()
    w.over()
    denied = [s for s in w.statements() if s["verdict"] == "deny"]
    assert [s["rule"] for s in denied] == [11, 11] and [m["verdict"] for m in w.named("statement")] == [3, 2, 3]
    numbers = {s["n"] for s in denied}
    assert all(not o["ok"] and o["code"] == 1142 for o in w.outcomes() if o["n"] in numbers)


def _passes(connection, sql):
    try:
        one(connection, sql)
        return True
    except pymysql.MySQLError:
        return False


def test_statements_are_recorded_before_they_run_and_secrets_masked(gate):
    c = connect(gate)
    one(c, "create user if not exists eve@localhost identified by 'hunter2'")
    one(c, "drop user eve@localhost")
    one(c, "select '一'")
    c.close()
    w = gate.last().over()
    assert not any(b"hunter2" in f[3] for f in w.frames)
    kinds = [f[1] for f in w.frames]
    assert kinds[0] == "open" and kinds[-2:] == ["close", "finish"]
    made = next(s for s in w.statements() if "eve" in s["sql"])
    assert "***" in made["sql"] and "GRANT" in made["classes"]
    assert "select '一'" in [s["sql"] for s in w.statements()]


def test_a_statement_that_its_frame_cannot_hold_is_recorded_as_it_came(gate):
    c = connect(gate)
    text = f"select length('{'一' * 100_000}')"
    assert one(c, text) == ((300_000,),)
    c.close()
    w = gate.last().over()
    frame = next(s for s in w.statements() if s.get("cut"))
    assert frame["bytes"] == len(text.encode()) and frame["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert b"".join(w.of("in")) == text.encode()


def test_without_the_right_to_statements_none_passes(gate):
    gate.features = 0
    c = connect(gate, autocommit=None)
    assert refused(c, "select 1")[0] == 1142
    c.close()


# ---- commands ----

def command(connection, number, payload=b""):
    connection._execute_command(number, payload)
    return connection._read_packet()


@pytest.mark.parametrize("number", [5, 6, 7, 8, 13, 17, 18, 19, 21, 30, 32, 33, 0xFA, 0xFE, 0x7F])
def test_a_command_that_is_for_nobody_is_refused_and_the_connection_stays(gate, number):
    c = connect(gate)
    with pytest.raises(pymysql.MySQLError) as e:
        command(c, number, b"\x04\0\0\0")
    assert e.value.args[0] == (1045 if number == 17 else 1047)
    assert one(c, "select 1") == ((1,),)
    c.close()
    assert gate.last().over().named("refused")[0]["text"] == f"command {number}".encode()


def test_commands_that_pass(both):
    c = connect(both)
    assert command(c, 14).is_ok_packet()
    assert b"Uptime" in command(c, 9).get_all_data()
    c.select_db("mysql")
    assert one(c, "select database()") == (("mysql",),)
    assert command(c, 31).is_ok_packet()  # reset
    assert one(c, "select @@sql_mode")
    c.close()
    assert any(s["kind"] == "command" and s["sql"] == "USE mysql" for s in both.last().over().statements())


def prepare(c, sql):
    packet = command(c, 22, sql)
    packet.advance(1)
    number, columns, params = packet.read_uint32(), packet.read_uint16(), packet.read_uint16()
    eof = not c.server_capabilities & (1 << 24) or not c.client_flag & (1 << 24)
    for n in (params, columns):
        for _ in range(n + (eof and n > 0)):
            c._read_packet()
    return number


def test_prepared_statements_with_values(both):
    c = connect(both)
    number = prepare(c, "select name from goods where id = ? or name = ?")
    head = number.to_bytes(4, "little") + b"\0\x01\0\0\0"
    c._execute_command(23, head + b"\0\x01" + b"\x03\0\xfd\0" + (2).to_bytes(4, "little") + b"\x03tea")
    rows = []
    c._read_packet()
    eofs = 0
    while eofs < 2:
        p = c._read_packet()
        eofs += p.is_eof_packet()
        rows.append(p.get_all_data())
    assert any("茶".encode() in r for r in rows) and any(b"tea" in r for r in rows)
    c._execute_command(24, number.to_bytes(4, "little") + b"\1\0" + b"te")  # long data, in two pieces; nobody answers
    c._execute_command(24, number.to_bytes(4, "little") + b"\1\0" + b"a")
    c._execute_command(23, head + b"\0\0" + (1).to_bytes(4, "little"))  # types as before
    eofs = 0
    while eofs < 2:
        eofs += c._read_packet().is_eof_packet()
    c._execute_command(25, number.to_bytes(4, "little"))  # close
    with pytest.raises(pymysql.MySQLError) as e:
        command(c, 23, head)
    assert e.value.args[0] == 1243
    assert one(c, "select 1") == ((1,),)
    c.close()
    w = both.last().over()
    ran = [s for s in w.statements() if s["kind"] == "execute"]
    assert [s["params"] for s in ran] == [[2, "tea"], [1, "(long data)"]]
    assert ran[0]["sql"] == "select name from goods where id = ? or name = ?"
    assert [o["rows"] for o in w.outcomes() if o["n"] in {s["n"] for s in ran}] == [2, 1]


def test_a_prepared_statement_is_judged_again_when_it_runs(gate):
    c = connect(gate)
    number = prepare(c, "delete from goods where id = 77")
    gate.rules = [rule(5, DENY, "DELETE")]
    gate.last().push_rules()
    head = number.to_bytes(4, "little") + b"\0\x01\0\0\0"

    def denied():
        try:
            command(c, 23, head)
        except pymysql.MySQLError as e:
            return e.args[0] == 1142
        return False
    until(denied, 10, "the new rule")
    with pytest.raises(pymysql.MySQLError) as e:
        prepare(c, "delete from goods")
    assert e.value.args[0] == 1142
    c.close()


# ---- how the session reads statements ----

def test_statements_are_read_in_the_mode_that_the_session_is_in(both):
    """A quote, a backslash, a byte of GBK: what is hidden behind them in one mode runs in the other."""
    both.rules = [rule(9, DENY, "DROP")]
    c = connect(both, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, database=None)
    hidden = """select '\\'; drop table shop.nothing -- '"""
    assert one(c, hidden)  # a text, so far
    one(c, "set sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")
    assert refused(c, hidden)[0] == 1142
    one(c, "set sql_mode = replace(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')")
    assert one(c, hidden)
    quotes = 'select 1 as "a\' ; drop table shop.nothing -- b"'
    one(c, "set sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')")
    assert one(c, quotes) == ((1,),)
    assert command(c, 31).is_ok_packet()  # reset: none of it any more
    assert one(c, hidden)
    c.close()


def test_a_character_that_holds_a_backslash_is_one_character(gate):
    gate.rules = [rule(9, DENY, "DROP")]
    c = connect(gate, charset="gbk", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, database=None)
    c._execute_command(3, b"select '\xd5\x5c'; drop table shop.nothing")  # 0xd55c is a character: the text ends
    with pytest.raises(pymysql.MySQLError) as e:
        c._read_packet()
    assert e.value.args[0] == 1142
    c.close()


def test_a_session_that_silences_its_tracking_is_doubted(gate):
    gate.rules = [rule(9, DENY, "DROP")]
    c = connect(gate, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, database=None)
    one(c, "set session_track_system_variables = ''")
    one(c, "set @m = 'ANSI_QUOTES'")
    one(c, "set sql_mode = @m")
    assert refused(c, 'select "a\' ; drop table shop.nothing -- "')[0] == 1142 or _passes(c, "select 1")
    assert refused(c, "select 'a\" ; drop table shop.nothing -- '" + '"')[0] in (1142, 1064)
    c.close()


def test_bytes_one_by_one_are_the_same_session(gate):
    c = connect(gate, ssl=None)
    sock = c._sock
    for byte in b"\x09\0\0\0\x03select 7":
        sock.sendall(bytes([byte]))
    c._next_seq_id = 1
    assert c._read_packet().get_all_data() == b"\x01"
    c._force_close()


# ---- files ----

def test_a_file_of_the_client_is_loaded(both, tmp_path):
    (tmp_path / "goods.csv").write_bytes(b"90,a\n91,b\n" * 1)
    c = connect(both, local_infile=True)
    one(c, f"load data local infile '{tmp_path}/goods.csv' into table goods fields terminated by ','")
    assert one(c, "select name from goods where id in (90, 91) order by id") == (("a",), ("b",))
    one(c, "delete from goods where id > 50")
    c.commit()
    c.close()


def test_without_the_right_no_file_is_asked_for(gate, tmp_path):
    gate.features = QUERY
    (tmp_path / "goods.csv").write_bytes(b"90,a\n")
    c = connect(gate, local_infile=True)
    assert refused(c, f"load data local infile '{tmp_path}/goods.csv' into table goods fields terminated by ','")[0] == 1142
    assert one(c, "select 1") == ((1,),)
    c.close()


def hostile(answer):
    """A server that logs anybody in, answers our own two questions, and then what a test says to the first statement."""
    listener = socket.create_server(("127.0.0.1", 0))

    def packet(seq, body):
        return len(body).to_bytes(3, "little") + bytes([seq]) + body

    def serve():
        s, _ = listener.accept()
        f = s.makefile("rwb")

        def read():
            head = f.read(4)
            return f.read(int.from_bytes(head[:3], "little")) if len(head) == 4 else b""

        def say(seq, *bodies):
            for i, body in enumerate(bodies):
                f.write(packet(seq + i, body))
            f.flush()
        ok = b"\0\0\0\2\0\0\0"
        say(0, b"\x0a8.0.30\0" + b"\7\0\0\0" + b"12345678\0" + b"\xff\xf7" + b"\x2d\2\0" + b"\xff\x80" + b"\x15" + bytes(10)
            + b"123456789012\0mysql_native_password\0")
        read()
        say(2, ok)
        while True:
            query = read()
            if not query:
                return
            if query.startswith(b"\x03SET @@session"):
                say(1, ok)
            elif query.startswith(b"\x03SELECT @@session"):
                say(1, b"\3", b"d", b"d", b"d", b"\xfe\0\0\2\0", b"\0\7utf8mb4\xfb", b"\xfe\0\0\2\0")
            elif query[0] == 3 and b"autocommit" not in query.lower() and b"names" not in query.lower():
                say(1, *answer)
            else:
                say(1, ok)
    threading.Thread(target=serve, daemon=True).start()
    return listener


@pytest.mark.parametrize("answer", [[b"\xfb/etc/passwd"], [b"\1", b"d", b"\xfe\0\0\2\0", b"\xff"], [b"\0"], [b"\xfd\xff\xff\xff\7"], [b""]],
                         ids=["a file", "a cut error", "a cut ok", "many columns", "nothing"])
def test_a_hostile_server_ends_the_session_and_gets_nothing(gate, answer):
    with hostile(answer) as listener:
        gate.target_address, gate.pin = listener.getsockname(), b""
        c = connect(gate, local_infile=True)
        c._execute_command(3, "select 1")
        with pytest.raises(pymysql.MySQLError) as e:
            while c._read_packet():
                pass
        assert e.value.args[0] == 1053
        gate.last().over()


def test_a_file_that_the_statement_did_not_name_is_not_asked_for(gate, tmp_path):
    (tmp_path / "goods.csv").write_bytes(b"90,a\n")
    with hostile([b"\xfb/etc/passwd"]) as listener:
        gate.target_address, gate.pin = listener.getsockname(), b""
        c = connect(gate, local_infile=True)
        with pytest.raises(pymysql.MySQLError):
            one(c, f"load data local infile '{tmp_path}/goods.csv' into table goods")
        w = gate.last().over()
        assert w.named("refused")[0]["text"] == b"a file of the client, by the target"


# ---- kills ----

def test_kill_of_ones_own_query_over_another_connection(gate):
    slow, other = connect(gate), connect(gate)
    number = slow.thread_id()
    failed = []

    def run():
        try:
            failed.append(one(slow, "select sleep(60)"))
        except pymysql.MySQLError as e:
            failed.append(e.args[0])
    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: any("sleep" in s["sql"] for s in gate.workers[-2].statements()), 10, "the slow statement")
    until(lambda: _passes(other, f"kill query {number}") and not thread.join(0.2) and not thread.is_alive(), 20, "its end")
    assert failed in ([1317], [((1,),)])
    assert one(slow, "select 1") == ((1,),)
    assert refused(other, "kill 1")[0] == 1094
    bob = connect(gate, user="bob")
    assert refused(bob, f"kill {number}")[0] == 1094
    one(other, f"kill {number}")
    for c in (other, bob):
        c.close()


# ---- ends ----

def test_the_client_hears_why_its_session_ends(gate):
    c = connect(gate)
    w = gate.last()
    w.say(1, "Maintenance begins. 维护开始。")
    w.over()
    with pytest.raises(pymysql.MySQLError) as e:
        one(c, "select 1")
    assert e.value.args[0] in (1053, 2013, 2006)
    assert w.named("end")[0]["reason"].startswith(b"Maintenance")


def test_a_lock_holds_statements(gate):
    c = connect(gate)
    w = gate.last()
    before = len(w.statements())
    w.say(2, "wait")
    done = threading.Event()
    threading.Thread(target=lambda: (one(c, "select 5"), done.set()), daemon=True).start()
    assert not done.wait(1) and len(w.statements()) == before
    w.say(3, "")
    assert done.wait(10)
    c.close()


def test_a_recorder_that_stalls_holds_statements(gate):
    c = connect(gate)
    gate.stall_recorder.set()
    done = threading.Event()
    threading.Thread(target=lambda: ([one(c, "select 6") for _ in range(4000)], done.set()), daemon=True).start()
    assert not done.wait(4)  # the watermark is older than two seconds
    gate.stall_recorder.clear()
    assert done.wait(60)
    c.close()


def test_a_target_that_dies_in_a_query(tmp_path, gate):
    folder = tmp_path / "m"
    folder.mkdir()
    server = MariaDB(folder)
    server.sql(f"create user app@'127.0.0.1' identified by '{PASSWORD}'; grant all on *.* to app@'127.0.0.1'")
    gate.target_address, gate.pin = ("127.0.0.1", server.port), pin_of(server.certificate)
    c = connect(gate, database=None)
    w = gate.last()
    failed = []

    def run():
        try:
            one(c, "select sleep(60)")
        except pymysql.MySQLError as e:
            failed.append(e.args[0])
    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: any("sleep" in s["sql"] for s in w.statements()), 10, "the statement")
    server.process.kill()
    server.process.wait()
    thread.join(20)
    w.over()
    assert failed[0] in (1053, 2013)
    assert "unknown" in w.outcomes()[-1]["words"]


def test_a_client_that_leaves_in_a_query_ends_the_session_and_the_query(gate, mariadb):
    c = connect(gate)
    w = gate.last()
    c._execute_command(3, "select sleep(30)")
    until(lambda: any("sleep" in s["sql"] for s in w.statements()), 10, "the statement")
    c._force_close()
    w.over()
    assert w.named("end")[0]["reason"] == b"the client has left"
    until(lambda: "sleep(30)" not in mariadb.sql("show full processlist"), 10, "the end of the statement on the server")


def test_a_target_that_is_down(gate):
    gate.target_address = ("127.0.0.1", 1)
    with pytest.raises(pymysql.MySQLError) as e:
        connect(gate)
    assert "does not answer" in e.value.args[1]
