"""The command line: its form, its exit codes, that every change is audited; the menu of a login without a target."""

import os
import re
import subprocess

import pytest


@pytest.mark.parametrize("args, code", [
    (["user", "list"], 0),
    (["user", "add", "x9", "--role", "engineer", "--password-file", "/dev/null"], 2),
    (["user", "add", "x9", "--role", "engineer"], 2),
    (["user", "add"], 2),
    (["user", "add", "x9", "--role", "engineer", "--no-such-option"], 2),
    (["no", "such"], 2),
    ([], 2),
    (["user", "disable", "no-such-user"], 3),
    (["target", "test", "no-such-target"], 3),
    (["group", "put", "no-such-group", "no-such-target"], 3),
    (["grant", "remove", "999999"], 3),
    (["recording", "export", "0190a5b2-7c00-7000-8000-000000000001", "--format", "text", "--output", "/tmp/yanmen-never-made"], 3),
    (["recording", "verify", "zzz"], 2),
    (["settings", "get", "no.such.key"], 3),
    (["cluster", "add", "c-bad", "--network", "300.0.0.0/8"], 2),
    (["target", "add", "t9", "--kind", "toaster", "--address", "127.0.0.1:1", "--cluster", "samples"], 2),
    (["settings", "set", "stream.max", "much"], 2),
    (["verify", "/nonexistent", "--public-key", "/nonexistent"], 1),
])
def test_exit_codes(instance, args, code):
    result = instance.cli(*args)
    assert result.code == code, result
    if code:
        lines = result.stderr.strip().splitlines()
        assert len(lines) == 1 or lines[1].startswith("usage: "), lines


def test_bad_names_and_roles_are_told(instance, engineer):
    for name, role in (("bad name", "engineer"), ("x9", "no-such-role"), ("Big", "engineer"), ("a#b", "engineer")):
        result = instance.cli("user", "add", name, "--role", role, "--password-file", engineer.password_file)
        assert result.code == 2 and len(result.stderr.strip().splitlines()) == 1


def test_a_second_user_of_the_same_name_is_refused(instance, engineer):
    result = instance.cli("user", "add", engineer.name, "--role", "engineer", "--password-file", engineer.password_file)
    assert result.code == 1 and engineer.name in result.stderr


@pytest.mark.parametrize("noun", ["user", "group", "cluster", "target", "grant", "session", "recording"])
def test_lists_are_arrays_of_objects(instance, engineer, noun):
    instance.ssh(engineer, "true")
    rows = instance.ok(noun, "list")
    assert isinstance(rows, list) and all(isinstance(r, dict) and "id" in r for r in rows)
    if noun in ("session", "recording"):
        assert {"session", "user", "target", "cluster", "account", "protocol", "state", "started", "ended", "reason"} <= set(rows[-1])


def test_lists_without_json_are_for_people(instance):
    done = subprocess.run(instance.cli_argv("target", "list"), capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and instance.demo in done.stdout


def test_groups_fill_and_empty(instance, sshd):
    group, target = instance.name("g"), instance.target(sshd.port)
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, target, instance.demo)
    row = next(g for g in instance.ok("group", "list") if g["name"] == group)
    assert sorted(row["targets"]) == sorted([target, instance.demo])
    instance.ok("group", "take", group, target)
    row = next(g for g in instance.ok("group", "list") if g["name"] == group)
    assert row["targets"] == [instance.demo]
    assert instance.cli("group", "take", group, target).code == 3
    instance.ok("group", "take", group, instance.demo)


def test_a_group_gets_an_admin(instance, engineer):
    group = instance.name("g")
    instance.ok("group", "add", group)
    instance.ok("group", "admin", group, engineer.name)
    assert next(g for g in instance.ok("group", "list") if g["name"] == group)["admins"] == [engineer.name]


def test_clusters_hold_networks_and_targets(instance):
    cluster, target = instance.name("c"), instance.name("t")
    instance.ok("cluster", "add", cluster, "--network", "192.0.2.0/24", "--network", "2001:db8::/32")
    # Outside of the cluster's networks, so nobody dials it.
    instance.ok("target", "add", target, "--kind", "windows", "--address", "127.0.0.1:3389", "--cluster", cluster)
    row = next(c for c in instance.ok("cluster", "list") if c["name"] == cluster)
    assert row["networks"] == ["192.0.2.0/24", "2001:db8::/32"] and row["targets"] == [target]
    other = instance.name("c")
    instance.ok("cluster", "add", other, "--network", "192.0.2.0/24")
    instance.ok("cluster", "put", other, target)
    assert next(t for t in instance.ok("target", "list") if t["name"] == target)["cluster"] == other


def test_every_change_is_audited_with_the_caller(instance):
    group = instance.name("g")
    instance.ok("group", "add", group)
    row = next(r for r in instance.audit(text=group) if r["kind"] == "group.added")
    assert row["actor"].startswith("local:")


def test_secrets_are_in_no_argument_and_in_no_log(instance, engineer):
    secret = engineer.password_file.read_text()
    instance.ssh(engineer, "true")
    for log in (instance.home / "logs").glob("*"):
        assert secret not in log.read_text(errors="replace")
        assert instance.account.password_file.read_text() not in log.read_text(errors="replace")
    assert secret not in str(instance.audit())


def test_audit_search_narrows(instance, engineer):
    instance.ssh(engineer, "true")
    assert all(r["user"] == engineer.name for r in instance.audit(user=engineer.name))
    assert all(r["target"] == instance.demo for r in instance.audit(target=instance.demo))
    assert instance.audit(since="2099-01-01T00:00:00Z") == []


def test_someone_who_is_not_root_gets_no_command(instance):
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           *instance.cli_argv("user", "list", "--json")], capture_output=True, text=True, timeout=20)
    assert done.returncode == 4 and "name" not in done.stdout


def test_migrate_again_changes_nothing(instance):
    instance.ok("migrate")


def test_doctor_reminds_of_the_samples(instance):
    checks = instance.ok("doctor")
    assert all({"name", "state", "say"} <= set(c) for c in checks)
    assert any(c["state"] == "warn" and "sample" in (c["name"] + c["say"]).lower() for c in checks)


@pytest.mark.parametrize("language, words", [("C.UTF-8", "added"), ("zh_CN.UTF-8", "已添加资源组")])
def test_what_changed_is_told_in_one_line(instance, language, words):
    group = instance.name("g")
    done = subprocess.run(instance.cli_argv("group", "add", group), capture_output=True, text=True, timeout=20,
                          env=os.environ | {"LC_ALL": language})
    assert done.returncode == 0 and done.stderr == ""
    assert group in done.stdout and words in done.stdout and len(done.stdout.splitlines()) == 1


def in_chinese(instance, *args):
    return subprocess.run(instance.cli_argv(*args), env=os.environ | {"LC_ALL": "zh_CN.UTF-8"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def test_whoever_reads_chinese_reads_what_the_gateway_says_in_chinese(instance):
    missing = in_chinese(instance, "user", "disable", "nobody-here")
    assert missing.returncode == 3 and missing.stderr == "yanmen: 没有名为 nobody-here 的用户；参见：user list\n"
    wrong = in_chinese(instance, "grant", "add", "--user", "nobody-here", "--account", "x", "--target", "y", "--hours", "never")
    assert wrong.returncode in (1, 2, 3) and re.search("[一-鿿]", wrong.stderr)
    about = in_chinese(instance, "settings", "list").stdout.splitlines()
    assert len(about) > 8 and all(re.search("[一-鿿]", line) for line in about), about
    health = in_chinese(instance, "doctor").stdout.splitlines()
    assert len(health) > 15 and all(re.search("[一-鿿].*[一-鿿]", line) or re.search("[一-鿿].* (/|[0-9]|SHA)", line)
                                    for line in health), health
