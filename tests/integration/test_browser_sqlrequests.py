"""tests/browser/sqlrequests.test.mjs: for each language a database whose rules want deletes approved, an engineer who may use it, a DBA who approves."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium, instance):
    facts = {}
    for language in ("en", "zh-CN"):
        target, group = instance.database(1), instance.name("g")
        instance.ok("sql-policy", "set", target, "--approval", "on")
        instance.ok("sql-rule", "add", "--target", target, "--class", "DELETE", "--approve", "--name", "deletes")
        instance.ok("group", "add", group)
        instance.ok("group", "put", group, target)
        asker, dba = instance.user(), instance.user("dba")
        instance.ok("group", "admin", group, dba.name)
        instance.grant(asker, target)
        facts[language] = {"target": target, "account": instance.account.name} | {
            key: {"name": u.name, "password_file": str(u.password_file)} for key, u in (("asker", asker), ("dba", dba))}
    try:
        chromium("sqlrequests", sqlrequests=facts)
    finally:
        for rule in instance.ok("sql-rule", "list"):
            instance.ok("sql-rule", "remove", str(rule["id"]))
        for one in facts.values():
            instance.ok("target", "remove", one["target"])
