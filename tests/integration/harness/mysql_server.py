"""Real servers of MySQL, old and new, and a MariaDB without ceremony: private folder, loopback and a unix socket, root without a password.

MySQL 5.6 and 9 are unpacked by tools/setup/mysql; 9 brings its own C library and is run by its own loader. Nothing waits for a disk
(libeatmydata): what these servers hold is thrown away. Files can be read and written in `files` only, whatever a statement says.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness.mariadb import free_port
from harness.wait import until

BUILT = Path(__file__).resolve().parents[3] / "build-mysql"
OLD, NEW = BUILT / "5.6", BUILT / "9"
HASTE = {"LD_PRELOAD": next(map(str, Path("/usr/lib").glob("*/libeatmydata.so")), "")}  # fsync does nothing


class Server:
    """What they share. `family` is the dialect that a classifier is told, `speaks` chooses rows (sql_rows.SPOKEN)."""

    family, speaks, name = "mysql", "", ""

    def __init__(self, folder, *options):
        self.folder, self.socket, self.port = Path(folder), Path(folder) / "s", free_port()
        self.files = self.folder / "files"
        for path in (self.folder / "tmp", self.files):
            path.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "log"
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.own = (f"--datadir={folder}/data", f"--tmpdir={folder}/tmp", f"--user={user}")
        began = time.monotonic()
        self.make()
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [*self.program(), *self.own, f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1",
                 f"--pid-file={folder}/pid", "--performance-schema=OFF", f"--secure-file-priv={self.files}",
                 "--innodb-flush-log-at-trx-commit=0", *self.more(), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment(), cwd=self.folder)
        until(self.answers, 90, self.name)
        self.seconds = time.monotonic() - began

    def make(self):
        raise NotImplementedError

    def program(self):
        raise NotImplementedError

    def more(self):
        return ()

    def environment(self):
        return os.environ | HASTE

    def run(self, argv, **kw):
        with open(self.log, "a") as log:
            done = subprocess.run(argv, stdout=log, stderr=log, timeout=180, env=self.environment(), check=False, **kw)
        assert done.returncode == 0, self.log.read_text()[-3000:]

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return self.sql("select 1", check=False) == "1\n"

    def sql(self, text, check=True):
        done = subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", "-uroot", "-S", str(self.socket)],
                              input=text, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def version(self):
        """major.minor.patch"""
        return re.match(r"[\d.]+", self.sql("select version()"))[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class MariaDB(Server):
    family, speaks, name = "mariadb", "mariadb", "MariaDB"

    @staticmethod
    def there():
        return shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")

    def make(self):
        self.run(["mariadb-install-db", "--no-defaults", *self.own, "--auth-root-authentication-method=normal", "--skip-test-db"])

    def program(self):
        return self.there(), "--no-defaults"

    def more(self):
        return "--innodb-buffer-pool-size=16M", "--innodb-flush-method=nosync"


class MySQL56(Server):
    speaks, name = "mysql5", "MySQL 5.6"

    @staticmethod
    def there():
        return (OLD / "mysqld").exists()

    def program(self):
        return (OLD / "mysqld", "--no-defaults", f"--basedir={OLD}", f"--lc-messages-dir={OLD}/share",
                f"--character-sets-dir={OLD}/share/charsets", "--innodb-use-native-aio=0", "--innodb-buffer-pool-size=16M")

    def environment(self):
        return os.environ | HASTE | {"LD_LIBRARY_PATH": str(OLD)}

    def make(self):
        for database in ("mysql", "test"):
            (self.folder / "data" / database).mkdir(parents=True)
        tables = [OLD / "share" / f"mysql_system_tables{part}.sql" for part in ("", "_data")]
        text = b"use mysql;\n" + b"".join(path.read_bytes() for path in tables)
        self.run([*self.program(), *self.own, "--bootstrap", "--log-warnings=0"], input=text)


class MySQL9(Server):
    speaks, name = "mysql8", "MySQL 9"

    @staticmethod
    def there():
        return (NEW / "usr/sbin/mysqld").exists()

    @staticmethod
    def loaded(program):
        """A program of that root, with that root's libraries: mysql, mysqldump, mysqlrouter, ..."""
        libraries = NEW / "usr/lib/x86_64-linux-gnu"
        path = f"{libraries}:{NEW}/usr/lib/mysql/private:{NEW}/usr/lib/mysql-router:{NEW}/usr/lib"
        return libraries / "ld-linux-x86-64.so.2", "--library-path", path, NEW / "usr" / program

    def program(self):
        share = NEW / "usr/share/mysql"
        return (*self.loaded("sbin/mysqld"), "--no-defaults", f"--basedir={NEW}/usr", f"--lc-messages-dir={share}",
                f"--character-sets-dir={share}/charsets", f"--plugin-dir={NEW}/usr/lib/mysql/plugin")

    def more(self):
        return ("--mysqlx=OFF", "--skip-log-bin", "--innodb-buffer-pool-size=32M", "--innodb-redo-log-capacity=16M",
                "--innodb-flush-method=nosync", "--innodb-doublewrite=OFF")

    def make(self):
        self.run([*self.program(), *self.own, "--initialize-insecure"])


SERVERS = MariaDB, MySQL56, MySQL9
