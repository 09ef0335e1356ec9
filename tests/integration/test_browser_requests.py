"""tests/browser/requests.test.mjs: two targets that may be asked for, their group's admin, three engineers who have nothing."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium, instance, sshd):
    group, targets = instance.name("g"), [instance.target(sshd.port) for _ in range(2)]
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, *targets)
    instance.ok("group", "requestable", group, "on")
    decider, *askers = instance.user("group_admin"), instance.user(), instance.user(), instance.user()
    instance.ok("group", "admin", group, decider.name)

    def who(u):
        return {"name": u.name, "password_file": str(u.password_file)}
    try:
        chromium("requests", targets=targets, group=group, account=instance.account.name, decider=who(decider),
                 askers=[who(u) for u in askers])
    finally:
        for policy in instance.ok("preapproval", "list"):
            instance.ok("preapproval", "remove", policy["name"])
