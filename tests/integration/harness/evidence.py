"""Recordings as they are verified: sealed sessions, and the key."""

import second_reader as second
from pathlib import Path

from harness.wait import until


def sealed(instance, user):
    row = instance.session_of(user, "closed")
    until(lambda: next(r for r in instance.ok("recording", "list") if r["id"] == row["id"])["recording"] == "closed", 10, "the seal")
    return row["id"]


def endpoint_key(instance):
    return second.public_key(Path(instance.endpoints["public_key"]).read_text())
