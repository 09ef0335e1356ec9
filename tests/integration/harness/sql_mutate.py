"""Seeded mutations of the corpus, by bytes and by tokens: what a server reads otherwise than a classifier is found by trying."""

import random
import re

from harness.sql_rows import Row

TOKEN = re.compile(rb"\s+|--[^\n]*|#[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|[A-Za-z_$][\w$]*|\d+(?:\.\d*)?|.", re.S)
BYTES = [bytes([b]) for b in b"\0\t\n\x0b\x0c\r\x1a !\"#$%&'()*+,-./0159:;<=>?@AEMNXbex[\\]^_`{|}~\x7f\x80\x81\x85\xa0\xa1\xbf\xe0\xff"]
PIECES = [b"--", b"-- ", b"/*", b"*/", b"/*!", b"/*!50000", b"/*!99999", b"/*!100100", b"/*M!", b"/*+", b"''", b"\\'", b'""', b"``", b"\x81\\",
          b"\xbf'", b"\x81`", b":=", b"@@", b"@", b"N'", b"x'", b"_gbk'", b"b'", b"0x27", b"1e", b"1.", b".", b";", b"; ;", b"/**/", b"#\n",
          b"-- \n", b"\\N", b"$$", b"DELETE FROM t", b"; DELETE FROM t", b"; DELETE FROM t -- ", b" UPDATE t SET a=1 ", b"DROP TABLE t2", b"f_del()",
          b"INTO OUTFILE '/tmp/evx_@@'", b"EXECUTE IMMEDIATE ", b"SET STATEMENT max_statement_time=1 FOR ", b"BEGIN NOT ATOMIC ", b"; END",
          b"EXPLAIN ", b"ANALYZE ", b"WITH c AS (SELECT 1) ", b"PREPARE s FROM ", b"; EXECUTE s", b"RETURNING ", b"UNION ", b"(", b")", b"SELECT ",
          b"SHOW TABLES WHERE ", b"HANDLER t OPEN", b"BEGIN ", b"END ", b"IF 1 THEN ", b"; END IF", b"DO ", b"CALL ", b"p_del()", b"VALUES ",
          b"TRUNCATE t", b"sql_mode='ANSI_QUOTES'", b"SET NAMES gbk; "]
# What a payload is hidden behind: openers, closers, and what looks like either.
SCREENS = [b"'", b"'", b'"', b'"', b"`", b"`", b"\\", b"\\'", b'\\"', b"''", b"/*", b"*/", b"/*!", b"/*!50000 ", b"/*!99999 ", b"/*!100100 ",
           b"/*M!", b"/*+ ", b"-- ", b"--", b"#", b"\n", b"\r", b" ", b";", b"1", b"a", b",", b"(", b")", b"@", b"@`", b"@'", b"N'", b"x'", b"_gbk'",
           b"\x81", b"\xbf", b"\xa0", b"\xe3\x81", b"\0", b"$$", b"$a$", b" AS ", b" AS `", b" AS '", b"1.", b"1e", b".", b"=", b":=", b"-", b"{d '",
           b"}", b"\x0b", b"\x7f", b"0x", b"b'", b"\\N", b" UNION SELECT "]
PAYLOADS = (b"; DELETE FROM t", b";DELETE FROM t", b"; UPDATE t SET a=2 ", b"; DROP TABLE t2", b" INTO OUTFILE '/tmp/evx_@@'",
            b",f_del()", b"; SET sql_mode=''",
            b";\nDELETE FROM t\n", b"; CALL p_del()", b";/**/TRUNCATE t")
MODES = ("", "", "", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", "ORACLE", "IGNORE_SPACE")
CHARSETS = ("utf8mb4", "utf8mb4", "utf8mb4", "latin1", "gbk", "big5", "sjis", "cp1251", "ujis", "euckr", "binary", "cp932", "gb2312", "latin7", "swe7")


class Mutator:
    def __init__(self, rows, seed, speaks="mariadb"):
        self.random, self.rows = random.Random(seed), rows
        self.modes = [mode for mode in MODES if speaks != "mysql8" or mode != "ORACLE"]  # MySQL 8 has no such mode
        self.tokens = sorted({token for row in rows for token in TOKEN.findall(row.sql) if len(token) < 24})

    def batch(self, n):
        """n rows that one server and one classifier read in the same mode and character set."""
        mode, charset = self.random.choice(self.modes), self.random.choice(CHARSETS)
        return [Row("mutant", "mariadb", self.one(), (), frozenset(), {"mode": mode, "charset": charset}) for _ in range(n)]

    def hidden(self):
        """A payload with something before and behind it that may hide it."""
        def screen(most):
            return b"".join(self.random.choices(SCREENS, k=self.random.randint(0, most)))
        return b"SELECT 1" + screen(5) + self.random.choice(PAYLOADS) + screen(5)

    def one(self):
        if self.random.random() < 0.4:
            return self.hidden()
        sql = self.random.choice(self.rows).sql
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4, 6))):
            sql = self.random.choice((self.by_byte, self.by_byte, self.by_token, self.by_token, self.by_piece, self.by_other))(sql)
        return sql[:4000]

    def by_byte(self, sql):
        at, what = self.random.randint(0, len(sql)), self.random.randrange(4)
        if what == 0:
            return sql[:at] + sql[at + self.random.choice((1, 1, 2, 5)):]
        if what == 1:
            return sql[:at] + self.random.choice(BYTES) + sql[at:]
        if what == 2:
            return sql[:at] + self.random.choice(BYTES) + sql[at + 1:]
        return sql[:at] + sql[at:at + 1].swapcase() + sql[at + 1:]

    def by_token(self, sql):
        tokens = TOKEN.findall(sql) or [b""]
        at, what = self.random.randrange(len(tokens)), self.random.randrange(5)
        if what == 0:
            del tokens[at]
        elif what == 1:
            tokens.insert(at, tokens[self.random.randrange(len(tokens))])
        elif what == 2:
            tokens[at] = self.random.choice(self.tokens)
        elif what == 3:
            tokens[at] = self.random.choice((b"/*!", b"/*!50000 ", b"/*!99999 ", b"/*", b"(", b"`")) + tokens[at] + self.random.choice((b"*/", b")", b"`"))
        else:
            other = self.random.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        return b"".join(tokens)

    def by_piece(self, sql):
        at = self.random.randint(0, len(sql))
        return sql[:at] + self.random.choice(PIECES) + sql[at:]

    def by_other(self, sql):
        other = self.random.choice(self.rows).sql
        joint = self.random.choice((b";", b"; ", b" ", b"\n", b"/*!", b"", b" UNION "))
        if self.random.random() < 0.5:
            return sql + joint + other
        return sql[:self.random.randint(0, len(sql))] + joint + other[self.random.randint(0, len(other)):]


def smaller(row, still):
    """The row with as much cut out as keeps `still` true."""
    sql, size = row.sql, max(1, len(row.sql) // 2)
    while size:
        at = 0
        while at < len(sql):
            shorter = Row(row.where, row.dialect, sql[:at] + sql[at + size:], (), frozenset(), row.context)
            if still(shorter):
                sql = shorter.sql
            else:
                at += size
        size //= 2
    return Row(row.where, row.dialect, sql, (), frozenset(), row.context)
