"""The clients that people have, each by both ways: the target named in the login (user#target), and through a login on the
gateway (ProxyJump).  Each does its real work, and the gateway's side has a session, its recording, its commands and its files."""

import contextlib
import hashlib
import os

import paramiko
import pytest
from harness.putty import Putty
from harness.through import Named, Through
from harness.wait import until

SIZE = 700_001


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("drop")
    path.mkdir()
    path.chmod(0o777)
    return path


class Way:
    """A new person and one way to the sample target, for every kind of client."""

    def __init__(self, instance, jump, folder):
        self.instance, self.jump = instance, jump
        self.user = instance.user(password=False, key=True)
        instance.grant(self.user, instance.demo)
        self.ssh = (Through if jump else Named)(instance, self.user)
        self.source, self.there, self.back = (folder / instance.name(n) for n in ("source", "there", "back"))
        self.source.write_bytes(os.urandom(SIZE))
        self.source.chmod(0o644)

    def did(self, done):
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout

    # ---- the gateway's side ----
    def sessions_stand(self):
        """All his sessions are closed, sealed and verify; through a login each was asked for there."""
        rows = until(lambda: (r := self.instance.sessions(self.user)) and all(s["state"] == "closed" for s in r) and r, 30,
                     "the ends of the sessions")
        until(lambda: all(r["recording"] == "closed" for r in self.instance.ok("recording", "list") if r["user"] == self.user.name), 30,
              "the sealed recordings")
        for row in rows:
            assert (row["target"], row["account"], row["protocol"]) == (self.instance.demo, self.instance.account.name, "ssh")
            self.instance.ok("recording", "verify", row["id"])
        kinds = [r["kind"] for r in self.instance.audit(user=self.user.name)]
        assert kinds.count("forward.opened") == (len(rows) if self.jump else 0) and kinds.count("session.start") == len(rows)

    def command_stands(self, *words):
        """Each of the words was run, and the audit has it."""
        until(lambda: all(any(w in str(r["body"]) for r in self.instance.audit(user=self.user.name) if r["kind"] == "channel.opened")
                          for w in words), 30, f"{words} in the audit")
        self.sessions_stand()

    def file_stands(self, op, path, protocol):
        def row():
            rows = self.instance.ok("file", "list", "--user", self.user.name)
            return next((r for r in rows if r["op"] == op and r["path"] == str(path) and r["state"] != "begun"), None)
        found = until(row, 30, f"{op} of {path} in the ledger")
        assert (found["state"], found["protocol"]) == ("complete", protocol), found
        if protocol == "rsync":
            assert found["size"] > SIZE and "stream" in found["why"], found
        else:
            assert (found["size"], found["sha256"], found["why"]) == (SIZE, sha(self.source), ""), found

    def moved(self, protocol="sftp"):
        """Up and down again, nothing changed on the way; both stand in the ledger."""
        assert sha(self.source) == sha(self.there) == sha(self.back)
        for op in ("upload", "download"):
            self.file_stands(op, self.there, protocol)
        self.sessions_stand()


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=["named", "jump"])
def way(request, instance, folder):
    return Way(instance, request.param == "jump", folder)


# ---- OpenSSH and what runs over it ----


def test_ssh(way):
    done = way.ssh.run(way.instance.demo, "echo to you; echo aside >&2; cat; exit 7", stdin=b"from afar")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"to you\nfrom afar", b"aside\n")
    way.command_stands("echo to you")


@pytest.mark.parametrize("flags, protocol", [((), "sftp"), (("-O",), "scp")], ids=["new", "old"])
def test_scp(way, flags, protocol):
    box = way.instance.demo
    for a, b in ((way.source, f"{box}:{way.there}"), (f"{box}:{way.there}", way.back)):
        way.did(way.ssh.run(*flags, "-q", a, b, program="scp"))
    way.moved(protocol)


def test_sftp(way):
    script = f"put {way.source} {way.there}\nls -l {way.there}\nrename {way.there} {way.there}.x\nrename {way.there}.x {way.there}\n" \
             f"get {way.there} {way.back}\n"
    assert str(SIZE).encode() in way.did(way.ssh.run("-q", "-b", "-", way.instance.demo, program="sftp", stdin=script.encode()))
    way.moved()


def test_rsync(way):
    box, rsh = way.instance.demo, f"ssh -F {way.ssh.config}"
    for a, b in ((way.source, f"{box}:{way.there}"), (f"{box}:{way.there}", way.back)):
        way.did(way.ssh.plain("rsync", "-t", "-e", rsh, a, b))
    way.command_stands("rsync --server")
    way.moved("rsync")


def test_git(way, folder):
    bare, work, again = (folder / way.instance.name(n) for n in ("bare", "work", "again"))
    env = {"GIT_SSH_COMMAND": f"ssh -F {way.ssh.config}", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a",
           "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    way.did(way.ssh.run(way.instance.demo, f"git init -q --bare -b main {bare}"))

    def git(*words, cwd=None):
        return way.did(way.ssh.plain("git", *words, env=env, cwd=cwd))
    git("clone", "-q", f"{way.instance.demo}:{bare}", work)
    (work / "file").write_bytes(way.source.read_bytes())
    git("add", "file", cwd=work)
    git("commit", "-q", "-m", "first", cwd=work)
    git("push", "-q", "origin", "HEAD:main", cwd=work)
    git("clone", "-q", f"{way.instance.demo}:{bare}", again)
    assert sha(again / "file") == sha(way.source)
    way.command_stands("git init", "git-upload-pack", "git-receive-pack")


PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - copy: {{src: "{source}", dest: "{there}", mode: "0644"}}
    - command: sha256sum {there}
      register: sum
    - assert: {{that: '"{sha256}" in sum.stdout'}}
    - fetch: {{src: "{there}", dest: "{back}", flat: true}}
"""


def test_ansible(way, folder):
    inventory, play = (way.instance.scratch / way.instance.name(n) for n in ("inventory", "play"))
    inventory.write_text(f"{way.instance.demo} ansible_python_interpreter=/usr/bin/python3\n")
    play.write_text(PLAY.format(source=way.source, there=way.there, back=way.back, sha256=sha(way.source)))
    masters = folder / way.instance.name("c")
    try:
        way.did(way.ssh.plain("ansible-playbook", "-i", inventory, play, env={
            "ANSIBLE_SSH_ARGS": f"-F {way.ssh.config} -o ControlMaster=auto -o ControlPersist=60",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(masters), "ANSIBLE_LOCAL_TEMP": str(way.instance.scratch / "ansible"),
            "ANSIBLE_REMOTE_TMP": f"{folder}/ansible"}))
    finally:
        for master in masters.glob("*"):
            way.ssh.run("-o", f"ControlPath={master}", "-O", "exit", way.instance.demo)
    assert sha(way.source) == sha(way.there) == sha(way.back)
    way.file_stands("download", way.there, "sftp")
    rows = way.instance.ok("file", "list", "--user", way.user.name)
    assert any((r["op"], r["size"], r["sha256"]) == ("upload", SIZE, sha(way.source)) for r in rows)
    way.command_stands("/usr/bin/python3")


def test_lftp(way):
    script = (f'set sftp:connect-program "ssh -a -x -F {way.ssh.config}"; set net:max-retries 1; set cmd:fail-exit yes; '
              f"open sftp://{way.instance.demo}; put {way.source} -o {way.there}; get {way.there} -o {way.back}")
    way.did(way.ssh.plain("lftp", "-c", script))
    way.moved()


# ---- PuTTY ----


@pytest.fixture
def putty(way):
    return Putty(way.instance, way.user, way.jump)


def test_plink(way, putty):
    done = putty.run("plink", "-load", "box", "echo to you; echo aside >&2; cat; exit 7", stdin=b"from afar")
    assert (done.returncode, done.stdout) == (7, b"to you\nfrom afar") and done.stderr.endswith(b"aside\n"), done
    way.command_stands("echo to you")


@pytest.mark.parametrize("program, protocol", [("pscp -sftp", "sftp"), ("pscp -scp", "scp")])
def test_pscp(way, putty, program, protocol):
    for a, b in ((way.source, f"box:{way.there}"), (f"box:{way.there}", way.back)):
        way.did(putty.run(program, "-q", a, b))
    way.moved(protocol)


def test_psftp(way, putty):
    script = way.instance.file(f"put {way.source} {way.there}\nget {way.there} {way.back}\n")
    way.did(putty.run("psftp", "-b", script, "box"))
    way.moved()


# ---- paramiko ----


@contextlib.contextmanager
def by_paramiko(way):
    key = paramiko.Ed25519Key.from_private_key_file(str(way.user.key))
    with contextlib.closing(paramiko.Transport(("127.0.0.1", way.instance.port))) as outer:
        outer.connect(username=way.user.name if way.jump else way.instance.login(way.user), pkey=key)
        if not way.jump:
            yield outer
            return
        channel = outer.open_channel("direct-tcpip", (way.instance.demo, 22), ("127.0.0.1", 0), timeout=60)
        with contextlib.closing(paramiko.Transport(channel)) as inner:
            inner.start_client(timeout=60)
            inner.auth_none(way.instance.account.name)
            yield inner


def test_paramiko(way):
    with by_paramiko(way) as transport:
        channel = transport.open_session(timeout=60)
        channel.exec_command("echo to you; exit 7")
        assert (channel.makefile().read(), channel.recv_exit_status()) == (b"to you\n", 7)
        with paramiko.SFTPClient.from_transport(transport) as sftp:
            sftp.put(str(way.source), str(way.there))
            sftp.get(str(way.there), str(way.back))
    way.command_stands("echo to you")
    way.moved()
