"""The sample target: a private OpenSSH sshd on loopback with an account that a gateway may log in to.

As root the account is a real OS user `cyadmin`, marked in its GECOS field; all instances of a machine share it, and
the last one that goes removes it.  Otherwise it is the current user, who logs in with a key made for that.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import shlex
import socket
import subprocess
from pathlib import Path

from place import CHECKOUT, SAMPLE_SSH, is_root, make_dir, write_file
from service import Service
from words import Failure

NAME, MARK = "cyadmin", "Yanmen sample"
SHARED = Path("/var/lib/yanmen-samples")  # password of the OS user, and a file for each instance that uses it


def random_password():
    return secrets.token_urlsafe(15)


def account_name():
    return NAME if is_root() else pwd.getpwuid(os.geteuid()).pw_name


# ---- the OS user ----
@contextlib.contextmanager
def os_user_lock():
    make_dir(SHARED, 0o700)
    make_dir(SHARED / "used-by", 0o700)
    with open(SHARED / "lock", "w", encoding="utf-8") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def is_marked():
    """True: ours, False: someone else's, None: no such user."""
    try:
        return pwd.getpwnam(NAME).pw_gecos.split(",")[0] == MARK
    except KeyError:
        return None


def check(*argv, stdin=""):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise OSError(f"{argv[0]}: {done.stderr.strip()}")


def make_os_user(home):
    """Returns the password of the marked OS user."""
    with os_user_lock():
        marked = is_marked()
        if marked is False:
            raise Failure("foreign_user", name=NAME)
        password = SHARED / "password"
        if marked is None or not password.exists():
            if marked is None:
                check("useradd", "--create-home", "--comment", MARK, "--shell", "/bin/bash", NAME)
            value = random_password()
            check("chpasswd", stdin=f"{NAME}:{value}\n")
            write_file(password, value)
        (SHARED / "used-by" / home.key).write_text(f"{home.path}\n")
        return password.read_text()


def drop_os_user(home):
    """Gives the OS user up; the last instance removes it, and only if it bears our mark."""
    if not is_root() or not SHARED.exists():
        return
    with os_user_lock():
        (SHARED / "used-by" / home.key).unlink(missing_ok=True)
        others = [f for f in (SHARED / "used-by").iterdir() if Path(f.read_text().strip()).exists()]
        if not others and is_marked():
            subprocess.run(["userdel", "--remove", "--force", NAME], capture_output=True, timeout=60)
            (SHARED / "password").unlink(missing_ok=True)


# ---- the sshd ----
def make(home, facts):
    """Writes everything that the sshd needs.  Returns the account: name, and the file with its password or key."""
    folder = home.samples
    account = {"name": account_name()}
    if is_root():
        account["password_file"] = home.secrets / "sample-password"
        write_file(account["password_file"], make_os_user(home))
        make_dir(Path("/run/sshd"), 0o755)  # sshd's own empty folder, which its service would make
    else:
        account["key_file"] = home.secrets / "sample-key"
        make_key(account["key_file"])
        write_file(folder / "authorized_keys", account["key_file"].with_suffix(".pub").read_text())
    make_key(home.secrets / "sample-host-key")
    write_file(folder / "sshd_config", f"""\
# The sample target of this instance, on loopback only.
ListenAddress 127.0.0.1:{facts['base'] + SAMPLE_SSH}
HostKey {home.secrets}/sample-host-key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
AllowUsers {account['name']}
PasswordAuthentication {'yes' if is_root() else 'no'}
KbdInteractiveAuthentication no
PermitRootLogin {'no' if account['name'] != 'root' else 'prohibit-password'}
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
AcceptEnv LANG LC_*
MaxStartups 500
MaxSessions 100
LoginGraceTime 30
Subsystem sftp internal-sftp
""", 0o600)
    return account


def make_key(path):
    if not path.exists():
        check("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "yanmen sample", "-f", str(path))


def service(home):
    return Service("sample-sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", str(home.samples / "sshd_config")],
                   home.logs / "sample-sshd.log", popen={"cwd": "/"})


def answers(facts):
    try:
        with socket.create_connection(("127.0.0.1", facts["base"] + SAMPLE_SSH), timeout=1) as s:
            s.settimeout(5)
            return s.recv(4) == b"SSH-"
    except OSError:
        return False


def write_end_script(home):
    """What the gateway calls when its `samples remove` has removed the rows."""
    script, folder = shlex.quote(f"{CHECKOUT}/tools/samples"), shlex.quote(str(home.path))
    write_file(home.samples / "end", f"#!/bin/sh\nexec {script} remove --home {folder}\n", 0o755)
