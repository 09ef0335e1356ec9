"""tests/browser/duties.test.mjs: an admin, and one person for each duty, of whom the first is disabled at first."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium, instance):
    people = {"admin": instance.user("admin")} | {d: instance.user(f"{d}_admin") for d in ("system", "security", "audit")}
    instance.ok("user", "disable", people["system"].name)
    try:
        chromium("duties", **{k: {"name": u.name, "password_file": str(u.password_file)} for k, u in people.items()})
    finally:
        instance.ok("duty", "separate", "off")
        for u in people.values():
            instance.ok("user", "disable", u.name)
