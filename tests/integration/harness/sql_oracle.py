"""What a statement does to a real server, and which classes must be told for that.

A statement runs on a connection of its own in the database `ev`; another connection, which sees what is not committed, compares all that a
statement can change before and after: rows and shape of the tables, the lists of tables, routines, triggers, events and databases, grants,
variables, files, and of the connection itself the mode of the lexer, the character set and the database.
"""

import os
import re
from dataclasses import dataclass, field

import MySQLdb
from MySQLdb.constants import CLIENT

ALWAYS = {"UNPARSED"}  # what cannot be read is refused where writes are
OPAQUE = {"CALL", "FUNC", "DYNAMIC"}  # what may do anything, and says so
SHAPE = {"CREATE", "DROP", "ALTER", "RENAME"}
WRITES = {"INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE"}  # to the server's own tables
ROWS = {"removed": {"DELETE", "TRUNCATE", "REPLACE", "DROP", "RENAME", "ALTER"}, "added": {"INSERT", "REPLACE", "RENAME", "ALTER", "CREATE"},
        "changed": {"UPDATE", "REPLACE", "ALTER", "RENAME", "DROP"}}
COVERS = {"shape": SHAPE, "tables": SHAPE, "databases": SHAPE, "routines": SHAPE, "triggers": SHAPE, "events": SHAPE, "views": SHAPE,
          "grants": {"GRANT", "DROP", "RENAME"} | WRITES, "variables": {"SET_GLOBAL", "ADMIN", "REPL"}, "plugins": {"CODE", "ADMIN"} | WRITES,
          "servers": SHAPE | WRITES,
          "files": {"FILE_WRITE"}, "mode": {"LEXMODE"}, "charset": {"LEXMODE"}, "database": {"USE", "DROP"}, "count": {"MULTI"},
          "gone": {"ADMIN", "TCL"}, "prepared": {"TCL"}}
SETUP = """
create database ev;
create table ev.t(id int primary key, a varchar(40)) engine=innodb default charset=utf8mb4;
create table ev.t2(id int primary key, a varchar(40)) engine=innodb default charset=utf8mb4;
insert into ev.t values(1,'a'),(2,'b'),(3,'c');
insert into ev.t2 values(1,'a'),(2,'b');
create view ev.v as select id, a from ev.t;
create function ev.f_del() returns int begin delete from ev.t; return 1; end;
create function ev.f_one() returns int deterministic no sql return 1;
create function ev.curdate () returns int begin delete from ev.t; return 1; end;
create procedure ev.p_del() delete from ev.t;
create procedure ev.p_names() begin set names gbk; end;
create trigger ev.tr before update on ev.t2 for each row set @seen = 1;
"""
ROWS_AGAIN = """
delete from ev.t; delete from ev.t2;
insert into ev.t values(1,'a'),(2,'b'),(3,'c');
insert into ev.t2 values(1,'a'),(2,'b');
"""
KEPT = ("global_priv", "user", "db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv", "roles_mapping", "role_edges",
        "default_roles", "global_grants", "servers", "plugin", "func")
# Routines and events: from the tables that hold them where there are such, else from the views on a dictionary.
PLAIN = ("select name, type, body, sql_data_access, security_type, comment from mysql.proc where db='ev' order by 1, 2",
         "select name, body, status from mysql.event where db='ev' order by 1")
LISTED = ("select routine_name, routine_type, routine_definition, sql_data_access, security_type, routine_comment from information_schema.routines "
          "where routine_schema='ev' order by 1, 2",
          "select event_name, event_definition, status from information_schema.events where event_schema='ev' order by 1")
VOLATILE = re.compile(r"gtid|^(timestamp|last_insert_id|insert_id|rand_seed|error_count|warning_count|pseudo|identity|statement_id|innodb_buffer_pool_load)"
                      r"|innodb_(thread_concurrency|buffer_pool_dump)|in_transaction|server_uid|^hostname$")


@dataclass
class Effect:
    kinds: dict = field(default_factory=dict)  # kind: what
    results: int = 0  # statements that ran
    error: int = 0    # 0 = all of it ran

    def __str__(self):
        return f"{self.results} ran{f', then {self.error}' if self.error else ''} {self.kinds or ''}"


def statements(text):
    """SETUP has one statement a line."""
    return [line.rstrip(";") for line in text.strip().splitlines()]


class Oracle:
    def __init__(self, server):
        self.server, self.variables_seen = server, ((), {})
        self.eye = self.connect()
        (server.files / "in").write_text("7\tx\n")
        for text in ("set session transaction isolation level read uncommitted", "set lock_wait_timeout=5", "set sql_mode=''",
                     "create database kept"):
            self.ask(text)
        self.kept = [name for (name,) in self.ask("select table_name from information_schema.tables where table_schema='mysql' and "
                                                  "table_type='BASE TABLE'") if name.decode() in KEPT]
        self.kept = [name.decode() for name in self.kept]
        self.ask("create user u@localhost")
        self.ask("grant select on *.* to u@localhost")
        for name in self.kept:
            self.ask(f"create table kept.{name} as select * from mysql.{name}")
        self.listed = LISTED if isinstance(self.tried("select 1 from mysql.proc limit 1"), str) else PLAIN
        self.make()
        self.before = self.look()

    def connect(self, database=""):
        return MySQLdb._mysql.connect(host="localhost", user="root", db=database, unix_socket=str(self.server.socket), connect_timeout=10,
                                      read_timeout=20, client_flag=CLIENT.MULTI_STATEMENTS, local_infile=0)

    def ask(self, text):
        self.eye.query(text if isinstance(text, bytes) else text.encode())
        rows = ()
        while True:
            result = self.eye.store_result()
            if result is not None:
                rows = result.fetch_row(maxrows=0)
            if self.eye.next_result() == -1:
                return rows

    def tried(self, text):
        try:
            return self.ask(text)
        except MySQLdb.Error as e:
            return f"error {e.args[0]}"

    def make(self):
        for text in statements(SETUP):
            self.ask(text)

    def look(self):
        """All that a statement can change."""
        seen = {name: self.tried(f"select * from ev.{name} order by 1 limit 100") for name in ("t", "t2")}
        seen["shape"] = [self.tried(f"show create table ev.{name}") for name in ("t", "t2")]
        seen["tables"] = self.tried("show full tables from ev")
        seen["databases"] = self.ask("select schema_name, default_character_set_name from information_schema.schemata order by 1")
        seen["views"] = self.tried("show create view ev.v")
        seen["routines"], seen["events"] = (self.ask(text) for text in self.listed)
        seen["triggers"] = self.tried("show triggers from ev")
        seen["grants"] = [self.ask(f"select * from mysql.{name}") for name in self.kept if name not in ("servers", "plugin", "func")]
        seen["prepared"] = self.ask("xa recover")
        seen["servers"] = self.ask("select * from mysql.servers")
        seen["plugins"] = [self.ask(f"select * from mysql.{name}") for name in ("plugin", "func")]
        seen["variables"] = self.steady(self.ask("show global variables"))
        seen["files"] = sorted((entry.name, entry.stat().st_size) for entry in os.scandir(self.server.files))
        return seen

    def steady(self, rows):
        """Without those that move by themselves; most often it is what it was."""
        if rows != self.variables_seen[0]:
            self.variables_seen = rows, {k: v for k, v in rows if not VOLATILE.search(k.decode())}
        return self.variables_seen[1]

    def run(self, row):
        """Runs it; what it did is undone. Nothing that was not read as one is left on the connection."""
        effect, connection = Effect(), self.connect("ev")
        try:
            for text in (f"set sql_mode='{row.mode}'", f"set names {row.charset}"):
                connection.query(text.encode())
            seen = self.of_connection(connection)
            self.send(connection, self.placed(row.sql), effect)
            self.compare_connection(seen, connection, effect)
        except MySQLdb.OperationalError as e:
            if e.args[0] not in (2006, 2013):
                raise
            effect.kinds["gone"] = "the connection"
        finally:
            connection.close()
        self.compare(effect)
        return effect

    def placed(self, sql):
        """With the files where this server may write and read some."""
        return sql.replace(b"/tmp/evx_@@", bytes(self.server.files / "out")).replace(b"/etc/hostname", bytes(self.server.files / "in"))

    @staticmethod
    def send(connection, sql, effect):
        try:
            connection.query(sql)
            while True:
                result = connection.store_result()
                if result is not None:
                    result.fetch_row(maxrows=0)
                effect.results += 1
                if connection.next_result() == -1:
                    return
        except MySQLdb.Error as e:
            effect.error = e.args[0]

    @staticmethod
    def of_connection(connection):
        connection.query(b"select @@sql_mode, @@character_set_client, database()")
        return connection.store_result().fetch_row()[0]

    def compare_connection(self, seen, connection, effect):
        if effect.error in (2006, 2013):
            effect.kinds["gone"] = "the connection"
            return
        for kind, old, new in zip(("mode", "charset", "database"), seen, self.of_connection(connection)):
            if old != new:
                effect.kinds[kind] = new
        for text in (b"commit", b"unlock tables"):
            try:
                connection.query(text)
                connection.store_result()
            except MySQLdb.Error:
                pass  # in an XA transaction

    def compare(self, effect):
        after = self.look()
        if after == self.before:
            return
        for kind, old in self.before.items():
            if after[kind] == old:
                continue
            if kind in ("t", "t2"):
                self.rows(old, after[kind], effect)
            elif kind == "variables":
                effect.kinds[kind] = sorted(k.decode() for k in old if old[k] != after[kind].get(k))
            else:
                effect.kinds[kind] = str(after[kind])[:200]
        self.undo(after)

    @staticmethod
    def rows(old, new, effect):
        if isinstance(new, str) or any(len(row) != 2 for row in new):
            effect.kinds["removed"] = new
            return
        old, new = dict(old), dict(new)
        for kind, keys in (("removed", old.keys() - new.keys()), ("added", new.keys() - old.keys()),
                           ("changed", {k for k in old.keys() & new.keys() if old[k] != new[k]})):
            if keys:
                effect.kinds[kind] = f"{effect.kinds.get(kind, '')} {len(keys)}".strip()

    def undo(self, after):
        changed = {kind for kind in after if after[kind] != self.before[kind]}
        for _, gtrid, bqual, data in after["prepared"]:  # it holds its locks
            data, at = data.hex(), int(gtrid) * 2
            self.tried(f"xa rollback X'{data[:at]}',X'{data[at:at + int(bqual) * 2]}'")
        if changed <= {"t", "t2", "prepared"} and not any(isinstance(after[name], str) for name in changed):
            self.ask(ROWS_AGAIN.strip().encode())
            return
        for name in os.listdir(self.server.files):
            path = self.server.files / name
            if name.encode() and (name, path.stat().st_size) not in self.before["files"]:
                path.unlink()
        if "variables" in changed:
            self.variables(after["variables"])
        if changed & {"grants", "servers", "plugins"}:
            for name in self.kept:
                self.ask(f"delete from mysql.{name}")
                self.ask(f"insert into mysql.{name} select * from kept.{name}")
            self.ask("flush privileges")
        if changed - {"variables", "grants", "servers", "plugins", "files", "prepared"}:
            there = {name for name, _ in self.before["databases"]}
            for (name,) in self.ask("show databases"):
                if name not in there or name == b"ev":
                    self.drop(name)
            self.make()
        self.before = self.look()

    def drop(self, name):
        """With what a table that broke off left in its folder."""
        text = b"drop database `%s`" % name.replace(b"`", b"``")
        if self.tried(text) == "error 1010":
            for path in (self.server.folder / "data" / name.decode()).iterdir():
                path.unlink()
            self.ask(text)

    def variables(self, now):
        for name, value in self.before["variables"].items():
            if now.get(name) != value:
                text = value.decode()
                given = text if re.fullmatch(r"-?\d+(\.\d+)?", text) else "'" + text.replace("'", "''") + "'"
                self.tried(f"set global {name.decode()}={given}")


def uncovered(effect, told):
    """What was seen and is not among what a classifier told: a list of words, empty when all is well."""
    if told & ALWAYS:
        return []
    found = []
    for kind, what in effect.kinds.items():
        enough = ROWS.get(kind) or COVERS[kind]
        if kind == "removed" and effect.kinds.get("tables"):
            enough = enough | SHAPE
        if not told & (enough | OPAQUE):
            found.append(f"{kind} ({what}) without any of {', '.join(sorted(enough))}")
    if effect.results > 2 and not told & {"MULTI", "BLOCK", "CONTROL"} | OPAQUE:  # the second may be a comment behind the last ;
        found.append(f"{effect.results} results without MULTI")
    return found
