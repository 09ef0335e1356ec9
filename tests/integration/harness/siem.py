"""Receivers of the SIEM stream: one of our own, strict about RFC 5424 and RFC 6587, and real rsyslogd."""

import datetime
import ipaddress
import json
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .wait import until

FRAME_MAX = 8192
HEADER = re.compile(rb"<(0|[1-9]\d{0,2})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)|-)"
                    rb" ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) ")
NAME = rb"[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}"
PARAM = re.compile(rb' (' + NAME + rb')="((?:[^"\\\]]|\\["\\\]])*)"')
BOM = b"\xef\xbb\xbf"


def parse(message):
    """One message by the grammar of RFC 5424 section 6, with one element of structured data; fails the test otherwise."""
    assert len(message) <= FRAME_MAX
    head = HEADER.match(message)
    assert head, message[:200]
    pri = int(head.group(1))
    assert pri <= 191
    at = head.end()
    element = re.compile(rb"\[(" + NAME + rb")").match(message, at)
    assert element, message[at:at + 100]
    at, params = element.end(), {}
    while param := PARAM.match(message, at):
        name = param.group(1).decode()
        assert name not in params, name
        params[name] = re.sub(rb'\\(["\\\]])', rb"\1", param.group(2)).decode("utf-8")
        at = param.end()
    assert message[at:at + 2] == b"] ", message[at:at + 100]
    text = message[at + 2:]
    assert text.startswith(BOM), text[:20]
    text = text[3:].decode("utf-8")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)
    for value in params.values():
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value)
    if head.group(2) != b"-":
        datetime.datetime.fromisoformat(head.group(2).decode().replace("Z", "+00:00"))
    return {"facility": pri >> 3, "severity": pri & 7, "time": head.group(2).decode(), "host": head.group(3).decode(),
            "app": head.group(4).decode(), "msgid": head.group(6).decode(), "id": element.group(1).decode(), "text": text, **params}


class Receiver:
    """Takes connections one after the other and reads frames, as long as `reads` is set."""

    def __init__(self, port=0, context=None):
        self.context, self.port = context, port
        self.connections = []  # of each, its messages in order
        self.refused = []      # handshakes that failed
        self.reads = threading.Event()
        self.reads.set()
        self.listener = None
        self.open = []

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        until(self._bind, 10, "the port")
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def _bind(self):
        try:
            self.listener.bind(("127.0.0.1", self.port))
            return True
        except OSError:
            return False

    def stop(self):
        """As a process that is killed: every descriptor is closed at once."""
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.open = []

    def _accept(self, listener):
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one):
        try:
            if self.context:
                one = self.context.wrap_socket(one, server_side=True)
        except (OSError, ssl.SSLError) as e:
            self.refused.append(str(e))
            one.close()
            return
        self.open.append(one)
        messages = []
        self.connections.append(messages)
        data = b""
        while self.reads.wait():
            try:
                got = one.recv(65536)
            except (OSError, ValueError):
                return
            if not got:
                return
            data = self._frames(data + got, messages)

    @staticmethod
    def _frames(data, messages):
        while True:
            length, blank, rest = data.partition(b" ")
            if not blank or len(rest) < int(length):
                assert re.fullmatch(rb"[1-9]\d*|", length) or not blank, length[:20]
                return data
            messages.append(rest[:int(length)])
            data = rest[int(length):]

    # ---- what came ----
    def rows(self):
        return [parse(m) for messages in list(self.connections) for m in list(messages)]

    def last(self):
        return max((int(r["seq"]) for r in self.rows()), default=0)


def in_order(rows):
    """The rows without doubles; what is new comes in the order of the chain without a gap, from 1."""
    known = {}
    for row in rows:
        seq = int(row["seq"])
        if seq in known:
            assert row == known[seq], seq
        else:
            assert seq == len(known) + 1, f"{seq} behind {len(known)}"
            known[seq] = row
    return list(known.values())


def chain(instance):
    """The audit log as the gateway exports it: (seq, kind, hash, body)."""
    path = instance.scratch / instance.name("chain")
    instance.ok("audit", "export", "--output", path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [(r["seq"], r["kind"], r["hash"], json.loads(r["body"])) for r in rows if "kind" in r]


def check(instance, sink):
    """doctor's line about that sink."""
    return next((c for c in instance.cli("doctor").json if c["name"] == f"SIEM {sink}"), None)


# ---- certificates ----

class Authority:
    def __init__(self, folder, name):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self.name, self.secret.public_key(), ca=True)
        self.file = self._write(f"{name}.pem", self.certificate)

    def _sign(self, subject, public, names=(), ca=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        return builder.sign(self.secret, hashes.SHA256())

    def _write(self, name, *things):
        path = self.folder / name
        data = b"".join(t.public_bytes(serialization.Encoding.PEM) if hasattr(t, "public_bytes") else t for t in things)
        path.write_bytes(data)
        path.chmod(0o640)
        return path

    def issue(self, name):
        """(certificate file, key file) for a host name or an IP address."""
        secret = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        pem = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._write(f"{name}.cert.pem", self._sign(subject, secret.public_key(), [alternative])), self._write(f"{name}.key.pem", pem)


def server_context(certificate, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context


# ---- rsyslog ----

class Rsyslog:
    """A private rsyslogd that writes what it understood as JSON, one message a line."""

    def __init__(self, folder, port, tls=None):
        self.folder, self.port, self.tls = Path(folder), port, tls
        self.folder.mkdir()
        self.out = self.folder / "out"
        self.process = None

    def configuration(self):
        stream = ('streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid"' if self.tls else "")
        files = "".join(f' {option}="{path}"' for option, path in zip(
            ("defaultNetstreamDriverCAFile", "defaultNetstreamDriverCertFile", "defaultNetstreamDriverKeyFile"), self.tls or ()))
        return f"""global(workDirectory="{self.folder}" maxMessageSize="16k" parser.escapeControlCharactersOnReceive="off"{files})
module(load="imtcp" {stream})
module(load="mmpstrucdata")
template(name="json" type="list" option.jsonf="on") {{
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="data" name="$!rfc5424-sd" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}}
template(name="line" type="string" string="%$!all-json%\\n")
ruleset(name="siem") {{
  action(type="mmpstrucdata")
  set $!text = $msg;
  set $!msgid = $msgid;
  set $!pri = $pri;
  set $!app = $app-name;
  action(type="omfile" file="{self.out}" template="line" asyncWriting="off" flushOnTXEnd="on")
}}
input(type="imtcp" address="127.0.0.1" port="{self.port}" ruleset="siem")
"""

    def start(self):
        conf = self.folder / "rsyslog.conf"
        conf.write_text(self.configuration())
        self.process = subprocess.Popen(["rsyslogd", "-n", "-f", conf, "-i", self.folder / "pid"],
                                        stdout=open(self.folder / "log", "ab"), stderr=subprocess.STDOUT)
        until(self._answers, 20, f"rsyslogd: {(self.folder / 'log').read_text()[-400:]}")
        return self

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, kill=False):
        if self.process and self.process.poll() is None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(20)

    def rows(self):
        text = self.out.read_text() if self.out.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


def happen(instance, n=1):
    """Something happens; returns the number of the newest sealed row once it is among them."""
    for _ in range(n):
        word = instance.name("happened")
        instance.ok("group", "add", word)
    return until(lambda: int((instance.sql(f"select s.seq from audit.seal s join audit.event e on e.id = s.event_id "
                                           f"where e.kind = 'group.added' and e.body like '%{word}%'") or [0])[0]), 30, "the seal")


def arrived(receiver, seq, seconds=60):
    until(lambda: receiver.last() >= seq, seconds, f"row {seq}")


def told(instance, sink, word, seconds=40):
    """doctor's line about the sink, once it has that word."""
    return until(lambda: (c := check(instance, sink)) and word in c["say"] and c, seconds, f"doctor: {word}")
