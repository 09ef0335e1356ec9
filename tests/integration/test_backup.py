"""The drill: a living instance is backed up, and a new home starts from the backup with everything in it."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import second_reader as second
from conftest import LIMITS, work_dir
from harness.instance import Instance, User
from harness.keys import keys_file, recorded, rotate
from harness.wait import until

pytestmark = pytest.mark.outage

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def escrow(own_instance):
    path = own_instance.scratch / "auditor.key"
    own_instance.ok("escrow", "init", "--output", path)
    return path


@pytest.fixture(scope="module")
def drill(own_instance, escrow):
    """A backup of an instance with sessions of two generations of the key."""
    instance = own_instance
    user = instance.user(password=False, key=True)
    instance.grant(user, instance.demo)
    sessions = [recorded(instance, user, "one")]
    instance.ok("certificate", "issue", user.name, "--key", f"{user.key}.pub", "--output", f"{user.key}-cert.pub.kept")
    rotate(instance)
    sessions.append(recorded(instance, user, "two"))
    instance.ok("document", "add", "kept.md", "--file", instance.file("# kept in a backup\n"))
    passphrase = instance.file(PASSPHRASE + "\n")
    output = instance.scratch / "backup"
    answer = instance.ok("backup", "--output", output, "--passphrase-file", passphrase, "--escrow", seconds=120)
    assert answer["key"] == "both" and answer["generation"] == 2
    return {"instance": instance, "user": user, "sessions": sessions, "passphrase": passphrase, "output": output, "escrow": escrow}


def restored(drill, *key):
    home = work_dir()
    instance = Instance(home, *LIMITS, "--no-samples", "--restore", str(drill["output"]), *map(str, key))
    return home, instance


def end(home, instance):
    instance.run("--reset", "--yes", check=False)
    shutil.rmtree(home, ignore_errors=True)


def carry(drill, other, more=""):
    """The user's key, or what lies beside it, in the new instance's own folder."""
    path = other.scratch / f"user.key{more}"
    shutil.copy(f"{drill['user'].key}{more}", path)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("by", ["passphrase-file", "escrow-key", "vault-key"])
def test_a_new_home_starts_from_the_backup_with_everything_in_it(drill, by):
    old = drill["instance"]
    key = {"passphrase-file": drill["passphrase"], "escrow-key": drill["escrow"], "vault-key": old.home / "vault.key"}[by]
    home, instance = restored(drill, f"--{by}", key)
    try:
        instance.start()
        assert {u["name"] for u in instance.ok("user", "list")} >= {drill["user"].name, "engineer"}
        for session, word in zip(drill["sessions"], (b"one", b"two")):
            assert instance.ok("recording", "verify", session)["verified"]
            assert word in instance.export(session, "text")
        assert instance.ok("audit", "verify", seconds=120)["verified"]
        instance.ok("document", "get", "kept.md", "--output", instance.scratch / "kept.md")
        assert (instance.scratch / "kept.md").read_text() == "# kept in a backup\n"
        # The target of the old instance still runs; its restored credential logs in to it.
        user = User(drill["user"].name, None, carry(drill, instance))
        done = instance.ssh(user, "echo restored", login=f"{user.name}#{old.demo}")
        assert done.stdout == b"restored\n", done.stderr
        until(lambda: instance.sessions(user, "closed"), 15, "the end of the session")
        # His certificate is known and of the same CA: it opens although the key is registered no more.
        certificate = carry(drill, instance, "-cert.pub.kept")
        instance.sql(f"delete from yanmen.user_key using yanmen.users u where u.id = user_id and u.name = '{user.name}'")
        done = instance.ssh(user, "echo certified", login=f"{user.name}#{old.demo}", options=(f"CertificateFile={certificate}",))
        assert done.stdout == b"certified\n", done.stderr
        assert instance.ok("audit", "verify", seconds=120)["verified"]
        path = instance.scratch / "audit.jsonl"
        instance.ok("audit", "export", "--output", path)
        second.verify_audit(path.read_bytes(), second.public_keys(keys_file(instance).read_text()))
        assert instance.ok("public", "keys") == old.ok("public", "keys")  # evidence, CA, host key
    finally:
        end(home, instance)


def test_nothing_in_a_backup_is_a_secret_in_clear(drill):
    old = drill["instance"]
    key = (old.home / "vault.key").read_bytes()
    for path in drill["output"].rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert key not in data and key[12:44] not in data and PASSPHRASE.encode() not in data
    assert drill["output"].stat().st_mode & 0o777 == 0o700


def test_the_manifest_names_and_signs_every_file(drill):
    folder = drill["output"]
    manifest = (folder / "manifest").read_bytes()
    files = dict((line.split(" ")[3], line.split(" ")[1:3]) for line in manifest.decode().splitlines()[3:])
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {"manifest", "manifest.sig"}
    assert set(files) == there and any(name.startswith("recordings/") for name in there)
    word, time_us, signature = (folder / "manifest.sig").read_text().split()
    assert word == "yanmen-backup-signature-1"


    for name, (digest, size) in files.items():
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest and len(data) == int(size)
    keys = second.public_keys((folder / "public_key").read_text())
    second.check_signature(keys, second.BACKUP, bytes(16), len(files), hashlib.sha256(manifest).digest(), int(time_us),
                           base64.b64decode(signature))


def copy_of(drill):
    folder = drill["instance"].scratch / drill["instance"].name("copy")
    shutil.copytree(drill["output"], folder)
    return folder


def refused(drill, folder, *key):
    """What `yanmen restore` says, with a configuration whose key and recordings would be elsewhere."""
    instance = drill["instance"]
    scratch = Path(instance.scratch / instance.name("place"))
    scratch.mkdir()
    conf = "\n".join(f"vault_key = {scratch}/vault.key" if line.startswith("vault_key") else
                     f"recordings = {scratch}/recordings" if line.startswith("recordings") else
                     line.replace("dbname=yanmen", "dbname=empty") if line.startswith("connect") else line
                     for line in (instance.home / "yanmen.conf").read_text().splitlines())
    (scratch / "conf").write_text(conf + "\n")
    done = subprocess.run([instance.endpoints["cli"][0], "--config", scratch / "conf", "restore", "--from", folder, *key],
                          capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert not (scratch / "vault.key").exists() and not (scratch / "vault.key.restoring").exists()
    return done.stderr


@pytest.fixture(scope="module")
def empty_database(drill):
    drill["instance"].sql("create database empty owner yanmen_owner")
    hba = next(drill["instance"].home.rglob("pg_hba.conf"), None) or next(Path("/var/lib/yanmen-pg").rglob("pg_hba.conf"))
    with open(hba, "a", encoding="utf-8") as f:
        f.write("local empty all peer map=yanmen\n")
    drill["instance"].sql("select pg_reload_conf()")
    yield
    drill["instance"].sql("drop database empty with (force)")


def test_a_wrong_passphrase_is_said(drill, empty_database):
    wrong = drill["instance"].file("another passphrase altogether")
    assert "passphrase" in refused(drill, drill["output"], "--passphrase-file", wrong)


@pytest.mark.parametrize("what", ["database.dump", "public_key", "yanmen.conf", "manifest", "manifest.sig", "recording", "missing"])
def test_an_altered_file_is_named_and_nothing_is_restored(drill, empty_database, what):
    folder = copy_of(drill)
    name = what
    if what in ("recording", "missing"):
        name = str(next((folder / "recordings").rglob("*.ymr")).relative_to(folder))
    path = folder / name
    if what == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)
    said = refused(drill, folder, "--passphrase-file", drill["passphrase"])
    assert name.removesuffix(".sig") in said or "manifest" in said, said
    shutil.rmtree(folder)


def test_a_backup_that_was_killed_leaves_no_backup(drill):
    instance = drill["instance"]
    output = instance.scratch / "killed"
    client = subprocess.Popen(instance.cli_argv("backup", "--output", output, "--no-key"), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    until(lambda: Path(f"{output}.part").exists() or client.poll() is not None, 20, "the beginning", every=0.001)
    client.send_signal(signal.SIGKILL)
    if client.wait(60) != 0:
        assert not output.exists()
    instance.ok("backup", "--output", output, "--no-key") if not output.exists() else None
    assert (output / "manifest.sig").exists() and not Path(f"{output}.part").exists()


def test_a_later_backup_links_what_the_earlier_one_has(drill):
    instance = drill["instance"]
    output = instance.scratch / "second"
    answer = instance.ok("backup", "--output", output, "--no-key", "--base", drill["output"])
    recordings = list((drill["output"] / "recordings").rglob("*.ymr"))
    assert answer["linked"] >= len(recordings) and answer["key"] == "none"
    for path in recordings:
        assert path.stat().st_ino == (output / path.relative_to(drill["output"])).stat().st_ino
    assert instance.cli("backup", "--output", output, "--no-key").code == 1  # never over another one
    made = [r for r in instance.audit() if r["kind"] == "backup.made"]
    assert made and made[0]["body"]["key"] == "none"


def test_a_restore_that_was_killed_starts_nothing_and_is_begun_again(drill):
    home, instance = restored(drill, "--passphrase-file", drill["passphrase"])
    try:
        client = subprocess.Popen([Path(__file__).resolve().parents[2] / "tools/run", "--home", home, "--detach", "--ports",
                                   str(instance.base), *instance.run_options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: (home / "vault.key.restoring").exists() or client.poll() is not None, 90, "the middle", every=0.001)
        for entry in Path("/proc").iterdir():  # the command itself, not the supervisor
            try:
                argv = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            except OSError:
                continue
            if b"restore" in argv and str(home / "yanmen.conf").encode() in argv:
                os.kill(int(entry.name), signal.SIGKILL)
        if client.wait(120) != 0:
            instance.run("--stop", check=False)  # whatever is still going down
            assert not (home / "vault.key").exists()
            instance.run_options = [*LIMITS, "--listen", "127.0.0.1"]  # the home knows what it is waiting for
            instance.start()
        else:
            instance.read_endpoints()
        assert instance.ok("recording", "verify", drill["sessions"][0])["verified"]
    finally:
        end(home, instance)


def test_a_home_in_use_is_never_restored_over(drill):
    done = drill["instance"].run("--detach", "--restore", drill["output"], "--passphrase-file", drill["passphrase"], check=False)
    assert done.returncode == 1 and "use" in done.stderr
