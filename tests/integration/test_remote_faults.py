"""What is lent (-R, agent, X11), all three at once, while the session is locked and killed and the processes are."""

import json

import pytest
from harness import procs
from harness.lending import FEATURES, Lent, features
from harness.stream import wait_service
from harness.target import Sshd
from harness.through import listens
from harness.wait import until

pytestmark = pytest.mark.outage


@pytest.fixture
def lent(own_instance):
    instance = own_instance
    wait_service(instance, instance.engineer)
    server = Sshd(instance)
    server.more = "X11Forwarding yes"
    server.start()
    target = instance.target(server.port)
    user = instance.user()
    instance.grant(user, target, *features(*FEATURES))
    made = Lent(instance, user, target)
    made.goes_on(b"first")
    yield made
    made.end()
    server.stop()


def seal(instance, session):
    def sealed():
        return next((r for r in instance.ok("recording", "list") if r["id"] == session and r["recording"] in ("closed", "crashed")), None)
    row = until(sealed, 40, "the sealed recording")
    instance.ok("recording", "verify", session)
    return row["recording"]


def kill(instance, role):
    pid = instance.service_pid(role) if role in ("postgres", "yanmend") else next(iter(instance.pids(role)))
    procs.kill_hard(pid)


def test_a_lock_holds_what_the_client_says(own_instance, lent):
    instance = own_instance
    session = instance.session_of(lent.user, "online")["id"]
    instance.ok("session", "lock", session)
    until(lambda: instance.session_of(lent.user)["locked"], 10, "the lock")
    lent.ask(b"held")
    assert not lent.answered(b"held", 1)
    instance.ok("session", "unlock", session)
    assert lent.answered(b"held")
    lent.goes_on()


def test_a_kill_ends_all_of_it(own_instance, lent):
    instance = own_instance
    session = instance.session_of(lent.user, "online")["id"]
    instance.ok("session", "kill", session, "--reason", "enough")
    lent.ended()
    until(lambda: not listens(lent.port), 10, "the end of the port")
    assert instance.session_of(lent.user, "closed")["reason"] == "enough"
    assert seal(instance, session) == "closed"
    rows = [json.loads(line) for line in instance.export(session, "jsonl").splitlines()]
    opened, closed = ({r["channel"] for r in rows if r["type"] == what} for what in ("open", "close"))
    assert len(opened) == 4 and opened == closed


@pytest.mark.parametrize("role", ["broker", "vault", "postgres"])
def test_it_goes_on_without(own_instance, lent, role):
    kill(own_instance, role)
    lent.goes_on()
    wait_service(own_instance, own_instance.engineer)
    lent.goes_on(b"later")


@pytest.mark.parametrize("role", ["recorder", "yanmend"])
def test_it_ends_with(own_instance, lent, role):
    instance = own_instance
    session = instance.session_of(lent.user, "online")["id"]
    kill(instance, role)
    lent.ended()
    wait_service(instance, instance.engineer, 40)
    until(lambda: not instance.sessions(lent.user, "online"), 30, "the end of the row")
    assert seal(instance, session) == "crashed"
    until(lambda: not listens(lent.port), 10, "the end of the port")


def test_a_killed_worker_takes_all_of_it_along(own_instance, lent):
    instance = own_instance
    session = instance.session_of(lent.user, "online")["id"]
    procs.kill_hard(instance.worker_of(lent.process))
    lent.ended()
    until(lambda: not listens(lent.port), 10, "the end of the port")
    assert instance.session_of(lent.user, "crashed")["id"] == session
    assert seal(instance, session) == "crashed"
