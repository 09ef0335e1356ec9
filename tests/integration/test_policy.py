"""Grants: who may use which account on which targets, when, from where, for what, how long, how often at once."""

import datetime

import pytest


def refused(instance, user, *command, login=None):
    """The one line that a refused user reads."""
    done = instance.ssh(user, *(command or ("true",)), login=login)
    assert done.returncode != 0 and done.stdout == b"", done
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_without_a_grant_nothing(instance):
    assert refused(instance, instance.user())


def test_a_removed_grant_no_longer_counts(instance):
    user = instance.user()
    grant = instance.grant(user, instance.demo)
    assert instance.ssh(user, "true").returncode == 0
    instance.ok("grant", "remove", grant["id"])
    assert refused(instance, user)
    assert instance.cli("grant", "remove", grant["id"]).code == 3


def test_source_networks(instance):
    user = instance.user()
    elsewhere = instance.grant(user, instance.demo, "--from", "192.0.2.0/24")
    assert refused(instance, user)
    instance.grant(user, instance.demo, "--from", "198.51.100.0/24", "--from", "127.0.0.0/8")
    assert instance.ssh(user, "true").returncode == 0
    assert elsewhere["from"] == ["192.0.2.0/24"]


def test_until(instance):
    user = instance.user()
    now = datetime.datetime.now(datetime.timezone.utc)
    instance.grant(user, instance.demo, "--until", (now - datetime.timedelta(minutes=1)).isoformat(timespec="seconds"))
    assert refused(instance, user)
    instance.grant(user, instance.demo, "--until", (now + datetime.timedelta(hours=1)).isoformat(timespec="seconds"))
    assert instance.ssh(user, "true").returncode == 0


def test_hours(instance):
    now = datetime.datetime.now(datetime.timezone.utc)
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    user = instance.user()
    instance.grant(user, instance.demo, "--hours", f"{days[(now.weekday() + 3) % 7]} 00:00-24:00 +00:00")
    assert refused(instance, user)
    today, tomorrow = days[now.weekday()], days[(now.weekday() + 1) % 7]
    instance.grant(user, instance.demo, "--hours", f"{today},{tomorrow} 00:00-24:00 +00:00")
    assert instance.ssh(user, "true").returncode == 0


@pytest.mark.parametrize("feature, works, fails", [
    ("exec", ["echo yes"], []),
    ("shell", [], ["echo no"]),
])
def test_features(instance, feature, works, fails):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", feature)
    for command in works:
        assert instance.ssh(user, command).returncode == 0
    for command in fails:
        done = instance.ssh(user, command)
        assert done.returncode != 0 and done.stdout == b""


def test_a_shell_is_refused_where_only_commands_are_granted(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "exec")
    done = instance.ssh(user, stdin=b"echo inside\n")
    assert done.returncode != 0 and b"inside" not in done.stdout


def test_group_grants_follow_the_group(instance, sshd):
    target, user, group = instance.target(sshd.port), instance.user(), instance.name("g")
    instance.ok("group", "add", group)
    instance.ok("grant", "add", "--user", user.name, "--account", instance.account.name, "--group", group)
    login = f"{user.name}#{target}"
    assert refused(instance, user, login=login)
    instance.ok("group", "put", group, target)
    assert instance.ssh(user, "true", login=login).returncode == 0
    instance.ok("group", "take", group, target)
    assert refused(instance, user, login=login)


def test_concurrent_limit(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--concurrent", "1")
    first = instance.ssh_start(user, "echo in; sleep 100")
    assert first.stdout.readline() == b"in\n"
    assert refused(instance, user)
    first.kill()
    first.wait(10)
    instance.session_of(user, "closed")
    assert instance.ssh(user, "true").returncode == 0


def test_idle_limit_ends_a_quiet_session(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--idle", "2")
    done = instance.ssh(user, "echo in; sleep 60", seconds=20)
    assert done.returncode != 0 and done.stdout == b"in\n" and done.stderr
    assert instance.session_of(user, "closed")["reason"]


def test_total_limit_ends_a_busy_session(instance):
    user = instance.user()
    instance.grant(user, instance.demo, "--total", "2")
    done = instance.ssh(user, "while echo busy; do sleep 0.1; done", seconds=20)
    assert done.returncode != 0 and b"busy" in done.stdout and done.stderr


def test_the_first_applicable_grant_decides_and_is_named_in_the_audit(instance, engineer):
    instance.ssh(engineer, "true")
    row = next(r for r in instance.audit(user=engineer.name) if r["kind"] == "session.start")
    assert row["body"]["rule"]
    assert str(instance.session_of(engineer)["rule"]) == row["body"]["rule"]


def test_a_target_outside_its_clusters_networks_is_not_dialled(instance, sshd):
    cluster, name = instance.name("c"), instance.name("t")
    instance.ok("cluster", "add", cluster, "--network", "192.0.2.0/24")
    instance.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.0.1:{sshd.port}", "--cluster", cluster)
    answer = instance.cli("target", "test", name)
    assert answer.code != 0 or not answer.json["reachable"]


def test_loopback_belongs_to_the_samples_cluster_alone(instance, sshd):
    cluster, name = instance.name("c"), instance.name("t")
    instance.ok("cluster", "add", cluster, "--network", "127.0.0.0/8")
    instance.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.0.1:{sshd.port}", "--cluster", cluster)
    answer = instance.cli("target", "test", name)
    assert answer.code != 0 or not answer.json["reachable"]
