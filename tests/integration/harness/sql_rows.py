"""Rows of tests/corpus/sql (its README.md tells the format) but those of T-SQL."""

import re
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[2] / "corpus/sql"
ESCAPES = {"\\": b"\\", "n": b"\n", "r": b"\r", "t": b"\t"}
DEADLY = re.compile(rb"(?i)shut.*down|restart")  # never sent to a server
# Which rows a server can be asked about: `mysql` is what both families have in common.
SPOKEN = {"mariadb": ("mysql", "mariadb"), "mysql5": ("mysql", "mysql5"), "mysql8": ("mysql", "mysql8")}


def raw(text):
    """The bytes that a client sends: \\\\ \\n \\r \\t \\xHH, all else UTF-8."""
    def one(match):
        word = match[1]
        return (bytes.fromhex(word[1:]) if word[0] == "x" else ESCAPES[word]).decode("latin-1")
    out, at = b"", 0
    for match in re.finditer(r"\\(x[0-9a-fA-F]{2}|[\\nrt])", text):
        out += text[at:match.start()].encode() + one(match).encode("latin-1")
        at = match.end()
    return out + text[at:].encode()


def written(sql):
    """The other way round, for a report."""
    return re.sub(r"[^\x20-\x7e]|\\", lambda m: {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(m[0], f"\\x{ord(m[0]):02x}"),
                  sql.decode("latin-1"))


@dataclass(frozen=True)
class Row:
    where: str
    dialect: str
    sql: bytes
    expected: tuple  # of sets: of each at least one must be told
    forbidden: frozenset = frozenset()  # None: whatever is not expected
    context: dict = field(default_factory=dict, hash=False)

    @property
    def mode(self):
        return self.context.get("mode", "")

    @property
    def charset(self):
        return self.context.get("charset", "utf8mb4")

    @property
    def runs(self):
        """A server can be asked: it is told mode and character set, and has whatever version it has."""
        return not DEADLY.search(self.sql) and "unknown" not in (self.mode, self.charset) and "version" not in self.context

    def wrong(self, told):
        """What is missing in what a classifier told, and what must not be in it."""
        missing = {" or ".join(sorted(one)) for one in self.expected if not told & one}
        return missing, told - self.named if self.forbidden is None else told & self.forbidden

    @property
    def named(self):
        return frozenset().union(*self.expected)

    def __str__(self):
        return f"{self.where}: {written(self.sql)}"


def read(path):
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        dialect, context, sql, expected, *forbidden = line.split("\t")
        if dialect == "tsql":
            continue
        said = dict(word.partition("=")[::2] for word in context.split())
        assert not set(said) - {"mode", "charset", "version"}, f"{path.name}:{number}: {context}"
        wanted = tuple(frozenset(one.split("|")) for one in expected.removeprefix("=").split(",") if one)
        never = None if expected.startswith("=") else frozenset(filter(None, "".join(forbidden).removeprefix("!").split(",")))
        rows.append(Row(f"{path.name}:{number}", dialect, raw(sql), wanted, never, said))
    return rows


def corpus(pattern="*.tsv"):
    return [row for path in sorted(CORPUS.glob(pattern)) for row in read(path)]
