"""kill -9 of every process while three sessions stream numbered lines: the outcome of docs/ARCHITECTURE.md.

One second of recording may be lost when the recorder itself is killed, nothing otherwise; the audit is complete; the
service comes back by itself.
"""

import pytest
from harness import procs
from harness.stream import compare, three_streams, wait_service
from harness.wait import until

pytestmark = pytest.mark.outage

A_SECOND = 100  # lines of a stream


@pytest.fixture
def streams(own_instance):
    wait_service(own_instance, own_instance.engineer)
    made = three_streams(own_instance)
    yield made
    for s in made:
        s.end()


def ended_as(instance, stream, state):
    row = until(lambda: next((s for s in instance.sessions(stream.user) if s["id"] == stream.session and s["state"] != "online"),
                             None), 20, "the end of the session's row")
    assert row["state"] == state and row["reason"], row
    return row


def audit_is_complete(instance, streams):
    """Each session's beginning and end stand there, each once, and the chain verifies."""
    instance.ok("audit", "verify")
    for s in streams:
        kinds = [r["kind"] for r in instance.audit(text=s.session)]
        assert kinds.count("session.start") == 1 and kinds.count("session.ended") == 1, kinds


def recording_ends(instance, stream):
    return until(lambda: next((r for r in instance.ok("recording", "list") if r["id"] == stream.session and
                               r["recording"] in ("closed", "crashed")), None), 20, "the sealed recording")


def kill_one(instance, role):
    def pid_of():
        return instance.service_pid(role) if role in ("postgres", "yanmend") else next(iter(instance.pids(role)), None)
    procs.kill_hard(until(pid_of, 15, f"a living {role}"))


def test_a_worker(own_instance, streams):
    instance = own_instance
    victim, *others = streams
    procs.kill_hard(instance.worker_of(victim.process))
    until(lambda: not victim.alive(), 5, "the end of its client")
    assert ended_as(instance, victim, "crashed")
    assert recording_ends(instance, victim)["recording"] == "crashed"
    compare(instance, victim)
    for s in others:
        s.goes_on()
        s.end()
        ended_as(instance, s, "closed")
        assert recording_ends(instance, s)["recording"] == "closed"
        compare(instance, s)
    audit_is_complete(instance, streams)


def test_the_recorder(own_instance, streams):
    instance = own_instance
    kill_one(instance, "recorder")
    for s in streams:
        until(lambda s=s: not s.alive(), 5, "no recorder, no session")
        assert s.process.stderr.read().strip()
    wait_service(instance, instance.engineer)
    for s in streams:
        ended_as(instance, s, "crashed")
        assert recording_ends(instance, s)["recording"] == "crashed"
        compare(instance, s, A_SECOND)
    audit_is_complete(instance, streams)


@pytest.mark.parametrize("role", ["broker", "vault", "pwhash", "postgres"])
def test_what_sessions_can_do_without(own_instance, streams, role):
    instance = own_instance
    kill_one(instance, role)
    for s in streams:
        s.goes_on()
    wait_service(instance, instance.engineer)
    for s in streams:
        s.goes_on()
        s.end()
        ended_as(instance, s, "closed")
        assert recording_ends(instance, s)["recording"] == "closed"
        compare(instance, s)
    audit_is_complete(instance, streams)
    until(instance.healthy, 20, "health")


def test_a_session_that_ends_while_the_broker_is_down(own_instance, streams):
    """The broker is killed and a worker at the same moment: what ended meanwhile is reconciled from the recorder."""
    instance = own_instance
    workers = [instance.worker_of(s.process) for s in streams]
    kill_one(instance, "broker")
    for pid in workers:
        procs.kill_hard(pid)
    wait_service(instance, instance.engineer)
    for s in streams:
        ended_as(instance, s, "crashed")
        recording_ends(instance, s)
        compare(instance, s)
    audit_is_complete(instance, streams)


def test_broker_and_recorder_at_once(own_instance, streams):
    """What was sealed in that instant was told to nobody: the next broker asks the next recorder."""
    instance = own_instance
    pids = [next(iter(instance.pids(role))) for role in ("broker", "recorder")]
    for pid in pids:
        procs.kill_hard(pid)
    for s in streams:
        until(lambda s=s: not s.alive(), 5, "no recorder, no session")
    wait_service(instance, instance.engineer)
    for s in streams:
        ended_as(instance, s, "crashed")
        assert recording_ends(instance, s)["recording"] == "crashed"
        compare(instance, s, A_SECOND)
    audit_is_complete(instance, streams)


def test_the_parent(own_instance, streams):
    instance = own_instance
    before = instance.service_pid("yanmend")
    kill_one(instance, "yanmend")
    for s in streams:
        until(lambda s=s: not s.alive(), 5, "the end of the client")
    until(lambda: instance.service_pid("yanmend") not in (None, before), 20, "a new parent")
    wait_service(instance, instance.engineer)
    for s in streams:
        ended_as(instance, s, "crashed")
        assert recording_ends(instance, s)["recording"] == "crashed"
        compare(instance, s, A_SECOND)
    audit_is_complete(instance, streams)
    until(instance.healthy, 20, "health")


def test_one_process_after_the_other_in_a_row(own_instance):
    """No order of small accidents leaves the service down."""
    instance = own_instance
    for role in ("pwhash", "vault", "broker", "recorder", "vault", "broker", "pwhash", "postgres"):
        kill_one(instance, role)
    wait_service(instance, instance.engineer)
    until(instance.healthy, 20, "health")
    instance.ok("audit", "verify")
