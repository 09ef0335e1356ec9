"""tests/browser/watermark.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(instance, chromium):
    try:
        chromium("watermark")
    finally:
        instance.ok("settings", "set", "console.watermark", "watch")
