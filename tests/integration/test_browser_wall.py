"""tests/browser/wall.test.mjs"""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def test_in_chromium(chromium):
    chromium("wall")
