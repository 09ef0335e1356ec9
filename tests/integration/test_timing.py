"""A wrong login tells nothing by its time: 200 alternated logins per case, medians within 5 %."""

import socket
import statistics
import threading
import time

import paramiko
import pytest
from harness.build import plain_build

CASES = {
    "no such user": ("nobody-{n}#{target}", "wrong"),
    "wrong password": ("{user}#{target}", "wrong"),
    "wrong password, no such target": ("{user}#no-such-target", "wrong"),
    "disabled user, right password": ("{disabled}#{target}", "{password}"),
    "user without a password": ("{keyed}#{target}", "wrong"),
}
ROUNDS, PARALLEL = 200, 8


def one_refusal(port, name, password):
    """Seconds from the password to its refusal; the handshake before it is not counted."""
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        transport = paramiko.Transport(s)
        try:
            transport.start_client(timeout=20)
            began = time.perf_counter()
            with pytest.raises(paramiko.AuthenticationException):
                transport.auth_password(name, password, fallback=False)
            return time.perf_counter() - began
        finally:
            transport.close()


@pytest.mark.alone
@plain_build("a sanitizer takes its own time")
@pytest.mark.timeout(600)
def test_refusals_take_equally_long(instance, engineer):
    disabled = instance.user()
    instance.ok("user", "disable", disabled.name)
    keyed = instance.user(password=False, key=True)
    words = {"target": instance.demo, "user": engineer.name, "disabled": disabled.name, "keyed": keyed.name,
             "password": disabled.password_file.read_text()}
    seconds = {case: [] for case in CASES}
    failures = []

    def work(turns):
        try:
            for turn in turns:
                for case, (login, password) in CASES.items():
                    seconds[case].append(one_refusal(instance.port, login.format(n=turn, **words), password.format(**words)))
        except Exception as e:  # shown by the test, which must not wait for a thread that ended
            failures.append(e)

    threads = [threading.Thread(target=work, args=(range(i, ROUNDS, PARALLEL),)) for i in range(PARALLEL)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures[0]
    medians = {case: statistics.median(s) for case, s in seconds.items()}
    assert all(len(s) == ROUNDS for s in seconds.values())
    assert max(medians.values()) <= 1.05 * min(medians.values()), medians
