"""tests/browser/audit.test.mjs"""

import pytest
from harness.altered import altered

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium):
    chromium("audit")


def test_a_broken_chain_in_chromium(chromium, instance):
    with altered(instance) as seq:
        chromium("audit", broken=seq)
