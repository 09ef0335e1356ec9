"""One instance of Yanmen under test, started by the real tools/run, and the words to work with it."""

import itertools
import json
import os
import random
import secrets
import shlex
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import described, procs
from .wait import until

ROOT = Path(__file__).resolve().parents[3]
ASKPASS = "#!/bin/sh\ncat -- \"$YANMEN_TEST_PASSWORD_FILE\"\n"
SANITIZER_MARKS = ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "UndefinedBehaviorSanitizer")


@dataclass
class Result:
    """What a command of the CLI answered."""

    code: int
    json: object
    stderr: str


@dataclass
class User:
    name: str
    password_file: Path | None = None
    key: Path | None = None


@dataclass
class Account:
    """A login on a target: its name and one of the two files."""

    name: str
    password_file: Path | None = None
    key: Path | None = None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def free_base():
    """A block of ports below the ephemeral range whose ports are free."""
    for base in random.sample(range(15000, 32000, 50), 300):
        try:
            for offset in (0, 1, 3, 20, 21):
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
    raise AssertionError("no free ports")


class Instance:
    def __init__(self, home, *run_options, database=False):
        self.home = Path(home)
        self.base = free_base()
        self.run_options = ["--listen", "127.0.0.1", *([] if database else ["--no-sample-database"]), *run_options]
        self.numbers = itertools.count(1)

    # ---- life ----
    def run(self, *args, check=True):
        done = subprocess.run([ROOT / "tools/run", "--home", self.home, *args], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=180)
        if check and done.returncode:
            raise AssertionError(f"tools/run {' '.join(args)}: {done.stderr}{self.log_tail()}")
        return done

    def start(self):
        self.run("--detach", "--ports", str(self.base), *self.run_options)
        self.read_endpoints()
        self.scratch.mkdir(mode=0o755, exist_ok=True)
        askpass = self.scratch / "askpass"
        askpass.write_text(ASKPASS)
        askpass.chmod(0o755)
        return self

    def read_endpoints(self):
        self.endpoints = json.loads((self.home / "endpoints.json").read_text())
        self.port = self.endpoints["ssh"]["port"]

    @property
    def scratch(self):
        return self.home / "test"

    def end(self):
        self.run("--reset", "--yes")

    def log_tail(self, lines=25):
        text = ""
        for name in ("supervisor", "postgres", "yanmend"):
            log = self.home / f"logs/{name}.log"
            if log.exists():
                text += f"\n== {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
        return text

    def sanitizer_reports(self):
        log = self.home / "logs/yanmend.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return [line for line in text.splitlines() if any(mark in line for mark in SANITIZER_MARKS)]

    # ---- CLI ----
    def cli_argv(self, *args):
        return [*self.endpoints["cli"], *map(str, args)]

    def cli(self, *args, seconds=60):
        """Runs the CLI with --json."""
        done = subprocess.run(self.cli_argv(*args, "--json"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds)
        try:
            answer = json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            raise AssertionError(f"{args}: not JSON: {done.stdout[:500]!r} {done.stderr}") from None
        if done.returncode == 0:
            described.learn(" ".join(map(str, args[:2])), answer)
        return Result(done.returncode, answer, done.stderr)

    def ok(self, *args, seconds=60):
        """Runs the CLI, which must succeed; returns its JSON."""
        result = self.cli(*args, seconds=seconds)
        assert result.code == 0, f"yanmen {' '.join(map(str, args))}: exit {result.code}: {result.stderr}{self.log_tail(15)}"
        return result.json

    def healthy(self):
        result = self.cli("doctor")
        return result.code == 0 and all(check["state"] != "fail" for check in result.json)

    def sql(self, text):
        """Rows, tab-separated, of a statement by the database's superuser: for what no command does."""
        conf = (self.home / "yanmen.conf").read_text()
        where = next(line.split("=", 1)[1].strip() for line in conf.splitlines() if line.startswith("connect"))
        pg = "yanmen-pg" if os.geteuid() == 0 else None
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text, f"{where} user=yanmen-pg"],
                              user=pg, cwd="/", capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    # ---- people, targets, grants ----
    def name(self, prefix):
        return f"{prefix}{next(self.numbers)}-{secrets.token_hex(2)}"

    def file(self, content, mode=0o600):
        path = self.scratch / self.name("file")
        path.write_text(content)
        path.chmod(mode)
        return path

    def key_pair(self, kind="ed25519", bits=None):
        path = self.scratch / self.name("key")
        more = ["-b", str(bits)] if bits else []
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *more, "-N", "", "-C", "test", "-f", path], check=True, timeout=60)
        return path

    def user(self, role="engineer", password=True, key=False):
        user = User(self.name("u"))
        args = ["user", "add", user.name, "--role", role]
        if password:
            user.password_file = self.file(secrets.token_urlsafe(12))
            args += ["--password-file", user.password_file]
        if key:
            user.key = self.key_pair()
            args += ["--key", f"{user.key}.pub"]
        self.ok(*args)
        return user

    @property
    def engineer(self):
        facts = self.endpoints["users"]["engineer"]
        return User(facts["name"], Path(facts["password_file"]))

    @property
    def account(self):
        """The sample account."""
        name = self.endpoints["targets"]["linux"]["account"]
        password, key = self.home / "secrets/sample-password", self.home / "secrets/sample-key"
        return Account(name, password if password.exists() else None, key if key.exists() else None)

    @property
    def demo(self):
        return self.endpoints["targets"]["linux"]["name"]

    def target(self, port, account=None, name=None, cluster="samples"):
        """Adds a target on loopback with an account; returns its name."""
        name = name or self.name("t")
        self.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.0.1:{port}", "--cluster", cluster)
        account = account or self.account
        secret = ["--password-file", account.password_file] if account.password_file else ["--key-file", account.key]
        self.ok("account", "set", name, account.name, *secret)
        return name

    def database(self, port):
        """Adds a target that is not SSH: until its own door exists, a forward is the way to it."""
        name = self.name("db")
        self.ok("target", "add", name, "--kind", "mysql", "--address", f"127.0.0.1:{port}", "--cluster", "samples")
        self.ok("account", "set", name, self.account.name, "--password-file", self.file("some password"))
        return name

    def grant(self, user, target, *options, account=None):
        return self.ok("grant", "add", "--user", user.name, "--account", account or self.account.name, "--target", target, *options)

    # ---- SSH ----
    def ssh_options(self, user, *options, port=None):
        auth = ["-o", "PreferredAuthentications=publickey", "-o", "IdentitiesOnly=yes", "-i", str(user.key)] if user.key and not \
            user.password_file else ["-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no"]
        # Of an option given twice, ssh takes the first.
        return ["-F", "none", *itertools.chain.from_iterable(("-o", option) for option in options), "-o", f"UserKnownHostsFile={self.scratch}/known_hosts", "-o", "GlobalKnownHostsFile=/dev/null",
                "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1",
                "-o", "KexAlgorithms=curve25519-sha256", "-o", "ConnectTimeout=20", *auth,
                "-p", str(port or self.port)]

    def login(self, user, target=None, account=None):
        target = self.demo if target is None else target
        return "#".join(part for part in (user.name, account, target) if part)

    def ssh_argv(self, user, *command, login=None, options=(), flags=()):
        return ["ssh", *flags, *self.ssh_options(user, *options), "-l", login or self.login(user), "127.0.0.1", *command]

    def ssh_env(self, user, **more):
        """Passwords come by SSH_ASKPASS, so that standard input and the terminal stay the test's."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "LANG": "C.UTF-8", **more}
        if user.password_file:
            env |= {"SSH_ASKPASS": str(self.scratch / "askpass"), "SSH_ASKPASS_REQUIRE": "force",
                    "YANMEN_TEST_PASSWORD_FILE": str(user.password_file)}
        return env

    def ssh(self, user, *command, login=None, options=(), flags=(), stdin=b"", seconds=60, env=None):
        """Runs one ssh command to its end."""
        return subprocess.run(self.ssh_argv(user, *command, login=login, options=options, flags=flags), input=stdin,
                              capture_output=True, timeout=seconds, env=self.ssh_env(user, **(env or {})))

    def ssh_start(self, user, *command, login=None, options=(), flags=(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE):
        """Starts one ssh command; the caller ends it."""
        return subprocess.Popen(self.ssh_argv(user, *command, login=login, options=options, flags=flags), stdin=stdin,
                                stdout=stdout, stderr=stderr, env=self.ssh_env(user), start_new_session=True)

    def ssh_shell_line(self, user, *command, **kw):
        """The same as one line for another program's -S or --rsh."""
        return shlex.join(self.ssh_argv(user, *command, **kw))

    # ---- sessions, recordings, audit ----
    def sessions(self, user=None, state=None):
        rows = self.ok("session", "list")
        return [r for r in rows if (user is None or r["user"] == user.name) and (state is None or r["state"] == state)]

    def session_of(self, user, state=None, seconds=15):
        """The newest session of a user, once there is one in that state."""
        def newest():
            rows = sorted(self.sessions(user, state), key=lambda r: r["started"])
            return rows[-1] if rows else None
        return until(newest, seconds, f"a session of {user.name} ({state or 'any state'})")

    def audit(self, since="1h", **filters):
        """Rows of the audit log; lines of output only where they are asked for: a file's worth of them would hide the rest."""
        args = ["audit", "search", "--since", since, "--limit", "1000"]
        if not {"text", "kind"} & set(filters):
            args += [word for kind in ("command", "login", "file", "admin") for word in ("--kind", kind)]
        for key, value in filters.items():
            args += [f"--{key}", value]
        return self.ok(*args)

    def export(self, session, form, seconds=60):
        path = self.scratch / self.name("export")
        self.ok("recording", "export", session, "--format", form, "--output", path, seconds=seconds)
        return path.read_bytes()

    def told(self, user, kind, count=1, seconds=20):
        """The audit rows of that kind about a user, once there are so many: they come through the spool."""
        def rows():
            found = [r for r in self.audit(user=user.name) if r["kind"] == kind]
            return found if len(found) >= count else None
        return until(rows, seconds, f"{count} x {kind} of {user.name}")

    # ---- processes ----
    def state(self):
        return json.loads((self.home / "state.json").read_text())

    def service_pid(self, name):
        """postgres, yanmend, sample-sshd: a child of the supervisor."""
        return self.state()["services"][name]["pid"]

    def worker_of(self, client):
        """The worker that serves an ssh that runs as this process."""
        return procs.server_side(client.pid, self.pids("ssh"), self.port)

    def pids(self, role):
        """vault, recorder, pwhash, broker, reader, ssh: children of yanmend, oldest first."""
        parent = self.service_pid("yanmend")
        return [p for p in procs.children(parent) if procs.program(p) == f"yanmen-{role}"] if parent else []
