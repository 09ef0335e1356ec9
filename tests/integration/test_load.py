"""Load, for --long: many logins at once, many idle terminals, some busy ones beside them; nothing dropped."""

import os
import statistics
import time

import pytest
from harness import procs
from harness.build import plain_build
from harness.crowd import Crowd, is_counting, processor_seconds
from harness.target import Sshd
from harness.wait import LONG, until

LOGINS = int(os.environ.get("YANMEN_LOAD_LOGINS", "500"))
IDLE = int(os.environ.get("YANMEN_LOAD_IDLE", "2000"))
BUSY, BUSY_S = 20, 30
MEGABYTE_A_SECOND = "i=1; while :; do j=$((i+14499)); seq $i $j; i=$((j+1)); sleep 0.1; done"  # 100 kB each

pytestmark = [pytest.mark.alone, pytest.mark.timeout(2400),
              pytest.mark.skipif(not LONG, reason="takes minutes and most of the memory: tools/test --long"),
              plain_build("2,000 workers of a sanitizer build do not fit into memory")]


@pytest.fixture(scope="module")
def own_instance_options():
    return [option for name, value in (("sessions", 4000), ("unauthenticated", 2000), ("unauthenticated_source", 2000))
            for option in ("--set", f"limits.{name}={value}")]


@pytest.fixture
def crowd(own_instance):
    sshd = Sshd(own_instance)
    sshd.start()
    name = own_instance.target(sshd.port)
    users = [own_instance.user(password=False, key=True) for _ in range(4)]
    for user in users:
        own_instance.grant(user, name)
    made = Crowd(own_instance, users, name)
    yield made
    made.end()
    sshd.stop()


def tell(capsys, line):
    with capsys.disabled():
        print(f"\nload: {line}", flush=True)


def test_logins_at_once(own_instance, crowd, capsys):
    began = time.monotonic()
    users = [crowd.users[i % len(crowd.users)] for i in range(LOGINS)]
    running = [own_instance.ssh_start(user, f"echo number {i}", login=crowd.login(user), options=("ConnectTimeout=600",))
               for i, user in enumerate(users)]
    said = [p.communicate(timeout=600) for p in running]
    seconds = time.monotonic() - began
    wrong = [(i, p.returncode, o) for i, (p, o) in enumerate(zip(running, said)) if p.returncode or o[0] != b"number %d\n" % i]
    assert not wrong, (len(wrong), wrong[:5])
    until(lambda: not own_instance.ok("session", "list", "--state", "online"), 60, "the end of all sessions")
    tell(capsys, f"{LOGINS} logins at once in {seconds:.1f} s, {LOGINS / seconds:.0f}/s, none dropped")


def test_idle_terminals_and_busy_ones_beside_them(own_instance, crowd, capsys):
    began = time.monotonic()
    idle = crowd.start(IDLE, "PS1=; echo READY; exec sh", seconds=1800)
    up = time.monotonic() - began
    online = own_instance.ok("session", "list", "--state", "online")
    assert len(online) == IDLE
    memory = [procs.private_kib(pid) for pid in own_instance.pids("ssh")]
    assert statistics.median(memory) < 1300
    busy = crowd.start(BUSY, f"stty -echo; echo READY; {MEGABYTE_A_SECOND}")
    recorder = next(iter(own_instance.pids("recorder")))
    lone = crowd.start(1, "stty -icanon echo; echo READY; exec cat > /dev/null")[0]
    used, since = processor_seconds(recorder), time.monotonic()
    echo, received = [], {c.fd: len(crowd.text[c.fd]) for c in busy}
    while time.monotonic() < since + BUSY_S:
        crowd.listen(0)
        echo.append(crowd.echo_us(lone))
    seconds = time.monotonic() - since
    used = processor_seconds(recorder) - used
    rate = sum(len(crowd.text[c.fd]) - received[c.fd] for c in busy) / seconds / 1e6
    assert all(is_counting(crowd.text[c.fd]) for c in busy)
    assert not crowd.dropped()
    crowd.all_answer(idle)
    tell(capsys, f"{IDLE} idle terminals up in {up:.0f} s ({IDLE / up:.0f}/s), {statistics.median(memory) / 1024:.2f} MB private each; "
         f"{BUSY} busy ones at {rate:.1f} MB/s in all, recorder {100 * used / seconds:.0f} % of a core; "
         f"echo p50 {statistics.median(echo):.0f} us, p99 {statistics.quantiles(echo, n=100)[98]:.0f} us; none dropped")
