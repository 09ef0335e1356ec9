"""Receivers of messages: a real mail server (aiosmtpd, with STARTTLS and AUTH), and https servers that are webhooks, robots or liars."""

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import json
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from .siem import server_context


class Mail:
    """What came, parsed strictly; `answer` says to each recipient; while `goes_on` is not set, a mail that came is not answered.

    tls: starttls, tls (at once) or none.  without: mechanisms that it does not offer."""

    def __init__(self, authority, port=0, login=("robot", "p w"), tls="starttls", without=(), name="localhost"):
        self.came, self.logins, self.answer = [], [], lambda address: "250 OK"
        self.goes_on = threading.Event()
        self.goes_on.set()
        context = server_context(*authority.issue(name))
        outer = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                said = outer.answer(address)
                if said.startswith("250"):
                    envelope.rcpt_tos.append(address)
                return said

            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
                outer.came.append((envelope.mail_from, envelope.rcpt_tos, message))
                await asyncio.get_running_loop().run_in_executor(None, outer.goes_on.wait, 20)
                return "250 2.0.0 taken"

        def authenticate(server, session, envelope, mechanism, data):
            outer.logins.append((mechanism, data.login.decode(), tls == "tls" or session.ssl is not None))
            good = (data.login.decode(), data.password.decode()) == login
            return AuthResult(success=good, handled=not good)

        class Server(Controller):
            def factory(self):
                return SMTP(Handler(), tls_context=context if tls == "starttls" else None, require_starttls=tls == "starttls",
                            authenticator=authenticate, auth_required=tls == "starttls",
                            auth_require_tls=tls == "starttls", auth_exclude_mechanism=without)

        self.make = lambda at: Server(Handler(), hostname="127.0.0.1", port=at, ssl_context=context if tls == "tls" else None)
        self.controller, self.port = None, port

    def start(self):
        if not self.port:
            from .instance import free_port
            self.port = free_port()
        self.controller = self.make(self.port)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None

    def to(self, address):
        return [message for _, to, message in self.came if address in to]


class Hook:
    """An https server; `answer(request)` gives (status, headers, body), and may take its time."""

    def __init__(self, authority, answer=None, name="localhost"):
        self.came, self.lock = [], threading.Lock()
        self.answer = answer or (lambda request: (200, {}, b'{"errcode":0,"errmsg":"ok"}'))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = {"path": self.path, "headers": dict(self.headers), "body": body}
                with outer.lock:
                    outer.came.append(request)
                status, headers, answer = outer.answer(request)
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

            def get_request(self):
                one, address = super().get_request()
                one.settimeout(30)
                return context.wrap_socket(one, server_side=True, do_handshake_on_connect=False), address

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue(name))
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/hook"):
        return f"https://localhost:{self.port}{path}"

    def bodies(self):
        with self.lock:
            return [json.loads(r["body"]) for r in self.came]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def signed(request, key):
    """As docs/NOTIFY.md tells a receiver to look."""
    stamp = request["headers"]["X-Yanmen-Time"]
    mac = hmac.new(key.encode(), stamp.encode() + b"." + request["body"], hashlib.sha256).hexdigest()
    return hmac.compare_digest(request["headers"]["X-Yanmen-Signature"], "v1=" + mac)


def dingtalk_signed(request, key):
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request["path"]).query, strict_parsing=True))
    mac = hmac.new(key.encode(), f"{query['timestamp']}\n{key}".encode(), hashlib.sha256).digest()
    return hmac.compare_digest(query["sign"], base64.b64encode(mac).decode())
