"""T-SQL has no separators: whatever stands before or behind a dangerous statement, it is reported, however they are put together."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIX = Path(os.environ.get("YANMEN_PREFIX", ROOT / "build/install"))
DANGEROUS = {
    "DELETE t": "DELETE NO_WHERE",
    "UPDATE t SET a=1": "UPDATE NO_WHERE",
    "INSERT t VALUES (1)": "INSERT",
    "MERGE t USING u ON 1=1 WHEN MATCHED THEN DELETE;": "MERGE DELETE",
    "SELECT * INTO q FROM t": "SELECT CREATE",
    "DROP TABLE t": "DROP",
    "TRUNCATE TABLE t": "TRUNCATE",
    "ALTER TABLE t ADD c int": "ALTER",
    "CREATE TABLE q (a int)": "CREATE",
    "GRANT SELECT ON t TO x": "GRANT",
    "EXEC xp_cmdshell 'x'": "CALL OSCMD",
    "EXEC('DELETE t')": "CALL DYNAMIC DELETE",
    "BULK INSERT t FROM 'x'": "INSERT BULK FILE_READ",
    "BACKUP DATABASE d TO DISK='x'": "ADMIN FILE_WRITE",
    "SET QUOTED_IDENTIFIER OFF": "SET LEXMODE",
    "DISABLE TRIGGER x ON t": "ALTER",
    "IF 1=1 DELETE t": "CONTROL DELETE",
    "SHUTDOWN": "ADMIN",
    "REVERT": "IMPERSONATE",
    "KILL 5": "KILL",
}
UNITS = re.compile(r"\\(\\|n|r|t|u[0-9a-fA-F]{4})")


def text_of(escaped):
    """What the corpus writes as \\uXXXX, \\n ..., as text."""
    return UNITS.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}[m[1]], escaped)


def statements(name):
    lines = (ROOT / "tests/corpus/sql" / name).read_text().splitlines()
    return [text_of(line.split("\t")[2]) for line in lines if line and not line.startswith("#")]


def missed(texts):
    """[(text, what it must have)] -> those whose answer has not, though it does not say UNPARSED either."""
    lines = "".join(json.dumps({"sql_b64": base64.b64encode(text.encode("utf-16-le", "surrogatepass")).decode()}) + "\n" for text, _ in texts)
    done = subprocess.run([PREFIX / "bin/yanmen", "sql", "classify", "--dialect", "tsql", "--sql-mode", "QUOTED_IDENTIFIER", "--lines"],
                          input=lines, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line)["classes"] for line in done.stdout.splitlines()]
    assert len(answers) == len(texts) > 0
    return [(text, sorted(set(must.split()) - set(found))) for (text, must), found in zip(texts, answers)
            if not set(must.split()) <= set(found) and "UNPARSED" not in found]


def test_a_dangerous_statement_is_seen_behind_every_everyday_one_and_before_it():
    pairs = []
    for harmless in statements("everyday_tsql.tsv"):
        behind = harmless + "\n" if "--" in harmless else harmless
        for dangerous, must in DANGEROUS.items():
            pairs += [(behind + between + dangerous, must) for between in (" ", "\n", ";", "/**/", "\u00a0")]
            pairs.append((dangerous + " " + harmless, must))
    assert missed(pairs) == []


def test_a_dangerous_statement_is_seen_behind_every_evasion():
    assert missed([(evasion + "\n" + dangerous, must) for evasion in statements("evasion_tsql.tsv") for dangerous, must in DANGEROUS.items()]) == []


def test_a_dangerous_statement_is_seen_within_blocks_modules_and_constant_sql():
    frames = ["BEGIN {} END", "IF 1=2 SELECT 1 ELSE {}", "WHILE 1=1 BEGIN {} BREAK END", "BEGIN TRY {} END TRY BEGIN CATCH THROW END CATCH",
              "CREATE PROC p @a AS int = 1 AS {}", "ALTER PROC p WITH RECOMPILE AS BEGIN {} END", "CREATE TRIGGER tr ON t FOR UPDATE, DELETE AS {}",
              "x: {} GOTO x",
              "SELECT CASE 1 WHEN 1 THEN 2 END {}", "DECLARE @a int = (SELECT 1) {}", "EXECUTE AS USER = 'x' {}"]
    plain = [(frame.format(dangerous), must) for frame in frames for dangerous, must in DANGEROUS.items()]
    quoted = [(f"EXEC({q}'{text.replace(chr(39), chr(39) * 2)}')", must) for text, must in plain for q in ("", "N")]
    prepared = [(f"EXEC sp_executesql N'{text.replace(chr(39), chr(39) * 2)}', N'@a int', 1", must) for text, must in plain]
    assert missed(plain + quoted + prepared) == []
