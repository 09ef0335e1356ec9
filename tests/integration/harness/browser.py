"""What a browser says to the console, without one: HTTPS with its cookies, and WebSockets by RFC 6455."""

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
from urllib.parse import quote, urlencode, urlsplit

from . import described
from .wait import until

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]


class Browser:
    def __init__(self, instance, lang="en"):
        where = urlsplit(instance.endpoints["web"])
        self.instance, self.lang = instance, lang
        self.host, self.port = where.hostname, where.port
        self.origin = f"https://{self.host}:{self.port}"
        self.tls = ssl.create_default_context(cafile=instance.home / "web.crt")
        self.cookies, self.csrf = {}, ""
        self.connection = None

    def connect(self, seconds=30):
        raw = socket.create_connection((self.host, self.port), timeout=seconds)
        return self.tls.wrap_socket(raw, server_hostname=self.host)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method, path, body=None, headers=(), fresh=False):
        """One request; `headers` replace ours, None leaves one out."""
        if fresh or self.connection is None:
            self.close()
            self.connection = http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=60)
        all_headers = {"Accept-Language": self.lang, "Origin": self.origin, "Cookie": self.cookie(), "X-CSRF-Token": self.csrf}
        if not isinstance(body, (bytes, type(None))):
            body = json.dumps(body).encode()
        all_headers |= dict(headers)
        all_headers = {k: v for k, v in all_headers.items() if v}
        try:
            self.connection.request(method, path, body=body, headers=all_headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if fresh:
                raise
            return self.ask(method, path, body, headers, fresh=True)  # it was idle for too long, or the server is a new one
        answer = Answer(response, response.read())
        described.hold(method, path, answer)
        self.keep(response)
        if response.headers.get("Connection") == "close":
            self.close()
        return answer

    def keep(self, response):
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            assert "Secure" in rest and "HttpOnly" in rest and "SameSite=Strict" in rest and "Path=/" in rest
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    def get(self, path, **kw):
        return self.ask("GET", f"/api/v1{path}", **kw)

    def post(self, path, body=None, **kw):
        return self.ask("POST", f"/api/v1{path}", body={} if body is None else body, **kw)

    def ok(self, answer):
        assert answer.status == 200, f"{answer.status} {answer.body[:500]!r}{self.instance.log_tail(15)}"
        return answer.json

    def rows(self, collection, **query):
        return self.ok(self.get(f"/{collection}?{urlencode(query)}"))["rows"]

    def command(self, command, **args):
        return self.post(f"/commands/{command.replace(' ', '/')}", args)

    # ---- login ----
    def password(self, user, password=None):
        return self.post("/login", {"user": user.name, "password": password or user.password_file.read_text().strip()})

    def login(self, user):
        done = self.ok(self.password(user))
        assert done["step"] == "done", done
        self.csrf = done["csrf"]
        return self

    # ---- WebSockets ----
    def ticket(self, path):
        return self.ok(self.post(f"{path}/ticket"))["ticket"]

    def socket(self, path, protocol=None, ticket=None, query="", **headers):
        ticket = self.ticket(path) if ticket is None else ticket
        return Socket(self, f"/api/v1{path}?ticket={quote(ticket)}{query}", protocol, headers)


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]!r}")
        self.status, self.body = status, body


class Closed(Exception):
    def __init__(self, code):
        super().__init__(str(code))
        self.code = code


class Socket:
    def __init__(self, browser, path, protocol, headers):
        self.raw = browser.connect()
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": f"{browser.host}:{browser.port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                 "Sec-WebSocket-Version": "13", "Origin": browser.origin, "Cookie": browser.cookie()}
        if protocol:
            lines["Sec-WebSocket-Protocol"] = protocol
        lines |= headers
        head = "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v)
        self.raw.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        status, answer = self.read_head()
        if status != 101:
            raise Refused(status, self.buffer + self.rest())
        want = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        assert answer["sec-websocket-accept"] == want
        assert answer.get("sec-websocket-protocol") == protocol

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.raw.recv(65536)
            if not more:
                raise Closed(0)
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}

    def rest(self):
        data = b""
        while more := self.raw.recv(65536):
            data += more
        return data

    def take(self, n):
        while len(self.buffer) < n:
            more = self.raw.recv(1 << 20)
            if not more:
                raise Closed(0)
            self.buffer += more
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def send(self, data, opcode=BINARY, final=True):
        mask = os.urandom(4)
        n = len(data)
        head = bytes([(0x80 if final else 0) | opcode])
        head += bytes([0x80 | n]) if n < 126 else bytes([0xFE]) + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n)
        masked = bytes(c ^ mask[i & 3] for i, c in enumerate(data))
        self.raw.sendall(head + mask + masked)

    def receive(self, seconds=30):
        """The next message; pings are answered on the way; the peer's close is raised."""
        self.raw.settimeout(seconds)
        data, kind = b"", None
        while True:
            first, second = self.take(2)
            n = second & 0x7F
            n = struct.unpack(">H", self.take(2))[0] if n == 126 else struct.unpack(">Q", self.take(8))[0] if n == 127 else n
            part = self.take(n)
            opcode = first & 15
            if opcode == CLOSE:
                raise Closed(struct.unpack(">H", part[:2])[0] if part else 1005)
            if opcode == PING:
                self.send(part, PONG)
                continue
            if opcode == PONG:
                continue
            kind = opcode or kind
            data += part
            if first & 0x80:
                return data.decode() if kind == TEXT else data

    def close(self):
        self.raw.close()

    def ended(self, seconds=30):
        """Reads until the peer closes; returns its code."""
        try:
            while True:
                self.receive(seconds)
        except Closed as closed:
            return closed.code


class Terminal:
    """A terminal of the browser: webterm/frame.h, without a screen."""

    HELLO, INPUT, SIZE, ACK, END = 1, 2, 3, 4, 9
    STATE, OUTPUT, SCREEN, NOTICE = 0x81, 0x82, 0x83, 0x84

    def __init__(self, browser, target, account=None, columns=80, rows=24):
        made = browser.ok(browser.post("/terminals", {"target": target} | ({"account": account} if account else {})))
        self.browser, self.id = browser, made["id"]
        self.size = columns, rows
        self.attach(made["ticket"])

    @property
    def path(self):
        return f"/terminals/{self.id}"

    def attach(self, ticket=None):
        self.text, self.states, self.frames = b"", [], []
        ticket = ticket or self.browser.ticket(self.path)
        self.socket = self.browser.socket(f"{self.path}/socket", "yanmen.term.1", ticket)
        self.say(self.HELLO, struct.pack("<HH", *self.size))
        return self

    def say(self, kind, body=b""):
        self.socket.send(bytes([kind]) + body)

    def type(self, text):
        self.say(self.INPUT, text.encode())

    def step(self, seconds=30):
        frame = self.socket.receive(seconds)
        kind, body = frame[0], frame[1:]
        self.frames.append((kind, body))
        if kind == self.STATE:
            self.states.append(json.loads(body))
        elif kind == self.OUTPUT:
            self.text += body
            self.say(self.ACK, struct.pack("<I", len(body)))
        elif kind == self.SCREEN:
            self.text += body[4:]
        return kind

    def until(self, wanted, seconds=60):
        """Reads until the text has come, or `wanted` says so."""
        good = wanted if callable(wanted) else lambda: wanted.encode() in self.text
        while not good():
            self.step(seconds)
        return self

    def online(self):
        return self.until(lambda: any(s["state"] == "online" for s in self.states))

    def close(self):
        self.socket.close()


def wait_health(browser, seconds=30):
    return until(lambda: browser.ask("GET", "/healthz", fresh=True).status == 200, seconds, "the console's health")
