"""The WebSocket that a page watches a session by."""

import json
import struct

PROTOCOL = "yanmen.frames.1"
OUT, KEYS, SCREEN, META, FINISH = 5, 4, 8, 1, 13


def frames(message):
    """(time_us, type, channel, body) of each frame of one message: docs/RECORDING.md."""
    while message:
        time_us, kind, channel, n = struct.unpack_from("<QBII", message)
        assert len(message) >= 17 + n
        yield time_us, kind, channel, message[17:17 + n]
        message = message[17 + n:]


class Feed:
    def __init__(self, socket):
        self.socket, self.all, self.end, self.bytes = socket, [], None, 0

    def text(self):
        return b"".join(body for _, kind, _, body in self.all if kind == OUT)

    def step(self):
        message = self.socket.receive(40)
        self.bytes += len(message)
        if isinstance(message, str):
            self.end = json.loads(message)["end"]
        else:
            self.all += frames(message)
        return self

    def until(self, condition):
        while not condition(self):
            assert self.end is None, self.end
            self.step()
        return self

    def finish(self):
        while self.end is None:
            self.step()
        assert self.socket.ended() == 1000
        return self
