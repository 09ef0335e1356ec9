"""The server: every way to encrypt, logins, batches, calls, transactions, attention, bulk load, routing; and a hostile mode."""

import itertools
import re
import ssl
import struct
import tempfile
from pathlib import Path

from harness.double import Double
from harness.tds import wire
from harness.tds.engine import Engine, SqlError
from harness.tds.values import Column, calls, metadata, output, row
from harness.tds.wire import ATTENDED, COUNT, DONE, DONEINPROC, DONEPROC, FAILED, MORE

PROCEDURES = {1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec", 6: "sp_cursorunprepare",
              7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose", 10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute",
              13: "sp_prepexec", 14: "sp_prepexecrpc", 15: "sp_unprepare"}
TYPE_INFO = ("TYPE_NAME DATA_TYPE PRECISION LITERAL_PREFIX LITERAL_SUFFIX CREATE_PARAMS NULLABLE CASE_SENSITIVE SEARCHABLE UNSIGNED_ATTRIBUTE MONEY "
             "AUTO_INCREMENT LOCAL_TYPE_NAME MINIMUM_SCALE MAXIMUM_SCALE SQL_DATA_TYPE SQL_DATETIME_SUB NUM_PREC_RADIX INTERVAL_PRECISION USERTYPE").split()
HOSTILE = {
    "lying length": lambda line: line.send(struct.pack(">BBHHBB", wire.REPLY, 1, 4, 0, 1, 0)),
    "wrong type": lambda line: line.reply(wire.done(), wire.BATCH),
    "nothing": lambda line: line.reply(b""),
    "unknown token": lambda line: line.reply(b"\x42" + bytes(20)),
    "too many columns": lambda line: line.reply(b"\x81\xfe\xff" + bytes(20)),
    "row without columns": lambda line: line.reply(b"\xd1" + bytes(4) + wire.done()),
    "lying piece": lambda line: line.reply(b"\x81\x01\0" + bytes(4) + b"\x09\0\xa5\xff\xff\0\xd1" + bytes(8) + b"\xff\xff\xff\x7fx" + wire.done()),
    "text that is longer than its token": lambda line: line.reply(wire.token(0xaa, bytes(6) + b"\xff\xff") + wire.done(FAILED)),
    "routed late": lambda line: line.reply(wire.routing("elsewhere", 1433) + wire.done()),
    "promise": lambda line: line.reply(wire.done(MORE)),
}


class TdsServer(Double):
    """mode: off (login only), on, not supported, required, strict.  accounts: {user: password}; databases that can be entered."""

    def __init__(self, certificate, key, accounts, mode="on", databases=("master", "shop")):
        self.accounts, self.mode, self.databases = accounts, mode, databases
        self.logins, self.requests, self.route, self.handles = [], [], None, itertools.count(1)
        self.said = []  # of each connection: (TDS rank, what went over it behind PRELOGIN)
        self.folder = tempfile.TemporaryDirectory(prefix="tds-")
        self.path = Path(self.folder.name) / "db"
        self.procedures = {"double_it": lambda x, y: x * 2}
        super().__init__(certificate, key)
        if mode == "strict":
            self.tls.set_alpn_protocols(["tds/8.0"])
        else:
            self.tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def stop(self):
        super().stop()
        self.folder.cleanup()

    def serve(self, connection):
        client = Client(self, wire.Line(connection))
        try:
            if client.greet():
                client.talk()
        finally:
            client.leave()

    def choose(self, asked):
        """(what is answered, what is encrypted: nothing, the login, all)."""
        if self.mode == "strict":
            return wire.NOT_SUPPORTED, "outside"
        if self.mode == "not supported":
            return wire.NOT_SUPPORTED, "nothing"
        if asked == wire.NOT_SUPPORTED:
            return (wire.REQUIRED, "refused") if self.mode == "required" else (wire.NOT_SUPPORTED, "nothing")
        if self.mode == "off" and asked == wire.OFF:
            return wire.OFF, "login"
        return (wire.ON if asked in (wire.ON, wire.REQUIRED) else wire.REQUIRED), "all"


class Client:
    def __init__(self, server, line):
        self.server, self.line, self.rank = server, line, 74
        self.engine, self.session = None, {"database": "master", "user": ""}
        self.prepared, self.cursors, self.descriptor, self.bulk = {}, {}, 0, None

    def leave(self):
        if self.engine:
            self.engine.close()

    def greet(self):
        """The login; False when it ends here."""
        if self.server.mode == "strict":
            assert self.line.secure_all(self.server.tls) == "tds/8.0"
        kind, _, data = self.line.message()
        cover = "nothing"
        if kind == wire.PRELOGIN:
            options = wire.read_prelogin(data)
            answer, cover = self.server.choose(options.get(1, b"\2")[0])
            self.line.reply(wire.prelogin(answer, [(6, b"\0")] if 6 in options else ()))
            if cover in ("login", "all"):
                self.line.shake_hands(self.server.tls)
            if cover == "refused":
                return False
            kind, _, data = self.line.message()
        elif self.server.mode in ("required", "strict"):
            return False
        assert kind == wire.LOGIN7, kind
        if cover == "login":
            self.line.session = None
        return self.log_in(data, cover)

    def log_in(self, data, cover):
        login = wire.read_login7(data)
        self.rank = wire.RANKS[login["version"]]
        self.line.said = [("c", wire.LOGIN7, data)]
        self.server.said.append((self.rank, self.line.said))
        self.server.logins.append({"cover": cover, **{k: v for k, v in login.items() if k != "password"}})
        database = login["database"] or "master"
        if self.server.accounts.get(login["user"]) != login["password"]:
            self.refuse(18456, 14, f"Login failed for user '{login['user']}'.")
            return False
        if database not in self.server.databases:
            self.refuse(4060, 11, f'Cannot open database "{database}" requested by the login. The login failed.')
            return False
        self.session.update(database=database, user=login["user"])
        self.engine = Engine(self.server.path, self.session)
        size = max(512, min(login["size"] or 4096, 32767))
        version = {71: 0x71000001, 70: 0x07000000}.get(self.rank, login["version"])
        acknowledged = b"".join(bytes([f]) + struct.pack("<I", 1) + b"\1" for f in login["features"] if f == 0x0a)
        routed = wire.routing(*self.server.route) if self.server.route else b""
        self.line.reply(wire.environment(1, database, "master") + wire.information(5701, f"Changed database context to '{database}'.", self.rank) +
                        wire.environment(2, "us_english") + wire.token(0xe3, b"\7\5\x09\x04\xd0\0\x34\0") + wire.login_ack(version) +
                        wire.environment(4, str(size), "4096") + (b"\xae" + acknowledged + b"\xff" if login["features"] else b"") + routed +
                        wire.done(rank=self.rank))
        self.line.size = size
        return not routed

    def refuse(self, number, severity, text):
        self.line.reply(wire.failure(number, severity, text, self.rank) + wire.done(FAILED, rank=self.rank))

    def talk(self):
        while True:
            kind, status, data = self.line.message()
            if status & 2:  # taken back
                self.line.reply(wire.done(rank=self.rank))
                continue
            if self.server.fault in HOSTILE:
                HOSTILE[self.server.fault](self.line)
                continue
            if self.server.fault == "endless":
                self.endless()
            if self.server.fault == "cut":
                self.line.send(struct.pack(">BBHHBB", wire.REPLY, 1, 100, 0, 1, 0) + b"\xfd\0")
                raise EOFError
            if self.rank >= 72 and kind in (wire.BATCH, wire.RPC, wire.TRANSACTION):
                data = data[struct.unpack("<I", data[:4])[0]:]
            {wire.BATCH: self.batch, wire.RPC: self.rpc, wire.TRANSACTION: self.transaction, wire.ATTENTION: self.attention,
             wire.BULK: self.load}[kind](data)

    def endless(self):
        while True:
            self.line.send(struct.pack(">BBHHBB", wire.REPLY, 0, 4096, 0, 1, 0) + wire.done(MORE, rank=self.rank) * 300 + bytes(4088 - 13 * 300))

    def attention(self, _):
        self.line.reply(wire.done(ATTENDED, rank=self.rank))

    def batch(self, data):
        text = data.decode("utf-16le", "surrogatepass")
        self.server.statements.append(text)
        if text.strip().lower().startswith("sp_datatype_info"):
            return self.rpc_answer([("sp_datatype_info", [])])
        out = wire.Answer(self.line)
        if self.results(out, self.engine.run(text), DONE):
            out.put(wire.done(rank=self.rank))
        out.end()

    def results(self, out, results, kind, more_behind=False):
        """The tokens of each; True when the caller still has to say DONE."""
        held = None
        try:
            for result in results:
                if held is not None:
                    out.put(wire.done(held[0] | MORE, held[1], kind, self.rank))
                held = self.result(out, result)
                if held is None:
                    out.put(wire.done(ATTENDED, kind=DONE, rank=self.rank))
                    return False
        except SqlError as e:
            if held is not None:
                out.put(wire.done(held[0] | MORE, held[1], kind, self.rank))
            out.put(wire.failure(e.number, e.severity, str(e), self.rank) + wire.done(FAILED | (MORE if more_behind else 0), kind=kind, rank=self.rank))
            return more_behind
        if held is not None:
            out.put(wire.done(held[0] | (MORE if more_behind else 0), held[1], kind, self.rank))
        return held is None or more_behind

    def result(self, out, result):
        """(status, rows) of its DONE; None: an attention came."""
        if result.wait and self.line.asked_to_stop(result.wait):
            return None
        if result.words is not None:
            out.put(wire.information(0, result.words, self.rank))
        if result.database:
            if result.database not in self.server.databases:
                raise SqlError(911, f"Database '{result.database}' does not exist. Make sure that the name is entered correctly.")
            out.put(wire.environment(1, result.database, self.session["database"]))
            self.session["database"] = result.database
        self.bulk = result.bulk
        if result.names is None:
            return (COUNT, result.count) if result.count is not None else (0, 0)
        return self.rows(out, result)

    def rows(self, out, result):
        known = result.rows if isinstance(result.rows, list) else None
        first = None if known is not None else next(result.rows, None)
        sample = known if known is not None else [first] if first else []
        columns = [Column(name, [r[i] for r in sample], self.rank) for i, name in enumerate(result.names)]
        out.put(metadata(columns))
        n = 0
        for n, values in enumerate(known if known is not None else itertools.chain(sample, result.rows), 1):
            out.put(row(columns, values, self.rank))
            if n % 512 == 0 and self.line.asked_to_stop():
                return None
        return COUNT, n

    def rpc(self, data):
        self.rpc_answer([(PROCEDURES.get(name, name) if isinstance(name, int) else name, parameters) for name, parameters in calls(data, self.rank)])

    def rpc_answer(self, found):
        out = wire.Answer(self.line)
        for i, (name, parameters) in enumerate(found):
            last = re.sub(r"[\[\]\"]", "", name.split(";")[0]).split(".")[-1].lower()
            self.server.requests.append((last, [p.value for p in parameters]))
            self.call(out, last, parameters, MORE if i + 1 < len(found) else 0)
        out.end()

    def call(self, out, name, parameters, more):
        known = getattr(self, "do_" + name.removesuffix("_100"), None)
        status = 0
        try:
            if known:
                returned = known(out, parameters)
            elif name in self.server.procedures:
                returned = [(i, p.name, self.server.procedures[name](*[p.value for p in parameters])) for i, p in enumerate(parameters) if p.output]
            else:
                raise SqlError(2812, f"Could not find stored procedure '{name}'.")
        except SqlError as e:
            out.put(wire.failure(e.number, e.severity, str(e), self.rank))
            returned, status = [], FAILED
        if returned is None:  # an attention: its DONE is out
            return
        out.put(b"\x79" + bytes(4) + b"".join(output(at, label, value, self.rank) for at, label, value in returned))
        out.put(wire.done(status | more, kind=DONEPROC, rank=self.rank))

    def statement(self, out, text, declared, parameters):
        """Runs it; None when an attention ended it."""
        self.server.statements.append(text)
        names = re.findall(r"(@\w+)\s+\w", declared or "")
        values = {p.name or names[i]: p.value for i, p in enumerate(parameters)}
        return [] if self.results(out, self.engine.run(text, values), DONEINPROC, more_behind=True) else None

    def do_sp_executesql(self, out, p):
        return self.statement(out, p[0].value, p[1].value if len(p) > 1 else "", p[2:])

    def prepare(self, text, declared):
        handle = next(self.server.handles)
        self.prepared[handle] = text, declared
        return handle

    def do_sp_prepare(self, out, p):
        return [(0, p[0].name, self.prepare(p[2].value, p[1].value))]

    def do_sp_prepexec(self, out, p):
        handle = self.prepare(p[2].value, p[1].value)
        ran = self.statement(out, p[2].value, p[1].value, p[3:])
        return None if ran is None else [(0, p[0].name, handle)]

    def handle(self, held, p):
        if p[0].value not in held:
            raise SqlError(8179, f"Could not find prepared statement with handle {p[0].value}.")
        return held[p[0].value]

    def do_sp_execute(self, out, p):
        text, declared = self.handle(self.prepared, p)
        return self.statement(out, text, declared, p[1:])

    def do_sp_unprepare(self, out, p):
        self.handle(self.prepared, p)
        del self.prepared[p[0].value]
        return []

    def do_sp_cursoropen(self, out, p):
        self.server.statements.append(p[1].value)
        result = next(iter(self.engine.run(p[1].value)))
        handle = 180150000 + next(self.server.handles)
        self.cursors[handle] = result, 0
        self.rows(out, type(result)(names=result.names, rows=[]))
        out.put(wire.done(MORE, kind=DONEINPROC, rank=self.rank))
        values = handle, 1, 1, len(result.rows)
        return [(i, q.name, values[j]) for j, (i, q) in enumerate((i, p[i]) for i in (0, 2, 3, 4) if i < len(p))]

    def do_sp_cursorfetch(self, out, p):
        result, at = self.handle(self.cursors, p)
        count = p[3].value if len(p) > 3 and p[3].value else 1
        self.cursors[p[0].value] = result, at + count
        n = self.rows(out, type(result)(names=result.names, rows=result.rows[at:at + count]))[1]
        out.put(wire.done(COUNT | MORE, n, DONEINPROC, self.rank))
        return []

    def do_sp_cursorclose(self, out, p):
        self.handle(self.cursors, p)
        del self.cursors[p[0].value]
        return []

    def do_sp_cursoroption(self, out, p):
        return []

    def do_sp_datatype_info(self, out, p):
        values = ["nvarchar", -9, 4000, "N'", "'", "max length", 1, 0, 3, None, 0, None, "nvarchar", None, None, -9, None, None, None, 0]
        _, n = self.rows(out, type("R", (), {"names": TYPE_INFO, "rows": [values]}))
        out.put(wire.done(COUNT | MORE, n, DONEINPROC, self.rank))
        return []

    def do_sp_reset_connection(self, out, p):
        return []

    def transaction(self, data):
        kind = struct.unpack("<H", data[:2])[0]
        self.server.requests.append(("transaction", [kind]))
        out = b""
        try:
            if kind == 5:
                out = self.begun()
            elif kind in (7, 8):
                self.engine.commit() if kind == 7 else self.engine.rollback()
                out = wire.transaction_changed(kind + 2, struct.pack("<Q", self.descriptor))
                if data[3 + data[2]] & 1:
                    out += self.begun()
            elif kind != 9:
                raise SqlError(3902, f"Transaction request {kind} is not supported.")
        except SqlError as e:
            return self.refuse(e.number, e.severity, str(e))
        self.line.reply(out + wire.done(rank=self.rank))

    def begun(self):
        self.engine.start()
        self.descriptor += 1
        return wire.transaction_changed(8, struct.pack("<Q", self.descriptor))

    def load(self, data):
        self.server.requests.append(("bulk", [self.bulk, len(data)]))
        self.line.reply(wire.done(COUNT, data.count(b"\xd1"), rank=self.rank))
