"""Rules by the CLI and by the console's API: kept, put in order, tried on what really ran, and said to be not yet enforced."""

import subprocess

import pytest
from harness.browser import Browser
from harness.wait import until


@pytest.fixture
def cluster(instance):
    """A cluster of our own, with one target that alice may use, and a database."""
    name, target = instance.name("c"), instance.name("db")
    instance.ok("cluster", "add", name, "--network", "127.0.0.0/8", "10.0.0.0/8")
    yield name, target
    for noun in ("command-rule", "sql-rule"):
        for rule in instance.ok(noun, "list"):
            instance.ok(noun, "remove", str(rule["id"]))
    instance.ok("secure-mode", "set", name, "--off")


def said(instance, *command):
    r = subprocess.run(instance.cli_argv(*command), capture_output=True, text=True, timeout=60, check=True)
    return r.stdout


def test_rules_by_the_cli(instance, cluster):
    name, db = cluster
    assert "not yet enforced" in said(instance, "secure-mode", "set", name, "--on", "--doors", "observer", "--default", "deny")
    first = instance.ok("command-rule", "add", "--cluster", name, "--program", "rm", "--args", "-r|-R /etc*", "--deny", "--reason", "no", "--reason-zh", "不行")
    second = instance.ok("command-rule", "add", "--cluster", name, "--program", "ls|id", "--allow")
    instance.ok("command-rule", "move", str(second["id"]), "1")
    assert [r["id"] for r in instance.ok("command-rule", "list", "--cluster", name)] == [second["id"], first["id"]]
    answer = instance.ok("command-rule", "check", "ls && sudo rm -rf /x/../etc; uptime; $X", "--cluster", name)
    assert [(c["action"], c["rule"], c["unsure"]) for c in answer["commands"]] == [
        ("allow", second["id"], False), ("deny", None, False), ("deny", first["id"], False), ("deny", None, False), ("ask", second["id"], True)]
    assert "not yet enforced" in answer["say"]
    assert answer["action"] == "deny" and answer["commands"][2]["reason"] == "no" and answer["enforced"] is False and answer["secure"] is True
    assert instance.cli("command-rule", "add", "--program", "x").code == 2  # no action
    assert instance.cli("command-rule", "remove", "999999").code == 3
    # SQL
    instance.ok("target", "add", db, "--kind", "mysql", "--address", "10.99.0.1:3306", "--cluster", name)
    rule = instance.ok("sql-rule", "add", "--target", db, "--class", "DELETE", "--class", "UPDATE", "--flag", "NO_WHERE", "--deny", "--reason", "WHERE?")
    assert rule["enforced"] is True
    assert "in force at the MySQL door" in said(instance, "sql-policy", "set", db, "--default", "approve", "--approval", "off")

    def check(*more):
        a = instance.ok("sql-rule", "check", db, *more)
        return a["action"], a["rule"]
    assert check("--class", "DELETE", "--flag", "NO_WHERE") == ("deny", rule["id"])
    assert check("--class", "DELETE") == ("deny", None)  # approval is off
    instance.ok("sql-policy", "set", db, "--approval", "on")
    assert check("--class", "DELETE") == ("approve", None)
    assert check() == ("approve", None)  # UNPARSED
    instance.ok("target", "remove", db)


def test_a_rule_is_tried_on_what_really_ran(instance, sshd):
    target = instance.target(sshd.port)
    user = instance.user()
    instance.grant(user, target)
    mark = instance.name("mark")
    for line in (f"echo {mark} | cat", f"X=1 env true {mark}", "true"):
        assert instance.ssh(user, line, login=instance.login(user, target)).returncode == 0

    def tried(*rule):
        return instance.ok("command-rule", "try", *rule, "--target", target)
    until(lambda: tried("--args", mark)["hits"] >= 2, 30, "the commands are in the history")
    answer = tried("--args", mark)
    assert {e["text"] for e in answer["examples"]} == {f"echo {mark} | cat", f"X=1 env true {mark}"}
    assert all(e["user"] == user.name and e["target"] == target and e["source"] == "exec" and e["sure"] for e in answer["examples"])
    assert "not yet enforced" in answer["say"]
    assert tried("--program", "cat")["hits"] >= 1 and tried("--program", "true", "--args", mark)["hits"] == 1
    assert tried("--program", mark)["hits"] == 0
    # who runs the gateway's clusters, and reads no commands, learns numbers alone
    carl = instance.user("cluster_admin")
    [lab] = {t["cluster"] for t in instance.ok("target", "list") if t["name"] == target}
    instance.ok("cluster", "admin", lab, carl.name)
    b = Browser(instance).login(carl)
    answer = b.ok(b.command("command-rule try", args=mark, cluster=lab))
    assert answer["hits"] >= 2 and answer["examples"] == []
    b.close()


def test_two_admins_at_one_rule_and_the_second_is_told(instance, cluster):
    name, _ = cluster
    one, two = (Browser(instance).login(instance.user("admin")) for _ in range(2))
    rule = one.ok(one.command("command-rule add", cluster=name, program="dd", action="deny"))
    row = one.rows("command_rules", cluster=name)[0]
    assert (row["id"], row["version"], row["mine"]) == (rule["id"], 1, True)
    one.ok(one.command("command-rule set", id=str(rule["id"]), action="ask", version=1))
    late = two.command("command-rule set", id=str(rule["id"]), args="x", version=1)
    assert late.status == 409 and "meanwhile" in late.json["detail"]
    zh = Browser(instance, lang="zh-CN").login(instance.user("admin"))
    assert "尚未强制执行" in zh.ok(zh.command("command-rule check", line="dd", cluster=name))["say"]
    for b in (one, two, zh):
        b.close()
