"""check_texts - what the gateway says to a person stands in Chinese in policy/say/texts*.c; called by check.py.

Held against the table: the exceptions of schema/ that carry a code of ours, the literal words of fault() and pol_call_fail(), the columns
of the CLI's tables.  And the other way: what the table has stands somewhere in these sources.
"""
import json
import re

TABLE = "policy/say/texts.c"
TABLES = "policy/say/texts*.c"
FOLDERS = ("policy", "recorder", "gateway/core", "gateway/rotate", "sqlproxy", "tools/yanmen", "webterm")  # the workers' words are beside them, in both languages
BESIDE = "webterm/term"  # a worker as well
LITERAL = r'"(?:\\.|[^"\\\n])*"'
SQL = re.compile(r"raise exception\s+'((?:[^']|'')*)'[^;]*?'YM\d", re.S)
C = re.compile(r"\b(?:pol_call_fail|fault)\(((?:[^;\",]*,){2}[^;\",]*?)(" + LITERAL + r"(?:\s*" + LITERAL + r")*)\s*[,):]")
CHINESE = re.compile("[\u4e00-\u9fff]")  # a line in both languages: it needs no row
COLUMNS = re.compile(r'\.columns = "([^"]*)"')
CHINESE = re.compile("[\u4e00-\u9fff]")  # a line in both languages: it needs no row


def joined(literals):
    """C literals side by side, as one text."""
    return "".join(re.sub(r'\\(["\\])', r"\1", word[1:-1]) for word in re.findall(LITERAL, literals))


def sources(root, folder):
    return [path for path in sorted((root / folder).rglob("*.c")) if not path.is_relative_to(root / BESIDE)]


def said(root):
    for path in sorted((root / "schema").glob("*.sql")):
        text = path.read_text()
        for match in SQL.finditer(text):
            words = match[1].replace("''", "'").replace("%%", "\0").replace("%", "{}").replace("\0", "%")
            yield path, text.count("\n", 0, match.start()) + 1, words
    for folder in FOLDERS:
        for path in sources(root, folder):
            text = path.read_text()
            for match in C.finditer(text):
                yield path, text.count("\n", 0, match.start()) + 1, joined(match[2])
            for match in COLUMNS.finditer(text):
                for word in match[1].split(","):
                    yield path, text.count("\n", 0, match.start()) + 1, word


def faults(root):
    """(path, line, what) of each text without a row, and each row without a text."""
    rows = {}
    for path in root.glob(TABLES):
        table = path.read_text()
        for match in re.finditer(r"\{\s*(" + LITERAL + r"(?:\s*" + LITERAL + r")*),\s*" + LITERAL, table):
            rows.setdefault(joined(match[1]), (path, table.count("\n", 0, match.start()) + 1))
    for path, line, words in said(root):
        if words and words not in rows and not CHINESE.search(words):
            yield path, line, f'"{words}" is not in {TABLE}'
    everywhere = "\n".join(p.read_text().replace("''", "'") for p in sorted((root / "schema").glob("*.sql")))
    for folder in FOLDERS:
        for path in sources(root, folder):
            if not path.match(TABLES):
                text = path.read_text()
                everywhere += re.sub(r'"\s*\n\s*"', "", text) + "\n"
    everywhere = everywhere.replace("%%", "%").replace('\\"', '"')
    for words, (path, line) in rows.items():
        longest = max(words.split("{}"), key=len).strip(": ")
        if longest not in everywhere:
            yield path, line, f'nobody says "{words}"'


# ---- what the console names in words: audit kinds and permissions ----

NEEDED = re.compile(r"api\.need\w*\([^;]*?'([a-z_]+\.[a-z_]+)'")
GIVEN = re.compile(r"insert into yanmen\.role_permission[^;]*;")
NOTED = re.compile(r"(?:yanmen\.\w*note\w*|audit\.add)\s*\(")
PUT = re.compile(r"\b(?:pol_facts_put|login_fact|factor_fact|audit|put)\([^;\"]*((?:\"[a-z_]+\.[a-z_]+\"[ :,]*)+)")
QUOTED = re.compile(r"['\"]([a-z]+\.[a-z_]+)['\"]")


def call_at(text, start):
    """The arguments of a call whose bracket has been opened just before start."""
    depth, end = 1, start
    while depth and end < len(text):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[start:end]


def unnamed(root):
    """(path, line, what): an audit kind or a permission that the console has no words for."""
    words = json.loads((root / "console/src/i18n/en.json").read_text())
    for path in sorted((root / "schema").glob("*.sql")):
        text = path.read_text()
        kinds = {k for m in NOTED.finditer(text) for k in QUOTED.findall(call_at(text, m.end()))}
        rights = {r for m in NEEDED.finditer(text) for r in [m[1]]} | {r for m in GIVEN.finditer(text) for r in QUOTED.findall(m[0])}
        for what, names in (("event", kinds), ("permission", rights)):
            for name in sorted(names):
                if name.replace(".", "_") not in words[what]:
                    yield path, text.count("\n", 0, text.index(f"'{name}'")) + 1, f"{name} has no words in console/src/i18n: {what}"
    for path in sources(root, "policy"):
        text = path.read_text()
        for match in PUT.finditer(text):
            for name in QUOTED.findall(match[1]):
                if name.replace(".", "_") not in words["event"]:
                    yield path, text.count("\n", 0, match.start()) + 1, f"{name} has no words in console/src/i18n: event"
