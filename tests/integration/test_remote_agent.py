"""A lent agent and X11 forwarding: real OpenSSH on both sides, by policy."""

import os
import re
import subprocess

import paramiko
import pytest
from harness.lending import FEATURES, features, screen
from harness.remote import QUIET, frames, login, transport_to
from harness.target import Sshd
from harness.terminal import shell, terminal
from harness.through import Through


@pytest.mark.parametrize("way", ["direct", "jump"])
def test_an_onward_login_with_the_lent_agent(instance, lender, agent, way):
    onward = Sshd(instance)
    onward.start()
    onward.authorize(agent.public)
    hop = f"ssh {QUIET} -p {onward.port} {onward.account.name}@127.0.0.1 echo onward"
    command = f"ssh-add -l && {hop}"
    try:
        if way == "direct":
            done = instance.ssh(lender, command, login=login(lender), flags=["-A"], env=agent.env)
        else:
            through = Through(instance, lender)
            through.env |= agent.env
            done = through.run("-A", lender.target, command)
    finally:
        onward.stop()
    assert done.returncode == 0, done.stderr
    listed, said = done.stdout.decode().splitlines()
    assert agent.fingerprint() in listed and said == "onward"
    session = instance.session_of(lender, "closed")["id"]
    rows = frames(instance, session)
    lent = [r for r in rows if r["type"] == "open" and r["kind"] == "agent"]
    assert len(lent) == 2 and [r["agent"] for r in rows if r["type"] == "open" and r["kind"] == "exec"] == [True]
    for r in lent:
        assert [f["type"] for f in rows if f.get("channel") == r["channel"]] == ["open", "digest", "digest", "close"]
    instance.ok("recording", "verify", session)
    asked = [r["body"]["request"] for r in instance.told(lender, "channel.opened", 4)]
    assert sorted(asked) == ["agent", "agent", "agent", "exec"]  # the request, and each use of it


def test_without_the_feature_no_agent_and_a_terminal_reads_why(instance, engineer, agent):
    done = instance.ssh(engineer, "echo $SSH_AUTH_SOCK.", flags=["-A"], env=agent.env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b".\n", b"")
    [row] = instance.told(engineer, "channel.refused")
    assert row["body"]["request"] == "agent"
    done = instance.ssh(engineer, "echo $SSH_AUTH_SOCK.", flags=["-A", "-tt"], env=agent.env)
    assert b"agent is not allowed here" in done.stdout and b"\n.\r\n" in done.stdout
    notes = [r for r in frames(instance, instance.session_of(engineer, "closed")["id"]) if r["type"] == "note"]
    assert any("agent is not allowed" in n["text"] for n in notes)


def test_through_the_menu_and_by_plink(instance, engineer, lender, agent):
    """The target is chosen after the agent was lent; another client asks in its own words."""
    with terminal(instance, lender, login=lender.name, flags=["-A"], env=agent.env) as child:
        child.expect_exact("choose a target")
        child.send(lender.target)
        child.expect_exact("(1)")
        child.send("\r")
        child.expect_exact("$ ")
        shell(child)
        child.sendline("ssh-add -l")
        child.expect_exact(agent.fingerprint())
    key = subprocess.run(["ssh-keyscan", "-p", str(instance.port), "127.0.0.1"], capture_output=True, text=True, timeout=60, check=True)
    told = subprocess.run(["ssh-keygen", "-lf", "-"], input=key.stdout, capture_output=True, text=True, timeout=60, check=True).stdout.split()[1]
    done = subprocess.run(["plink", "-batch", "-ssh", "-A", "-P", str(instance.port), "-pwfile", str(lender.password_file), "-l", login(lender),
                           "-hostkey", told, "127.0.0.1", "ssh-add -l"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          env={"HOME": str(instance.scratch), "PATH": os.environ["PATH"], **agent.env})
    assert agent.fingerprint() in done.stdout.decode(), done.stderr


def test_an_agent_that_is_not_there_is_no_harm(instance, lender):
    """The client refuses the channel: what the target hears is a closed connection."""
    transport = transport_to(instance, lender)
    channel = transport.open_session(timeout=30)
    assert transport.global_request("keepalive@openssh.com") is not None
    request = paramiko.Message()
    request.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    request.add_int(channel.remote_chanid)
    request.add_string("auth-agent-req@openssh.com")
    request.add_boolean(False)
    transport._send_user_message(request)  # paramiko's own agent forwarding would take the channel
    channel.exec_command("ssh-add -l; echo after")
    out = b""
    while more := channel.recv(1000):
        out += more
    assert out == b"after\n" and channel.recv_exit_status() == 0
    [row] = instance.told(lender, "forward.refused")
    assert row["body"]["protocol"] == "agent" and "the client refuses it" in row["body"]["reason"]
    transport.close()


# ---- screens ----


@pytest.mark.parametrize("way", ["direct", "untrusted", "jump"])
def test_a_real_x_client_on_the_screen_of_the_client(instance, lender, way):
    with screen(instance) as env:
        if way != "jump":
            done = instance.ssh(lender, "xdpyinfo", login=login(lender), flags=["-X" if way == "untrusted" else "-Y"], env=env)
        else:
            through = Through(instance, lender)
            through.env |= env
            done = through.run("-Y", lender.target, "xdpyinfo")
    assert done.returncode == 0 and b"dimensions:    320x200" in done.stdout, done.stderr
    session = instance.session_of(lender, "closed")["id"]
    rows = frames(instance, session)
    [opened] = [r for r in rows if r["type"] == "open" and r["kind"] == "x11"]
    assert re.match(r"from (127\.0\.0\.1|::1):\d+$", opened["command"]), opened  # the display is localhost
    assert [f["type"] for f in rows if f.get("channel") == opened["channel"]] == ["open", "digest", "digest", "close"]
    assert sorted(r["body"]["request"] for r in instance.told(lender, "channel.opened", 3)) == ["exec", "x11", "x11"]


def test_without_the_feature_no_screen(instance, open_target):
    user = instance.user()
    instance.grant(user, open_target)
    user.target = open_target
    with screen(instance) as env:
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-X"], env=env)
        assert done.stdout == b".\n"
        [row] = instance.told(user, "channel.refused")
        assert row["body"]["request"] == "x11"
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-Y", "-tt"], env=env)
        assert b"x11 is not allowed here" in done.stdout


def test_a_target_without_x11_says_so_on_a_terminal(instance, sshd, agent):
    user = instance.user()
    user.target = instance.target(sshd.port)
    instance.grant(user, user.target, *features(*FEATURES))
    with screen(instance) as env:
        done = instance.ssh(user, "echo $DISPLAY.", login=login(user), flags=["-Y", "-tt"], env=env)
    assert b"the target does not forward X11" in done.stdout and b"\n.\r\n" in done.stdout


def test_a_known_no_is_the_ordinary_failure(instance, engineer):
    engineer.target = instance.demo
    transport = transport_to(instance, engineer)
    first = transport.open_session(timeout=30)
    first.exec_command("true")
    assert first.recv_exit_status() == 0
    channel = transport.open_session(timeout=30)
    with pytest.raises(paramiko.SSHException):
        channel.request_x11()
    [row] = instance.told(engineer, "forward.refused")
    assert row["body"]["protocol"] == "x11"
    transport.close()
