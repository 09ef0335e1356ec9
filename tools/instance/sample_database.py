"""The sample database: a private MariaDB on loopback with TLS, a schema `shop` and an account that a gateway may log in to.

There where the gateway has a door for MySQL clients, and Debian's mariadb-server-core is installed (`tools/run` installs it); never the
machine's own server.  As root it runs as an OS user of its own.
"""

import os
import pwd
import shutil
import socket
import subprocess

from place import SAMPLE_MYSQL, is_root, make_dir, os_user, reachable, write_file
from service import Service

NAME, ACCOUNT, SCHEMA = "shop", "app", "shop"
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin"
TABLES = """\
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.customer (id INT PRIMARY KEY, name VARCHAR(80), city VARCHAR(80));
CREATE TABLE IF NOT EXISTS shop.orders (id INT PRIMARY KEY, customer INT, total DECIMAL(10,2), placed DATE);
INSERT IGNORE INTO shop.customer VALUES (1, '王伟', '太原'), (2, 'Li Na', 'Xi''an'), (3, 'Zhang Min', 'Datong');
INSERT IGNORE INTO shop.orders VALUES (1, 1, 120.50, '2026-01-05'), (2, 1, 18.00, '2026-02-11'), (3, 3, 999.00, '2026-02-12');
"""


def wanted(home, facts):
    return bool(facts.get("samples") and facts.get("database", True) and home.has_mysql() and server() and (not is_root() or reachable(home.samples)))


def server():
    return shutil.which("mariadbd", path=SEARCH) if shutil.which("mariadb-install-db", path=SEARCH) else None


def folder(home):
    return home.samples / "mariadb"


def user():
    return os_user("sample") or pwd.getpwuid(os.geteuid()).pw_name


def check(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180, cwd="/", env={**os.environ, "PATH": SEARCH})
    if done.returncode:
        raise OSError(f"{argv[0]}: {(done.stderr or done.stdout).strip()[-300:]}")


def give(path):
    if is_root():
        shutil.chown(path, user(), user())


def make(home, password):
    """Writes everything that the server needs; what is there already stays."""
    top = make_dir(folder(home), 0o755, "sample")
    tmp = make_dir(top / "tmp", 0o700, "sample")
    make_dir(home.run_dir / "db", 0o700, "sample")
    if not (top / "server.key").exists():
        check("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj",
              "/CN=yanmen sample", "-out", str(top / "server.crt"), "-keyout", str(top / "server.key"))
    give(top / "server.crt")
    give(top / "server.key")
    if not (top / "data/mysql").exists():
        shutil.rmtree(top / "data", ignore_errors=True)
        check("mariadb-install-db", "--no-defaults", f"--datadir={top}/data", f"--tmpdir={tmp}", f"--user={user()}",
              "--auth-root-authentication-method=socket", "--skip-test-db")
    write_file(top / "init.sql", TABLES + f"""\
CREATE USER IF NOT EXISTS '{ACCOUNT}'@'127.0.0.1' IDENTIFIED BY '{password}';
ALTER USER '{ACCOUNT}'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON shop.* TO '{ACCOUNT}'@'127.0.0.1';
""")
    give(top / "init.sql")


def service(home, facts):
    top = folder(home)
    argv = [server(), "--no-defaults", f"--datadir={top}/data", f"--tmpdir={top}/tmp", f"--socket={home.run_dir}/db/s", f"--user={user()}",
            f"--port={facts['base'] + SAMPLE_MYSQL}", "--bind-address=127.0.0.1", f"--pid-file={home.run_dir}/db/pid", "--performance-schema=OFF",
            "--innodb-buffer-pool-size=16M", f"--ssl-cert={top}/server.crt", f"--ssl-key={top}/server.key", f"--init-file={top}/init.sql"]
    return Service("sample-mariadb", argv, home.logs / "sample-mariadb.log", popen={"cwd": "/"})


def answers(facts):
    try:
        with socket.create_connection(("127.0.0.1", facts["base"] + SAMPLE_MYSQL), timeout=1) as s:
            s.settimeout(5)
            return len(s.recv(5)) == 5
    except OSError:
        return False
