"""Answers held to docs/openapi.yaml: each that a Browser of any test gets.

With YANMEN_LEARN=<file> nothing is held: what commands answer is written there, a line each, for tools/openapi.py --write <file>.
"""

import functools
import json
import os
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
LEARN = os.environ.get("YANMEN_LEARN")
HINT = "where that is right: a column's type or null stands in schema/columns.toml, a command's answer is learnt (tools/openapi_answers.py)"
FORMATS = {"uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "date-time": r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"}
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


@functools.cache
def document():
    return yaml.load((ROOT / "docs/openapi.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def at(pointer):
    found = document()
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def is_a(value, kind):
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def faults(value, schema, where=""):
    """What is wrong with a value: JSON Schema as far as the file uses it."""
    if "$ref" in schema:
        return faults(value, at(schema["$ref"]), where)
    if "anyOf" in schema:
        return [] if any(not faults(value, one, where) for one in schema["anyOf"]) else [f"{where}: none of them fits"]
    if "enum" in schema or "const" in schema:
        return [] if value in schema.get("enum", [schema.get("const")]) else [f"{where}: {value!r} is none of its words"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_a(value, kind) for kind in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    found = []
    if isinstance(value, str) and schema.get("format") in FORMATS and not re.fullmatch(FORMATS[schema["format"]], value):
        found.append(f"{where}: {value!r} is no {schema['format']}")
    if isinstance(value, list) and "items" in schema:
        found += [f for n, one in enumerate(value) for f in faults(one, schema["items"], f"{where}[{n}]")]
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, one in value.items():
            if name in known:
                found += faults(one, known[name], f"{where}.{name}")
            elif more is False:
                found.append(f"{where}.{name} is not described")
            elif isinstance(more, dict):
                found += faults(one, more, f"{where}.{name}")
    return found


def schema_of(method, path, status):
    parts = path.partition("?")[0].removeprefix("/api/v1/").split("/")
    if status >= 400:
        return at("#/components/schemas/Problem")
    if parts == ["me"]:
        return at("#/components/schemas/Me")
    rows = at("#/components/schemas/Rows/properties")
    if method == "GET" and parts[0] in rows and len(parts) == 1:
        return {**at("#/components/schemas/Page"), "properties": {"rows": {"type": "array", "items": rows[parts[0]]}}}
    if method == "GET" and parts[0] in rows and len(parts) == 2:
        return rows[parts[0]]
    operation = document()["paths"].get("/api/v1/" + "/".join(parts), {}).get(method.lower())
    if operation is None or parts[0] == "downloads":
        return {}
    answer = operation["responses"]["200"]
    if answer.get("$ref", "").endswith("/File") and "as=ticket" not in path:
        return {}  # the file itself, whatever it is
    answer = at(answer["$ref"]) if "$ref" in answer else answer
    return answer.get("content", {}).get("application/json", {}).get("schema", {})


def hold(method, path, answer):
    """An answer of the API is what the file says, whichever test asked for it."""
    kind = answer.headers.get("Content-Type", "")
    if not path.startswith("/api/v1/") or kind.partition(";")[0] not in ("application/json", "application/problem+json") or not answer.body:
        return
    value, schema = answer.json, schema_of(method, path, answer.status)
    if LEARN:
        learn_answer(path.partition("?")[0].removeprefix("/api/v1/"), value, answer.status)
        return
    wrong = faults(value, schema, path)
    assert not wrong, f"{method} {path}: not as docs/openapi.yaml has it: {wrong[:10]}; {HINT}"


def learn_answer(path, value, status):
    if status == 200 and path.startswith("commands/"):
        learn(path.removeprefix("commands/").replace("/", " "), value)
        return
    rows = at("#/components/schemas/Rows/properties")
    collection = path.partition("/")[0]
    if status == 200 and collection in rows:
        for row in value["rows"] if "/" not in path and "rows" in value else [value]:
            for column, one in row.items():
                if one is None and column in rows[collection]["properties"] and faults(None, rows[collection]["properties"][column]):
                    learn("null", [collection, column])


def learn(name, value):
    if LEARN:
        with open(LEARN, "a") as f:
            f.write(json.dumps([name, value]) + "\n")
