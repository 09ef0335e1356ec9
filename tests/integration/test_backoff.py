"""Guessing is slowed, and slows nobody else: above all not the person whose name is guessed."""

import itertools
import secrets
import socket
import threading

import paramiko
import pytest
from harness import procs
from harness.second import enrolled
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage

FLOOD = 12  # at once: 3 are looked at, 4 wait up to 15 s, the rest are sent away


@pytest.fixture(scope="module")
def gate(own_instance):
    wait_service(own_instance, own_instance.engineer)
    own_instance.ok("settings", "set", "login.backoff", "16")
    own_instance.ok("settings", "set", "factor.remember", "0")
    yield own_instance


def connect(gate, source):
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", gate.port), 20, (source, 0)))
    transport.banner_timeout = transport.auth_timeout = 60
    transport.start_client(timeout=60)
    return transport


def attempt(gate, source, name, password):
    """Is he in?"""
    transport = connect(gate, source)
    try:
        transport.auth_password(name, password, fallback=False)
        return True
    except (paramiko.SSHException, EOFError):
        return False
    finally:
        transport.close()


def refusals(gate, count=1, **filters):
    """Why, in the audit, once there are so many: wrong, or too often = sent away before it was looked at."""
    def rows():
        why = [r["body"]["why"] for r in gate.audit(**filters) if r["kind"] == "login.refused"]
        return why if len(why) >= count else None
    return until(rows, 20, f"{count} refusals in the audit")


def at_once(n, what):
    results = []
    threads = [threading.Thread(target=lambda: results.append(what())) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert len(results) == n
    return results


@pytest.mark.parametrize("real", [True, False])
def test_a_stranger_is_slowed_and_the_engineer_is_not(gate, real):
    user = gate.user()
    gate.grant(user, gate.demo)
    password = user.password_file.read_text()
    name = user.name if real else f"no-{user.name}"
    assert attempt(gate, "127.0.7.1", user.name, password)  # from here he is known
    assert not any(at_once(FLOOD, lambda: attempt(gate, "127.0.7.2", name, "a guess")))
    why = refusals(gate, FLOOD, user=name)
    assert len(why) == FLOOD and why.count("wrong") >= 7 and "too often" in why  # the same for a name that nobody has
    # He himself gets in from where he is known, and from another network.
    assert attempt(gate, "127.0.7.1", user.name, password)
    assert attempt(gate, "127.0.8.1", user.name, password)
    assert gate.ssh(gate.engineer, "true").returncode == 0
    assert sorted(refusals(gate, user=name)) == sorted(why)


def test_a_broker_that_is_killed_does_not_give_guesses_back(gate):
    user = gate.user()

    def guess():
        return attempt(gate, "127.0.11.2", user.name, "a guess")
    assert not any(at_once(6, guess))
    sent_away = refusals(gate, 6, user=user.name).count("too often")
    before = gate.pids("broker")
    procs.kill_hard(before[0])
    wait_service(gate, gate.engineer)
    assert gate.pids("broker") != before
    assert not any(at_once(4, guess))  # the 7th to the 10th; as the first four nobody of them would be sent away
    assert refusals(gate, 10, user=user.name).count("too often") > sent_away


def test_a_network_that_tries_many_names_is_slowed_and_no_other(gate):
    names = gate.name("guess")
    at_once(4, lambda: [attempt(gate, "127.0.9.2", f"{names}-{secrets.token_hex(3)}", "a guess") for _ in range(8)])
    at_once(FLOOD, lambda: attempt(gate, "127.0.9.3", f"{names}-{secrets.token_hex(3)}", "a guess"))
    assert "too often" in refusals(gate, 32 + FLOOD, text=names)
    user = gate.user()
    assert attempt(gate, "127.0.10.1", user.name, user.password_file.read_text())


def test_codes_are_slowed_for_whoever_has_the_password_and_not_for_the_owner(gate):
    user, app, _ = enrolled(gate)  # from 127.0.0.1
    password = user.password_file.read_text()

    def code(source, typed):
        transport = connect(gate, source)
        try:
            assert transport.auth_password(user.name, password, fallback=False) == ["keyboard-interactive"]
            transport.auth_interactive(user.name, lambda title, text, prompts: [typed()] * len(prompts))
            return True
        except (paramiko.SSHException, EOFError):
            return False
        finally:
            transport.close()
    networks = itertools.count(20)
    assert not any(at_once(FLOOD, lambda: code(f"127.0.{next(networks)}.2", lambda: "000000")))
    why = refusals(gate, FLOOD, user=user.name)
    assert len(why) == FLOOD and why.count("wrong") >= 9 and "too often" in why  # 5 at once, then after 1, 3, 7, 15 s
    assert code("127.0.0.1", app.next)
