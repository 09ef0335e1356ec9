"""Services that go away between the question for a code and its answer."""

import paramiko
import pytest
from harness import procs
from harness.second import Asked, enrolled
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage


@pytest.fixture
def gate(own_instance):
    wait_service(own_instance, own_instance.engineer)
    own_instance.ok("settings", "set", "factor.remember", "0")
    return own_instance


def in_the_question(gate, role):
    """Kills the service once the code is asked for, and waits for its successor; then the code is typed."""
    user, app, _ = enrolled(gate)
    asked = Asked(gate, user)
    before = gate.pids(role)

    def late(prompt):
        for pid in before:
            procs.kill_hard(pid)
        until(lambda: gate.pids(role) and not set(gate.pids(role)) & set(before), 20, f"a new {role}")
        return app.next()
    return user, app, asked, late


def test_a_vault_that_comes_back_checks_the_code(gate):
    _, _, asked, late = in_the_question(gate, "vault")
    try:
        asked.answer(late)
    except paramiko.AuthenticationException:  # it was not yet wired to the broker: said, and the login ends
        pytest.fail("refused although the vault was back")
    assert asked.run("echo in") == b"in\n"
    asked.close()


def test_a_broker_that_comes_back_knows_nothing_of_the_login_and_says_so(gate):
    user, app, asked, late = in_the_question(gate, "broker")
    with pytest.raises((paramiko.SSHException, EOFError)):
        asked.answer(late)
    asked.close()
    wait_service(gate, gate.engineer)
    again = Asked(gate, user)
    again.answer(app.next())
    assert again.run("echo in") == b"in\n"
    again.close()


def test_without_its_database_no_code_is_good(gate):
    user, app, _ = enrolled(gate)
    asked = Asked(gate, user)

    def late(prompt):
        procs.kill_hard(gate.service_pid("postgres"))
        return app.next()
    with pytest.raises((paramiko.SSHException, EOFError)):
        asked.answer(late)
    asked.close()
    wait_service(gate, gate.engineer, 60)
    again = Asked(gate, user)
    again.answer(app.next())
    assert again.run("echo in") == b"in\n"
    again.close()


def test_a_factor_survives_a_rotation_of_the_master_key(gate):
    user, app, recovery = enrolled(gate)
    answer = gate.ok("key", "rotate", seconds=120)
    assert answer["refused"] == 0
    wait_service(gate, gate.engineer)
    for typed in (app.next(), recovery[0]):
        asked = Asked(gate, user)
        asked.answer(typed)
        asked.close()
    assert next(c for c in gate.ok("doctor") if c["name"] == "master key")["state"] == "ok"
