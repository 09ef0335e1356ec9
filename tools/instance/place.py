"""Where everything of one instance lies, and under which OS user it runs.

An instance is a home folder.  Sockets lie in a short folder of their own (a socket's path is limited to 107 bytes).
PostgreSQL's data moves out of a home that its OS user cannot enter.
"""

import grp
import hashlib
import json
import os
import pwd
import shutil
import socket
import stat
import subprocess
from pathlib import Path

from words import Failure

CHECKOUT = Path(__file__).resolve().parents[2]
OS_USERS = ("pg", "broker", "vault", "recorder", "reader", "worker", "pwhash", "export", "web", "term", "notify", "sample")
WEB, SSH, MYSQL, SAMPLE_SSH, SAMPLE_MYSQL = 0, 1, 3, 20, 21  # offsets from the base port
DEFAULT_BASE, BASE_STEP = 2200, 100


def is_root():
    return os.geteuid() == 0


def default_home():
    if is_root():
        return Path("/var/lib/yanmen")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "yanmen"


def os_user(part):
    """The OS user of a part ("pg", "broker", ...), or None when we are not root and all is ours."""
    return "yanmen-" + part if is_root() else None


def write_file(path, content, mode=0o600):
    """Replaces a file at once, so that no reader ever sees half of it."""
    path = Path(path)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "w") as f:
        os.fchmod(fd, mode)
        f.write(content)
        f.flush()
        os.fsync(fd)
    fresh.rename(path)


def make_dir(path, mode=0o700, part=None):
    """A folder with exactly this mode, owned by a part's OS user (root or ourselves without one)."""
    path.mkdir(mode=mode, exist_ok=True)
    if path.is_symlink() or not path.is_dir():
        raise OSError(f"{path} is not a folder")
    path.chmod(mode)
    if part and is_root():
        user = pwd.getpwnam(os_user(part))
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def make_os_users():
    """One system user without a shell for each part; nothing when we are not root or they exist."""
    if not is_root():
        return
    for part in OS_USERS:
        name = os_user(part)
        try:
            pwd.getpwnam(name)
            continue
        except KeyError:
            pass
        command = ["useradd", "--system", "--home-dir", "/nonexistent", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            grp.getgrnam(name)
            command += ["--gid", name]
        except KeyError:
            command += ["--user-group"]
        done = subprocess.run(command + [name], capture_output=True, text=True)
        if done.returncode not in (0, 9):  # 9: another instance was faster
            raise OSError(f"useradd {name}: {done.stderr.strip()}")


def reachable(path):
    """May every OS user pass through path and all folders above it?"""
    return all(p.stat().st_mode & stat.S_IXOTH for p in [path, *path.parents])


class Home:
    """The paths of one instance; making them is lay_out(), the facts that must last are in instance.json."""

    def __init__(self, path):
        self.path = Path(path).absolute()
        key = hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:8]
        self.key = key
        self.conf = self.path / "yanmen.conf"
        self.vault_key = self.path / "vault.key"
        self.web_certificate, self.web_key = self.path / "web.crt", self.path / "web.key"
        self.recordings = self.path / "recordings"
        self.spool = self.path / "spool"
        self.secrets = self.path / "secrets"
        self.samples = self.path / "samples"
        self.logs = self.path / "logs"
        self.endpoints = self.path / "endpoints.json"
        self.public_key = self.path / "public_key"
        self.facts_file = self.path / "instance.json"
        self.state_file = self.path / "state.json"  # what runs now, by the supervisor
        self.lock_file = self.path / "supervisor.lock"
        self.bin = self.path / "bin"  # link to the programs in use
        if is_root():
            self.run_dir = Path(f"/run/yanmen-{key}")
        elif os.access(os.environ.get("XDG_RUNTIME_DIR", ""), os.W_OK):
            self.run_dir = Path(os.environ["XDG_RUNTIME_DIR"]) / f"yanmen-{key}"
        else:
            self.run_dir = Path(f"/tmp/yanmen-{os.geteuid()}-{key}")
        self.pg_socket = self.run_dir / "pg"
        self.outside = Path(f"/var/lib/yanmen-pg/{key}")  # PostgreSQL's data when it cannot enter the home

    # ---- facts that last ----
    def facts(self):
        try:
            return json.loads(self.facts_file.read_text())
        except FileNotFoundError:
            return None

    def remember(self, **changes):
        facts = (self.facts() or {}) | changes
        write_file(self.facts_file, json.dumps(facts, indent=2) + "\n", 0o600)
        return facts

    def state(self):
        try:
            return json.loads(self.state_file.read_text())
        except (FileNotFoundError, ValueError):
            return {}

    # ---- folders ----
    def pg_data(self):
        """PostgreSQL's data: outside of a home that its OS user cannot enter.  Our own programs are given descriptors."""
        if not is_root() or reachable(self.path):
            return self.path / "pg"
        make_dir(self.outside.parent, 0o711)
        return self.outside

    def claim(self):
        """Makes the home, or checks that it is one."""
        if self.facts() is None:
            if self.path.exists() and any(self.path.iterdir()):
                raise Failure("home_used", home=self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if is_root() else 0o700)
            self.remember(version=1)

    def lay_out(self):
        make_os_users()
        for folder in (self.secrets, self.logs):
            make_dir(folder, 0o700)
        make_dir(self.samples, 0o711)
        make_dir(self.run_dir, 0o755)
        if self.run_dir.stat().st_uid != os.geteuid():
            raise OSError(f"{self.run_dir} belongs to someone else")
        make_dir(self.pg_socket, 0o755, "pg")

    def install(self, prefix):
        """Copies the programs and the schema into a folder of their own, so that a later build disturbs nothing
        that runs.  Returns the folder; its name is a hash of what is in it."""
        programs = sorted(p for p in Path(prefix).rglob("yanmen*") if p.is_file() and os.access(p, os.X_OK))
        if not {"yanmen", "yanmend"} <= {p.name for p in programs}:
            raise Failure("no_build", prefix=prefix)
        schema = sorted((CHECKOUT / "schema").glob("*.sql"))
        built = CHECKOUT / "console/dist"
        console = sorted(p for p in built.rglob("*") if p.is_file())
        if not console:
            raise Failure("no_console", folder=built)
        digest = hashlib.sha256()
        for p in programs + schema + console:
            digest.update(p.name.encode() + b"\0" + hashlib.sha256(p.read_bytes()).digest())
        top = make_dir(self.path / "program", 0o755)
        folder = top / digest.hexdigest()[:12]
        if not folder.exists():
            half = make_dir(top / "half", 0o755)
            shutil.rmtree(half)
            (half / "schema").mkdir(parents=True, mode=0o755)
            for p in programs:
                shutil.copy(p, half / p.name)
                (half / p.name).chmod(0o755)
            for p in schema:
                shutil.copy(p, half / "schema")
            shutil.copytree(built, half / "console")
            half.rename(folder)
        return folder

    def use(self, folder):
        """Makes the installed programs the ones in use; removes older ones."""
        link = self.path / ".bin.new"
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
        link.rename(self.bin)
        for other in folder.parent.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)

    def write_conf(self, facts, path=None, **changes):
        """facts["conf"] ("section.key": value, from --set) goes over what is written here."""
        conf = {
            "listen.ssh": f"{facts['listen']}:{facts['base'] + SSH}",
            "listen.web": f"{facts['listen']}:{facts['base'] + WEB}",
            "listen.mysql": f"{facts['listen']}:{facts['base'] + MYSQL}" if self.has_mysql() else "",
            "paths.run": self.run_dir,
            "paths.recordings": self.recordings,
            "paths.spool": self.spool,
            "paths.vault_key": self.vault_key,
            "paths.schema": f"{self.bin}/schema",
            "paths.libexec": self.bin.resolve(),
            "paths.samples": self.samples / "end",
            "web.files": f"{self.bin.resolve()}/console",
            "web.certificate": self.web_certificate,
            "web.key": self.web_key,
            "database.connect": f"host={self.pg_socket} dbname=yanmen",
        }
        conf |= {f"users.{part}": os_user(part) or "" for part in OS_USERS if part not in ("pg", "sample")}
        conf |= facts.get("conf", {}) | changes
        text = "# Written by tools/run at each start; tools/run --set SECTION.KEY=VALUE changes it.\n"
        for section in dict.fromkeys(key.split(".")[0] for key in conf):
            text += f"\n[{section}]\n"
            text += "".join(f"{k.split('.', 1)[1]} = {v}\n" for k, v in conf.items() if k.startswith(section + "."))
        write_file(path or self.conf, text, 0o644)

    def has_mysql(self):
        """Do the programs have a door for MySQL clients?"""
        return (self.bin / "yanmen-mysql").exists()

    def cli(self, conf=None):
        return [str(self.bin / "yanmen"), "--config", str(conf or self.conf)]


# ---- ports ----
def port_is_free(address, port):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address.strip("[]"), port))
            return True
        except OSError:
            return False


def taken_port(base, listen):
    """The first port of the block that is taken, or None."""
    for address, offset in ((listen, WEB), (listen, SSH), (listen, MYSQL), ("127.0.0.1", SAMPLE_SSH), ("127.0.0.1", SAMPLE_MYSQL)):
        if not port_is_free(address, base + offset):
            return base + offset
    return None


def choose_base(wanted, remembered, listen):
    """Returns (base, the port that was in the way or None)."""
    if wanted is not None:
        taken = taken_port(wanted, listen)
        if taken is not None:
            raise Failure("port_taken", port=taken)
        return wanted, None
    first = remembered or DEFAULT_BASE
    taken = taken_port(first, listen)
    if taken is None:
        return first, None
    for base in range(first + BASE_STEP, 65000, BASE_STEP):
        if taken_port(base, listen) is None:
            return base, taken
    raise Failure("no_ports", base=first)
