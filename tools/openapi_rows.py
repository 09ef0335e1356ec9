"""The collections in docs/openapi.yaml: their columns from the database's views, the words from schema/columns.toml."""
import sys
import tomllib

BEGIN, END = "    # The rows, by tools/openapi.py from the views\n", "    # End of the rows\n"
TYPES = {"text": "string", "bigint": "integer", "integer": "integer", "smallint": "integer", "boolean": "boolean", "uuid": "string",
         "timestamp with time zone": "string", "numeric": "number", "double precision": "number"}
FORMATS = {"uuid": "uuid", "timestamp with time zone": "date-time"}
SQL = """select c.name, c.needs, a.attname, format_type(a.atttypid, null) from console.collection c
    join pg_attribute a on a.attrelid = ('console.' || quote_ident(c.name))::regclass and a.attnum > 0 and not a.attisdropped
    order by c.name, a.attnum"""


def columns(root):
    """By SQL, of a database of its own."""
    sys.path.insert(0, str(root / "tests/integration"))
    from harness.cluster import Cluster, Connection  # needs what the tests need; who only checks does without
    cluster = Cluster()
    try:
        cluster.create("api")
        cluster.migrate("api")
        asking = Connection(cluster, "api", "postgres")
        found = asking.rows(SQL)
        asking.close()
        return found
    finally:
        cluster.stop()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def of_column(book, collection, column, kind):
    """(schema, what is missing) of a column."""
    at = f"{collection}.{column}"
    words = book["words"].get(at, book["words"].get(column))
    none = column in book["null"].get(collection, [])
    given = book["types"].get(at)
    if given:
        body = given.strip()[1:-1].strip()
    elif kind.endswith("[]"):
        body = f"type: {'[array, ' + chr(39) + 'null' + chr(39) + ']' if none else 'array'}, items: {{ type: {TYPES[kind[:-2]]} }}"
    else:
        name = TYPES.get(kind)
        body = "" if name is None else f"type: [{name}, 'null']" if none else f"type: {name}"
        body += f", format: {FORMATS[kind]}" if kind in FORMATS else ""
    missing = [f'schema/columns.toml: [words] needs {column} = "what it means", or "{at}" = "..." where that differs'] if not words else []
    missing += [f'schema/columns.toml: [types] needs "{at}" = "{{ type: ... }}": it is {kind}'] if not body and given is None else []
    return f"{{ {body}{', ' if body else ''}description: {quoted(words or '')} }}", missing


def rendered(root, columns):
    """(schemas, what is missing) by rows of SQL."""
    book = tomllib.loads((root / "schema/columns.toml").read_text())
    tables, needs, missing = {}, {}, []
    for collection, need, column, kind in columns:
        needs[collection] = need
        text, wrong = of_column(book, collection, column, kind)
        tables.setdefault(collection, []).append((column, text))
        missing += wrong
    refs = ", ".join(f'{{ $ref: "#/components/schemas/Rows/properties/{collection}" }}' for collection in tables)
    out = [BEGIN, f"    Collection: {{ enum: [{', '.join(tables)}] }}\n", f"    Row: {{ anyOf: [{refs}] }}\n",
           "    Rows:\n      type: object\n      description: A property for each collection, what a row of it is\n"
           f"      required: [{', '.join(tables)}]\n      properties:\n"]
    for collection, found in tables.items():
        right = f"          x-permission: {needs[collection]}\n" if needs[collection] else ""
        out.append(f"        {collection}:\n          type: object\n{right}          additionalProperties: false\n"
                   f"          required: [{', '.join(quoted(name) for name, _ in found)}]\n          properties:\n")
        out += [f"            {quoted(name)}: {text}\n" for name, text in found]
    return "".join(out) + END, missing


def written(root, columns):
    """The file as it ought to be, and what is missing for it."""
    schemas, missing = rendered(root, columns)
    before, mark, rest = (root / "docs/openapi.yaml").read_text().partition(BEGIN)
    _, mark_end, after = rest.partition(END)
    if not mark or not mark_end:
        raise SystemExit("docs/openapi.yaml: the marks of the rows are missing")
    return before + schemas + after, missing
