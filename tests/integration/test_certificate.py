"""Users' certificates: who gets in with one, who does not and what the audit says of it, and how they are taken back."""

import contextlib
import os
import signal
import subprocess

import paramiko
import pexpect
import pytest
from harness.instance import User
from harness.lending import agent_of
from harness.second import PROMPT_CODE, enrol, terminal
from harness.target import Sshd
from harness.through import Through
from harness.wait import until

DISABLED = "user is disabled"
EXPIRED = "certificate has expired"
NOT_ISSUED = "certificate was not issued to this user"
OTHER_CA = "certificate of another CA"
OTHER_SOURCE = "certificate is not for this address"
OTHER_USER = "certificate of another user"
REVOKED = "certificate was revoked"


def issue(instance, name, key, *options):
    """A certificate over key.pub, where ssh looks for it; what the command answers."""
    output = key.with_name(f"{key.name}-cert.pub")
    output.unlink(missing_ok=True)
    return instance.ok("certificate", "issue", name, "--key", f"{key}.pub", "--output", output, *options)


def newcomer(instance, *options, kind="ed25519", bits=None):
    """A user who has a certificate and nothing else; its serial is `serial`."""
    user = User(instance.name("u"), key=instance.key_pair(kind, bits))
    instance.ok("user", "add", user.name, "--role", "engineer", "--certificate-only")
    instance.grant(user, instance.demo)
    user.serial = issue(instance, user.name, user.key, *options)["serial"]
    return user


def with_key(user, name):
    """The same key and certificate, under another name."""
    return User(name, key=user.key)


def refused_because(instance, user, why, name=None):
    """ssh is refused, without a word of why; the audit has it."""
    before = len(rows(instance, "login.refused", name or user.name, why))
    done = instance.ssh(with_key(user, name) if name else user, "echo", "in")
    assert done.returncode == 255 and done.stdout == b""
    assert b"ertificate" not in done.stderr
    return until(lambda: rows(instance, "login.refused", name or user.name, why)[before:], 20, why)[0]["body"]


def rows(instance, kind, name, why=None):
    return [r for r in instance.audit(user=name) if r["kind"] == kind and (why is None or r["body"].get("why") == why)]


@pytest.mark.parametrize("kind, bits, algorithm", [
    ("ed25519", None, "ssh-ed25519"), ("rsa", 2048, "rsa-sha2-256"), ("rsa", 4096, "rsa-sha2-512"),
    ("ecdsa", 256, "ecdsa-sha2-nistp256"), ("ecdsa", 384, "ecdsa-sha2-nistp384"), ("ecdsa", 521, "ecdsa-sha2-nistp521")])
def test_who_has_a_certificate_gets_in(instance, kind, bits, algorithm):
    user = newcomer(instance, kind=kind, bits=bits)
    done = instance.ssh(user, "echo", "in", options=(f"PubkeyAcceptedAlgorithms={algorithm}-cert-v01@openssh.com",))
    assert (done.returncode, done.stdout) == (0, b"in\n"), done.stderr
    body = instance.told(user, "login.ok")[0]["body"]
    assert (body["method"], body["serial"], body["key_id"]) == ("certificate", user.serial, f"{user.name} {user.serial}")
    assert instance.told(user, "session.start")[0]["body"]["certificate"] == user.serial


def test_openssh_reads_what_is_issued(instance):
    user = newcomer(instance, "--for", "2h", "--from", "127.0.0.0/8", "--from", "::1")
    told = subprocess.run(["ssh-keygen", "-L", "-f", f"{user.key}-cert.pub"], check=True, capture_output=True, text=True).stdout
    ca = instance.ok("certificate", "ca")["users"]
    (instance.scratch / "users-ca.pub").write_text(ca + "\n")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", instance.scratch / "users-ca.pub"], check=True, capture_output=True, text=True)
    assert f"Signing CA: ED25519 {shown.stdout.split()[1]} " in told
    assert "user certificate" in told and f"Serial: {user.serial}\n" in told
    assert f"Principals: \n                {user.name}\n        Critical" in told
    assert "Critical Options: \n                source-address 127.0.0.0/8,::1/128\n        Ext" in told
    row = next(r for r in instance.ok("certificate", "list", "--user", user.name) if r["serial"] == user.serial)
    assert (row["state"], row["sources"]) == ("valid", ["127.0.0.0/8", "::1/128"])
    key = subprocess.run(["ssh-keygen", "-l", "-f", f"{user.key}.pub"], check=True, capture_output=True, text=True).stdout
    assert row["key"] == key.split()[1]
    assert instance.ssh(user, "echo in").stdout == b"in\n"


def test_a_certificate_named_to_ssh(instance):
    user = newcomer(instance)
    elsewhere = instance.scratch / instance.name("cert")
    user.key.with_name(f"{user.key.name}-cert.pub").rename(elsewhere)
    assert instance.ssh(user, "echo", "in").returncode == 255  # the key alone is nobody's
    done = instance.ssh(user, "echo", "in", options=(f"CertificateFile={elsewhere}",))
    assert done.stdout == b"in\n", done.stderr


def test_through_a_login_and_sftp(instance):
    user = newcomer(instance)
    through = Through(instance, user)
    done = through.run(instance.demo, "echo through")
    assert done.stdout == b"through\n", done.stderr
    source = instance.file("by certificate")
    done = through.run("-b", "-", instance.demo, program="sftp",
                       stdin=f"put {source} /tmp/{source.name}\nrm /tmp/{source.name}\n".encode())
    assert done.returncode == 0, done.stderr


def test_an_agent_that_holds_it(instance):
    user = newcomer(instance)
    with agent_of(instance, user.key) as agent:
        for path in (user.key, user.key.with_name(f"{user.key.name}-cert.pub")):
            path.unlink()
        argv = ["ssh", *instance.ssh_options(User(user.name), f"IdentityAgent={agent.socket}", "PubkeyAuthentication=yes",
                                             "PreferredAuthentications=publickey"), "-l", instance.login(user), "127.0.0.1", "echo in"]
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, env=instance.ssh_env(User(user.name)), timeout=60)
        assert done.stdout == b"in\n", done.stderr


def test_paramiko(instance):
    user = newcomer(instance)
    key = paramiko.Ed25519Key.from_private_key_file(str(user.key))
    key.load_certificate(f"{user.key}-cert.pub")
    with contextlib.closing(paramiko.Transport(("127.0.0.1", instance.port))) as transport:
        transport.start_client(timeout=30)
        transport.auth_publickey(instance.login(user), key)
        channel = transport.open_session(timeout=30)
        channel.exec_command("echo in")
        assert channel.makefile().read() == b"in\n"


def test_sha1_signs_no_login(instance):
    user = newcomer(instance, kind="rsa", bits=2048)
    key = paramiko.RSAKey.from_private_key_file(str(user.key))
    key.load_certificate(f"{user.key}-cert.pub")
    for disabled, works in ((["rsa-sha2-512", "rsa-sha2-256", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"], False),
                            ([], True)):
        with contextlib.closing(paramiko.Transport(("127.0.0.1", instance.port), disabled_algorithms={"pubkeys": disabled})) as transport:
            transport.start_client(timeout=30)
            with contextlib.nullcontext() if works else pytest.raises((paramiko.SSHException, EOFError)):
                transport.auth_publickey(instance.login(user), key)
            assert transport.is_authenticated() == works


def test_plink(instance):
    user = newcomer(instance)
    ppk = instance.scratch / instance.name("ppk")
    subprocess.run(["puttygen", user.key, "-o", ppk], check=True, timeout=60)
    host = instance.ok("public", "keys")["host"]
    (instance.scratch / "host.pub").write_text(host + "\n")
    print_of = subprocess.run(["ssh-keygen", "-l", "-f", instance.scratch / "host.pub"], check=True, capture_output=True, text=True)
    done = subprocess.run(["plink", "-batch", "-ssh", "-P", str(instance.port), "-i", ppk, "-cert", f"{user.key}-cert.pub", "-l",
                           instance.login(user), "-hostkey", print_of.stdout.split()[1], "127.0.0.1", "echo in"],
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=instance.ssh_env(user))
    assert done.stdout == b"in\n", done.stderr


def mangled(blob):
    """Certificates that are none: cut, flipped, one inside the other, too long, with lengths that lie."""
    step = len(blob) // 6
    yield from (blob[:n] for n in range(40, len(blob), step))
    yield from (blob[:n] + bytes([blob[n] ^ 0x80]) + blob[n + 1:] for n in range(5, len(blob), step))
    yield from (blob[:n] + b"\xff\xff\xff\xff" + blob[n + 4:] for n in range(0, 120, 12))
    at = blob.index(b"\0\0\0\x33\0\0\0\x0bssh-ed25519")  # the CA's key
    yield blob[:at] + len(blob).to_bytes(4, "big") + blob + blob[at + 4 + 0x33:]
    yield blob + bytes(20000)
    yield blob[:-1]


def test_mangled_ones_are_refused_and_hurt_nobody(instance):
    user = newcomer(instance)
    key = paramiko.Ed25519Key.from_private_key_file(str(user.key))
    key.load_certificate(f"{user.key}-cert.pub")
    good = key.public_blob.key_blob

    def gets_in(blob):
        key.public_blob.key_blob = blob
        with contextlib.closing(paramiko.Transport(("127.0.0.1", instance.port))) as transport:
            transport.start_client(timeout=30)
            transport.auth_timeout = 30 if blob is good else 1  # what libssh cannot read it does not answer
            with contextlib.suppress(paramiko.SSHException, EOFError):
                transport.auth_publickey(instance.login(user), key)
            return transport.is_authenticated()
    crashes = instance.log_tail(10_000).count("signal")
    assert gets_in(good)
    assert not any(gets_in(blob) for blob in mangled(good))
    assert gets_in(good)
    assert len(instance.told(user, "login.ok", 2)) == 2  # also none that was answered late
    assert instance.log_tail(10_000).count("signal") == crashes


def test_an_expired_one_is_refused(instance):
    user = newcomer(instance, "--for", "1")
    until(lambda: instance.ok("certificate", "list", "--user", user.name)[0]["state"] == "expired", 10, "the end of a second")
    body = refused_because(instance, user, EXPIRED)
    assert (body["method"], body["serial"]) == ("certificate", user.serial)


def test_one_of_another_ca_is_refused(instance):
    user = newcomer(instance)
    ca = instance.key_pair()
    subprocess.run(["ssh-keygen", "-q", "-s", ca, "-I", "forged", "-n", user.name, "-z", str(user.serial), f"{user.key}.pub"], check=True)
    body = refused_because(instance, user, OTHER_CA)
    assert "serial" not in body and "key_id" not in body  # what a stranger wrote is not repeated


def test_one_of_another_user_is_refused(instance, engineer):
    user = newcomer(instance)
    assert refused_because(instance, user, OTHER_USER, engineer.name)["serial"] == user.serial


def test_one_from_elsewhere_is_refused(instance):
    user = newcomer(instance, "--from", "10.0.0.0/8", "--from", "fd00::/8")
    refused_because(instance, user, OTHER_SOURCE)


def test_one_that_the_database_does_not_know_is_refused(instance):
    user = newcomer(instance)
    instance.sql(f"delete from yanmen.certificate where serial = {user.serial}")
    refused_because(instance, user, NOT_ISSUED)


def test_a_disabled_user_is_refused(instance):
    user = newcomer(instance)
    instance.ok("user", "disable", user.name)
    refused_because(instance, user, DISABLED)
    assert instance.cli("certificate", "issue", user.name, "--key", f"{user.key}.pub", "--output", instance.scratch / "no").code == 2


def test_a_new_user_of_the_same_name_does_not_inherit_it(instance):
    user = newcomer(instance)
    instance.ok("user", "remove", user.name)
    assert instance.ok("certificate", "list", "--user", user.name) == []
    instance.ok("user", "add", user.name, "--role", "engineer", "--password-file", instance.file("some password"))
    refused_because(instance, user, NOT_ISSUED)


def test_the_two_cas_are_not_one(instance):
    """What users log in here with opens no target, although its CA signs the logins to targets."""
    user = newcomer(instance)
    keys = instance.ok("public", "keys")
    assert keys["users"] == instance.ok("certificate", "ca")["users"] != keys["ca"]
    account = instance.account.name
    sshd = Sshd(instance)
    key = instance.key_pair()
    instance.ok("user", "add", account, "--role", "engineer", "--password-file", instance.file("some password"))
    issue(instance, account, key)

    def opens():
        return subprocess.run(["ssh", *instance.ssh_options(User(account, key=key), port=sshd.port), "-l", account, "127.0.0.1", "echo in"],
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60).stdout == b"in\n"
    try:
        for line, works in ((keys["ca"], False), (keys["users"], True)):
            sshd.trust_ca(line)
            sshd.start()
            assert opens() == works
            sshd.stop()
    finally:
        sshd.stop()
        instance.ok("user", "remove", account)
    assert instance.ssh(user, "echo in").stdout == b"in\n"


def test_revoking_one_ends_its_sessions_and_no_other(instance):
    user = newcomer(instance)
    other = User(user.name, key=instance.key_pair())
    issue(instance, user.name, other.key)
    with online(instance, user) as mine, online(instance, other) as theirs:
        answer = instance.ok("certificate", "revoke", user.serial, "--reason", "laptop lost")
        assert answer["revoked"] == 1 and len(answer["sessions"]) == 1
        assert mine.wait(10) != 0
        assert b"revoked" in mine.stderr.read()
        assert theirs.poll() is None
    refused_because(instance, user, REVOKED)
    assert instance.ssh(other, "echo in").stdout == b"in\n"
    row = next(r for r in instance.ok("certificate", "list") if r["serial"] == user.serial)
    assert (row["state"], row["reason"]) == ("revoked", "laptop lost")
    body = instance.told(user, "certificate.revoked")[0]["body"]
    assert (body["serial"], body["reason"]) == (user.serial, "laptop lost")
    assert instance.cli("certificate", "revoke", user.serial).code == 1
    assert instance.cli("certificate", "revoke", 999999999).code == 3


@contextlib.contextmanager
def online(instance, user, *flags, login=None, words=("echo in; sleep 300",)):
    process = instance.ssh_start(user, *words, flags=flags, login=login)
    try:
        if words:
            assert process.stdout.readline() == b"in\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_revoking_all_of_a_user_ends_also_what_is_no_session(instance):
    """A login that only carries others (ssh -J), one that is in the menu, and what runs through them."""
    user = newcomer(instance)
    through = Through(instance, user)
    with through.start(instance.demo, "echo in; sleep 300") as jumped, online(instance, user, "-N", login=user.name, words=()) as idle:
        assert jumped.stdout.readline() == b"in\n"
        instance.told(user, "login.ok", 2)
        assert instance.ok("certificate", "revoke", "--user", user.name)["revoked"] == 1
        assert jumped.wait(10) != 0 and idle.wait(10) != 0
    assert instance.ok("certificate", "revoke", "--user", user.name)["revoked"] == 0


def test_revoking_ends_a_session_that_an_earlier_broker_began(own_instance):
    instance = own_instance
    user = newcomer(instance)
    with online(instance, user) as process:
        broker = instance.pids("broker")[0]
        os.kill(broker, signal.SIGKILL)
        until(lambda: instance.pids("broker") not in ([], [broker]) and instance.healthy(), 60, "a new broker")
        assert instance.ok("certificate", "revoke", user.serial)["revoked"] == 1
        assert process.wait(15) != 0


def test_a_code_comes_behind_a_certificate(instance):
    user = newcomer(instance)
    instance.ok("user", "factor", user.name, "required")
    instance.ok("settings", "set", "factor.remember", "0")
    try:
        child = terminal(instance, user, "echo first login", options=("PreferredAuthentications=publickey,keyboard-interactive",))
        app, _ = enrol(child)
        child.expect("first login")
        child.expect(pexpect.EOF)
        child = terminal(instance, user, "echo second login", options=("PreferredAuthentications=publickey,keyboard-interactive",))
        child.expect(PROMPT_CODE)
        instance.ok("certificate", "revoke", user.serial)  # while he types
        child.sendline(app.next())
        child.expect(pexpect.EOF)
        assert "second login" not in child.before
    finally:
        instance.ok("settings", "set", "factor.remember", "900")
    assert [r["body"]["method"] for r in rows(instance, "login.ok", user.name)] == ["certificate+code"]
    assert rows(instance, "login.ok", user.name)[0]["body"]["serial"] == user.serial


def test_the_longest_term_is_a_setting(instance):
    user = newcomer(instance)
    output = instance.scratch / instance.name("cert")
    argv = ["certificate", "issue", user.name, "--key", f"{user.key}.pub", "--output", output]
    assert instance.cli(*argv, "--for", "8d").code == 2 and not output.exists()
    instance.ok("settings", "set", "certificate.longest", "0")
    try:
        assert instance.cli(*argv).code == 2 and not output.exists()
    finally:
        instance.ok("settings", "set", "certificate.longest", "604800")
    assert instance.ok(*argv, "--for", "7d")["user"] == user.name
    assert instance.cli(*argv).code == 1  # never over an old file


@pytest.mark.parametrize("key", ["small", "private", "certificate"])
def test_what_is_no_good_key_is_not_certified(instance, engineer, key):
    path = instance.key_pair("rsa" if key != "small" else "ed25519")
    if key == "small":
        path = instance.scratch / instance.name("small")
        small = subprocess.run(["openssl", "genrsa", "-traditional", "1024"], check=True, capture_output=True).stdout
        path.write_bytes(small)
        path.chmod(0o600)
        line = subprocess.run(["ssh-keygen", "-y", "-f", path], check=True, capture_output=True, text=True).stdout
    elif key == "private":
        line = path.read_text()
    else:
        issue(instance, engineer.name, path)
        line = path.with_name(f"{path.name}-cert.pub").read_text()
    output = instance.scratch / instance.name("cert")
    done = instance.cli("certificate", "issue", engineer.name, "--key", instance.file(line), "--output", output)
    assert done.code in (1, 2) and not output.exists(), done


def test_certificates_outlive_a_rotation_unless_their_ca_changes(own_instance):
    instance = own_instance
    user = newcomer(instance)
    ca = instance.ok("certificate", "ca")["users"]
    instance.ok("key", "rotate", seconds=120)
    assert instance.ok("certificate", "ca")["users"] == ca
    assert instance.ssh(user, "echo in").stdout == b"in\n"
    with online(instance, user) as process:
        instance.ok("key", "rotate", "--users", seconds=120)
        assert process.wait(10) != 0
    keys = instance.ok("public", "keys")
    assert instance.ok("certificate", "ca")["users"] == keys["users"] != ca
    refused_because(instance, user, OTHER_CA)
    issue(instance, user.name, user.key)
    assert instance.ssh(user, "echo in").stdout == b"in\n"
