"""New names while people work, and the history of a change, with the real gateway."""

import pytest
from harness.browser import Browser
from harness.instance import User


@pytest.fixture
def target(instance, engineer, sshd):
    name = instance.target(sshd.port)
    instance.grant(engineer, name)
    return name


def test_a_session_goes_on_under_a_new_name_and_the_next_login_uses_it(instance, engineer, target):
    client = instance.ssh_start(engineer, "echo ready; exec cat", login=f"{engineer.name}#{target}", stdin=-1)
    assert client.stdout.readline() == b"ready\n"
    new = instance.name("renamed")
    assert instance.ok("target", "rename", target, new)["before"] == target
    client.stdin.write(b"still here\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"still here\n"
    assert instance.session_of(engineer, "online")["target"] == target
    assert instance.ssh(engineer, "echo fine", login=f"{engineer.name}#{new}").stdout == b"fine\n"  # the sealed credential holds
    assert instance.ssh(engineer, "true", login=f"{engineer.name}#{target}").returncode != 0
    client.stdin.close()
    assert client.wait(20) == 0
    history = instance.ok("history", "target", new)
    assert history[0]["after"] == {"name": new} and history[0]["before"] == {"name": target}
    assert instance.cli("history", "target", target).code == 3


def test_a_renamed_user_is_cut_when_he_is_disabled_and_nobody_who_got_his_name(instance, engineer, target):
    old, new = engineer.name, instance.name("renamed")
    client = instance.ssh_start(engineer, "echo ready; exec cat", login=f"{old}#{target}", stdin=-1)
    assert client.stdout.readline() == b"ready\n"
    instance.ok("user", "rename", old, new)
    again = User(new, engineer.password_file)
    instance.ok("user", "add", old, "--role", "engineer", "--password-file", engineer.password_file)  # another one of that name
    assert instance.ssh(again, "echo in", login=f"{new}#{target}").stdout == b"in\n"
    instance.ok("user", "disable", old)
    client.stdin.write(b"not meant\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"not meant\n"
    instance.ok("user", "disable", new)
    _, err = client.communicate(timeout=20)
    assert client.returncode != 0 and "disabled" in err.decode()


def test_the_second_of_two_is_told_by_the_api_and_the_cli(instance, target):
    admin = Browser(instance).login(instance.user("admin"))
    [row] = admin.rows("targets", name=target)
    instance.ok("target", "set", target, "--charset", "gbk", "--if-version", row["version"])
    refused = admin.command("target set", name=target, legacy="on", version=row["version"])
    assert (refused.status, refused.code) == (409, "failed") and "local:" in refused.json["detail"]
    late = instance.cli("target", "rename", target, instance.name("x"), "--if-version", row["version"])
    assert late.code == 1 and "changed" in late.stderr
    admin.lang = "zh-CN"
    assert "修改过" in admin.command("target set", name=target, legacy="on", version=row["version"]).json["detail"]
    newer = admin.rows("targets", name=target)[0]
    admin.ok(admin.command("target set", name=target, legacy="on", version=newer["version"]))
    [change, *_] = admin.rows("history", kind="target", object=str(row["id"]), sort="-id")
    assert change["after"] == {"legacy": True} and change["actor"].startswith("user:")
    admin.close()
