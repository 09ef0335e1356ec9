"""console/src/api/schema.ts: the schemas, rows and commands of docs/openapi.yaml as types of the front end."""
import re

import yaml

FILE = "console/src/api/schema.ts"
HEAD = "/* Made from docs/openapi.yaml by tools/openapi.py: change nothing here. */\n"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null", "object": "Record<string, unknown>"}


def key(name):
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f"'{name}'"


def fields(schema, pad):
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        words = f" // {one['description']}" if "description" in one and "properties" not in one else ""
        yield f"{pad}{key(name)}{'' if name in required else '?'}: {of(one, pad)}{words}\n"


def bare(schema, name, pad):
    if name == "array":
        inner = of(schema.get("items", {}), pad)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if name == "object" and schema.get("properties"):
        return "{\n" + "".join(fields(schema, pad + "\t")) + pad + "}"
    if name == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"Record<string, {of(schema['additionalProperties'], pad)}>"
    return PLAIN[name]


def of(schema, pad=""):
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "const" in schema or "enum" in schema:
        return " | ".join("null" if one is None else f"'{one}'" for one in schema.get("enum", [schema.get("const")]))
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " | ".join(bare(schema, name, pad) for name in kinds) or "unknown"


def rendered(root):
    doc = yaml.load((root / "docs/openapi.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    out = [HEAD]
    for name, schema in doc["components"]["schemas"].items():
        if schema.get("type") == "object" and "properties" in schema:
            out.append(f"export interface {name} {{\n" + "".join(fields(schema, "\t")) + "}\n")
        else:
            out.append(f"export type {name} = {of(schema)}\n")
    arguments, answers = [], []
    for path, methods in doc["paths"].items():
        if not path.startswith("/api/v1/commands/"):
            continue
        name = path.removeprefix("/api/v1/commands/").replace("/", " ")
        asked = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        arguments.append(f"\t'{name}': {of(asked, chr(9)) if asked.get('properties') else 'Record<never, never>'}\n")
        done = methods["post"]["responses"]["200"].get("content", {}).get("application/json")
        if done:
            answers.append(f"\t'{name}': {of(done['schema'], chr(9))}\n")
    out.append("/* What each command takes. */\nexport interface Arguments {\n" + "".join(arguments) + "}\n")
    out.append("/* What it answers. */\nexport interface Answers {\n" + "".join(answers) + "}\n")
    return "\n".join(out)
