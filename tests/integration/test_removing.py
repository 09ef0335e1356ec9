"""What is removed is gone for everybody at once; its history stays, its name is free again."""

import pytest
from harness.wait import until


@pytest.fixture
def person(instance):
    return instance.user()


@pytest.fixture
def target(instance, person, sshd):
    name = instance.target(sshd.port)
    instance.grant(person, name)
    return name


def busy(instance, person, target):
    """A session that would go on: its ssh, once it runs."""
    client = instance.ssh_start(person, "echo ready; exec sleep 1000", login=f"{person.name}#{target}")
    assert client.stdout.readline() == b"ready\n"
    return client


def ended(instance, person, client, words):
    out, err = client.communicate(timeout=20)
    assert client.returncode != 0 and words in err.decode(), err
    assert words in instance.session_of(person, "closed")["reason"]


def row(instance, kind, **filters):
    return next(r for r in instance.audit(**filters) if r["kind"] == kind)


def names(instance, noun):
    return {r["name"] for r in instance.ok(noun, "list")}


def test_a_user(instance, person, target):
    group = instance.name("g")
    instance.ok("group", "add", group)
    instance.ok("group", "admin", group, person.name)
    client = busy(instance, person, target)
    assert instance.ok("user", "remove", person.name)["removed"]
    ended(instance, person, client, "removed")
    assert person.name not in names(instance, "user")
    assert all(g["user"] != person.name for g in instance.ok("grant", "list"))
    assert instance.ssh(person, "true", login=f"{person.name}#{target}").returncode == 255
    assert instance.cli("user", "remove", person.name).code == 3
    assert row(instance, "user.removed", user=person.name)["body"]["sessions"] == 1
    before = instance.session_of(person)
    # Another person of that name begins with nothing.
    instance.ok("user", "add", person.name, "--role", "engineer", "--password-file", person.password_file)
    assert instance.ssh(person, "true", login=f"{person.name}#{target}").returncode not in (0, 255)
    assert next(g for g in instance.ok("group", "list") if g["name"] == group)["admins"] == []
    assert before["id"] in {s["id"] for s in instance.sessions(person)}
    instance.ok("user", "remove", person.name)  # a name may be given up twice


def test_a_target(instance, person, target, sshd):
    group = instance.name("g")
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, target)
    client = busy(instance, person, target)
    assert instance.ok("target", "remove", target)["removed"]
    ended(instance, person, client, "removed")
    assert target not in names(instance, "target")
    assert next(g for g in instance.ok("group", "list") if g["name"] == group)["targets"] == []
    done = instance.ssh(person, "true", login=f"{person.name}#{target}")
    assert done.returncode not in (0, 255) and len(done.stderr.decode().strip().splitlines()) == 1
    assert instance.cli("target", "remove", target).code == 3
    assert row(instance, "target.removed", target=target)["body"]["sessions"] == 1
    session = instance.session_of(person, "closed")["id"]
    until(lambda: next(r for r in instance.ok("recording", "list") if r["id"] == session)["recording"] == "closed", 10, "the seal")
    assert b"ready" in instance.export(session, "text")
    instance.target(sshd.port, name=target)
    assert instance.ssh(person, "true", login=f"{person.name}#{target}").returncode != 0  # the grant was for the other one
    instance.grant(person, target)
    assert instance.ssh(person, "echo new", login=f"{person.name}#{target}").stdout == b"new\n"


def test_an_account(instance, person, target):
    client = busy(instance, person, target)
    instance.ok("account", "remove", target, instance.account.name)
    ended(instance, person, client, "removed")
    assert next(t for t in instance.ok("target", "list") if t["name"] == target)["accounts"] == []
    assert instance.ssh(person, "true", login=f"{person.name}#{target}").returncode != 0
    assert instance.cli("account", "remove", target, instance.account.name).code == 3
    assert row(instance, "account.removed", target=target)["body"]["account"] == instance.account.name
    instance.ok("account", "set", target, instance.account.name, "--password-file", instance.account.password_file)
    assert instance.ssh(person, "true", login=f"{person.name}#{target}").returncode == 0  # the grant still names it


def test_the_next_account_is_the_default_when_that_goes(instance, target):
    for name in ("zed", "beta"):
        instance.ok("account", "set", target, name, "--password-file", instance.account.password_file)
    instance.ok("account", "remove", target, instance.account.name)
    accounts = next(t for t in instance.ok("target", "list") if t["name"] == target)["accounts"]
    assert {a["name"]: a["default"] for a in accounts} == {"beta": True, "zed": False}


def test_a_group_takes_its_grants_with_it(instance, person, sshd):
    group, name = instance.name("g"), instance.target(sshd.port)
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, name)
    instance.ok("grant", "add", "--user", person.name, "--account", instance.account.name, "--group", group)
    assert instance.ssh(person, "true", login=f"{person.name}#{name}").returncode == 0
    assert instance.ok("group", "remove", group)["grants"] == 1
    assert instance.ssh(person, "true", login=f"{person.name}#{name}").returncode != 0
    assert group not in names(instance, "group") and name in names(instance, "target")
    assert instance.cli("group", "remove", group).code == 3
    assert row(instance, "group.removed", text=group)
    instance.ok("group", "add", group)
    assert next(g for g in instance.ok("group", "list") if g["name"] == group)["targets"] == []


def test_a_network_default_group_holds_nothing_any_more(instance, person, sshd):
    group, name = instance.name("g"), instance.target(sshd.port)
    instance.ok("group", "add", group, "--network-default")
    instance.ok("grant", "add", "--user", person.name, "--account", instance.account.name, "--group", group)
    assert instance.ssh(person, "true", login=f"{person.name}#{name}").returncode == 0
    instance.ok("group", "remove", group)
    assert instance.ssh(person, "true", login=f"{person.name}#{name}").returncode != 0


def test_a_cluster_only_when_it_is_empty(instance):
    cluster, name = instance.name("c"), instance.name("t")
    instance.ok("cluster", "add", cluster, "--network", "192.0.2.0/24")
    instance.ok("target", "add", name, "--kind", "windows", "--address", "192.0.2.1:3389", "--cluster", cluster)
    refused = instance.cli("cluster", "remove", cluster)
    assert refused.code == 1 and name in refused.stderr
    instance.ok("target", "remove", name)
    instance.ok("cluster", "remove", cluster)
    assert cluster not in names(instance, "cluster") and instance.cli("cluster", "remove", cluster).code == 3
    instance.ok("cluster", "add", cluster, "--network", "192.0.2.0/24")
