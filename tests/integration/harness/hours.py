"""A recording of two hours."""

import time

HOURS = 7200
MARKS = (600, 3600, 7000)
BEGUN = int(time.time() - 86400) * 1_000_000  # µs; retention counts the days
