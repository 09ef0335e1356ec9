"""tests/browser/welcome.test.mjs"""

import pytest
from harness.browser import Browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture
def begun(instance, chromium_facts):
    """The instance as it was before any administrator had looked at it."""
    instance.sql("update yanmen.setup set done_at = null, done_by = null, step = 0")
    days = next(s["value"] for s in instance.ok("settings", "list") if s["name"] == "retention.days")
    yield
    instance.ok("settings", "set", "retention.days", days)
    instance.ok("setup", "done")


def test_in_chromium(instance, begun, chromium_facts, chromium):
    admin = instance.user("admin")
    row = next(t for t in instance.ok("target", "list") if t["name"] == instance.demo)
    users = chromium_facts["users"] | {"first": {"name": admin.name, "password_file": str(admin.password_file)}}
    chromium("welcome", users=users, address=row["address"])
    instance.told(admin, "password.changed")
    assert instance.sql("select done_by from yanmen.setup") == [f"user:{admin.name}"]


def test_only_an_administrator_sees_or_ends_it(instance, begun):
    for role in ("engineer", "operator", "auditor", "group_admin"):
        browser = Browser(instance).login(instance.user(role))
        assert browser.ok(browser.get("/me"))["setup"] is False
        assert browser.command("setup done").status == 403 and browser.command("setup step", step=3).status == 403
        assert browser.get("/setup?limit=1").status == 403
        browser.close()
    assert Browser(instance).get("/setup?limit=1").status == 401
