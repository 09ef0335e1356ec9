"""Mounts that nobody else sees.

unshare makes everything private first, which it cannot where / is no mount (a chroot); there nothing has to be made private when nothing is
shared, which the mounts of process 1 tell.
"""

import functools
import subprocess
from pathlib import Path


@functools.cache
def private():
    """The command before one that mounts; None: this machine does not allow it."""
    for how in ("private", "unchanged"):
        if how == "unchanged" and "shared:" in Path("/proc/1/mountinfo").read_text(encoding="utf-8"):
            return None
        command = ["unshare", "-m", "--propagation", how]
        if subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return command
    return None
