"""An admin sees, watches, freezes and ends a session."""

import subprocess
import time

import pytest
from harness.terminal import EOF, TIMEOUT, shell, terminal
from harness.wait import until


def test_list_tells_who_is_where(instance, engineer):
    online = instance.ssh_start(engineer, "echo in; sleep 100")
    assert online.stdout.readline() == b"in\n"
    row = instance.session_of(engineer, "online")
    for key, value in (("user", engineer.name), ("target", instance.demo), ("cluster", "samples"),
                       ("account", instance.account.name), ("protocol", "ssh"), ("state", "online")):
        assert row[key] == value
    assert row["id"] and row["session"] and row["started"] and not row["ended"]
    online.kill()
    online.wait(10)
    row = instance.session_of(engineer, "closed")
    assert row["ended"] and row["reason"]


@pytest.mark.alone
def test_kill_ends_the_client_within_a_second_with_the_reason_on_its_screen(instance, engineer):
    with terminal(instance, engineer) as child:
        shell(child)
        session = instance.session_of(engineer, "online")
        began = time.monotonic()
        instance.ok("session", "kill", session["id"], "--reason", "change window is over")
        child.expect_exact("change window is over", timeout=5)
        child.expect_exact(EOF, timeout=5)
        assert time.monotonic() - began < 1.5  # the command itself included
    assert "change window is over" in instance.session_of(engineer, "closed")["reason"]
    kinds = {r["kind"] for r in instance.audit(user=engineer.name)}
    assert "session.kill" in kinds


def test_kill_tells_a_command_without_a_terminal_on_stderr(instance, engineer):
    online = instance.ssh_start(engineer, "echo in; sleep 100")
    assert online.stdout.readline() == b"in\n"
    instance.ok("session", "kill", instance.session_of(engineer, "online")["id"], "--reason", "not now")
    assert online.wait(5) == 255 or online.returncode != 0
    assert b"not now" in online.stderr.read()


def test_kill_by_a_prefix_of_the_id(instance, engineer):
    online = instance.ssh_start(engineer, "echo in; sleep 100")
    assert online.stdout.readline() == b"in\n"
    session = instance.session_of(engineer, "online")["id"]
    instance.ok("session", "kill", session[:18], "--reason", "prefix")
    assert online.wait(5) != 0


def test_kill_of_nothing_is_not_found(instance):
    assert instance.cli("session", "kill", "ffffffff-ffff-7fff-bfff-ffffffffffff", "--reason", "x").code == 3


def test_lock_freezes_input_and_unlock_gives_it_back(instance, engineer):
    with terminal(instance, engineer) as child:
        shell(child)
        session = instance.session_of(engineer, "online")["id"]
        instance.ok("session", "lock", session, "--reason", "one moment")
        until(lambda: instance.session_of(engineer, "online")["locked"], 5, "the lock")
        child.sendline("echo gone$((1+1))")
        with pytest.raises(TIMEOUT):
            child.expect_exact("gone2", timeout=2)
        instance.ok("session", "unlock", session)
        until(lambda: not instance.session_of(engineer, "online")["locked"], 5, "the end of the lock")

        def answers():
            child.sendline("echo back$((1+1))")
            return child.expect_exact(["back2", TIMEOUT], timeout=1) == 0
        until(answers, 10, "an answer")
        assert "gone2" not in child.before


def test_watch_shows_what_the_screen_shows_already_and_what_comes(instance, engineer):
    with terminal(instance, engineer) as child:
        shell(child)
        child.sendline("echo before-$((40+2))")
        child.expect_exact("before-42")
        session = instance.session_of(engineer, "online")["id"]
        seen = instance.scratch / instance.name("seen")
        with open(seen, "wb") as out:
            watcher = subprocess.Popen(instance.cli_argv("session", "watch", session), stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT)
        try:
            until(lambda: b"before-42" in seen.read_bytes(), 5, "the screen so far")
            child.sendline("echo after-$((50+8)); printf '\\033]0;title\\007\\033[6n\\033P+q\\033\\\\'")
            child.expect_exact("after-58")
            until(lambda: b"after-58" in seen.read_bytes(), 5, "what comes")
            assert b"\033]0;" not in seen.read_bytes() and b"\033[6n" not in seen.read_bytes() and b"\033P" not in seen.read_bytes()
            child.sendline("exit")
            assert watcher.wait(10) == 0
        finally:
            if watcher.poll() is None:
                watcher.kill()
            watcher.wait()
    assert "session.watched" in {r["kind"] for r in instance.audit(text=session)}
