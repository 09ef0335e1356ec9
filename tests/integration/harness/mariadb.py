"""A real MariaDB of our own: private folder, loopback and a unix socket, TLS on.

Debian has the server's plugins (ed25519, password checks) in mariadb-server only, which would make a service of the machine's;
mariadb-server-core is enough for all else. tools/setup/plugins unpacks them.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from harness.wait import until


PLUGINS = Path(__file__).resolve().parents[3] / "build-mariadb/usr/lib/mysql/plugin"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def certificate(folder, name):
    """A self-signed one for localhost: (certificate, key)."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


class MariaDB:
    def __init__(self, folder):
        self.folder = folder
        self.socket, self.port = folder / "s", free_port()
        self.certificate, self.key = certificate(folder, "mariadb")
        user = pwd.getpwuid(os.geteuid()).pw_name
        (folder / "tmp").mkdir(exist_ok=True)
        own = f"--datadir={folder}/data", f"--tmpdir={folder}/tmp"  # one that starts clears tables of others from a common /tmp
        made = subprocess.run(["mariadb-install-db", "--no-defaults", *own, f"--user={user}", "--auth-root-authentication-method=normal",
                               "--skip-test-db"], capture_output=True, text=True, timeout=180)
        assert made.returncode == 0, made.stdout + made.stderr
        server = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
        with open(folder / "log", "w") as log:
            self.process = subprocess.Popen(
                [server, "--no-defaults", *own, f"--user={user}", f"--socket={self.socket}", f"--port={self.port}",
                 "--bind-address=127.0.0.1", f"--pid-file={folder}/pid", "--performance-schema=OFF", "--log-bin", f"--plugin-dir={PLUGINS}",
                 "--innodb-buffer-pool-size=16M", f"--ssl-cert={self.certificate}", f"--ssl-key={self.key}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: self.process.poll() is not None or self.sql("select 1", check=False) == "1\n", 60, "MariaDB")

    def client(self, *args, stdin=None):
        return subprocess.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", *map(str, args)], input=stdin,
                              capture_output=True, text=True, timeout=60)

    def sql(self, text, check=True):
        done = self.client("-uroot", "-S", self.socket, stdin=text)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
