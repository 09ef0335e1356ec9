"""One of our programs started as yanmend starts it: its descriptors at 3, 4, … in the order given, and no others."""

import fcntl
import os
import subprocess


def spawn(program, fds, stderr=None):
    """`fds` stay the caller's to close. The environment is empty but for what the C library reads."""

    def place():
        above = 3 + len(fds)  # first out of the way: they may lie on each other's places
        spare = [fcntl.fcntl(fd, fcntl.F_DUPFD, above) for fd in fds]
        for place, fd in enumerate(spare, 3):
            os.dup2(fd, place)
        os.closerange(above, 1024)

    return subprocess.Popen([program], preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stderr=stderr,
                            env={"PATH": "/usr/bin", "LANG": "C.UTF-8"})
