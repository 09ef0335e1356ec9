"""Every row of tests/corpus/sql through `yanmen sql classify --lines`: what must be reported is, what must not be is not.

A row: dialect, context, sql, expected[, !forbidden], with tabs between.  dialect: mysql (MySQL and MariaDB: both are tried), mysql5 (5.6.24), mysql8, mariadb, tsql.  context:
mode=..., charset=..., version=..., with blanks between.  sql: \\\\ \\n \\r \\t, \\xHH one byte (mysql, mariadb), \\uXXXX one UTF-16 unit (tsql).  expected:
classes and flags that must all be there, a|b one of them; with = before them: these and no others."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = Path(os.environ.get("YANMEN_PREFIX", ROOT / "build/install"))
CORPUS = sorted((ROOT / "tests/corpus/sql").glob("*.tsv"))
DIALECTS = {"mysql": ("mysql", "mariadb"), "mysql8": ("mysql",), "mysql5": ("mysql",), "mariadb": ("mariadb",), "tsql": ("tsql",)}
ESCAPE = re.compile(r"\\(\\|n|r|t|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


def raw(sql, dialect):
    """The bytes that a client sends."""
    out, at = b"", 0
    code = "utf-16-le" if dialect == "tsql" else "utf-8"
    for match in ESCAPE.finditer(sql):
        out += sql[at:match.start()].encode(code, "surrogatepass")
        word, at = match.group(1), match.end()
        if word[0] == "x":
            out += bytes([int(word[1:], 16)])
        elif word[0] == "u":
            out += int(word[1:], 16).to_bytes(2, "little")
        else:
            out += {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}[word].encode(code)
    return out + sql[at:].encode(code, "surrogatepass")


def rows(path):
    """[(line number, dialect, question, expected, forbidden, exactly)]"""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        assert len(fields) in (4, 5) and fields[0] in DIALECTS, f"{path.name}:{number}: malformed"
        context = dict(word.split("=", 1) for word in fields[1].split())
        assert set(context) <= {"mode", "charset", "version"}, f"{path.name}:{number}: context"
        names = {"mode": "sql_mode", "charset": "charset", "version": "server_version"}
        exactly = fields[3].startswith("=")
        expected = set(fields[3].lstrip("=").split(","))
        forbidden = set(fields[4].lstrip("!").split(",")) if len(fields) == 5 else set()
        for dialect in DIALECTS[fields[0]]:
            context = ({"version": "5.6.24"} if fields[0] == "mysql5" else {}) | context
            question = {"sql_b64": base64.b64encode(raw(fields[2], dialect)).decode()}
            yield number, dialect, question | {names[k]: v for k, v in context.items()}, expected, forbidden, exactly


def classify(dialect, questions):
    done = subprocess.run([PREFIX / "bin/yanmen", "sql", "classify", "--dialect", dialect, "--lines"], capture_output=True, text=True, timeout=60,
                          input="".join(json.dumps(q) + "\n" for q in questions))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_each_row_is_reported_as_the_servers_behave(path):
    wrong = []
    every = list(rows(path))
    assert every
    for dialect in sorted({row[1] for row in every}):
        mine = [row for row in every if row[1] == dialect]
        for (number, _, question, expected, forbidden, exactly), answer in zip(mine, classify(dialect, [row[2] for row in mine])):
            found = set(answer["classes"])
            if not all(found & set(word.split("|")) for word in expected) or found & forbidden or (exactly and found != expected):
                wrong.append(f"{path.name}:{number} ({dialect}) {base64.b64decode(question['sql_b64'])[:100]}: expected {sorted(expected)},"
                             f" found {sorted(found)}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_same_question_has_the_same_answer_and_lines_come_one_by_one():
    with subprocess.Popen([PREFIX / "bin/yanmen", "sql", "classify", "--dialect", "mysql", "--lines"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        answers = []
        for _ in range(2):
            process.stdin.write(json.dumps({"sql_b64": base64.b64encode(b"SELECT a FROM t WHERE b IN (1, 2)").decode()}) + "\n")
            process.stdin.flush()
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait() == 0
    assert answers[0] == answers[1] and answers[0]["classes"] == ["SELECT"] and answers[0]["tables"] == ["t"]


def test_a_malformed_line_is_answered_and_the_exit_code_tells():
    done = subprocess.run([PREFIX / "bin/yanmen", "sql", "classify", "--dialect", "mysql", "--lines"], capture_output=True, text=True, timeout=60,
                          input='{"sql_b64": "!"}\nnonsense\n{"sql_b64": "U0VMRUNUIDE="}\n')
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["error" in answer for answer in answers] == [True, True, False] and done.returncode == 1
