"""Rotation of passwords: a real sshd with its own /etc, the real chpasswd, passwd and sudo."""

import contextlib
import subprocess

import pytest
from harness.machine import Machine
from harness.wait import until


@pytest.fixture(scope="module")
def machine(instance):
    m = Machine(instance)
    try:
        yield m.start()
    finally:
        m.end()


@pytest.fixture(scope="module")
def root(instance, machine):
    """The target, with the account root."""
    account = machine.account("root")
    return instance.target(machine.port, account), account


def add(instance, target, account):
    instance.ok("account", "set", target, account.name, "--password-file", account.password_file)
    return account


def old(account):
    return account.password_file.read_text().strip()


def rotate(instance, target, account, *options):
    return instance.ok("account", "rotate", target, account.name, *options, seconds=200)


def works(instance, target, account):
    """With what the vault has, through the gateway."""
    user = instance.user()
    grant = instance.grant(user, target, account=account.name)
    done = instance.ssh(user, "true", login=instance.login(user, target, account.name))
    instance.ok("grant", "remove", grant["id"])
    return done.returncode == 0


def test_each_way_gives_a_password_that_works_and_the_old_one_does_not(instance, machine, root):
    target, boss = root
    user = instance.user()
    instance.grant(user, target, account="root")
    session = instance.ssh_start(user, "sh", "-c", "'echo here; read x; echo still $x'", login=instance.login(user, target, "root"), stdin=subprocess.PIPE)
    assert session.stdout.readline() == b"here\n"
    assert rotate(instance, target, boss)["state"] == "current"  # root, by chpasswd
    session.stdin.write(b"alive\n")
    session.stdin.close()
    assert session.stdout.read() == b"still alive\n"  # who was in stays
    session.wait(30)
    plain = add(instance, target, machine.account())
    easy = add(instance, target, machine.account(sudo="NOPASSWD: ALL"))
    asks = add(instance, target, machine.account(sudo="ALL"))
    other = add(instance, target, machine.account())
    assert rotate(instance, target, easy)["state"] == "current"  # sudo
    assert rotate(instance, target, asks)["state"] == "current"  # sudo that asks for the password
    assert rotate(instance, target, plain)["state"] == "current"  # passwd of its own
    assert rotate(instance, target, other, "--via", asks.name)["state"] == "current"  # another account does it
    for account in (boss, plain, easy, asks, other):
        assert not machine.takes(account, old(account)), account
        assert works(instance, target, account), account
    runs = [r for r in instance.ok("account", "rotations", "--target", target) if r["account"] == other.name]
    assert [(r["state"], r["via"], r["why"], r["recoverable"]) for r in runs] == [("current", asks.name, "asked", True)]
    logs = instance.log_tail(3000)
    assert not any(old(a) in logs for a in (boss, plain, easy, asks, other))


def test_what_the_target_does_not_take_leaves_the_old_password(instance, machine, root):
    target, _ = root
    poor, other = add(instance, target, machine.account()), add(instance, target, machine.account())
    answer = rotate(instance, target, other, "--via", poor.name)
    assert answer["state"] == "failed" and answer["say"].startswith("the account may not change")
    boss = add(instance, target, machine.account(sudo="NOPASSWD: ALL"))
    for behaviour in ("exit 1",  # PAM, or whatever it is, refuses
                      "cat; cat >&2; exit 0",  # lies, and says the new password aloud
                      "cat >/dev/null; exec yes endless"):
        machine.behaves(behaviour)
        try:
            answer = rotate(instance, target, boss)
        finally:
            machine.behaves("")
        if "endless" in behaviour:
            assert answer["state"] == "unsure"
            answer = instance.ok("account", "settle", answer["id"], seconds=200)
        assert (answer["state"], answer["say"]) == ("failed", "the old password still holds: the target did not take the new one"), behaviour
        assert machine.takes(boss, old(boss)) and works(instance, target, boss)


def test_a_target_that_is_away_in_the_middle_is_unsure_and_then_settled(instance, machine, root):
    target, _ = root
    boss = add(instance, target, machine.account(sudo="NOPASSWD: ALL"))
    machine.holds()
    waiting = subprocess.Popen(instance.cli_argv("account", "rotate", target, boss.name, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    machine.asked()
    refused = instance.cli("account", "rotate", target, boss.name)
    assert refused.code == 1 and "under way" in refused.stderr
    machine.stop()
    machine.let_go()
    out, err = waiting.communicate(timeout=200)
    assert b'"unsure"' in out, (out, err)
    machine.behaves("")
    machine.start()
    [run] = [r for r in instance.ok("account", "rotations", "--target", target, "--account", boss.name) if r["state"] == "unsure"]
    assert instance.ok("account", "settle", run["id"], seconds=200)["state"] == "current"
    assert not machine.takes(boss, old(boss)) and works(instance, target, boss)
    machine.inside(f"{machine.folder}/real", input=f"{boss.name}:{old(boss)}\n".encode())  # as from a backup
    assert not works(instance, target, boss)
    instance.ok("account", "recover", run["id"])
    assert works(instance, target, boss)


def test_a_policy_and_a_leaver_are_done_by_the_clock(instance, machine, root):
    target, _ = root
    aged, used = add(instance, target, machine.account()), add(instance, target, machine.account())
    name = instance.name("p")
    assert instance.ok("rotation", "add", name, "--target", target, "--account", aged.name, "--every", "30")["accounts"] == 1
    instance.sql(f"update yanmen.account set rotated_at = now() - interval '32 days' where name = '{aged.name}'")
    leaver = instance.user()
    instance.grant(leaver, target, account=used.name)
    assert instance.ok("user", "disable", leaver.name, "--rotate")["rotated"] == 1

    def states():
        rows = {r["account"]: (r["why"], r["state"]) for r in instance.ok("account", "rotations", "--target", target)}
        return rows.get(aged.name) == ("policy", "current") and rows.get(used.name) == ("leaver", "current")
    until(states, 120, "the clock's rotations")
    instance.ok("rotation", "remove", name)
    [age] = [a for a in instance.ok("account", "ages") if (a["target"], a["account"]) == (target, aged.name)]
    assert age["days"] == 0 and age["state"] == "current"


def test_a_template_is_applied_to_a_group_and_each_target_gets_a_password_of_its_own(instance, machine, root):
    target, _ = root
    with contextlib.ExitStack() as left:
        template, group = instance.name("tpl"), instance.name("g")
        account = machine.account()
        instance.ok("template", "add", template, "--login", account.name)
        left.callback(instance.ok, "template", "remove", template)
        instance.ok("group", "add", group)
        second = instance.target(machine.port, machine.account())
        instance.ok("group", "put", group, target, second)
        answer = instance.ok("template", "apply", template, "--group", group, "--password-file", account.password_file)
        assert (answer["added"], answer["kept"], answer["failed"]) == (2, [], [])
        assert works(instance, target, account) and works(instance, second, account)
        again = instance.ok("template", "apply", template, "--target", target, "--password-file", account.password_file)
        assert (again["added"], again["kept"]) == (0, [target])
        no = instance.cli("template", "apply", "no-such", "--group", group)
        assert no.code == 3
        nothing = instance.cli("template", "apply", template, "--target", instance.demo)
        assert nothing.code != 0 and "needs a secret" in nothing.stderr
