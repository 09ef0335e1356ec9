"""tests/browser/cloud.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(instance, chromium):
    group, user = instance.name("g"), instance.user()
    instance.ok("group", "add", group)
    chromium("cloud", group=group, opener={"name": user.name, "password_file": str(user.password_file)})
