"""The processes of one instance, by role: what they are, how much memory they hold, how they are hurt."""

import os
import signal
from pathlib import Path

from .wait import until


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (OSError, IndexError):
        return True


def program(pid):
    """argv[0] without its folder."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace").rsplit("/", 1)[-1]
    except OSError:
        return ""


def children(pid):
    """Living children, oldest first."""
    return [int(p.name) for p in sorted((p for p in Path("/proc").iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
            if parent_of(p.name) == pid and not is_zombie(p.name)]


def sockets(pid):
    """Inodes of the sockets that a process holds."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(entry)
        except OSError:
            continue
        if name.startswith("socket:["):
            found.add(int(name[8:-1]))
    return found


def tcp_table(version=""):
    return [line.split() for line in Path(f"/proc/net/tcp{version}").read_text().splitlines()[1:]]


def listening():
    """Inodes of all listening TCP sockets of this machine."""
    return {int(r[9]) for version in ("", "6") if Path(f"/proc/net/tcp{version}").exists() for r in tcp_table(version) if r[3] == "0A"}


def tcp():
    """Established connections on this machine: (local port, remote port) -> inode."""
    rows = tcp_table()
    return {(int(r[1].split(":")[1], 16), int(r[2].split(":")[1], 16)): int(r[9]) for r in rows if r[3] == "01"}


def server_side(client_pid, server_pids, port):
    """Which of the processes holds the other end of the connection to that port, of the client or of its child (scp's ssh)."""
    ends, mine = tcp(), set().union(*map(sockets, (client_pid, *children(client_pid))))
    source = next(local for (local, remote), inode in ends.items() if remote == port and inode in mine)
    return next(pid for pid in server_pids if ends[port, source] in sockets(pid))


def private_kib(pid):
    """Private memory, as smaps_rollup counts it."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(r.split()[1]) for r in rows if r.startswith(("Private_Clean", "Private_Dirty")))


def cpu_ms(pid):
    """What it has used so far."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) * 1000 // os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill_hard(pid):
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid), 5, f"the end of {pid}")
