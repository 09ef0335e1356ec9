"""Waiting for events instead of sleeping."""

import os
import time

LONG = os.environ.get("YANMEN_LONG") == "1"


def until(condition, seconds=15.0, what="it", every=0.05):
    """Returns the first true value of condition(); fails the test at the deadline with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s (last: {value!r})")
        time.sleep(every)
