"""T-SQL enough for clients: a batch is taken apart into statements, each is answered from SQLite or by a word of its own."""

import re
import sqlite3

TOKEN = re.compile(r"N?'(?:[^']|'')*'|\[(?:[^\]]|\]\])*\]|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|@@?[\w$#]+|[\w$#]+|\s+|.", re.S)
STARTS = ("SELECT INSERT UPDATE DELETE CREATE DROP ALTER TRUNCATE SET BEGIN COMMIT ROLLBACK SAVE PRINT RAISERROR EXEC EXECUTE DECLARE USE IF "
          "WAITFOR MERGE WITH GRANT").split()
NAME = r"(?:\[(?:[^\]]|\]\])*\]|[\w$#]+)"


class SqlError(Exception):
    def __init__(self, number, text, severity=16):
        super().__init__(text)
        self.number, self.severity = number, severity


def tokens(text):
    return [t for t in TOKEN.findall(text)]


def goes_on(words, word, before):
    """A word that may start a statement belongs to the one that is being read."""
    first = words[0] if words else None
    return (word == "SELECT" and (before in ("UNION", "ALL", "EXCEPT", "INTERSECT", "AS") or (first == "INSERT" and "SELECT" not in words and
                                                                                           "VALUES" not in words) or first == "WITH")
            or word == "SET" and first in ("UPDATE", "MERGE") and "SET" not in words
            or word in ("UPDATE", "DELETE", "INSERT") and (first == "WITH" or before in ("ON", "FOR"))
            or word in ("SELECT", "INSERT", "UPDATE", "DELETE") and first == "CREATE" and "PROCEDURE" in words
            or first == "IF" and not any(w in STARTS for w in words[1:])
            or first == "GRANT"
            or word == "WITH" and first in ("SELECT", "UPDATE", "DELETE", "INSERT", "RAISERROR"))


def statements(batch):
    """T-SQL needs no separators: a word that starts one, outside of parentheses, does."""
    found, current, words, depth, before = [], [], [], 0, None
    for t in tokens(batch):
        word = t.upper()
        if depth == 0 and (t == ";" or (word in STARTS and words and not goes_on(words, word, before))):
            found.append("".join(current).strip())
            current, words = [], []
            if t == ";":
                before = None
                continue
        depth += (t == "(") - (t == ")")
        current.append(t)
        if not t.isspace() and not t.startswith(("--", "/*")):
            words.append(word)
            before = word
    found.append("".join(current).strip())
    return [s for s in found if tokens_of(s)]


def tokens_of(statement):
    return [t for t in tokens(statement) if not t.isspace() and not t.startswith(("--", "/*"))]


def translated(sql):
    """For SQLite: literals without N, TOP as LIMIT, names without a schema."""
    out, limit = [], None
    parts = tokens(sql)
    for i, t in enumerate(parts):
        if t[:2] in ("N'", "n'"):
            t = t[1:]
        elif t.upper() == "TOP":
            number = next(p for p in parts[i + 1:] if p.isdigit())
            limit, t = number, ""
            parts[parts.index(number, i)] = ""
        out.append(t)
    text = "".join(out)
    text = re.sub(r"\b(?:dbo|sys)\s*\.\s*", "", text, flags=re.I)
    text = re.sub(r"\bTRUNCATE\s+TABLE\b", "DELETE FROM", text, flags=re.I)
    text = re.sub(r"\bN?VARCHAR\s*\(\s*MAX\s*\)", "TEXT", text, flags=re.I)
    text = re.sub(r"@@([\w]+)", lambda m: f"server_{m[1].lower()}()", text)
    text = re.sub(r"\bWITH\s*\(\s*NOLOCK\s*\)", "", text, flags=re.I)
    return text + (f" LIMIT {limit}" if limit else "")


class Result:
    """names and rows (an iterator) of a SELECT, or the number of rows touched, or words."""

    def __init__(self, names=None, rows=None, count=None, words=None, database=None, wait=0, bulk=None):
        self.names, self.rows, self.count, self.words = names, rows, count, words
        self.database, self.wait, self.bulk = database, wait, bulk


class Engine:
    """One client's session."""

    def __init__(self, path, session):
        self.sqlite = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self.session, self.nested, self.variables = session, 0, {}
        for name, value in {"version": "Microsoft SQL Server 2022 (a double)", "spid": 51, "max_precision": 38, "microsoftversion": 0x10000000,
                            "servername": "double", "language": "us_english", "options": 0, "identity": 0, "error": 0}.items():
            self.sqlite.create_function("server_" + name, 0, lambda value=value: value)
        self.sqlite.create_function("server_trancount", 0, lambda: self.nested)
        self.sqlite.create_function("db_name", 0, lambda: session["database"])
        self.sqlite.create_function("suser_sname", 0, lambda: session["user"])
        self.sqlite.create_function("serverproperty", 1, lambda name: {"edition": "Double"}.get(name.lower()))
        self.sqlite.create_function("len", 1, lambda text: None if text is None else len(str(text).rstrip()))
        self.sqlite.create_function("isnull", 2, lambda a, b: b if a is None else a)
        self.sqlite.create_function("getdate", 0, lambda: "2026-01-02 03:04:05.000")

    def close(self):
        self.sqlite.close()

    def run(self, batch, values=None):
        """A Result for each statement; SqlError ends it."""
        self.variables = dict(values or {})
        for statement in statements(batch):
            yield self.one(statement)

    def one(self, statement):
        words = [w.upper() for w in tokens_of(statement)]
        for words_, answer in ((("BEGIN",), self.begin), (("COMMIT",), self.commit), (("ROLLBACK",), self.rollback), (("SAVE",), self.nothing),
                               (("SET",), self.nothing), (("DECLARE",), self.declare), (("PRINT",), self.say), (("USE",), self.use),
                               (("WAITFOR",), self.wait), (("RAISERROR",), self.fail), (("IF",), self.nothing), (("INSERT", "BULK"), self.bulk),
                               (("EXEC",), self.execute), (("EXECUTE",), self.execute)):
            if tuple(words[:len(words_)]) == words_:
                return answer(statement)
        flood = re.fullmatch(r"SELECT \* FROM flood\((\d+), (\d+)\)", statement, re.I)
        if flood:
            text = "x" * int(flood[2])
            return Result(names=["n", "v"], rows=((i, text) for i in range(int(flood[1]))))
        return self.query(statement)

    def query(self, statement):
        if re.search(r"\b1\s*/\s*0\b", statement):
            raise SqlError(8134, "Divide by zero error encountered.")
        named = {name.lstrip("@"): value for name, value in self.variables.items()}
        try:
            cursor = self.sqlite.execute(translated(statement), named)
        except sqlite3.OperationalError as e:
            missing = re.match(r"no such table: (.*)", str(e))
            if missing:
                raise SqlError(208, f"Invalid object name '{missing[1]}'.") from e
            raise SqlError(102, f"Incorrect syntax: {e}.", 15) from e
        except sqlite3.IntegrityError as e:
            raise SqlError(2627, str(e), 14) from e
        if cursor.description:
            return Result(names=[d[0] if re.search(rf"\b{re.escape(d[0])}\b", statement) and not re.search(r"[^\w]", d[0]) else "" for d in cursor.description],
                          rows=cursor.fetchall())
        return Result(count=max(cursor.rowcount, 0) if re.match(r"\s*(INSERT|UPDATE|DELETE|TRUNCATE)", statement, re.I) else None)

    def begin(self, statement):
        if not re.match(r"BEGIN\s+TRAN", statement, re.I):
            raise SqlError(102, "Incorrect syntax near 'BEGIN'.", 15)
        self.start()
        return Result()

    def start(self):
        if self.nested == 0:
            self.sqlite.execute("BEGIN")
        self.nested += 1

    def commit(self, _=""):
        if self.nested == 0:
            raise SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self.nested -= 1
        if self.nested == 0:
            self.sqlite.execute("COMMIT")
        return Result()

    def rollback(self, _=""):
        if self.nested == 0:
            raise SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self.nested = 0
        self.sqlite.execute("ROLLBACK")
        return Result()

    def nothing(self, _):
        return Result()

    def declare(self, statement):
        found = re.match(r"DECLARE\s+(@\w+)\s+[\w()]+(?:\s*=\s*(.*))?", statement, re.I | re.S)
        self.variables[found[1]] = self.sqlite.execute("SELECT " + found[2]).fetchone()[0] if found[2] else None
        return Result()

    def say(self, statement):
        return Result(words=re.match(r"PRINT\s+N?'((?:[^']|'')*)'", statement, re.I)[1].replace("''", "'"))

    def use(self, statement):
        name = tokens_of(statement)[1].strip("[]")
        return Result(database=name)

    def wait(self, statement):
        h, m, s = re.search(r"'(\d+):(\d+):(\d+)'", statement).groups()
        return Result(wait=int(h) * 3600 + int(m) * 60 + int(s))

    def fail(self, statement):
        found = re.search(r"\(\s*N?'((?:[^']|'')*)'\s*,\s*(\d+)", statement)
        raise SqlError(50000, found[1].replace("''", "'"), int(found[2]))

    def bulk(self, statement):
        return Result(bulk=re.search(rf"INSERT\s+BULK\s+({NAME}(?:\s*\.\s*{NAME})*)", statement, re.I)[1])

    def execute(self, statement):
        words = tokens_of(statement)
        if words[1].lower().split(".")[-1] == "sp_executesql":
            text = next(w for w in words if w.startswith(("N'", "'")))
            inner = text[text.index("'") + 1:-1].replace("''", "'")
            return self.one(inner)
        raise SqlError(2812, f"Could not find stored procedure '{words[1]}'.")
