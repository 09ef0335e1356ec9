"""A browser's terminal without a browser: the real yanmen-term, its SSH connection through the real gateway (ssh -W, a login through a
login), and the frames of webterm/frame.h on its socket."""

import base64
import contextlib
import json
import re
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from . import wire
from .build import PROGRAMS
from .spawn import spawn
from .through import Through
from .wait import until

HEADER = Path(__file__).resolve().parents[3] / "webterm/frame.h"
KINDS = {name: int(number, 16) for name, number in re.findall(r"WEB_FRAME_(\w+) = (0x[0-9a-f]+)", HEADER.read_text())}
NAMES = {number: name for name, number in KINDS.items()}
FRAME_MAX = 32 << 10
UNREAD = 512 << 10
CREDIT = 1 << 20
JOB_TERM = 4
PIECE = FRAME_MAX - 5


class Refused(Exception):
    """A request of the file panel that was answered with ok: false."""

    def __init__(self, answer):
        super().__init__(answer["say"])
        self.code, self.say = answer["code"], answer["say"]


class WebTerm:
    """Reads all the time, in a thread of its own; acknowledges what it reads while `acks` is set."""

    def __init__(self, instance, user, target=None, account=None, lang="en", size=(80, 24), charset=0, host_key=None, **rules):
        self.instance, self.user = instance, user
        target, account = target or instance.demo, account or instance.account.name
        key = base64.b64decode(instance.ok("public", "keys")["host"].split()[1])
        self.log = instance.scratch / instance.name("term-log")
        self.parent, parent_end = wire.pair()
        with open(self.log, "wb") as log:
            self.process = spawn(str(PROGRAMS / "yanmen-term"), [parent_end.fileno()], stderr=log)
        parent_end.close()
        name, hello, _ = wire.receive(self.parent, 30)
        assert (name, hello["role"]) == ("hello", 11), (name, hello)
        self.desk, desk_end = wire.pair()
        stream, inner = socket.socketpair()
        through = Through(instance, user)
        self.jump = subprocess.Popen(through.argv("-W", f"{target}:22", "gate"), stdin=inner, stdout=inner, stderr=subprocess.PIPE,
                                     env=through.env, start_new_session=True)
        wire.send(self.parent, "client", desk_end.fileno(), worker=1, job=JOB_TERM)
        wire.send(self.desk, "term_begin", stream.fileno(), target=target, account=account, lang=lang, host_key=host_key or key,
                  charset=charset, **rules)
        for s in (desk_end, stream, inner):
            s.close()
        self.lock = threading.Condition()
        self.acks, self.reads = True, True
        self.output, self.received, self.screens, self.states, self.notices = b"", 0, [], [], []
        self.taken, self.keep = 0, True
        self.filed, self.chunks, self.credit = {}, {}, {}
        self.closed = False
        self.next_id = 1
        self.on_chunk = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        if size:
            self.hello(*size)

    # ---- frames ----
    def send(self, kind, body=b""):
        wire.send(self.desk, "term", frame=bytes([KINDS[kind]]) + body)

    def hello(self, columns=80, rows=24):
        self.send("HELLO", struct.pack("<HH", columns, rows))

    def size(self, columns, rows):
        self.send("SIZE", struct.pack("<HH", columns, rows))

    def ack(self, n):
        self.send("ACK", struct.pack("<I", n))

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        for at in range(0, len(data), FRAME_MAX - 1):
            self.send("INPUT", data[at:at + FRAME_MAX - 1])

    def away(self):
        self.hello(0, 0)

    def _read(self):
        sock = self.desk.dup()
        sock.settimeout(None)
        while True:
            with self.lock:
                self.lock.wait_for(lambda: self.reads)
            try:
                data = sock.recv(70000)
            except ConnectionError:  # it left something of ours unread
                data = b""
            if not data:
                break
            name, values = wire.unpack(data)
            assert name == "term"
            self._frame(values["frame"])
        with self.lock:
            self.closed = True
            self.lock.notify_all()

    def _frame(self, frame):
        kind, body = NAMES[frame[0]], frame[1:]
        assert len(frame) <= FRAME_MAX
        with self.lock:
            getattr(self, f"_on_{kind.lower()}")(body)
            self.lock.notify_all()
        if kind == "OUTPUT" and self.acks:
            with contextlib.suppress(OSError):  # a test has closed it
                self.ack(len(body))

    def _on_output(self, body):
        self.received += len(body)
        if self.keep:
            self.output += body

    def _on_screen(self, body):
        self.screens.append((*struct.unpack_from("<HH", body), body[4:]))

    def _on_state(self, body):
        self.states.append(json.loads(body))

    def _on_notice(self, body):
        self.notices.append(json.loads(body))

    def _on_taken(self, body):
        self.taken += struct.unpack("<I", body)[0]

    def _on_filed(self, body):
        self.filed.setdefault(struct.unpack_from("<I", body)[0], []).append(json.loads(body[4:]))

    def _on_chunk_of(self, body):
        number = struct.unpack_from("<I", body)[0]
        self.chunks.setdefault(number, []).append(body[4:])

    def _on_credit_taken(self, body):
        number, n = struct.unpack("<II", body)
        self.credit[number] = self.credit.get(number, 0) + n

    def wait(self, condition, seconds=40, what="it"):
        deadline = time.monotonic() + seconds
        with self.lock:
            while not (value := condition()):
                left = 0 if self.closed else deadline - time.monotonic()
                assert left > 0, f"{what}: {self.output[-500:]!r} {self.states[-2:]} {self.log.read_text()[-500:]}"
                self.lock.wait(min(left, 1))
            return value

    # ---- the terminal ----
    def expect(self, text, seconds=40):
        """Waits for it in the output, and forgets all up to its end; returns what stood before it."""
        data = text.encode() if isinstance(text, str) else text
        self.wait(lambda: data in self.output, seconds, repr(text))
        with self.lock:
            before, _, self.output = self.output.partition(data)
        return before

    def shell(self):
        """Brings the shell to a prompt that nothing else prints."""
        self.type("bind 'set enable-bracketed-paste off'; PS1='rea''dy> '; PS2=; unset PROMPT_COMMAND\r")
        self.expect("ready> ")

    def run(self, line, seconds=40):
        self.type(line + "\r")
        return self.expect("ready> ", seconds)

    def goes_on(self):
        self.type("echo fi''ne\r")
        self.expect("fine\r\n")

    def ended(self, seconds=40):
        return self.wait(lambda: next((s for s in self.states if s["state"] == "ended"), None), seconds, "its end")

    def session(self):
        return self.instance.session_of(self.user, "online")["id"]

    # ---- files ----
    def ask(self, op, number=None, **args):
        if number is None:
            number, self.next_id = self.next_id, self.next_id + 1
        self.send("FILE", struct.pack("<I", number) + json.dumps({"op": op, **args}).encode())
        return number

    def answer(self, number, seconds=60):
        """The next answer to that request."""
        self.wait(lambda: self.filed.get(number), seconds, f"an answer to {number}")
        with self.lock:
            answer = self.filed[number].pop(0)
        if not answer["ok"]:
            raise Refused(answer)
        return answer

    def do(self, op, **args):
        return self.answer(self.ask(op, **args))

    def list(self, path):
        number, entries = self.ask("list", path=str(path)), []
        while True:
            page = self.answer(number)
            entries += page["entries"]
            if not page["more"]:
                return {e["name"]: e for e in entries}

    def give(self, number, n):
        self.send("CREDIT_GIVEN", struct.pack("<II", number, n))

    def get(self, path, start=0, number=None, sink=None):
        """Gives back credit for what came; returns the bytes, or their count where a sink takes them."""
        number = self.ask("get", number, path=str(path), **{"from": start} if start else {})
        self.give(number, CREDIT)
        self.answer(number)
        data, n, owed = [], 0, 0
        while True:
            self.wait(lambda: self.chunks.get(number) or self.filed.get(number), 60, "a piece of the file")
            with self.lock:
                pieces, self.chunks[number] = self.chunks.get(number, []), []
            if not pieces:
                self.answer(number)
            for piece in pieces:
                if not piece:
                    return n if sink else b"".join(data)
                n, owed = n + len(piece), owed + len(piece)
                sink(piece) if sink else data.append(piece)
            if owed >= CREDIT // 4:
                self.give(number, owed)
                owed = 0

    def put(self, path, data, start=0, overwrite=False, number=None):
        number = self.ask("put", number, path=str(path), overwrite=overwrite, **{"from": start} if start else {})
        self.answer(number)
        self.put_rest(number, data)
        return self.answer(number)

    def put_rest(self, number, data, end=True):
        at = 0
        while at < len(data):
            self.wait(lambda: self.credit.get(number, 0) > 0 or self.filed.get(number), 60, "credit")
            if self.filed.get(number):
                return
            with self.lock:
                n = min(self.credit[number], PIECE, len(data) - at)
                self.credit[number] -= n
            self.send("CHUNK", struct.pack("<I", number) + data[at:at + n])
            at += n
        if end:
            self.send("CHUNK", struct.pack("<I", number))

    # ---- its end ----
    def close(self):
        self.desk.close()
        if self.thread.is_alive():
            with self.lock:
                self.reads = True
                self.lock.notify_all()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.jump.kill()
        self.jump.communicate()
        self.parent.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # The thread's copy holds the socket open: END says what its closing would.
        with contextlib.suppress(OSError):
            self.send("END")
        code = self.close()
        text = self.log.read_text()
        assert "Sanitizer" not in text and "runtime error" not in text, text
        if kind is None:
            assert code == 0, (code, text)

    @property
    def pid(self):
        return self.process.pid


def folder(instance):
    """One that the sample account may write to."""
    path = instance.scratch / instance.name("panel")
    path.mkdir()
    path.chmod(0o777)
    return path


def wait_gone(instance, user):
    until(lambda: not instance.sessions(user, "online"), 30, "the end of the session")


