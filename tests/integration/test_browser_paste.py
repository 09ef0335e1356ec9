"""tests/browser/paste.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(instance, chromium, chromium_facts):
    users = dict(chromium_facts["users"])
    for role, rules in (("careful", ("--paste", "deny", "--copy", "off")), ("sized", ("--paste", "allow", "--paste-max", "2048"))):
        user = instance.user()
        instance.ok("grant", "add", "--user", user.name, "--account", instance.account.name, "--target", instance.demo, *rules)
        users[role] = {"name": user.name, "password_file": str(user.password_file)}
    chromium("paste", users=users)
