"""A wrong login tells nothing by its time: 200 alternated logins per case, medians within 5 %; 100 with certificates."""

import socket
import statistics
import subprocess
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
CERTIFICATES = {  # whose name, which certificate
    "no such user": ("nobody-{n}", "good"),
    "another user": ("{other}", "good"),
    "another CA": ("{user}", "forged"),
    "revoked": ("{user}", "revoked"),
    "disabled user": ("{disabled}", "disabled"),
    "a key without": ("{user}", None),
}
ROUNDS, CERTIFICATE_ROUNDS, PARALLEL = 200, 100, 8


def one_refusal(port, name, proof):
    """Seconds from the proof (a password, a key) to its refusal; the handshake before it is not counted."""
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        transport = paramiko.Transport(s)
        try:
            transport.start_client(timeout=20)
            began = time.perf_counter()
            with pytest.raises(paramiko.AuthenticationException):
                if isinstance(proof, str):
                    transport.auth_password(name, proof, fallback=False)
                else:
                    transport.auth_publickey(name, proof)
            return time.perf_counter() - began
        finally:
            transport.close()


def alike(port, cases, rounds):
    """Refuses each case (login, proof) `rounds` times, in turns."""
    seconds = {case: [] for case in cases}
    failures = []

    def work(turns):
        try:
            for turn in turns:
                for case, (login, proof) in cases.items():
                    seconds[case].append(one_refusal(port, login.format(n=turn), proof))
        except Exception as e:  # shown by the test, which must not wait for a thread that ended
            failures.append(e)

    threads = [threading.Thread(target=work, args=(range(i, rounds, PARALLEL),)) for i in range(PARALLEL)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures[0]
    medians = {case: statistics.median(s) for case, s in seconds.items()}
    assert all(len(s) == rounds for s in seconds.values())
    assert max(medians.values()) <= 1.05 * min(medians.values()), medians


@pytest.mark.alone
@plain_build("a sanitizer takes its own time")
@pytest.mark.timeout(600)
def test_refusals_take_equally_long(instance, engineer):
    disabled = instance.user()
    instance.ok("user", "disable", disabled.name)
    keyed = instance.user(password=False, key=True)
    words = {"target": instance.demo, "user": engineer.name, "disabled": disabled.name, "keyed": keyed.name,
             "password": disabled.password_file.read_text()}
    cases = {case: (login.replace("{n}", "{{n}}").format(**words), password.format(**words)) for case, (login, password) in CASES.items()}
    alike(instance.port, cases, ROUNDS)


@pytest.mark.alone
@plain_build("a sanitizer takes its own time")
@pytest.mark.timeout(600)
def test_refused_certificates_take_equally_long(instance, engineer):
    other, disabled = instance.user(), instance.user()
    keys = {}
    for what, user in (("good", engineer), ("revoked", engineer), ("disabled", disabled), ("forged", engineer), (None, engineer)):
        path = instance.key_pair()
        keys[what] = paramiko.Ed25519Key.from_private_key_file(str(path))
        if what == "forged":
            subprocess.run(["ssh-keygen", "-q", "-s", instance.key_pair(), "-I", "x", "-n", user.name, f"{path}.pub"], check=True)
        elif what:
            answer = instance.ok("certificate", "issue", user.name, "--key", f"{path}.pub", "--output", f"{path}-cert.pub")
            if what == "revoked":
                instance.ok("certificate", "revoke", answer["serial"])
        if what:
            keys[what].load_certificate(f"{path}-cert.pub")
    instance.ok("user", "disable", disabled.name)
    words = {"user": engineer.name, "other": other.name, "disabled": disabled.name}
    cases = {case: (login.replace("{n}", "{{n}}").format(**words) + f"#{instance.demo}", keys[key]) for case, (login, key) in CERTIFICATES.items()}
    alike(instance.port, cases, CERTIFICATE_ROUNDS)
