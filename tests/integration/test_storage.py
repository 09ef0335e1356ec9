"""Disk full and I/O errors under the recorder: input is held, then the session ends with a clear word and an audit row;
new sessions are refused; admins still get in to the command line; it comes back by itself."""

import os
import shutil
import subprocess

import pytest
from conftest import LIMITS, work_dir
from harness import procs
from harness.instance import Instance
from harness.mounts import private
from harness.moving import Moving
from harness.stream import wait_service
from harness.wait import until

pytestmark = [pytest.mark.outage,
              pytest.mark.skipif(not private(), reason="mounts and traces: run as root that may (not in a container without that right)")]
SIZE_MIB = 48


@pytest.fixture(scope="module")
def small():
    """An instance whose recordings lie on a file system of 48 MiB with a floor of 4 MiB."""
    home = work_dir()
    instance = Instance(home, *LIMITS, "--set", "limits.space_floor=4M")
    instance.start()
    instance.run("--stop")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,mode=750", "yanmen-test", home / "recordings"], check=True)
    try:
        shutil.chown(home / "recordings", "yanmen-recorder", "yanmen-recorder")
        yield instance.start()
    finally:
        instance.run("--stop", check=False)
        subprocess.run(["umount", "-l", home / "recordings"], check=False)
        instance.run("--reset", "--yes", check=False)
        shutil.rmtree(home, ignore_errors=True)


def fill(instance, leave_mib):
    """Takes the rest of the file system away, but for leave_mib."""
    path = instance.home / "recordings" / "test-ballast"
    free = os.statvfs(instance.home / "recordings")
    size = int(free.f_bavail * free.f_frsize - leave_mib * (1 << 20))
    with open(path, "wb") as f:
        os.posix_fallocate(f.fileno(), 0, max(size, 4096))
    return path


def test_a_full_disk_refuses_new_sessions_and_leaves_the_command_line_and_what_moves(small):
    instance = small
    assert instance.ssh(instance.engineer, "echo in").stdout == b"in\n"
    moving = Moving(instance)
    ballast = fill(instance, 2)
    try:
        def refused():
            done = instance.ssh(instance.engineer, "echo in")
            return done.returncode != 0 and len(done.stderr.decode().strip().splitlines()) == 1
        until(refused, 70, "the refusal", every=0.5)
        moving.arrives()  # what has its room goes on
        moving.end()
        assert instance.ok("user", "list")
        answer = instance.cli("doctor")
        assert answer.code == 1
        assert next(c for c in answer.json if c["name"] == "space for recordings")["state"] == "fail"
        until(lambda: [r for r in instance.audit() if r["kind"] == "space.low"], 10, "the audit row")
    finally:
        ballast.unlink()
        moving.end()
    wait_service(instance, instance.engineer, 80)
    moving.is_told()


def test_a_disk_that_fills_under_a_session_ends_it_with_a_clear_word(small):
    instance = small
    wait_service(instance, instance.engineer, 80)
    user = instance.user(password=False, key=True)
    instance.grant(user, instance.demo)
    ballast = fill(instance, 12)
    try:
        # Incompressible output at a terminal is stored in full.
        client = instance.ssh_start(user, "base64 -w 100 /dev/urandom", flags=("-tt",), stdout=subprocess.DEVNULL)
        try:
            client.wait(60)
            word = client.stderr.read()
            assert client.returncode != 0
        finally:
            if client.poll() is None:
                client.kill()
                client.wait()
        session = instance.session_of(user)
        until(lambda: instance.session_of(user)["state"] != "online", 20, "the end of the row")
        assert instance.session_of(user)["reason"] and (word.strip() or session)
        assert [r for r in instance.audit(text=session["id"]) if r["kind"] == "session.ended"]
        assert instance.ok("user", "list")
    finally:
        ballast.unlink()
    wait_service(instance, instance.engineer, 80)
    answer = instance.cli("recording", "verify", session["id"])
    assert answer.code == 0, answer


def test_near_the_end_running_sessions_are_ended_for_the_sake_of_the_database(small):
    """Below a quarter of the floor: here 1 MiB of 4."""
    instance = small
    wait_service(instance, instance.engineer, 80)
    moving = Moving(instance, seconds=60)
    ballast = fill(instance, 0.5)
    try:
        stream = moving.inner
        until(lambda: not stream.alive(), 60, "the end of the session")
        assert "full" in stream.process.stderr.read().decode(errors="replace")
        moving.forward_ends()
        until(lambda: [r for r in instance.audit() if r["kind"] == "space.over"], 15, "the audit row")
        assert instance.ok("user", "list")
        for transfer in moving.transfers:
            transfer.is_cut()
    finally:
        ballast.unlink()
        moving.end()
    wait_service(instance, instance.engineer, 80)
    moving.is_told(100)  # lines: the second that could not be written


def test_an_early_warning_stands_in_doctor_and_in_the_audit(small):
    instance = small
    wait_service(instance, instance.engineer, 80)

    def told():
        return len([r for r in instance.audit() if r["kind"] == "space.warn"])
    before = told()
    ballast = fill(instance, 4.5)  # of 48 MiB: below ten percent, above the floor
    try:
        until(lambda: told() > before, 70, "the warning in the audit", every=0.5)
        row = next(c for c in instance.cli("doctor").json if c["name"] == "space for recordings")
        assert row["state"] == "warn" and "floor 4" in row["say"]
    finally:
        ballast.unlink()
    wait_service(instance, instance.engineer, 80)


# Under the recorder's filter a call that is refused must become one that is allowed: else the filter, not the disk, ends it.
FAILING = "pwrite64,fallocate,fdatasync,syncfs:error=EIO:syscall=getpid"


def test_an_io_error_ends_what_is_recorded_then_and_all_that_was_kept_verifies(small):
    """What has nothing to record just then (files and forwards are hashed, not stored) goes on when the disk is back in time."""
    instance = small
    wait_service(instance, instance.engineer, 80)
    moving = Moving(instance, seconds=20)
    stream, began = moving.inner, moving.inner.last()
    until(lambda: stream.last() > began + 200, 20, "two seconds, in which the disk gets all that was begun")
    recorder = instance.pids("recorder")
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(recorder[0]), "-e", f"inject={FAILING}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: not stream.alive(), 40, "the end of the session")
        assert "disk" in stream.process.stderr.read().decode()
        moving.echoes()
        assert instance.ok("user", "list")
    finally:
        tracer.terminate()
        tracer.wait(10)
    assert instance.pids("recorder") == recorder
    wait_service(instance, instance.engineer, 60)
    for transfer in moving.transfers:
        transfer.arrives()
    moving.echoes()
    moving.end()
    until(lambda: not instance.sessions(moving.user, "online"), 30, "the ends of the sessions")

    def its_recording():
        return next(r for r in instance.ok("recording", "list") if r["id"] == stream.session)
    failed = until(lambda: (r := its_recording())["recording"] == "failed" and r, 20, "its state")
    assert "disk" in failed["recording_reason"], failed
    procs.kill_hard(recorder[0])  # the next one writes the end that this one could not
    until(lambda: its_recording()["recording"] == "crashed", 60, "its end")
    wait_service(instance, instance.engineer, 60)
    moving.is_told(300)  # input is held when the recorder has not written for two seconds
    assert [r for r in instance.audit(text=stream.session) if r["kind"] == "session.ended"]
