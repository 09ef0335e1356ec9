"""Sessions end when their access does: its time, its grant, its group, its account, its user.  One clock for all of them."""

import datetime
import os
import select
import signal
import threading
import time

import paramiko
import pexpect
import pytest
from harness import procs
from harness.moving import Moving
from harness.second import Asked, terminal
from harness.stream import wait_service
from harness.wait import LONG, until



def later(seconds):
    """A time for --until, and the same as time.time()."""
    at = int(time.time()) + seconds
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat(), at


def stay(instance, user, login=None):
    online = instance.ssh_start(user, "echo in; sleep 100", login=login)
    assert online.stdout.readline() == b"in\n", online.stderr.read()
    return online


def ended(instance, user, online, *words, seconds=20):
    """The client is gone, was told why, and so was the session list."""
    assert online.wait(seconds) != 0
    said = online.stderr.read().decode()
    reason = instance.session_of(user, "closed")["reason"]
    for word in words:
        assert word in said and word in reason, (said, reason)


def test_a_grant_ends_its_session_at_its_second(instance):
    user = instance.user()
    text, at = later(4)
    instance.grant(user, instance.demo, "--until", text)
    online = stay(instance, user)
    ended(instance, user, online, "your access has expired", "您的授权已过期")
    assert time.time() >= at
    row = instance.session_of(user, "closed")
    assert datetime.datetime.fromisoformat(row["ended"].replace("Z", "+00:00")).timestamp() >= at
    assert [r["body"]["op"] for r in instance.audit(user=user.name) if r["kind"] == "session.control"] == ["end"]


@pytest.mark.alone
def test_the_end_comes_within_a_second(instance):
    user = instance.user()
    text, at = later(4)
    instance.grant(user, instance.demo, "--until", text)
    online = stay(instance, user)
    online.wait(20)
    assert at <= time.time() <= at + 1
    grant = instance.grant(user, instance.demo)
    online = stay(instance, user)
    began = time.monotonic()
    instance.ok("grant", "remove", grant["id"])
    online.wait(20)
    assert time.monotonic() - began < 1


@pytest.mark.alone
def test_a_disabled_user_is_cut_everywhere_within_a_second(instance):
    """Files both ways, a forward, a login through a login, a shell at a terminal, and the menu."""
    moving = Moving(instance, seconds=60)
    user = moving.user
    shell, menu = terminal(instance, user), terminal(instance, user, login=user.name)
    try:
        shell.sendline("echo at the pro''mpt")
        shell.expect("at the prompt")
        menu.expect("choose a target")
        connections = [procs.children(t.process.pid)[0] for t in moving.transfers]  # scp itself sleeps, for its slow pace
        began = time.monotonic()
        instance.ok("user", "disable", user.name)
        moving.forward_ends()
        assert moving.inner.process.wait(20) != 0
        for child in (shell, menu):
            child.expect(pexpect.EOF)
        until(lambda: all(map(procs.is_zombie, connections)), 20, "the ends of scp's connections", every=0.01)
        assert time.monotonic() - began < 1
        for transfer in moving.transfers:
            transfer.is_cut()
    finally:
        shell.close(force=True)
        menu.close(force=True)
        moving.end()
    moving.is_told()


def test_the_person_is_told_before_on_the_terminal(instance):
    user = instance.user()
    instance.ok("settings", "set", "session.notice", "3")
    try:
        text, _ = later(7)
        instance.grant(user, instance.demo, "--until", text)
        child = terminal(instance, user)
        child.expect("this session ends in [123] s: your access has expired.*会话将在")
        child.sendline("echo still $((40 + 2))")
        child.expect("still 42")
        child.expect("session ended: your access has expired")
        child.expect(pexpect.EOF)
    finally:
        instance.ok("settings", "set", "session.notice", "60")


@pytest.mark.skipif(not LONG, reason="the end of a minute is waited for: tools/test --long")
def test_hours_end_the_session_with_their_minute(instance):
    user = instance.user()
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now + datetime.timedelta(seconds=70)
    instance.grant(user, instance.demo, "--hours", f"00:00-{end:%H:%M}" if end.day == now.day else "22:00-24:00")
    ended(instance, user, stay(instance, user), "the hours of your access are over", seconds=100)


def test_a_removed_grant_ends_its_sessions_and_no_others(instance):
    user, other = instance.user(), instance.user()
    grant = instance.grant(user, instance.demo)
    instance.grant(other, instance.demo)
    online, stays = stay(instance, user), stay(instance, other)
    instance.ok("grant", "remove", grant["id"])
    ended(instance, user, online, "your access was withdrawn", "您的授权已被撤销")
    assert stays.poll() is None and instance.sessions(other, "online")
    stays.kill()
    stays.wait(10)


def test_a_target_taken_out_of_its_group_ends_what_the_group_gave(instance, sshd):
    target, user, group = instance.target(sshd.port), instance.user(), instance.name("g")
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, target)
    instance.ok("grant", "add", "--user", user.name, "--account", instance.account.name, "--group", group)
    online = stay(instance, user, login=f"{user.name}#{target}")
    instance.ok("group", "take", group, target)
    ended(instance, user, online, "the target left the group")


def test_a_suspended_account_ends_its_sessions(instance, sshd):
    target, user = instance.target(sshd.port), instance.user()
    instance.grant(user, target)
    online = stay(instance, user, login=f"{user.name}#{target}")
    instance.ok("target", "set", target, "--address", f"localhost:{sshd.port}")
    ended(instance, user, online, "the account on the target is suspended")


def test_a_disabled_user_is_cut_everywhere_and_enabled_again(instance):
    user = instance.user()
    instance.grant(user, instance.demo)
    menu = terminal(instance, user, login=user.name)
    menu.expect("choose a target")
    sftp = instance.ssh_start(user, "sftp", flags=("-s",), stdin=-1)
    until(lambda: instance.sessions(user, "online"), 20, "the sftp session")
    waits = Asked(instance, user)  # logged in, without a channel
    online = stay(instance, user)
    instance.ok("user", "disable", user.name)
    ended(instance, user, online, "your account was disabled")
    assert sftp.wait(20) != 0
    menu.expect("your account was disabled")
    menu.expect(pexpect.EOF)
    until(lambda: not waits.transport.is_active(), 20, "the end of the idle connection")
    sftp.stdin.close()
    assert instance.ssh(user, "true").returncode == 255
    assert instance.ok("user", "enable", user.name)["state"] == "active"
    assert instance.ssh(user, "echo", "back").stdout == b"back\n"
    assert instance.cli("user", "enable", "nobody-at-all").code == 3


def test_who_is_asked_for_a_code_is_cut_as_well(instance):
    user = instance.user()
    instance.ok("user", "factor", user.name, "required")
    asked = Asked(instance, user)

    def cut(prompt):
        instance.ok("user", "disable", user.name)
        hung_up = select.poll()
        hung_up.register(asked.transport.sock, select.POLLRDHUP)
        assert hung_up.poll(20_000), "the connection stays"
        return "123456"
    with pytest.raises((paramiko.SSHException, EOFError)):
        asked.answer(cut)
    assert not next(r for r in instance.ok("factor", "list") if r["name"] == user.name)["enrolled"]


def test_a_user_disabled_while_he_logs_in_never_stays(instance):
    """Logins and the disabling at the same moment, in every order that comes about."""
    for _ in range(4):
        user = instance.user(password=False, key=True)
        instance.grant(user, instance.demo)
        tries = [instance.ssh_start(user, "echo in; sleep 100") for _ in range(4)]
        instance.ok("user", "disable", user.name)
        for t in tries:
            assert t.wait(20) != 0
        until(lambda: not instance.sessions(user, "online"), 20, "the end of all rows")


@pytest.mark.parametrize("limit", ["--idle", "--total"])
def test_limits_hold_for_sftp(instance, limit):
    user = instance.user()
    instance.grant(user, instance.demo, limit, "2")
    sftp = instance.ssh_start(user, "sftp", flags=("-s",), stdin=-1)
    try:
        assert sftp.wait(20) != 0
    finally:
        sftp.stdin.close()
    assert instance.session_of(user, "closed")["reason"] in ("idle for too long", "the time that the grant allows is over")


def test_the_last_place_is_given_once_to_two_at_the_same_moment(instance):
    for _ in range(3):
        user = instance.user(password=False, key=True)
        instance.grant(user, instance.demo, "--concurrent", "1")
        results = []

        def one():
            done = instance.ssh(user, "echo in; sleep 3")
            results.append(done.stdout)
        threads = [threading.Thread(target=one) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        assert sorted(results) == [b"", b"in\n"]


def test_a_known_end_holds_without_the_database_and_over_a_new_broker(own_instance):
    instance = own_instance
    wait_service(instance, instance.engineer)
    user = instance.user()
    text, at = later(14)
    instance.grant(user, instance.demo, "--until", text)
    first, second = stay(instance, user), stay(instance, user)
    before = instance.pids("broker")
    procs.kill_hard(before[0])
    until(lambda: instance.pids("broker") and instance.pids("broker") != before, 20, "a new broker")
    until(lambda: b'ev=reconciled' in (instance.home / "logs/yanmend.log").read_bytes().rpartition(b"broker.start")[2], 20,
          "the reconciliation")
    assert instance.ok("doctor")  # asked behind what the new broker has asked by then
    postmaster = instance.service_pid("postgres")
    stopped = [postmaster, *procs.children(postmaster)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        for online in (first, second):
            assert online.wait(30) != 0
            assert "your access has expired" in online.stderr.read().decode()
        assert time.time() >= at
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    wait_service(instance, instance.engineer, 60)
