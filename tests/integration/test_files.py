"""Trees of files through the gateway by scp and rsync, and large streams that are rekeyed on the way.  Single files, by every client:
test_clients.py."""

import hashlib
import os
import subprocess

import pytest


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("drop")
    path.mkdir()
    path.chmod(0o777)
    return path


@pytest.fixture(scope="module")
def person(instance):
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    return user


def sha(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def random_file(path, megabytes):
    with open(path, "wb") as f:
        for _ in range(megabytes):
            f.write(os.urandom(1 << 20))
    path.chmod(0o644)
    return path


def client(instance, user, program, *args, options=(), seconds=120):
    """sftp and scp take a port as -P; all else is as for ssh."""
    flags = ["-P" if a == "-p" else a for a in instance.ssh_options(user, *options)]
    return subprocess.run([program, *flags, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                          env=instance.ssh_env(user))


def remote(instance, user, path):
    """scp itself refuses # and % in a user's name; that is what the separator @ is for."""
    return f"{user.name}@{instance.demo}@127.0.0.1:{path}"


@pytest.mark.parametrize("protocol", [(), ("-O",)], ids=["sftp", "old"])
def test_scp_of_a_tree(instance, person, folder, protocol):
    tree = folder / instance.name("tree")
    (tree / "中文 名").mkdir(parents=True)
    for i in range(20):
        (tree / "中文 名" / f"file {i}").write_bytes(os.urandom(i * 100))
    tree.chmod(0o755)
    to = folder / instance.name("copy")
    done = client(instance, person, "scp", *protocol, "-q", "-r", tree, remote(instance, person, to))
    assert done.returncode == 0, done.stderr
    assert subprocess.run(["diff", "-r", tree, to], timeout=30).returncode == 0


def test_rsync_of_a_tree(instance, person, folder):
    source = folder / instance.name("rsync")
    source.mkdir(mode=0o755)
    for i in range(30):
        random_file(source / f"f{i}", 0).write_bytes(os.urandom(5000 + i))
        (source / f"f{i}").chmod(0o644)
    shell = " ".join(["ssh", *map(str, instance.ssh_options(person)), "-l", f"'{instance.login(person)}'"])
    there, back = folder / instance.name("there"), folder / instance.name("back")
    for a, b in ((f"{source}/", f"127.0.0.1:{there}/"), (f"127.0.0.1:{there}/", f"{back}/")):
        done = subprocess.run(["rsync", "-r", "-e", shell, a, b], capture_output=True, timeout=60, env=instance.ssh_env(person))
        assert done.returncode == 0, done.stderr
    assert subprocess.run(["diff", "-r", source, back], timeout=30).returncode == 0


@pytest.mark.alone
def test_a_hundred_megabytes_rekeyed_all_the_way_arrive_unchanged(instance, person, folder):
    source = random_file(folder / instance.name("big"), 100)
    options = ("RekeyLimit=1M", "Ciphers=aes128-gcm@openssh.com")
    up = folder / instance.name("up")
    with open(source, "rb") as f:
        done = subprocess.run(instance.ssh_argv(person, f"cat > {up}", options=options), stdin=f, capture_output=True, timeout=170,
                              env=instance.ssh_env(person))
    assert done.returncode == 0, done.stderr
    assert sha(up) == sha(source)
    digest = hashlib.sha256()
    with instance.ssh_start(person, f"cat {source}", options=options) as down:
        while chunk := down.stdout.read1(1 << 20):
            digest.update(chunk)
        assert down.wait(60) == 0, down.stderr.read()
    assert digest.hexdigest() == sha(source)


def test_a_grant_without_files_refuses_them(instance, folder):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "shell", "--feature", "exec")
    for protocol in ((), ("-O",)):
        done = client(instance, user, "scp", *protocol, "-q", remote(instance, user, "/etc/hostname"), folder / instance.name("no"))
        assert done.returncode != 0
    assert instance.ssh(user, "echo yes").stdout == b"yes\n"
