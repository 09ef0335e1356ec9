"""Real clients from the command line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
NODE_MODULES = ROOT / "build-tds/node_modules"
JTDS = Path("/usr/share/java/jtds.jar")
SCRIPTS = ROOT / "tests/integration/tds"


def freetds(tmp_path, port, encryption="request", version="7.4", **more):
    """The environment in which FreeTDS knows the server as `double`."""
    lines = ["[double]", "host = 127.0.0.1", f"port = {port}", f"tds version = {version}", f"encryption = {encryption}",
             "client charset = UTF-8", *(f"{k.replace('_', ' ')} = {v}" for k, v in more.items())]
    (tmp_path / "freetds.conf").write_text("\n".join(lines) + "\n")
    return {**os.environ, "FREETDSCONF": str(tmp_path / "freetds.conf"), "LC_ALL": "C.UTF-8"}


def tsql(env, text, *more, password="Pass-1", user="sa"):
    done = subprocess.run(["tsql", "-S", "double", "-U", user, "-P", password, "-o", "q", *more], input=text + "\nGO\n", env=env,
                          capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def tedious(port, encrypt, ca, *statements):
    """What tests/integration/tds/tedious.js prints."""
    if not (NODE_MODULES / "tedious").exists():
        pytest.skip("tedious is not installed: npm install --prefix build-tds tedious")
    env = {**os.environ, "NODE_MODULES": str(NODE_MODULES.parent)}
    done = subprocess.run(["node", SCRIPTS / "tedious.js", str(port), encrypt, ca, *statements], env=env, capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines() or [done.stderr]


def jtds(port, ssl):
    """What tests/integration/tds/Jtds.java prints."""
    if not JTDS.exists() or not shutil.which("javac"):
        pytest.skip("jTDS needs libjtds-java and a JDK")
    done = subprocess.run(["java", "-cp", JTDS, SCRIPTS / "Jtds.java", str(port), ssl], capture_output=True, text=True, timeout=120)
    return done.stdout.splitlines() or [done.stderr]
