"""System calls tried inside a running process."""

import subprocess
from pathlib import Path

from harness.build import PREFIX

INJECT = PREFIX.parent / "tests/integration/inject/inject"


def status(pid):
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (row.partition(":") for row in rows)}


def inject(pid, call, *args):
    done = subprocess.run([INJECT, str(pid), str(call), *map(str, args)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
