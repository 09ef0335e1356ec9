#!/usr/bin/env python3
"""check - the rules of the tree that a machine can keep.  Prints file:line: what, one a line; exit 1 when there is any.

usage: tools/check.py [BUILD_DIR]     with a build folder the names of exported symbols are checked too (nm)
"""
import pathlib
import re
import subprocess
import sys

import check_texts
import openapi

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_MAX, FUNCTION_MAX = 600, 80
BANNED = ("strcpy strcat sprintf vsprintf strtok atoi atol atof gets alloca system popen rand srand localtime gmtime "
          "asctime ctime setjmp longjmp tmpnam mktemp").split()
IN_TESTS = ("system", "popen")  # a test may start a command
# What a folder's files may export; core: the file's own name, and what is told here.
PREFIX = {
    "gateway": "gw_", "gateway/parent": "gw_", "gateway/ssh": "gw_ssh_", "gateway/term": "term_", "gateway/xfer": "xfer_",
    "policy": "pol_", "policy/command": "pol_", "policy/console": "pol_",
    "policy/login": "pol_", "policy/rotate": "pol_", "policy/sql": "pol_", "policy/dial": "pol_", "policy/keep": "pol_", "policy/decide": "decide_", "policy/say": "say_",
    "policy/vault": "vault_", "policy/pwhash": "pwhash_", "recorder": "rec_", "recorder/evidence": "evidence_",
    "recorder/reader": "reader_", "gateway/rotate": "rotate_", "sqlproxy": "sql_", "sqlproxy/mysql": "mysql_", "sqlproxy/mysql/worker": "gw_mysql_",
    "sqlproxy/tds": "tds_", "sqlproxy/classify": "classify", "export": "export_", "notify": "notify_", "webterm": "web_", "webterm/term": "web_term_", "tools/yanmen": "cli_",
}
CORE_ALSO = {"buf": ("span_",), "rd": ("wr_",), "pg_value": ("pg_",), "log": ("LOG_NUMBER",)}
STANDS_IN = {"gateway/ssh/hostkey.c": ("EVP_DigestSign",)}  # for a library's function: docs/decisions/0013
SKIPPED = (".git", "__pycache__", "node_modules", "dist")

found = []


def tell(path, line, what):
    found.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def files(*suffixes):
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix in suffixes and not any(p in SKIPPED or p.startswith("build") for p in parts):
            yield path


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blanked(text, keep_strings=False):
    """The text without comments and strings, every line where it was."""
    def blank(match):
        word = match.group()
        if keep_strings and word[0] in "\"'":
            return word
        return word[0] + re.sub(r"[^\n]", " ", word[1:-1]) + word[-1] if word[0] in "\"'" else re.sub(r"[^\n]", " ", word)
    return TOKEN.sub(blank, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def layers():
    allowed = {}
    for line in (ROOT / "tools/layers.txt").read_text().splitlines():
        folder, colon, rest = line.partition(":")
        if colon and not line.startswith("#"):
            allowed[folder.strip()] = set(rest.split())
    return allowed


def check_includes(path, code, allowed):
    folder = path.parent.relative_to(ROOT).as_posix()
    top = folder if folder in allowed else folder.split("/")[0]
    if top not in allowed:
        tell(path, 1, f"folder {folder} does not stand in tools/layers.txt")
        return
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', code, re.M):
        name = match.group(1)
        seen = name.rpartition("/")[0]
        if name == "wire_hash.h" or seen == folder or allowed[top] == {"*"}:
            continue
        if not seen:
            tell(path, line_of(code, match.start()), f'include "{name}" from the root of the tree')
        elif seen not in allowed[top]:
            tell(path, line_of(code, match.start()), f"{folder} may not include {name}")


def check_functions(path, code):
    """A function's body is the brace that opens in column 0, as the format has it."""
    lines = code.split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start:
            if number - start - 1 > FUNCTION_MAX:
                tell(path, start, f"function of {number - start - 1} lines, at most {FUNCTION_MAX}")
            start = None


def check_c(path, allowed):
    text = path.read_text()
    code = blanked(text)
    lines = text.count("\n")
    if lines > FILE_MAX:
        tell(path, FILE_MAX, f"{lines} lines, at most {FILE_MAX}")
    check_includes(path, blanked(text, keep_strings=True), allowed)
    check_functions(path, code)
    in_tests = path.is_relative_to(ROOT / "tests")
    for match in re.finditer(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(", code):
        if not in_tests or match.group(1) not in IN_TESTS:
            tell(path, line_of(code, match.start()), f"{match.group(1)} is not used here")
    if path.suffix == ".h" and not in_tests:
        check_header(path, text, code)


def check_header(path, text, code):
    if not re.search(r"^ \* " + re.escape(path.stem) + r" - |^/\* " + re.escape(path.stem) + r" - ", text, re.M):
        tell(path, 1, f'no block comment "{path.stem} - ..."')
    for match in re.finditer(r"^[ \t]*extern\b([^;(]*);", code, re.M):
        if not re.search(r"\bconst\b", match.group(1)):
            tell(path, line_of(code, match.start()), "mutable data shared between files")


def check_tests(sources):
    """Every file of core has a test; every reader of bytes (x_get) is met in a test and in a fuzz target."""
    for path in sources:
        if path.parent == ROOT / "gateway/core" and path.suffix == ".c":
            if not (ROOT / "tests/unit/core" / f"test_{path.stem}.c").exists():
                tell(path, 1, f"no tests/unit/core/test_{path.stem}.c")
    tests = {kind: "\n".join(p.read_text() for p in (ROOT / "tests" / kind).rglob("*.c")) for kind in ("unit", "fuzz")}
    for path in sources:
        if path.suffix != ".h" or path.is_relative_to(ROOT / "tests"):
            continue
        name = path.relative_to(ROOT).as_posix()
        code = blanked(path.read_text())
        for match in re.finditer(r"^[a-z][\w \*]*?\b(\w+_get)\(struct span\b", code, re.M):
            for kind, text in tests.items():
                if f'"{name}"' not in text and match.group(1) not in text:
                    tell(path, line_of(code, match.start()), f"{match.group(1)} is in no file of tests/{kind}")


def check_words():
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    for path in files(".c", ".h", ".py", ".sh", ".sql", ".md", ".txt", ".build", ""):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path.is_relative_to(ROOT / "tests/fuzz/corpus"):
            continue
        for match in mark.finditer(text):
            tell(path, line_of(text, match.start()), f"{match.group()}: an issue or nothing")


def source_of(build, obj):
    """The source file of an object of our libraries, or None: <folder>/lib<x>.a.p/[<folder in it>_]<file>.c.o"""
    parts = obj.relative_to(build).parts
    if len(parts) < 3 or not parts[-2].endswith(".p") or parts[0] in ("tests", "meson-private"):
        return None
    folder, name = ROOT.joinpath(*parts[:-2]), parts[-1].removesuffix(".o")
    return next((p for p in (folder / name, folder / name.replace("_", "/", 1)) if p.exists()), None)


def check_symbols(build):
    for obj in sorted(build.rglob("*.o")):
        path = source_of(build, obj)
        if not path:
            continue
        folder = path.parent.relative_to(ROOT).as_posix()
        if folder == "gateway/core":
            prefixes = (path.stem + "_",) + CORE_ALSO.get(path.stem, ())
        elif folder in PREFIX:
            prefixes = (PREFIX[folder],)
        else:
            tell(path, 1, f"no prefix is known for {folder}")
            continue
        out = subprocess.run(["nm", "--defined-only", "--extern-only", "--format=sysv", obj], capture_output=True,
                             text=True, check=True).stdout
        for line in out.splitlines():
            fields = [f.strip() for f in line.split("|")]
            if len(fields) != 7 or fields[0] == "main" or fields[0].startswith(("__", "asan.", "sancov")):
                continue  # headings; the compiler's own
            name, section = fields[0], fields[6]
            if section.startswith((".data", ".bss", "*COM*")) and not section.startswith(".data.rel.ro"):
                tell(path, 1, f"{name} is mutable data shared between files")
            elif not name.startswith(prefixes) and name not in STANDS_IN.get(path.relative_to(ROOT).as_posix(), ()):
                tell(path, 1, f"{name} does not start with {' or '.join(prefixes)}")


def main():
    allowed = layers()
    sources = list(files(".c", ".h"))
    for path in sources:
        check_c(path, allowed)
    check_tests(sources)
    check_words()
    for path, line, what in [*check_texts.faults(ROOT), *check_texts.unnamed(ROOT), *openapi.faults(ROOT)]:
        tell(path, line, what)
    if len(sys.argv) > 1:
        check_symbols(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(found) if found else "check: nothing to say", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
