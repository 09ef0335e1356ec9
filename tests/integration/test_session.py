"""What travels through a session: output, status, signals, terminals, environment, several channels."""

import os
import signal
import subprocess

from harness.terminal import EOF, shell, terminal
from harness.wait import until


def test_stdout_stderr_and_status_stay_apart(instance, engineer):
    done = instance.ssh(engineer, "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_standard_input_reaches_the_command_and_its_end_too(instance, engineer):
    data = os.urandom(300_000)
    assert instance.ssh(engineer, "cat", stdin=data).stdout == data


def test_a_command_killed_by_a_signal_is_told_so(instance, engineer):
    # OpenSSH's client answers 255 to exit-signal, and says which with -v.
    done = instance.ssh(engineer, "kill -TERM $$; sleep 5", options=("LogLevel=DEBUG1",))
    assert done.returncode == 255 and b"exit-signal" in done.stderr


def test_a_client_that_goes_away_hangs_its_terminal_up(instance, engineer):
    process = instance.ssh_start(engineer, "echo $$; exec sleep 300", flags=("-tt",))
    pid = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    session = instance.session_of(engineer, "closed")
    assert session["reason"]
    until(lambda: not os.path.exists(f"/proc/{pid}") or b"sleep" not in open(f"/proc/{pid}/cmdline", "rb").read(), 10,
          "the end of the command")


def test_terminal_size_and_its_changes(instance, engineer):
    with terminal(instance, engineer, rows=33, columns=101) as child:
        shell(child)
        child.sendline("stty size")
        child.expect_exact("33 101")
        child.setwinsize(50, 132)
        child.sendline("for i in 1 2 3 4 5 6 7 8 9; do s=$(stty size); [ \"$s\" = '50 132' ] && break; sleep 0.2; done; echo now $s")
        child.expect_exact("now 50 132")
        child.sendline("echo $TERM; tty")
        child.expect_exact("xterm")
        child.expect("/dev/pts/")


def test_ctrl_c_reaches_the_foreground_job(instance, engineer):
    with terminal(instance, engineer) as child:
        shell(child)
        child.sendline("sh -c 'echo be''gun; exec sleep 300'")
        child.expect_exact("begun")
        child.send("\x03")
        child.expect_exact("ready> ", timeout=5)
        child.sendline("exit 3")
        child.expect_exact(EOF)
        child.close()
        assert child.exitstatus == 3


def test_environment_passes_by_the_list(instance, engineer, sshd):
    target = instance.target(sshd.port)  # accepts any variable
    instance.grant(engineer, target)
    done = instance.ssh(engineer, "echo \"$LC_TIME|$LANG|$SECRET_PATH|$LD_PRELOAD\"", login=f"{engineer.name}#{target}",
                        options=("SendEnv=LC_TIME LANG SECRET_PATH LD_PRELOAD",),
                        env={"LC_TIME": "C", "LANG": "C.UTF-8", "SECRET_PATH": "no", "LD_PRELOAD": ""})
    assert done.stdout == b"C|C.UTF-8||\n", done.stderr


def test_several_channels_over_one_connection(instance, engineer):
    control = instance.scratch / instance.name("c")
    options = (f"ControlPath={control}",)
    master = instance.ssh_start(engineer, flags=("-M", "-N"), options=options)
    try:
        until(control.exists, 20, "the master connection")
        running = [instance.ssh_start(engineer, f"echo {i}; read x; echo $x", options=options, stdin=subprocess.PIPE)
                   for i in range(5)]
        assert [p.stdout.readline() for p in running] == [b"%d\n" % i for i in range(5)]
        for i, p in enumerate(running):
            assert p.communicate(b"line %d\n" % i, 20)[0] == b"line %d\n" % i
            assert p.returncode == 0
        assert len(instance.sessions(engineer, "online")) == 1
    finally:
        master.kill()
        master.wait(10)


def test_what_was_run_stands_in_the_audit(instance, engineer):
    word = instance.name("word")
    instance.ssh(engineer, "echo", word)
    rows = until(lambda: [r for r in instance.audit(text=word) if r["kind"].startswith("channel.")], 10, "the audit row")
    assert rows[0]["user"] == engineer.name and rows[0]["target"] == instance.demo


def test_forwarding_to_what_is_no_target_is_refused(instance, engineer):
    assert instance.ssh(engineer, flags=("-W", "127.0.0.2:3306")).returncode != 0
    said = instance.ssh(engineer, flags=("-W", "127.0.0.2:22")).stdout  # to an SSH client in its own words
    assert said.startswith(b"SSH-2.0-Yanmen\r\n") and b"no such target" in said and len(said) < 200


def test_keep_alives_hold_a_quiet_session(instance, engineer):
    done = instance.ssh(engineer, "sleep 4; echo still here", options=("ServerAliveInterval=1", "ServerAliveCountMax=2"))
    assert done.stdout == b"still here\n"
