"""The private PostgreSQL of one instance: its own data folder, a unix socket only, peer authentication by OS user.

Never the system's cluster.  PostgreSQL refuses to run as root, so it has an OS user of its own then.
"""

import os
import pwd
import subprocess
from pathlib import Path

from place import CHECKOUT, is_root, make_dir, os_user, write_file
from words import Failure

SUPERUSER = "yanmen-pg"  # PostgreSQL's role, whatever the OS user is


def binaries(data):
    """The newest PostgreSQL >= 15, or the one that made the data folder."""
    made_by = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else None
    found = {p.parent.name: p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists()}
    if made_by:
        choice = found.get(made_by)
    else:
        choice = found[max(found, key=float)] if found else None
    if choice is None or float(choice.parent.name) < 15:
        raise Failure("no_postgres")
    return choice


class Database:
    def __init__(self, home):
        self.home = home
        self.data = home.pg_data()
        self.bin = binaries(self.data)
        self.log = home.logs / "postgres.log"

    def as_pg(self):
        """Arguments of subprocess that run a program as PostgreSQL's OS user."""
        clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if not is_root():
            return {"cwd": "/", "env": clean}
        user = pwd.getpwnam(os_user("pg"))
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/", "env": clean}

    def run(self, *argv, stdin=""):
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=120, **self.as_pg())
        if done.returncode:
            raise Failure("step_failed", step=Path(argv[0]).name, why=done.stderr.strip()[-400:], log=self.log)
        return done.stdout

    def make(self):
        """initdb once; the settings are written at each start."""
        make_dir(self.data, 0o700, "pg")
        if not (self.data / "PG_VERSION").exists():
            self.run(str(self.bin / "initdb"), "-D", str(self.data), "-E", "UTF8", "--locale=C.UTF-8", "-A", "peer",
                     "-U", SUPERUSER, "--no-instructions")
            with open(self.data / "postgresql.conf", "a", encoding="utf-8") as f:
                f.write("\ninclude_if_exists = 'yanmen.conf'\n")
        self._write("yanmen.conf", f"""\
listen_addresses = ''
unix_socket_directories = '{self.home.pg_socket}'
unix_socket_permissions = 0777   # who may log in is pg_hba.conf's to say
max_connections = 60
shared_buffers = 64MB
max_wal_size = 256MB
jit = off
logging_collector = off
log_destination = stderr
timezone = 'UTC'
log_timezone = 'UTC'
""")
        self._write("pg_hba.conf", f"""\
local all "{SUPERUSER}" peer map=yanmen
local yanmen all peer map=yanmen
""")
        mine = pwd.getpwuid(os.geteuid()).pw_name
        broker = os_user("broker") or mine
        export = os_user("export") or mine
        web = os_user("web") or mine
        notify = os_user("notify") or mine
        pg = os_user("pg") or mine
        self._write("pg_ident.conf", f"""\
yanmen "{pg}" "{SUPERUSER}"
yanmen "{mine}" yanmen_owner
yanmen "{broker}" yanmen_broker
yanmen "{broker}" yanmen_sealer
yanmen "{export}" yanmen_exporter
yanmen "{web}" yanmen_web
yanmen "{notify}" yanmen_notifier
""")

    def _write(self, name, content):
        write_file(self.data / name, content)
        owner = self.data.stat()
        os.chown(self.data / name, owner.st_uid, owner.st_gid)

    def argv(self):
        return [str(self.bin / "postgres"), "-D", str(self.data)]

    def is_ready(self):
        done = subprocess.run([self.bin / "pg_isready", "-q", "-h", self.home.pg_socket, "-U", SUPERUSER, "-d", "postgres"],
                              timeout=10, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.as_pg())
        return done.returncode == 0

    def sql(self, text, database="yanmen"):
        return self.run(str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h",
                        str(self.home.pg_socket), "-U", SUPERUSER, "-d", database, "-f", "-", stdin=text)

    def prepare(self):
        """The database and its roles; both as the superuser, both harmless when done before."""
        if not self.sql("select 1 from pg_database where datname = 'yanmen'", "postgres").strip():
            self.sql("create database yanmen", "postgres")
        self.sql((CHECKOUT / "schema/roles.sql").read_text(encoding="utf-8"))
