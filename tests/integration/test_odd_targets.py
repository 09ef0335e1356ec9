"""Old and odd targets: other character sets, weak algorithms where an admin allows them, other servers than OpenSSH."""

import json
import os
import subprocess

import pytest
from harness.instance import Account
from harness.target import Dropbear, OldKeys, Sshd, Tinysshd
from harness.terminal import EOF, shell, terminal
from harness.wait import until

WORDS = {  # what a program prints, and the same for a person
    "gbk": ("雁门关: 中文 ok", "gbk"),
    "gb18030": ("雁门 㐀 𠀀 ok", "gb18030"),
    "big5": ("雁門關: 中文 ok", "big5"),
}


@pytest.fixture
def person(instance):
    return instance.user()


@pytest.fixture
def odd(instance, person, sshd):
    """A target of the test's own that the person may use, and the login name for it."""
    target = instance.target(sshd.port)
    instance.grant(person, target)
    return target


def sealed(instance, user):
    row = instance.session_of(user, "closed")
    until(lambda: next(r for r in instance.ok("recording", "list") if r["id"] == row["id"])["recording"] == "closed", 10, "the seal")
    return row["id"]


def one_line(done):
    assert done.returncode != 0 and done.stdout == b"", done
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def octal(data):
    return "".join(f"\\{b:03o}" for b in data)


# ---- character sets ----

@pytest.mark.parametrize("charset", WORDS)
def test_bytes_pass_untouched_and_evidence_reads_as_utf8(instance, person, odd, charset):
    text, codec = WORDS[charset]
    raw = text.encode(codec)
    assert instance.ok("target", "set", odd, "--charset", charset)["charset"] == charset
    command = f"printf '{octal(raw)}\\n'; printf '{octal(raw)}' >&2; cat # ".encode() + raw
    done = instance.ssh(person, command, login=f"{person.name}#{odd}", stdin=raw)
    assert (done.returncode, done.stdout, done.stderr) == (0, raw + b"\n" + raw, raw)
    session = sealed(instance, person)
    exported = instance.export(session, "text").decode()
    assert exported.count(text) >= 2
    rows = [json.loads(line) for line in instance.export(session, "jsonl").decode().splitlines()]
    assert rows[0]["body"]["charset"] == charset
    said = {kind: "".join(r["text"] for r in rows if r["type"] == kind) for kind in ("in", "out", "err")}
    assert said == {"in": text, "out": f"{text}\n{text}", "err": text}
    assert any(r.get("base64") for r in rows if r["type"] == "out")  # the bytes as they passed are there, too
    assert text in next(r for r in rows if r["type"] == "open")["body"]["command"]
    assert any(text in str(r["body"]) for r in instance.audit(user=person.name) if r["kind"] == "channel.opened")
    instance.ok("recording", "verify", session)


@pytest.mark.parametrize("charset", WORDS)
def test_a_terminal_is_replayed_in_utf8(instance, person, odd, charset):
    text, codec = WORDS[charset]
    instance.ok("target", "set", odd, "--charset", charset)
    with terminal(instance, person, login=f"{person.name}#{odd}") as child:
        shell(child)
        child.sendline(f"printf '{octal(text.encode(codec))}\\n' | dd bs=1 2>/dev/null; printf 'do''ne\\n'")  # byte by byte
        child.expect_exact("done")
        child.sendline("exit")
        child.expect_exact(EOF)
    session = sealed(instance, person)
    assert text in instance.export(session, "text").decode()
    events = [json.loads(line) for line in instance.export(session, "asciicast").decode().splitlines()[1:]]
    assert text in "".join(data for _, kind, data in events if kind == "o")
    played = subprocess.run(instance.cli_argv("replay", session, "--speed", "100", "--idle", "0"), stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=60)
    assert played.returncode == 0 and text in played.stdout.decode()


def test_a_watcher_reads_utf8_and_so_does_the_screen_that_he_joins(instance, person, odd):
    text, codec = WORDS["gbk"]
    instance.ok("target", "set", odd, "--charset", "gbk")
    with terminal(instance, person, login=f"{person.name}#{odd}") as child:
        shell(child)
        child.sendline(f"clear; printf '{octal(text.encode(codec))}\\n'; printf 'do''ne\\n'")
        child.expect_exact("done")
        session = instance.session_of(person, "online")["id"]
        log = instance.scratch / instance.name("watch")
        with open(log, "wb") as out:
            watcher = subprocess.Popen(instance.cli_argv("session", "watch", session), stdin=subprocess.DEVNULL, stdout=out)
        try:
            until(lambda: text in log.read_text(errors="replace"), 20, "the screen as it was")
            child.sendline(f"printf '{octal('后来'.encode(codec))}\\n'")
            until(lambda: "后来" in log.read_text(errors="replace"), 20, "what came later")
            assert "\ufffd" not in log.read_text()
        finally:
            watcher.kill()
            watcher.wait()


def test_our_own_words_come_in_the_targets_set(instance, person, odd):
    instance.ok("target", "set", odd, "--charset", "gbk")
    with terminal(instance, person, login=person.name, options=("SendEnv=LANG",), env={"LANG": "zh_CN.GBK"},
                  errors="surrogateescape") as child:
        child.expect_exact("雁门")  # the menu: no target is known yet
        log = open(instance.scratch / instance.name("raw"), "w+b", buffering=0)
        child.logfile_read = _Raw(log)
        child.send(f"{odd}\r")
        child.expect_exact("$ ")
        shell(child)
        session = instance.session_of(person, "online")["id"]
        instance.ok("session", "kill", session, "--reason", "例行维护")
        child.expect_exact(EOF)
    log.seek(0)
    seen = log.read()
    assert "正在连接".encode("gbk") in seen and "正在连接".encode() not in seen
    assert "会话已结束：例行维护".encode("gbk") in seen


def test_a_set_that_there_is_not_is_told(instance, odd):
    result = instance.cli("target", "set", odd, "--charset", "latin1")
    assert result.code == 2 and "gb18030" in result.stderr
    assert instance.cli("target", "set", odd).code == 2
    assert instance.cli("target", "set", "no-such-target", "--charset", "gbk").code == 3


# ---- changing a target ----

def test_another_address_suspends_the_accounts_until_they_are_entered_again(instance, person, odd, sshd):
    other = Sshd(instance)
    other.host_key = sshd.host_key
    other.start()
    try:
        answer = instance.ok("target", "set", odd, "--address", f"127.0.0.1:{other.port}")
        assert answer["suspended"] == [instance.account.name]
        assert one_line(instance.ssh(person, "true", login=f"{person.name}#{odd}"))
        instance.ok("account", "set", odd, instance.account.name, "--password-file", instance.account.password_file)
        done = instance.ssh(person, "echo $SSH_CONNECTION", login=f"{person.name}#{odd}")
        assert done.stdout.split()[3] == str(other.port).encode()
        row = next(r for r in instance.audit(target=odd) if r["kind"] == "target.changed")
        assert row["body"]["before"]["target_address"] == f"127.0.0.1:{sshd.port}"
    finally:
        other.stop()


# ---- weak algorithms ----

OLD = {
    "all": "KexAlgorithms diffie-hellman-group14-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\nMACs hmac-sha1",
    "group1": "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc\nMACs hmac-sha1",
    "cipher": "Ciphers aes256-cbc",
    "host key": "HostKeyAlgorithms ssh-rsa",
}


@pytest.mark.parametrize("old", OLD)
def test_only_a_legacy_target_gets_weak_algorithms(instance, person, old):
    server = Sshd(instance)
    server.new_host_key("rsa")
    server.start()
    try:
        target = instance.target(server.port)
        instance.grant(person, target)
        server.more = OLD[old]
        server.restart()
        line = one_line(instance.ssh(person, "true", login=f"{person.name}#{target}"))
        assert f"yanmen target set {target} --legacy on" in line
        looked = instance.ok("target", "test", target)
        assert not looked["reachable"] and "--legacy on" in looked["say"]
        instance.ok("target", "set", target, "--legacy", "on")
        assert instance.ok("target", "test", target)["reachable"]
        done = instance.ssh(person, "echo old; seq 20000", login=f"{person.name}#{target}")
        assert done.returncode == 0 and done.stdout.startswith(b"old\n1\n") and done.stdout.endswith(b"\n20000\n"), done.stderr
        check = next(c for c in instance.ok("doctor") if c["name"] == "legacy targets")
        assert check["state"] == "warn" and target in check["say"]
        row = next(r for r in instance.audit(target=target) if r["kind"] == "target.changed")
        assert row["body"]["legacy"] is True and row["body"]["before"]["legacy"] is False
        instance.ok("target", "set", target, "--legacy", "off")
        assert one_line(instance.ssh(person, "true", login=f"{person.name}#{target}"))
    finally:
        server.stop()


def test_a_legacy_target_that_is_mended_gets_the_strong_ones(instance, person, odd, sshd):
    instance.ok("target", "set", odd, "--legacy", "on")
    sshd.more = "LogLevel DEBUG"
    sshd.restart()
    assert instance.ssh(person, "true", login=f"{person.name}#{odd}").returncode == 0
    log = (sshd.folder / "log").read_text()
    chosen = [line for line in log.splitlines() if "kex: " in line]
    assert chosen and not any(word in line for line in chosen for word in ("sha1", "cbc")), chosen


def test_users_never_get_weak_algorithms(instance, person, odd):
    instance.ok("target", "set", odd, "--legacy", "on")
    for option in ("KexAlgorithms=diffie-hellman-group14-sha1", "Ciphers=aes128-cbc", "HostKeyAlgorithms=ssh-rsa"):
        done = instance.ssh(person, "true", login=f"{person.name}#{odd}", options=(option, "LogLevel=INFO"))
        assert done.returncode == 255 and b"no matching" in done.stderr


def test_an_rsa_key_signs_with_sha1_for_a_legacy_target_alone(instance, person):
    key = instance.key_pair("rsa")
    with OldKeys(key) as server:  # as OpenSSH before 7.2
        target = instance.target(server.port, Account(instance.account.name, key=key))
        instance.grant(person, target)
        assert one_line(instance.ssh(person, "true", login=f"{person.name}#{target}"))
        instance.ok("target", "set", target, "--legacy", "on")
        assert instance.ssh(person, "anything", login=f"{person.name}#{target}").stdout == b"signed\n"


# ---- other ways and other servers ----

def test_a_server_that_only_asks_questions(instance, person, sshd):
    sshd.more = "Banner /etc/hostname"
    sshd.replace = {"PasswordAuthentication yes": "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no": "KbdInteractiveAuthentication yes", "UsePAM no": "UsePAM yes"}
    sshd.restart()
    target = instance.target(sshd.port)
    instance.grant(person, target)
    done = instance.ssh(person, "echo asked", login=f"{person.name}#{target}")
    assert done.stdout == b"asked\n", done.stderr
    wrong = instance.target(sshd.port, Account(instance.account.name, instance.file("wrong")))
    instance.grant(person, wrong)
    assert "credential" in one_line(instance.ssh(person, "true", login=f"{person.name}#{wrong}"))


def test_a_server_that_hangs_up_after_one_try(instance, person, sshd):
    sshd.more = "MaxAuthTries 1"
    sshd.restart()
    target = instance.target(sshd.port)
    instance.grant(person, target)
    assert instance.ssh(person, "echo first", login=f"{person.name}#{target}").stdout == b"first\n"
    wrong = instance.target(sshd.port, Account(instance.account.name, instance.file("wrong")))
    instance.grant(person, wrong)
    assert one_line(instance.ssh(person, "true", login=f"{person.name}#{wrong}"))
    assert instance.session_of(person, "closed")


@pytest.fixture
def dropbear(instance):
    server = Dropbear(instance)
    server.start()
    yield server
    server.stop()


def test_dropbear_shell_exec_and_files(instance, person, dropbear, tmp_path):
    target = instance.target(dropbear.port)
    instance.grant(person, target)
    login = f"{person.name}#{target}"
    done = instance.ssh(person, "cat; echo err >&2; exit 5", login=login, stdin=b"x" * 300000)
    assert (done.returncode, done.stdout, done.stderr) == (5, b"x" * 300000, b"err\n")
    with terminal(instance, person, login=login, rows=31, columns=91) as child:
        shell(child)
        child.sendline("stty size")
        child.expect_exact("31 91")
        child.setwinsize(20, 70)
        child.sendline("sleep 0.3; stty size")
        child.expect_exact("20 70")
        child.sendline("exit 7")
        child.expect_exact(EOF)
        child.wait()
        assert child.exitstatus == 7
    source, copy = tmp_path / "a", tmp_path / "b"
    source.write_bytes(os.urandom(500000))
    remote = f"/tmp/{instance.name('yanmen-odd')}"
    options = instance.ssh_options(person, f"User={login}")
    options[options.index("-p")] = "-P"
    try:
        for one, two in ((source, f"127.0.0.1:{remote}"), (f"127.0.0.1:{remote}", copy)):
            subprocess.run(["scp", "-O", "-q", *options, one, two], check=True, timeout=60, env=instance.ssh_env(person))
    finally:
        instance.ssh(person, f"rm -f {remote}", login=login)
    assert copy.read_bytes() == source.read_bytes()


def test_dropbear_by_key(instance, person, dropbear):
    key = instance.key_pair("ed25519")
    dropbear.authorize(key.with_suffix(".pub").read_text())
    try:
        target = instance.target(dropbear.port, Account(instance.account.name, key=key))
        instance.grant(person, target)
        done = instance.ssh(person, "echo by key", login=f"{person.name}#{target}")
        assert done.stdout == b"by key\n", done.stderr
    finally:
        dropbear.forget()


def test_tinysshd_by_key(instance, person):
    server = Tinysshd(instance)
    key = instance.key_pair("ed25519")
    server.start()
    server.authorize(key.with_suffix(".pub").read_text())
    try:
        target = instance.target(server.port, Account(instance.account.name, key=key))
        instance.grant(person, target)
        done = instance.ssh(person, "echo tiny; exit 3", login=f"{person.name}#{target}")
        assert (done.returncode, done.stdout) == (3, b"tiny\n"), done.stderr
    finally:
        server.forget()
        server.stop()


class _Raw:
    """Takes what pexpect read, as bytes."""

    def __init__(self, file):
        self.file = file

    def write(self, text):
        self.file.write(text.encode("utf-8", "surrogateescape"))

    def flush(self):
        pass
