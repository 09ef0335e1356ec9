"""Targets: keys pinned and changed, credentials of every kind, and targets that misbehave."""

import os
import socket
import time

import pytest
from harness.instance import Account, free_port
from harness.target import Sshd, silent_listener
from harness.wait import until


@pytest.fixture
def person(instance):
    return instance.user()


def one_line(done):
    assert done.returncode != 0 and done.stdout == b"", done
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_changed_host_key_is_refused_in_one_line_audited_and_repinned(instance, person, sshd):
    target = instance.target(sshd.port)
    instance.grant(person, target)
    login = f"{person.name}#{target}"
    assert instance.ssh(person, "true", login=login).returncode == 0
    sshd.new_host_key()
    sshd.restart()
    assert "key" in one_line(instance.ssh(person, "true", login=login)).lower()
    rows = until(lambda: [r for r in instance.audit(target=target) if "key" in str(r["body"]) and r["kind"] in
                          ("session.denied", "session.reached", "target.key_changed")], 10, "the audit row")
    assert rows
    answer = instance.ok("target", "test", target)
    assert answer["reachable"] and answer["changed"]
    instance.ok("target", "repin", target)
    assert instance.ssh(person, "echo back", login=login).stdout == b"back\n"  # the credential was bound to the key: rebound


def test_repin_in_bulk(instance, person):
    servers, names = [Sshd(instance) for _ in range(3)], []
    try:
        for server in servers:
            server.start()
            names.append(instance.target(server.port))
            instance.grant(person, names[-1])
        for server in servers:
            server.new_host_key("ecdsa")
            server.restart()
        instance.ok("target", "repin", *names)
        for name in names:
            assert instance.ssh(person, "echo ok", login=f"{person.name}#{name}").stdout == b"ok\n"
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_login_to_the_target_by_private_key(instance, person, kind):
    key = instance.key_pair(kind)
    server = Sshd(instance)
    server.authorize(key.with_suffix(".pub").read_text())
    server.more = "PasswordAuthentication no"
    server.start()
    try:
        target = instance.target(server.port, Account(instance.account.name, key=key))
        instance.grant(person, target)
        done = instance.ssh(person, "echo by key", login=f"{person.name}#{target}")
        assert done.stdout == b"by key\n", done.stderr
    finally:
        server.stop()


def test_login_to_the_target_by_certificate(instance, person):
    server = Sshd(instance)
    server.trust_ca(instance.ok("public", "keys")["ca"])
    server.start()
    try:
        target = instance.name("t")
        instance.ok("target", "add", target, "--kind", "linux", "--address", f"127.0.0.1:{server.port}", "--cluster", "samples")
        instance.ok("account", "set", target, instance.account.name, "--ca")
        instance.grant(person, target)
        done = instance.ssh(person, "echo by certificate", login=f"{person.name}#{target}")
        assert done.stdout == b"by certificate\n", done.stderr
    finally:
        server.stop()


def test_a_wrong_credential_is_told_in_one_line(instance, person, sshd):
    target = instance.target(sshd.port, Account(instance.account.name, instance.file("wrong")))
    instance.grant(person, target)
    assert one_line(instance.ssh(person, "true", login=f"{person.name}#{target}"))


def test_an_unreachable_target_is_told_in_one_line(instance, person):
    server = Sshd(instance)
    server.start()
    target = instance.target(server.port)
    instance.grant(person, target)
    server.stop()
    assert one_line(instance.ssh(person, "true", login=f"{person.name}#{target}"))
    server.start()
    try:
        assert instance.ssh(person, "echo again", login=f"{person.name}#{target}").stdout == b"again\n"
    finally:
        server.stop()


def test_a_target_that_never_answers_is_given_up(instance, person, sshd):
    target = instance.target(sshd.port)
    instance.grant(person, target)
    port = sshd.port
    sshd.stop()
    with socket.create_server(("127.0.0.1", port), backlog=8):  # connects, and never a word
        began = time.monotonic()
        assert one_line(instance.ssh(person, "true", login=f"{person.name}#{target}", seconds=60))
        assert time.monotonic() - began < 40


def test_a_target_that_goes_away_ends_the_session(instance, person, sshd):
    target = instance.target(sshd.port)
    instance.grant(person, target)
    online = instance.ssh_start(person, "echo $PPID; sleep 100", login=f"{person.name}#{target}")
    os.kill(int(online.stdout.readline()), 9)
    assert online.wait(10) != 0
    assert instance.session_of(person, "closed")["reason"]


def test_an_unpinned_target_is_not_given_a_secret(instance, person):
    port = free_port()
    name = instance.name("t")
    answer = instance.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.0.1:{port}", "--cluster", "samples")
    assert not answer["pinned"]
    instance.ok("account", "set", name, instance.account.name, "--password-file", instance.account.password_file)
    instance.grant(person, name)
    server = Sshd(instance, port)
    server.start()
    try:
        assert one_line(instance.ssh(person, "true", login=f"{person.name}#{name}"))
        instance.ok("target", "test", name)  # pins it: the account was bound to no key, so it is entered again
        instance.ok("account", "set", name, instance.account.name, "--password-file", instance.account.password_file)
        assert instance.ssh(person, "true", login=f"{person.name}#{name}").returncode == 0
    finally:
        server.stop()


def test_a_probe_of_a_silent_target_ends(instance):
    with silent_listener() as port:
        began = time.monotonic()
        name = instance.name("t")
        answer = instance.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.0.1:{port}", "--cluster", "samples")
        assert not answer["pinned"] and time.monotonic() - began < 20
