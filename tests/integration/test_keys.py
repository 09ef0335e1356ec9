"""`key rotate`: credentials are sealed anew, what was recorded before stays readable and provable, and a kill at any moment
leaves a gateway that starts and goes on."""

import os
import signal
import subprocess

import pytest
import second_reader as second
from harness.keys import cli_holds, keys_file, recorded, rotate
from harness.receivers import Hook, signed
from harness.siem import Authority
from harness.stream import wait_service
from harness.wait import until

pytestmark = pytest.mark.outage

MOMENTS = ["asked", "new file", "renamed", "half resealed"]


def generation(instance):
    return instance.ok("public", "keys")["generation"]


def test_after_a_rotation_everything_older_still_opens_and_verifies(own_instance):
    instance = own_instance
    user = instance.user()
    instance.grant(user, instance.demo)
    before = recorded(instance, user, "before")
    authority = Authority(instance.scratch, "ours")
    hook = Hook(authority)
    instance.ok("settings", "set", "notify.networks", "127.0.0.0/8,::1/128")
    instance.ok("channel", "add", "hook", "--kind", "webhook", "--secret-file", instance.file(hook.url() + "\nK3y\n"), "--ca-file", authority.file)
    old_keys = keys_file(instance)
    master = (instance.home / "vault.key").read_bytes()
    answer = rotate(instance)
    assert answer["generation"] == 2 and answer["resealed"] >= 2 and answer["refused"] == 0
    after = recorded(instance, user, "after")  # the target's credential opens
    assert instance.ok("channel", "test", "hook")["state"] == "sent" and signed(hook.came[0], "K3y")  # and the channel's
    hook.stop()
    new_keys = keys_file(instance)
    assert (instance.home / "vault.key").stat().st_mode & 0o777 == 0o600
    assert not (instance.home / "vault.key.new").exists()
    assert master not in (instance.home / "vault.key").read_bytes()
    for session, word in ((before, b"before"), (after, b"after")):
        assert instance.ok("recording", "verify", session)["verified"]
        assert word in instance.export(session, "text")
        path = instance.scratch / instance.name("sealed")
        instance.ok("recording", "export", session, "--format", "sealed", "--output", path)
        assert cli_holds(instance, path, new_keys)
        assert cli_holds(instance, path, old_keys) == (session == before)
        assert second.verify(path.read_bytes(), second.public_keys(new_keys.read_text()))["state"] == "closed"
    assert new_keys.read_text().startswith(old_keys.read_text())


def test_the_audit_log_tells_of_it_and_its_chain_goes_on(own_instance):
    instance = own_instance
    rotate(instance)
    instance.ok("user", "list")
    assert instance.ok("audit", "verify")["verified"]
    path = instance.scratch / instance.name("audit")
    instance.ok("audit", "export", "--output", path)
    keys = keys_file(instance)
    assert cli_holds(instance, path, keys)
    first, _, _ = second.verify_audit(path.read_bytes(), second.public_keys(keys.read_text()))
    assert first == 1
    told = {r["body"]["generation"]: r["body"] for r in instance.audit() if r["kind"] == "key.rotated"}
    lines = keys.read_text().splitlines()
    for number, line in enumerate(lines[1:], 2):
        _, key, since, signature = line.split(" ")
        assert told[number]["public_key"] == key and told[number]["signature"] == signature
        assert told[number]["since_us"] == int(since)
    assert any(r["kind"] == "key.rotation" and r["actor"].startswith("local:") for r in instance.audit())


def test_ca_and_host_key_change_only_when_asked(own_instance):
    instance = own_instance
    start = instance.ok("public", "keys")
    rotate(instance)
    plain = instance.ok("public", "keys")
    assert (plain["ca"], plain["host"]) == (start["ca"], start["host"])
    rotate(instance, "--ca")
    ca = instance.ok("public", "keys")
    assert ca["ca"] != start["ca"] and ca["host"] == start["host"]
    rotate(instance, "--host")
    host = instance.ok("public", "keys")
    assert host["ca"] == ca["ca"] and host["host"] != start["host"]

    def offered():
        scan = subprocess.run(["ssh-keyscan", "-t", "ed25519", "-p", str(instance.port), "127.0.0.1"], capture_output=True, text=True,
                              check=False, timeout=30)
        return [line.split()[2] for line in scan.stdout.splitlines() if not line.startswith("#")]
    until(lambda: offered() == [host["host"].split()[1]], 20, "the new host key at the door")
    (instance.scratch / "known_hosts").unlink(missing_ok=True)


def test_who_may_not_rotate_is_refused_and_nothing_changes(own_instance):
    instance = own_instance
    now = generation(instance)
    os.chmod(instance.home, 0o711)
    blocked = instance.home / "vault.key.new"
    blocked.mkdir()  # nothing can be made there
    try:
        answer = instance.cli("key", "rotate")
        assert answer.code == 1 and "vault.key.new" in answer.stderr
        assert generation(instance) == now
    finally:
        blocked.rmdir()
    assert rotate(instance)["generation"] == now + 1


def rotations(instance):
    return sum(r["kind"] == "key.rotated" for r in instance.audit())


def reached(instance, moment, inode, told):
    path = instance.home / "vault.key"
    if moment == "new file":
        return (instance.home / "vault.key.new").exists() or path.stat().st_ino != inode
    if moment == "renamed":
        return path.stat().st_ino != inode
    if moment == "half resealed":
        return path.stat().st_ino != inode and rotations(instance) > told
    return True


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("victim", ["vault", "broker", "yanmend"])
def test_killed_in_the_middle_it_starts_again_and_ends_what_it_began(own_instance, moment, victim):
    instance = own_instance
    wait_service(instance, instance.engineer, 60)
    accounts = [instance.name("acc") for _ in range(15)]
    for name in accounts:
        instance.ok("account", "set", instance.demo, name, "--password-file", instance.file("secret"))
    before, inode = generation(instance), (instance.home / "vault.key").stat().st_ino
    told = rotations(instance)
    client = subprocess.Popen(instance.cli_argv("key", "rotate"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: reached(instance, moment, inode, told) or client.poll() is not None, 30, moment, every=0.001)
    victims = [instance.service_pid("yanmend")] if victim == "yanmend" else instance.pids(victim)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    client.wait(90)
    wait_service(instance, instance.engineer, 60)
    until(lambda: instance.cli("public", "keys").code == 0, 30, "the vault")
    now = generation(instance)
    assert now in (before, before + 1)
    assert not (instance.home / "vault.key.new").exists() or victim != "yanmend"
    until(lambda: all_sealed_by(instance, now), 40, "the credentials under the newest key")
    assert rotate(instance)["generation"] == now + 1
    assert all_sealed_by(instance, now + 1)
    assert instance.ok("audit", "verify", seconds=120)["verified"]


def all_sealed_by(instance, wanted):
    """What doctor says of it."""
    row = next(c for c in instance.cli("doctor").json if c["name"] == "master key")
    return row["state"] == "ok" and f"generation {wanted}," in row["say"]


def test_a_credential_that_does_not_open_is_left_and_told(own_instance):
    instance = own_instance
    name = instance.name("acc")
    instance.ok("account", "set", instance.demo, name, "--password-file", instance.file("secret"))
    instance.sql(f"update yanmen.account set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1) "
                 f"where name = '{name}'")
    answer = rotate(instance)
    assert answer["refused"] == 1
    row = next(c for c in instance.ok("doctor") if c["name"] == "master key")
    assert row["state"] == "warn" and "1" in row["say"]
    instance.ok("account", "set", instance.demo, name, "--password-file", instance.file("secret"))
    assert rotate(instance)["refused"] == 0
