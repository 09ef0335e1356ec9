"""tests/browser/people.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(instance, chromium_facts, chromium):
    people = {f"only-{language}": instance.user() for language in ("en", "zh-CN")}
    for user in people.values():
        instance.ok("user", "factor", user.name, "passkey")
    users = {name: {"name": user.name, "password_file": str(user.password_file)} for name, user in people.items()}
    chromium("people", users=chromium_facts["users"] | users)
