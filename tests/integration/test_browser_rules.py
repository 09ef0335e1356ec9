"""tests/browser/rules.test.mjs: for each language a cluster, a database in it, and a command that ran."""

import pytest
from harness.wait import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium, instance, sshd):
    user, admin, host = instance.user(), instance.user("cluster_admin"), instance.target(sshd.port)
    instance.grant(user, host)
    rules = {"everywhere": instance.name("everywhere")}
    for language in ("en", "zh-CN"):
        cluster, database, mark, history = (instance.name(n) for n in ("c", "db", "mark", "history"))
        instance.ok("cluster", "add", cluster, "--network", "10.0.0.0/8")
        instance.ok("target", "add", database, "--kind", "mysql", "--address", "10.99.0.1:3306", "--cluster", cluster)
        instance.ok("command-rule", "add", "--name", history, "--args", mark, "--deny", "--enabled", "off")  # loopback is in no cluster of ours
        assert instance.ssh(user, f"echo {mark} | cat", login=instance.login(user, host)).returncode == 0
        rules[language] = {"cluster": cluster, "database": database, "mark": mark, "history": history}
    instance.ok("cluster", "admin", rules["en"]["cluster"], admin.name)
    rules["en"]["admin"] = {"name": admin.name, "password_file": str(admin.password_file)}
    instance.ok("command-rule", "add", "--name", rules["everywhere"], "--program", "no-such-program", "--deny")
    for language in ("en", "zh-CN"):
        until(lambda mark=rules[language]["mark"]: instance.ok("command-rule", "try", "--args", mark)["hits"] >= 1, 30, "the command is in the history")
    try:
        chromium("rules", rules=rules)
    finally:
        for noun in ("command-rule", "sql-rule"):
            for rule in instance.ok(noun, "list"):
                instance.ok(noun, "remove", str(rule["id"]))
        for language in ("en", "zh-CN"):
            instance.ok("secure-mode", "set", rules[language]["cluster"], "--off")
            instance.ok("target", "remove", rules[language]["database"])
