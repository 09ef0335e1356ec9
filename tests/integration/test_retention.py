"""Recordings go when their time is over, a signed tombstone stays, and everything that is left still verifies."""

import os
import secrets
import signal
import subprocess

import pytest
import second_reader as second
from harness.keys import cli_holds, keys_file, recorded, rotate
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage


def age(instance, session, days):
    """As if the session had been so long ago; the recording itself is not touched."""
    instance.sql(f"update yanmen.session set started_at = started_at - interval '{days} days', "
                 f"ended_at = ended_at - interval '{days} days' where id = '{session}'")


def row(instance, session):
    return next(r for r in instance.ok("recording", "list") if r["id"] == session)


def path_of(instance, session, suffix="ymr"):
    return next(iter((instance.home / "recordings").rglob(f"{session}.{suffix}")), None)


def run(instance):
    return instance.ok("retention", "run", seconds=120)["removed"]


def gone(instance, session):
    return until(lambda: row(instance, session)["recording"] == "removed" and row(instance, session), 15, "the removal in the list")


@pytest.fixture
def user(own_instance):
    user = own_instance.user(password=False, key=True)
    own_instance.grant(user, own_instance.demo)
    return user


def test_what_is_over_goes_and_its_tombstone_stays(own_instance, user):
    instance = own_instance
    old, young = recorded(instance, user, "old"), recorded(instance, user, "young")
    head = row(instance, old)["head"]
    age(instance, old, 181)
    age(instance, young, 179)
    assert run(instance) == 1
    facts = gone(instance, old)
    assert path_of(instance, old) is None and path_of(instance, young) and row(instance, young)["recording"] == "closed"
    stone = path_of(instance, old, "ymt")
    assert stone.read_bytes().hex() == facts["tombstone"]
    answer = instance.ok("recording", "verify", old)
    assert answer["state"] == "removed" and answer["verified"] and answer["head"] == head and "180 days" in answer["reason"]
    assert cli_holds(instance, stone, keys_file(instance))
    refused = instance.cli("replay", old)
    assert refused.code == 3 and "removed" in refused.stderr
    assert instance.cli("recording", "export", old, "--format", "text", "--output", instance.scratch / "none").code == 3
    event = next(r for r in instance.audit(text=old) if r["kind"] == "recording.removed")
    assert event["body"]["tombstone"] == facts["tombstone"] and event["body"]["user"] == user.name
    assert instance.ok("audit", "verify", seconds=120)["verified"]
    assert run(instance) == 0  # once


def test_its_text_is_not_found_any_more(own_instance, user):
    instance, word = own_instance, "fleeting" + secrets.token_hex(4)

    def found():
        return instance.audit(text=word, kind="output")
    old = recorded(instance, user, word)
    until(found, 60, "its text")
    age(instance, old, 181)
    assert run(instance) == 1
    gone(instance, old)
    assert not found()
    instance.ok("audit", "reindex", "--all")
    until(lambda: next(c for c in instance.ok("doctor") if c["name"] == "search")["state"] == "ok", 60, "the copy made again")
    assert not found()


def test_a_second_reader_checks_a_tombstone(own_instance, user):
    instance = own_instance
    session = recorded(instance, user, "stone")
    age(instance, session, 400)
    assert run(instance) == 1
    gone(instance, session)
    stone = path_of(instance, session, "ymt").read_bytes()
    found = second.tombstone(stone, second.public_keys(keys_file(instance).read_text()))
    assert found["id"] == session and found["reason"] == "retention: 180 days"
    for i in range(len(stone)):
        with pytest.raises(second.Bad):
            second.tombstone(stone[:i] + bytes([stone[i] ^ 1]) + stone[i + 1:], second.public_keys(keys_file(instance).read_text()))


def test_a_group_may_keep_longer_or_shorter_and_the_longest_counts(own_instance, user):
    instance = own_instance
    session = recorded(instance, user, "grouped")
    long, short = instance.name("g"), instance.name("g")
    for name in (long, short):
        instance.ok("group", "add", name)
        instance.ok("group", "put", name, instance.demo)
    try:
        age(instance, session, 10)
        instance.ok("group", "retention", short, "7")
        instance.ok("group", "retention", long, "365")
        assert run(instance) == 0
        instance.ok("group", "retention", long, "0")  # for ever
        age(instance, session, 4000)
        assert run(instance) == 0
        instance.ok("group", "retention", long, "default")
        assert run(instance) >= 1
        gone(instance, session)
    finally:
        for name in (long, short):
            instance.ok("group", "take", name, instance.demo)
    assert instance.cli("group", "retention", long, "soon").code == 2
    assert instance.cli("group", "retention", "nowhere", "1").code == 3


def test_a_recording_on_hold_stays_until_it_is_released(own_instance, user):
    instance = own_instance
    session = recorded(instance, user, "held")
    age(instance, session, 1000)
    assert instance.ok("recording", "hold", session, "--reason", "case 17")["hold"] == "case 17"
    assert run(instance) == 0 and path_of(instance, session)
    assert instance.ok("recording", "verify", session)["verified"]
    instance.ok("recording", "release", session)
    assert run(instance) == 1
    gone(instance, session)
    assert instance.cli("recording", "hold", session, "--reason", "too late").code == 3
    assert instance.cli("recording", "release", session).code == 3
    kinds = [r["kind"] for r in instance.audit(text=session)]
    assert "recording.held" in kinds and "recording.released" in kinds


def test_a_default_of_zero_keeps_for_ever(own_instance, user):
    instance = own_instance
    session = recorded(instance, user, "zero")
    age(instance, session, 1000)
    instance.ok("settings", "set", "retention.days", "0")
    try:
        assert run(instance) == 0
    finally:
        instance.ok("settings", "set", "retention.days", "180")
    assert run(instance) == 1


def test_a_tombstone_of_an_older_key_still_verifies(own_instance, user):
    instance = own_instance
    session = recorded(instance, user, "keyed")
    age(instance, session, 500)
    assert run(instance) == 1
    gone(instance, session)
    rotate(instance)
    assert instance.ok("recording", "verify", session)["verified"]


@pytest.mark.parametrize("victim", ["recorder", "vault", "broker"])
def test_killed_in_the_middle_nothing_is_lost_and_it_goes_on(own_instance, user, victim):
    instance = own_instance
    wait_service(instance, instance.engineer, 60)
    sessions = [recorded(instance, user, f"many{n}") for n in range(4)]
    for session in sessions:
        age(instance, session, 300)
    client = subprocess.Popen(instance.cli_argv("retention", "run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: path_of(instance, sessions[0], "ymt") or client.poll() is not None, 30, "the first", every=0.001)
    for pid in instance.pids(victim):
        os.kill(pid, signal.SIGKILL)
    client.wait(90)
    wait_service(instance, instance.engineer, 60)

    def all_gone():
        instance.sql("update yanmen.recording set removing_at = now() - interval '1 hour' where removing_at is not null")
        instance.cli("retention", "run", seconds=120)
        return all(row(instance, s)["recording"] == "removed" for s in sessions)
    until(all_gone, 60, "all removed", every=0.5)
    for session in sessions:
        assert path_of(instance, session) is None
        assert instance.ok("recording", "verify", session)["verified"]
    assert instance.ok("audit", "verify", seconds=120)["verified"]
