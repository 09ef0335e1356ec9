"""Runs on the target: holds the client's agent and screen open, and asks both once for each line of its standard input."""

import os
import socket
import struct
import subprocess
import sys


def exactly(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        assert more, "closed"
        got += more
    return got


def agent_open():
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.environ["SSH_AUTH_SOCK"])
    return s


def agent_keys(s):
    s.sendall(struct.pack(">IB", 1, 11))  # SSH_AGENTC_REQUEST_IDENTITIES
    answer = exactly(s, struct.unpack(">I", exactly(s, 4))[0])
    assert answer[0] == 12
    return struct.unpack(">I", answer[1:5])[0]


def screen_open():
    display = os.environ["DISPLAY"]
    [line] = subprocess.run(["xauth", "-q", "list", display], check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    name, cookie = line.split()[1].encode(), bytes.fromhex(line.split()[2])
    s = socket.create_connection(("127.0.0.1", 6000 + int(display.split(":")[1].split(".")[0])), 60)
    s.settimeout(None)
    padded = [b + bytes(-len(b) % 4) for b in (name, cookie)]
    s.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie)) + b"".join(padded))
    head = exactly(s, 8)
    exactly(s, 4 * struct.unpack("<H", head[6:8])[0])
    assert head[0] == 1, "the screen said no"
    return s


def screen_focus(s):
    s.sendall(struct.pack("<BBH", 43, 0, 1))  # GetInputFocus
    assert exactly(s, 32)[0] == 1


def main():
    agent, screen = agent_open(), screen_open()
    print("open", flush=True)
    for line in sys.stdin:
        keys = agent_keys(agent)
        screen_focus(screen)
        print(line.strip(), keys, flush=True)


main()
