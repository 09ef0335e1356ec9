"""docs/answers.json: what each command answers, learnt from what it did answer.

YANMEN_LEARN=<file> pytest ...; tools/openapi.py --write <file>

The file has what every later run is held to.  What stood there is widened, not forgotten: a key that is not always there becomes optional,
another type one more type.  To forget a command, take it out of docs/answers.json first.
"""
import json
import re

FILE, TABLE = "docs/answers.json", "policy/command/commands.c"
ROW = re.compile(r'\{ "([a-z -]+)", (?:"[\w.]+"|NULL), (?:"([\w.]+)"|NULL), \w+, \d+, (\w+),')
NAMES_MAX = 40  # more keys than that, or such as are no words, are data
BAGS = {"body", "before", "after", "changes"}  # of these the audit has what each event has
WORD = re.compile(r"[a-z][a-z0-9_]*")


def seen(value):
    if isinstance(value, dict):
        if len(value) > NAMES_MAX or not all(WORD.fullmatch(name) for name in value):
            return {"type": ["object"]}
        return {"type": ["object"], "required": sorted(value), "properties": {name: opened(name, seen(one)) for name, one in value.items()}}
    if isinstance(value, list):
        items = None
        for one in value:
            items = joined(items, seen(one))
        return {"type": ["array"], **({"items": items} if items else {})}
    return {"type": ["null" if value is None else "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else
                     "number" if isinstance(value, float) else "string"]}


def opened(name, schema):
    return {"type": schema["type"]} if name in BAGS else schema


def joined(a, b):
    if a is None or b is None:
        return a or b
    out = {"type": sorted({*a["type"], *b["type"]})}
    if "items" in a or "items" in b:
        out["items"] = joined(a.get("items"), b.get("items"))
    objects = [one for one in (a, b) if "object" in one["type"]]
    if objects and all("properties" in one for one in objects):
        names = dict.fromkeys(name for one in objects for name in one["properties"])
        out["required"] = sorted(set.intersection(*(set(one["required"]) for one in objects)))
        out["properties"] = {n: joined(*[one["properties"].get(n) for one in (objects * 2)[:2]]) for n in sorted(names)}
    return out


def scalars(schema):
    """(name, schema) of all that is no object and no list."""
    for name, one in schema.get("properties", {}).items():
        if not {"object", "array"} & {*one["type"]}:
            yield name, one
    for one in (*schema.get("properties", {}).values(), *([schema["items"]] if schema.get("items") else [])):
        yield from scalars(one)


def alike(known):
    """What one command of a noun leaves null, another may leave so as well: a token that was never used."""
    none = {(command.split(" ")[0], name) for command, schema in known.items() for name, one in scalars(schema) if "null" in one["type"]}
    for command, schema in known.items():
        for name, one in scalars(schema):
            if (command.split(" ")[0], name) in none:
                one["type"] = sorted({*one["type"], "null"})


def learn(root, learnt):
    """What is missing, by a file of harness/described.py."""
    rows = ROW.findall((root / TABLE).read_text())
    names = {name for name, _, _ in rows}
    functions = {function: name for name, function, handler in rows if handler == "NULL"}  # a handler may answer something else
    known, missing = json.loads((root / FILE).read_text()), set()
    for line in open(learnt):
        name, value = json.loads(line)
        name = functions.get(name, name)
        if name == "null":
            missing.add(f"schema/columns.toml: [null] {value[0]} needs {value[1]}")
        elif name in names:
            known[name] = joined(known.get(name), seen(value))
    alike(known)
    lines = [f"{json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known)]
    (root / FILE).write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return sorted(missing)
