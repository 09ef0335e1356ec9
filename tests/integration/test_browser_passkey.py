"""tests/browser/passkey.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(instance, chromium_facts, chromium):
    people = {name: instance.user() for name in ("passkey", "changing", "aged")}
    people["aged"].password_file = instance.file("Chosen by 1 admin!")
    instance.ok("user", "password", people["aged"].name, "--password-file", people["aged"].password_file)
    users = {name: {"name": user.name, "password_file": str(user.password_file)} for name, user in people.items()}
    instance.ok("settings", "set", "factor.remember_device", "7")
    try:
        chromium("passkey", users=chromium_facts["users"] | users)
    finally:
        instance.ok("settings", "set", "factor.remember_device", "0")
