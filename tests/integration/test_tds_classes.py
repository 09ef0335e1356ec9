"""Each request of the transcripts of real clients (tests/corpus/tds) is classified as its text says: the codecs find the text, the classifier
of `yanmen sql classify` reads it.  The same two parts that a worker has.
"""

import base64
import json
import struct
import subprocess
from pathlib import Path

import pytest
from harness.build import PREFIX
from harness.tds.wire import BATCH, RPC

FOLDER = Path(__file__).resolve().parents[2] / "tests/corpus/tds"
TRY, YANMEN = PREFIX.parent / "tests/integration/tds/tds_try", PREFIX / "bin/yanmen"
RANKS = {"jtds": 2, "jtds-sp_executesql": 2, "pymssql": 4}  # enum tds_rank; all others speak 7.4


def classes(texts):
    lines = "".join(json.dumps({"sql_b64": base64.b64encode(text.encode("utf-16le")).decode()}) + "\n" for text in texts)
    done = subprocess.run([YANMEN, "sql", "classify", "--dialect", "tsql", "--lines"], input=lines, capture_output=True, text=True, timeout=60)
    return [" ".join(json.loads(line)["classes"]) for line in done.stdout.splitlines()] if done.returncode == 0 else []


def requests(path):
    """(type, body) of a client's messages; records of a TLS that only the login has are left out."""
    held, body = b"", b""
    for line in path.read_text().splitlines():
        held += bytes.fromhex(line[2:]) if line[0] == "c" else b""
        while len(held) >= 8:
            kind, status, length = struct.unpack(">BBH", held[:4])
            if kind == 0x17:
                held = held[5 + struct.unpack(">H", held[3:5])[0]:]
                continue
            if len(held) < length:
                break
            body, held = body + held[8:length], held[length:]
            if status & 1:
                yield kind, body
                body = b""


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.hex")))
def test_every_statement_is_classified_as_its_text_says(name):
    said = b"".join(struct.pack("<cBBI", b"c", RANKS.get(name, 6), kind, len(body)) + body for kind, body in requests(FOLDER / f"{name}.hex")
                    if kind in (BATCH, RPC))
    lines = subprocess.run([TRY], input=said, capture_output=True, timeout=60, check=True).stdout.decode().splitlines()
    assert not [line for line in lines if line.startswith("refused")]
    texts = [line.removeprefix("statement ") for line in lines if line.startswith("statement ")]
    known = dict(line.split("\t") for line in (FOLDER / "classes.tsv").read_text().splitlines())
    assert [(text[:160], found) for text, found in zip(texts, classes(texts), strict=True)] == [(text[:160], known[text[:160].strip()]) for text in texts]
