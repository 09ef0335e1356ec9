"""The supervisor of one instance: brings everything up in order, keeps it running, takes it down in order.

Under a service manager this is the manager's work; `tools/run` needs none.  It holds no client byte and no SQL
beyond the preparation of the database.
"""

import fcntl
import json
import os
import signal
import subprocess
import time
import traceback

import sample_database
import samples
import seed
from database import Database
from place import Home, write_file
from service import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, Service, prctl, reap_adopted
from words import Failure

UP_WAIT = 60.0  # seconds for each part to come up
WAKE = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


class Supervisor:
    def __init__(self, home, programs):
        self.home, self.programs = home, programs
        self.facts = home.facts()
        self.services = []

    # ---- up ----
    def up(self):
        home = self.home
        home.lay_out()
        home.use(self.programs)
        home.write_conf(self.facts)
        samples.write_end_script(home)
        database = Database(home)
        database.make()
        self.add(Service("postgres", database.argv(), database.log, signal.SIGINT, database.as_pg()))
        self.wait("postgres", database.is_ready)
        database.prepare()
        self.first_step()
        self.step("migrate")
        self.add(Service("yanmend", [str(home.bin / "yanmend"), "--config", str(home.conf)], home.logs / "yanmend.log",
                         popen={"cwd": "/"}, leftovers=("yanmen-",)))
        self.wait("yanmend", lambda: seed.is_healthy(home))
        seed.users(home)
        self.samples()

    def samples(self):
        """The sample targets as instance.json wants them."""
        self.facts = self.home.facts()
        if self.facts.get("samples"):
            account = samples.make(self.home, self.facts)
            self.add(samples.service(self.home))
            self.wait("sample-sshd", lambda: samples.answers(self.facts))
            seed.samples(self.home, self.facts, account)
        if sample_database.wanted(self.home, self.facts):
            sample_database.make(self.home, seed.database_password(self.home).read_text())
            self.add(sample_database.service(self.home, self.facts))
            self.wait("sample-mariadb", lambda: sample_database.answers(self.facts))
            seed.database(self.home, self.facts)
        seed.write_endpoints(self.home, self.facts)

    def add(self, service):
        self.services.append(service)
        service.start()
        self.tell_state()

    def wait(self, name, is_up):
        service = next(s for s in self.services if s.name == name)
        deadline = time.monotonic() + UP_WAIT
        while not is_up():
            self.look_after()
            if time.monotonic() > deadline or service.restarts >= 3:
                raise Failure("not_up", name=name, seconds=int(UP_WAIT), log=service.log)
            time.sleep(0.05)

    def first_step(self):
        """A new key, or a backup.  A restore that was interrupted is begun again: until it is through nothing starts.  What is
        of the machine and in no backup (the console's certificate) is made new."""
        wanted = self.home.facts().get("restoring")
        if wanted and not self.home.vault_key.exists():
            self.step("restore", *(f"--{name}={value}" for name, value in wanted.items()), seconds=None)
        self.step("init")
        if wanted:
            self.home.remember(restoring=None)

    def step(self, command, *args, seconds=120):
        """`yanmen init`, `restore` and `migrate` need no running gateway."""
        log = self.home.logs / f"{command}.log"
        done = subprocess.run(self.home.cli() + [command, *args], capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL)
        log.write_text(done.stdout + done.stderr)
        if done.returncode:
            raise Failure("step_failed", step=command, why=done.stderr.strip()[-300:], log=log)

    # ---- while it runs ----
    def look_after(self):
        changed = False
        for service in self.services:
            changed |= service.look_after()
            service.limit_log()
        reap_adopted({s.process.pid for s in self.services if s.process is not None})
        if changed:
            self.tell_state()

    def tell_state(self):
        state = {"pid": os.getpid(), "programs": self.programs.name,
                 "services": {s.name: s.facts() for s in self.services}}
        write_file(self.home.state_file, json.dumps(state, indent=2) + "\n", 0o644)

    def forget_samples(self):
        """`samples remove` has cleared instance.json and sent SIGHUP."""
        for service in [s for s in self.services if s.name.startswith("sample-")]:
            service.stop()
            self.services.remove(service)
        self.facts = self.home.facts()
        seed.write_endpoints(self.home, self.facts)
        self.tell_state()

    def run(self):
        while True:
            self.look_after()
            got = signal.sigtimedwait(WAKE, 0.5)
            if got is None or got.si_signo == signal.SIGCHLD:
                continue
            if got.si_signo == signal.SIGHUP:
                if not self.home.facts().get("samples"):
                    self.forget_samples()
                continue
            return

    def down(self):
        """In the opposite order; PostgreSQL last, so that the last rows arrive."""
        for service in reversed(self.services):
            service.stop()
        reap_adopted(set())
        self.home.state_file.unlink(missing_ok=True)


def hold_lock(home):
    """Held as long as the supervisor lives; None when another one holds it."""
    fd = os.open(home.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def pid_of(home):
    """The living supervisor's pid, or None: the lock says whether it lives, so that no stranger's pid is met."""
    if not home.lock_file.exists():
        return None
    fd = os.open(home.lock_file, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return int(os.pread(fd, 32, 0) or 0) or None
    finally:
        os.close(fd)


def start(home, programs, detach):
    """Forks the supervisor.  Returns its pid when all is up; raises Failure with what went wrong."""
    read_end, write_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        if detach and os.fork():
            os._exit(0)
        if not detach:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)
        os._exit(_main(Home(home.path), programs, write_end))
    os.close(write_end)
    if detach:
        os.waitpid(pid, 0)
    with os.fdopen(read_end) as pipe:
        answer = pipe.read()
    if not answer:
        raise Failure("died", log=home.logs / "supervisor.log")
    if answer != "up":
        raise PlainFailure(answer)
    return pid


class PlainFailure(Failure):
    """A failure that was put in words by the supervisor."""

    def __init__(self, line):
        Exception.__init__(self, line)


def _main(home, programs, ready):
    """The supervisor's process: up, run, down.  Answers on `ready` once: "up", or what failed."""
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, WAKE)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    home.logs.mkdir(mode=0o700, exist_ok=True)
    log = os.open(home.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, fd in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, fd)

    def answer(line):
        os.write(ready, line.encode())
        os.close(ready)

    lock = hold_lock(home)
    if lock is None:
        answer("another supervisor runs in this home")
        return 1
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    supervisor = Supervisor(home, programs)
    code = 0
    try:
        supervisor.up()
        answer("up")
        supervisor.run()
    except Exception as e:  # whatever it was: say it, and leave nothing running
        traceback.print_exc()
        code = 1
        try:
            answer(str(e) if isinstance(e, Failure) else f"{type(e).__name__}: {e}  Log: {home.logs}/supervisor.log")
        except OSError:
            pass  # it was up already: the log has it
    supervisor.down()
    return code


def await_samples_gone(home, seconds=20):
    deadline = time.monotonic() + seconds
    while pid_of(home) and "sample-sshd" in home.state().get("services", {}):
        if time.monotonic() > deadline:
            raise Failure("stop_failed", pid=pid_of(home), seconds=seconds)
        time.sleep(0.05)


def stop(home, seconds=45):
    """Asks the supervisor to end and waits until it has.  False when none runs."""
    pid = pid_of(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while pid_of(home) == pid:
        if time.monotonic() > deadline:
            raise Failure("stop_failed", pid=pid, seconds=seconds)
        time.sleep(0.05)
    return True
