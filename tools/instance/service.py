"""One supervised program: started, watched, restarted with a back-off, stopped by its own signal."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
BACK_OFF_FIRST, BACK_OFF_MAX, CALM_AFTER = 0.2, 10.0, 30.0  # seconds
LOG_MAX = 16 * 1024 * 1024
STOP_WAIT = 15.0


def prctl(option, value):
    if LIBC.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class Service:
    def __init__(self, name, argv, log, stop_signal=signal.SIGTERM, popen=None, leftovers=()):
        self.name, self.argv, self.log = name, argv, log
        self.stop_signal, self.popen = stop_signal, popen or {}
        self.leftovers = leftovers  # how its children's names begin: they must be gone before a restart
        self.process = None
        self.started = self.due = 0.0
        self.back_off = BACK_OFF_FIRST
        self.restarts = -1
        self.ended = ""

    def start(self):
        supervisor = os.getpid()

        def in_child():  # between fork and exec; after the change of user, which would clear the death signal
            prctl(PR_SET_PDEATHSIG, self.stop_signal)
            if os.getppid() != supervisor:
                os._exit(125)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])

        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=in_child, **self.popen)
        finally:
            os.close(log)
        self.started = time.monotonic()
        self.restarts += 1

    def running(self):
        return self.process is not None and self.process.poll() is None

    def look_after(self):
        """Called again and again: reaps, and starts again when it is time to.  Returns True when something changed."""
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return False
            self.ended = f"exit {self.process.returncode}"
            self.process = None  # reaped: PostgreSQL would take a zombie for a running server
            if now - self.started > CALM_AFTER:
                self.back_off = BACK_OFF_FIRST
            self.due = now + self.back_off
            self.back_off = min(self.back_off * 2, BACK_OFF_MAX)
            return True
        if now < self.due or self.has_leftovers(now):
            return False
        self.start()
        return True

    def has_leftovers(self, now):
        """Children of a parent that died; they end by themselves, and by force when they take too long."""
        pids = [pid for pid in adopted_children() if program(pid).startswith(tuple(self.leftovers))] if self.leftovers else []
        for pid in pids:
            if now > self.due + 5:
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def stop(self, wait=STOP_WAIT):
        if not self.running():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def limit_log(self):
        """The program holds its log open for appending, so what is old is copied away and the file cut."""
        try:
            if self.log.stat().st_size < LOG_MAX:
                return
            old = self.log.with_suffix(".log.1")
            with open(self.log, "rb+") as f:
                old.write_bytes(f.read())
                old.chmod(0o600)
                f.truncate(0)
        except FileNotFoundError:
            pass

    def facts(self):
        return {"pid": self.process.pid if self.running() else None, "restarts": max(self.restarts, 0), "ended": self.ended}


def program(pid):
    """argv[0] without its folder."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace").rsplit("/", 1)[-1]
    except OSError:
        return ""


def adopted_children():
    """Our children; with PR_SET_CHILD_SUBREAPER also those whose parent died.  Reaps the adopted dead ones."""
    me = os.getpid()
    try:
        pids = [int(p) for p in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
    except OSError:
        return []
    return pids


def reap_adopted(own):
    for pid in adopted_children():
        if pid not in own:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
