"""Which build is under test."""

import os
from pathlib import Path

import pytest

PREFIX = Path(os.environ.get("YANMEN_PREFIX", "build/install")).resolve()
PROGRAMS = PREFIX / "libexec/yanmen"
SANITIZED = "build-asan" in PREFIX.parts


def plain_build(reason):
    """For a test that says nothing about a sanitizer build, or cannot live in one."""
    return pytest.mark.skipif(SANITIZED, reason=f"{reason}; the run of the plain build has it")
