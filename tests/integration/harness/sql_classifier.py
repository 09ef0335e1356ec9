"""`yanmen sql classify --lines`: one process for each dialect, mode, character set and version, asked in bulk or one by one."""

import base64
import json
import subprocess
import threading

from harness.build import PREFIX


class Classifier:
    def __init__(self, dialect, mode="", charset="utf8mb4", version=None):
        argv = [PREFIX / "bin/yanmen", "sql", "classify", "--dialect", dialect, "--sql-mode", mode, "--charset", charset, "--lines"]
        argv += ["--server-version", version] if version else []
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answers(self, statements):
        """What it says of each, in order."""
        writer = threading.Thread(target=self.write, args=(statements,))
        writer.start()
        lines = [self.process.stdout.readline() for _ in statements]
        writer.join()
        assert lines and lines[-1].endswith(b"\n"), f"it ended: {self.process.wait(10)}"
        return [json.loads(line) for line in lines]

    def write(self, statements):
        for sql in statements:
            self.process.stdin.write(b'{"sql_b64": "%s"}\n' % base64.b64encode(sql))
        self.process.stdin.flush()

    def told(self, statements):
        return [frozenset(answer["classes"]) for answer in self.answers(statements)]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0


def told(rows, dialect, version=None, sql=lambda row: row.sql):
    """(row, classes and flags) of all rows, as a server of that dialect and version would read them."""
    ways = {}
    for row in rows:
        ways.setdefault((row.mode, row.charset, row.context.get("version", version)), []).append(row)
    found = {}
    for (mode, charset, of), some in ways.items():
        classifier = Classifier(dialect, mode, charset, of)
        found.update(zip((id(row) for row in some), classifier.told([sql(row) for row in some])))
        classifier.close()
    return [(row, found[id(row)]) for row in rows]
