"""ssh -J: a login through a login, re-terminated, so that it is a session like any other."""

import hashlib
import os
import subprocess

import paramiko
import pexpect
import pytest
from harness import procs
from harness.through import Through
from harness.wait import until


@pytest.fixture
def through(instance, engineer):
    return Through(instance, engineer)


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("drop")
    path.mkdir()
    path.chmod(0o777)
    return path


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def blob(path, size):
    path.write_bytes(os.urandom(size))
    path.chmod(0o644)
    return path


def connect(instance, user):
    transport = paramiko.Transport(("127.0.0.1", instance.port))
    transport.connect(username=user.name, password=user.password_file.read_text())
    return transport


def online(instance, user, count=1):
    return until(lambda: (rows := instance.sessions(user, "online")) and len(rows) == count and rows, 20, f"{count} sessions")


# ---- a session like any other ----


def test_a_command_is_a_session_of_its_own_with_its_recording(instance, engineer, through):
    done = through.run(instance.demo, "echo hello; cat; exit 7", stdin=b"from afar")
    assert (done.returncode, done.stdout) == (7, b"hello\nfrom afar"), done.stderr
    session = instance.session_of(engineer, "closed")
    assert (session["target"], session["account"], session["protocol"]) == (instance.demo, instance.account.name, "ssh")
    assert session["address"] == "127.0.0.1"  # the outer client's, by the parent's word
    until(lambda: b"from afar" in instance.export(session["id"], "jsonl"), 20, "its recording")
    instance.ok("recording", "verify", session["id"])
    rows = instance.audit(user=engineer.name)
    [opened] = [r for r in rows if r["kind"] == "forward.opened"]
    assert opened["target"] == instance.demo and f"{instance.demo}:22" in str(opened) and "127.0.0.1" in str(opened)
    assert {"login.ok", "session.start", "channel.opened", "session.ended"} <= {r["kind"] for r in rows}


def test_the_address_of_a_target_names_it_as_well(instance, engineer, through, sshd):
    target = instance.target(sshd.port)
    instance.grant(engineer, target)
    done = through.run("-p", sshd.port, "127.0.0.1", "echo there")
    assert done.stdout == b"there\n", done.stderr
    assert instance.session_of(engineer)["target"] == target


def test_an_unknown_target_and_one_that_is_not_granted_are_refused_alike(instance, engineer, through, sshd):
    theirs = instance.target(sshd.port)
    answers = [through.run(name, "true") for name in 4 * ["no-such-target", theirs]]
    assert {a.returncode for a in answers} == {255}
    [[said]] = {tuple(line for line in a.stderr.splitlines() if b"no such target" in line) for a in answers}  # -J has two clients that write there
    assert b"no such target, or no access to it for you" in said
    refused = instance.told(engineer, "forward.refused", 8)
    assert all("no_grant" in str(r) for r in refused)
    assert not instance.sessions(engineer)


@pytest.mark.parametrize("account", ["nobody-here", "a#b", "x" * 300])
def test_an_account_that_is_not_granted_gets_one_line(instance, engineer, through, account):
    done = through.run("-o", f"User={account}", instance.demo, "true")
    assert done.returncode == 254 and done.stderr.count(b"ACCOUNT@TARGET") == 1, done.stderr


def test_no_account_is_not_any_account(instance, engineer):
    outer = connect(instance, engineer)
    inner = paramiko.Transport(outer.open_channel("direct-tcpip", (instance.demo, 22), ("127.0.0.1", 0)))
    inner.start_client(timeout=30)
    inner.auth_none("")
    channel = inner.open_session(timeout=30)
    channel.exec_command("true")
    assert channel.recv_exit_status() == 254 and b"ACCOUNT@TARGET" in channel.recv_stderr(1000)
    outer.close()


def test_rules_of_the_grant_hold_for_the_address_of_the_outer_client(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--from", "192.0.2.0/24")
    done = Through(instance, user).run(instance.demo, "true")
    assert done.returncode == 254 and b"not valid from this address" in done.stderr


def test_features_hold_inside(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "exec")
    through = Through(instance, user)
    assert through.run(instance.demo, "echo yes").stdout == b"yes\n"
    done = through.run(f"{instance.demo}:/etc/hostname", "/dev/null", program="scp")
    assert done.returncode != 0


def test_kill_ends_the_inner_session_and_leaves_the_others(instance, engineer, through):
    with through.start("-N", "-o", f"ControlPath={through.config}.sock", "-o", "ControlMaster=yes", "gate"):
        until(lambda: os.path.exists(f"{through.config}.sock"), 20, "the master")
        more = f"Host gate\n  ControlPath {through.config}.sock\n"
        shared = Through(instance, engineer)
        shared.config.write_text(more + shared.config.read_text())
        with shared.start(instance.demo, "echo in; sleep 100") as first, shared.start(instance.demo, "echo in; cat",
                                                                                    stdin=subprocess.PIPE) as second:
            assert first.stdout.readline() == second.stdout.readline() == b"in\n"
            assert sum(r["kind"] == "login.ok" for r in instance.audit(user=engineer.name)) == 1  # one login, two sessions
            rows = online(instance, engineer, 2)
            records = {r["id"]: str(instance.audit(text=r["id"])) for r in rows}
            victim = next(i for i, text in records.items() if "sleep 100" in text)
            instance.ok("session", "kill", victim, "--reason", "change window is over")
            assert first.wait(5) != 0 and b"change window is over" in first.stderr.read()
            second.stdin.write(b"still here\n")
            second.stdin.flush()
            assert second.stdout.readline() == b"still here\n"
    until(lambda: not instance.sessions(engineer, "online"), 10, "the end of all with the outer connection")


def test_a_disabled_user_loses_outer_and_inner(instance, through, engineer):
    with through.start(instance.demo, "echo in; sleep 100") as client:
        assert client.stdout.readline() == b"in\n"
        instance.ok("user", "disable", engineer.name)
        assert client.wait(5) != 0
    until(lambda: not instance.sessions(engineer, "online"), 5, "the end of the session")


def test_a_terminal_watched_and_locked(instance, engineer, through):
    child = pexpect.spawn("ssh", through.argv("-tt", instance.demo)[1:], env={**through.env, "TERM": "xterm"}, encoding="utf-8",
                          timeout=20, dimensions=(24, 80))
    child.delaybeforesend = None
    child.sendline("PS1='rea''dy> '")
    child.expect("ready> ")
    session = instance.session_of(engineer, "online")["id"]
    watcher = subprocess.Popen(instance.cli_argv("session", "watch", session), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    child.sendline("echo wat''ched")
    child.expect("watched")
    seen = b""
    while b"watched" not in seen:
        seen += os.read(watcher.stdout.fileno(), 4096)
    instance.ok("session", "lock", session)
    child.expect("locked by an administrator")
    instance.ok("session", "unlock", session)
    child.expect("unlocked")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    watcher.communicate(timeout=10)


# ---- real clients: test_clients.py ----


def test_a_client_that_insists_on_a_password_may_give_any(instance, engineer):
    outer = connect(instance, engineer)
    inner = paramiko.SSHClient()
    inner.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    sock = outer.open_channel("direct-tcpip", (instance.demo, 22), ("127.0.0.1", 0))
    inner.connect(instance.demo, username=instance.account.name, password="anything", sock=sock, allow_agent=False,
                  look_for_keys=False)
    _, out, _ = inner.exec_command("echo by paramiko")
    assert out.read() == b"by paramiko\n"
    inner.close()
    outer.close()


def test_bulk_through_a_login_arrives_whole_both_ways(instance, through, folder):
    source, there = blob(folder / instance.name("s"), 24 << 20), folder / instance.name("t")
    with open(source, "rb") as f:
        done = subprocess.run(through.argv("-o", "RekeyLimit=4M", instance.demo, f"cat > {there}; cat {there}"), stdin=f,
                              capture_output=True, env=through.env, timeout=240)
    assert done.returncode == 0 and done.stdout == source.read_bytes() and sha(source) == sha(there), done.stderr


# ---- ssh-config ----


def test_ssh_config_is_ready_to_use_and_meets_no_unknown_key(instance, engineer, sshd):
    odd = instance.target(sshd.port, name=instance.name("odd*"))
    second = instance.target(sshd.port, name=instance.name("second"))
    for target in (odd, second):
        instance.grant(engineer, target)
    answer = instance.ok("ssh-config", "--user", engineer.name, "--gate", f"127.0.0.1:{instance.port}")
    assert {t["name"] for t in answer["targets"]} == {instance.demo, odd, second} and odd not in answer["config"]
    folder = instance.scratch / instance.name("dot-ssh")
    folder.mkdir()
    known = folder / "known_hosts"
    known.write_text(next(line[2:] for line in answer["config"].splitlines() if line.startswith("# yanmen-gate")) + "\n")
    assert known.read_text().strip() == answer["known_hosts"]
    config = folder / "config"
    config.write_text(answer["config"] + f"Host *\n  UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n"
                      "  StrictHostKeyChecking yes\n  PubkeyAuthentication no\n")
    for name in (instance.demo, second):
        done = subprocess.run(["ssh", "-F", config, name, "echo", name], capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                              env=instance.ssh_env(engineer))
        assert done.stdout.decode().strip() == name, done.stderr
    text = subprocess.run(instance.cli_argv("ssh-config", "--user", engineer.name), capture_output=True, text=True, timeout=60)
    assert text.returncode == 0 and f"Port {instance.port}\n" in text.stdout and f"Host {second}\n" in text.stdout


def test_ssh_config_says_what_is_wrong(instance, engineer):
    assert instance.cli("ssh-config").code == 2
    assert instance.cli("ssh-config", "--user", "nobody-here").code == 3
    for gate in ("gate", "gate:0", "gate:65536", "-oProxyCommand=x:22", "a b:22", "gate:22x", ":22"):
        assert instance.cli("ssh-config", "--user", engineer.name, "--gate", gate).code == 2, gate


# ---- limits and faults ----


def test_one_connection_carries_as_many_as_it_may_and_says_no_to_the_next(instance, engineer):
    before = len(instance.pids("ssh"))
    client = connect(instance, engineer)
    got, refused = [], 0
    for _ in range(1000):
        try:
            got.append(client.open_channel("direct-tcpip", (instance.demo, 22), ("127.0.0.1", 1), timeout=30))
        except paramiko.ChannelException as e:
            assert e.code == 1
            refused += 1
    assert (len(got), refused) == (32, 968)
    for channel in got[:20]:  # 20 at once speak SSH
        channel.settimeout(60)
        assert channel.recv(4) == b"SSH-"
    got[0].close()

    def again():
        try:
            return client.open_channel("direct-tcpip", (instance.demo, 22), ("127.0.0.1", 1), timeout=30)
        except paramiko.ChannelException:
            return None
    assert until(again, 20, "room for another one").recv(4) == b"SSH-"
    client.close()
    until(lambda: len(instance.pids("ssh")) < before + 12, 30, "the end of the workers")
    assert instance.healthy()


def test_hostile_words_about_where_from_and_where_to(instance, engineer):
    client = connect(instance, engineer)
    for host, origin in ((instance.demo + "\0", "::1"), ("\x1b[2J", "x\x1b]0;\x07"), ("", ""), ("x" * 30000, "y" * 30000),
                         ("a b", "'; drop"), ("$(id)", "\xff\xfe")):
        with pytest.raises(paramiko.ChannelException):
            client.open_channel("direct-tcpip", (host, 2022), (origin, 65535), timeout=30)
    for port in (0, 65535):
        with pytest.raises(paramiko.ChannelException):
            client.open_channel("direct-tcpip", (instance.demo, port), ("127.0.0.1", 1), timeout=30)
    channel = client.open_channel("direct-tcpip", (instance.demo, 22), ("\x1b[31m\r\n" + "z" * 20000, 1), timeout=30)
    channel.settimeout(30)
    assert channel.recv(4) == b"SSH-"
    client.close()
    assert len(instance.told(engineer, "forward.opened")) == 1
    assert len(instance.told(engineer, "forward.refused", 8)) == 8
    assert instance.healthy()


@pytest.mark.parametrize("which", ["outer", "inner"])
def test_either_worker_killed_ends_the_other(instance, engineer, through, sshd, which):
    target = instance.target(sshd.port)
    instance.grant(engineer, target)
    with through.start(target, "echo in; sleep 100") as client:
        assert client.stdout.readline() == b"in\n"
        proxy = until(lambda: next((p for p in procs.children(client.pid) if procs.program(p) == "ssh"), None), 10, "ssh -W")
        outer = procs.server_side(proxy, instance.pids("ssh"), instance.port)
        to_target = [inode for (_, remote), inode in procs.tcp().items() if remote == sshd.port]
        inner = next(p for p in instance.pids("ssh") if procs.sockets(p).intersection(to_target))
        assert inner != outer
        procs.kill_hard(outer if which == "outer" else inner)
        assert client.wait(10) != 0
        until(lambda: not {inner, outer}.intersection(instance.pids("ssh")), 10, "the end of the other one")
    row = until(lambda: next((s for s in instance.sessions(engineer) if s["state"] != "online"), None), 10, "the end of the row")
    assert row["state"] == ("crashed" if which == "inner" else "closed")
