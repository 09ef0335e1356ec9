#!/usr/bin/python3
"""openapi - holds docs/openapi.yaml to the sources: its commands are made from the command table, its other paths are those of the
routes, its codes of problems those of the server.

usage: tools/openapi.py           prints what is wrong, one a line; exit 1 when there is any (tools/check.py does the same)
       tools/openapi.py --write [LEARNT]
                                  makes anew what is made: the commands as the table has them, with their answers of docs/answers.json; the rows as
                                  the views have them, with the words of schema/columns.toml (in a PostgreSQL of its own, started for it); the front
                                  end's types of both.  Of a merge take any side of these files, and run it.  LEARNT is what tests wrote of answers:
                                  tools/openapi_answers.py.  Prints what has no words yet, and exits 1.
"""
import json
import pathlib
import re
import sys

import openapi_answers
import openapi_rows
import openapi_types

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE, TABLE, ROUTES, PROBLEMS = "docs/openapi.yaml", "policy/command/commands.c", "webterm/route.c", "webterm/problem.c"
RESULTS, ANSWERS = "webterm/result.c", "docs/answers.json"
BEGIN, END = "  # The commands, by tools/openapi.py from policy/command/commands.c\n", "  # End of the commands\n"
ROW = re.compile(r'\{ "([a-z -]+)", (?:"([\w.]+)"|NULL), (?:"[\w.]+"|NULL), (\w+), \d+, \w+,\s*\{(.*?)\} \},\n', re.S)
ARG = re.compile(r'\{ "(\w+)", ([A-Z |0]+), (\d+) \}')
FILE_ANSWER = "POL_FD_FILE"
PLAIN = ("0", "POL_FD_NONE", "POL_FD_SECRET_MAYBE", "POL_FD_FILE_MAYBE", "POL_FD_SQL", FILE_ANSWER)  # sockets are WebSockets of their own


def commands(root):
    for name, permission, fd, args in ROW.findall((root / TABLE).read_text()):
        if fd in PLAIN:
            yield name, permission, fd, [(key, "REQ" in flags, "REP" in flags, int(size) or 255)
                                         for key, flags, size in ARG.findall(args)]


def schema(args, fd):
    lines = ["type: object", "additionalProperties: false"]
    required = [key for key, needed, _, _ in args if needed] + ["sql"] * (fd == "POL_FD_SQL")
    if required:
        lines.append(f"required: [{', '.join(required)}]")
    properties = [(key, f"{{ type: array, minItems: 1, items: {{ type: [string, integer], maxLength: {size} }} }}" if repeated
                   else f"{{ type: [string, integer, boolean, 'null'], maxLength: {size} }}") for key, _, repeated, size in args]
    if fd == "POL_FD_SECRET_MAYBE":
        properties.append(("secret", "{ type: string, maxLength: 65536, writeOnly: true }"))
    if fd == "POL_FD_SQL":  # with the rest of the body, 1 MiB
        properties.append(("sql", "{ type: string, maxLength: 1048576, writeOnly: true }"))
    if properties:
        lines += ["properties:"] + [f"  {key}: {value}" for key, value in properties]
    return lines


def certain(schema):
    """What was always null may be anything some day."""
    if schema.get("type") == ["null"]:
        return {}
    out = {**schema, **({"items": certain(schema["items"])} if schema.get("items") else {})}
    if "properties" in out:
        out["properties"] = {name: certain(one) for name, one in out["properties"].items()}
    return out


def answer_of(schema):
    schema = schema and certain(schema)
    if not schema:
        return '"200": { $ref: "#/components/responses/Done" }'
    return f'"200": {{ description: It was done, content: {{ application/json: {{ schema: {json.dumps(schema)} }} }} }}'


def rendered(root):
    out, answers = [BEGIN], json.loads((root / ANSWERS).read_text())
    for name, permission, fd, args in commands(root):
        pad = " " * 14
        out.append(f"  /api/v1/commands/{name.replace(' ', '/')}:\n    post:\n      operationId: {re.sub('[ -]', '_', name)}\n"
                   f"      tags: [commands]\n")
        if permission:
            out.append(f"      x-permission: {permission}\n")
        is_file = fd == FILE_ANSWER
        parameters = '{ $ref: "#/components/parameters/As" }, { $ref: "#/components/parameters/Name" }' if is_file else \
            '{ $ref: "#/components/parameters/Once" }'
        out.append('      security: [{ session: [], csrf: [] }, { token: [] }]\n'
                   f'      parameters: [{parameters}]\n'
                   "      requestBody:\n        required: true\n        content:\n          application/json:\n            schema:\n")
        out += [f"{pad}{line}\n" for line in schema(args, fd)]
        done = '"200": { $ref: "#/components/responses/File" }' if is_file else answer_of(answers.get(name))
        out.append(f'      responses: {{ {done}, '
                   'default: { $ref: "#/components/responses/Problem" } }\n')
    return "".join(out) + END


def described(text):
    """(method, path) with * for each parameter."""
    path, found = None, set()
    for line in text.split("\npaths:\n", 1)[1].split("\ncomponents:\n", 1)[0].splitlines():
        if match := re.match(r"  (/\S*):$", line):
            path = re.sub(r"\{\w+\}", "*", match[1])
        elif match := re.match(r"    (get|post|put):", line):
            found.add((match[1].upper(), path))
    return found


def routes(root):
    found = set()
    for method, api, path in re.findall(r'\{ WEB_(GET|POST|PUT), (API )?"(/[^"]*)"', (root / ROUTES).read_text()):
        found.add((method, ("/api/v1" if api else "") + path))
    return found


def parts(text):
    before, mark, rest = text.partition(BEGIN)
    middle, mark_end, after = rest.partition(END)
    if not mark or not mark_end:
        raise SystemExit(f"{FILE}: the marks of the commands are missing")
    return before, mark + middle + mark_end, after


def faults(root):
    text = (root / FILE).read_text()
    _, made, _ = parts(text)
    if made != rendered(root):
        yield root / FILE, 1, "the commands are not those of the table: tools/openapi.py --write"
    if (root / openapi_types.FILE).read_text() != openapi_types.rendered(root):
        yield root / openapi_types.FILE, 1, f"the types are not those of {FILE}: tools/openapi.py --write"
    one_by_one = {(method, path) for method, path in described(text) if path.startswith("/api/v1/commands/")}
    told = described(text) - one_by_one - {("GET", "/"), ("GET", "/assets/*")}  # the page and its files are no rows
    served = {(method, path) for method, path in routes(root) if not path.startswith("/api/v1/commands/")}
    for method, path in sorted(served - told):
        yield root / FILE, 1, f"{method} {path} is not described"
    for method, path in sorted(told - served):
        yield root / FILE, 1, f"nobody serves {method} {path}"
    answered = set(re.findall(r'^\t\{ "([a-z ]+)", (?:"[a-z]+"|NULL), "', (root / RESULTS).read_text(), re.M))
    if answered != {name for name, _, fd, _ in commands(root) if fd == FILE_ANSWER}:
        yield root / RESULTS, 1, "the commands that answer with a file are not those of the table"
    codes = re.search(r"enum: \[(malformed[^\]]*)\]", text)
    if not codes or codes[1].split(", ") != re.findall(r'\{ [45]\d\d, "(\w+)",', (root / PROBLEMS).read_text()):
        yield root / FILE, 1, f"the codes of a problem are not those of {PROBLEMS}"


def write(root, learnt):
    """What is missing."""
    missing = openapi_answers.learn(root, learnt) if learnt else []
    before, _, after = parts((root / FILE).read_text())
    (root / FILE).write_text(before + rendered(root) + after)
    text, wordless = openapi_rows.written(root, openapi_rows.columns(root))
    (root / FILE).write_text(text)
    (root / openapi_types.FILE).write_text(openapi_types.rendered(root))
    return missing + wordless


def main():
    if sys.argv[1:2] == ["--write"] and len(sys.argv) <= 3:
        missing = write(ROOT, sys.argv[2] if len(sys.argv) == 3 else None)
        print("\n".join(missing), end="\n" if missing else "")
        return 1 if missing else 0
    found = [f"{path.relative_to(ROOT)}:{line}: {what}" for path, line, what in faults(ROOT)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
