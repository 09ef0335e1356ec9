"""syslog over TLS: who the receiver must be, who we are to it, and real receivers: rsyslogd and openssl s_server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import LIMITS, work_dir
from harness.build import PREFIX
from harness.instance import Instance, free_port
from harness.siem import Authority, Receiver, Rsyslog, arrived, chain, check, happen, in_order, parse, server_context, told
from harness.wait import until

pytestmark = pytest.mark.outage

HOST = "localhost"  # also ::1, where nobody listens: the next address is tried


class Place:
    """An instance whose stream goes to a port by TLS, and two authorities."""

    def __init__(self):
        home = work_dir()
        self.folder = home.with_name(home.name + "-tls")
        self.ours, self.other = Authority(self.folder / "ours", "ours"), Authority(self.folder / "other", "other")
        self.ca, self.certificate, self.key = (self.folder / name for name in ("ca.pem", "client.pem", "client.key"))
        self.use(self.ours)
        self.port = free_port()
        settings = {"syslog": f"tls://{HOST}:{self.port}", "ca": self.ca, "certificate": self.certificate, "key": self.key}
        self.instance = Instance(home, *LIMITS, *(x for k, v in settings.items() for x in ("--set", f"siem.{k}={v}")))

    def use(self, ca, client=None):
        """Puts the files there that the gateway uses: who signed the receiver, and our own certificate."""
        shutil.copy(ca.file, self.ca)
        certificate, key = (client or self.ours).issue("gateway")
        shutil.copy(certificate, self.certificate)
        shutil.copy(key, self.key)

    def renew(self):
        [pid] = until(lambda: self.instance.pids("export"), 20, "the process")
        os.kill(self.instance.service_pid("yanmend"), 1)
        until(lambda: self.instance.pids("export") not in ([], [pid]), 20, "another process")

    def receiver(self, name=HOST, ca=None, client_ca=None):
        context = server_context(*(ca or self.ours).issue(name), (client_ca or self.ours).file)
        return Receiver(self.port, context).start()


@pytest.fixture(scope="module")
def place():
    p = Place()
    try:
        p.instance.start()
        yield p
        assert not p.instance.sanitizer_reports()
    finally:
        if os.environ.get("YANMEN_KEEP") != "1":
            p.instance.run("--reset", "--yes", check=False)
            shutil.rmtree(p.folder, ignore_errors=True)


@pytest.fixture
def receive(place):
    """Starts receivers on the one port, one after the other; whatever a test did, the files are right afterwards."""
    made = []

    def start(**kw):
        for r in made:
            r.stop()
        made.append(place.receiver(**kw))
        return made[-1]
    yield start
    for r in made:
        r.stop()
    place.use(place.ours)
    place.renew()


def refused(place, receiver, *words):
    for word in words:
        assert told(place.instance, "syslog", word)["state"] == "warn"
    assert receiver.rows() == []


def test_rows_arrive_over_tls_with_certificates_on_both_sides(place, receive):
    receiver = receive()
    arrived(receiver, happen(place.instance))
    assert not receiver.refused or receiver.last()
    log = {s: digest for s, _, digest, _ in chain(place.instance)}
    assert all(log[int(r["seq"])] == r["hash"] for r in in_order(receiver.rows()) if int(r["seq"]) in log)
    assert receiver.open[-1].version() == "TLSv1.3"
    told(place.instance, "syslog", "has arrived")


def test_a_receiver_signed_by_another_authority_gets_nothing(place, receive):
    receiver = receive(ca=place.other)
    happen(place.instance)
    refused(place, receiver, "its certificate is not accepted", "siem.ca must be who signed it")
    place.use(place.other, client=place.ours)
    place.renew()
    arrived(receiver, happen(place.instance))


def test_a_receiver_of_another_name_gets_nothing(place, receive):
    receiver = receive(name="siem.example")
    happen(place.instance)
    refused(place, receiver, "its certificate is not accepted", "hostname mismatch")
    arrived(receive(), happen(place.instance))


def test_a_receiver_that_does_not_accept_us_is_told_of(place, receive):
    receiver = receive(client_ca=place.other)
    happen(place.instance)
    refused(place, receiver, "TLS fails", "does it want siem.certificate")
    place.use(place.ours, client=place.other)
    place.renew()
    arrived(receiver, happen(place.instance))


def test_a_port_that_speaks_no_tls_is_told_of(place, receive):
    receive().stop()
    plain = Receiver(place.port).start()
    plain._frames = lambda data, messages: b""
    try:
        happen(place.instance)
        until(lambda: plain.connections, 30, "a connection")
        for one in list(plain.open):
            one.sendall(b"hello\r\n")
        plain.stop()
        plain.start()
        assert told(place.instance, "syslog", "TLS fails", 60)["state"] == "warn"
    finally:
        plain.stop()


def test_files_that_are_no_certificates_are_told_of(place, receive):
    receiver = receive()
    place.ca.write_text("no certificate\n")
    place.renew()
    happen(place.instance)
    refused(place, receiver, "siem.ca, siem.certificate or siem.key cannot be used")
    assert "HUP" in check(place.instance, "syslog")["say"]
    done = subprocess.run([*place.instance.endpoints["cli"], "doctor"], capture_output=True, text=True, env={"LANG": "zh_CN.UTF-8"})
    assert "无法使用" in done.stdout
    place.use(place.ours)
    place.renew()
    arrived(receiver, happen(place.instance))


# ---- names ----

def test_a_name_that_nobody_knows_is_told_and_delays_no_stop():
    instance = Instance(work_dir(), *LIMITS, "--set", "siem.syslog=tcp://siem.invalid:6514")
    try:
        instance.start()
        assert "check siem.syslog and DNS" in told(instance, "syslog", "the name is not known")["say"]
        instance.run("--stop")
        assert "stop.forced" not in (instance.home / "logs/yanmend.log").read_text()
    finally:
        instance.run("--reset", "--yes", check=False)


# ---- configuration ----

@pytest.mark.parametrize("change, word", [
    ("syslog = tls://h:6514\n", "tls:// needs siem.ca"),
    ("syslog = tls://h:6514\nca = /nonexistent/ca.pem\n", "cannot open a file of siem: /nonexistent/ca.pem"),
    ("syslog = tls://h:6514\nca = {ca}\ncertificate = {certificate}\nkey = {open}\n", "siem.key is open to others"),
    ("syslog = tls://h:6514\nca = /dev/null\n", "not a regular file"),
    ("syslog = h:6514\n", "bad value"),
    ("file = audit.jsonl\n", "bad value"),
    ("file = /dev/null/audit.jsonl\n", "cannot open the folder of siem.file"),
])
def test_a_wrong_configuration_is_refused_in_one_line(place, change, word):
    conf = (place.instance.home / "yanmen.conf").read_text()
    open_key = place.folder / "open.key"
    shutil.copy(place.key, open_key)
    open_key.chmod(0o644)
    change = change.format(ca=place.ca, certificate=place.certificate, open=open_key)
    path = place.instance.file(re.sub(r"\[siem\]\n(?:.+\n)*", f"[siem]\n{change}", conf))
    done = subprocess.run([PREFIX / "bin/yanmend", "--config", path, "--check"], capture_output=True, text=True)
    assert done.returncode == 1 and word in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1


# ---- real receivers ----

def test_rsyslogd_understands_every_row_over_its_own_restarts(place, receive, tmp_path):
    receive().stop()
    instance = place.instance
    rsyslog = Rsyslog(tmp_path / "rsyslog", place.port, (place.ours.file, *place.ours.issue(HOST)))
    rsyslog.start()
    try:
        first = happen(instance)
        until(lambda: any(r["seq"] == str(first) for r in sd(rsyslog.rows())), 60, "the row")
        for kill in (False, True):
            happen(instance)
            rsyslog.stop(kill)
            happen(instance, 2)
            rsyslog.start()
            last = happen(instance)
            until(lambda s=last: any(r["seq"] == str(s) for r in sd(rsyslog.rows())), 60, "the row")
        log = {str(s): (kind, digest, body) for s, kind, digest, body in chain(instance)}
        found = {r["seq"]: r for r in sd(rsyslog.rows())}
        assert set(map(str, range(first, last + 1))) <= set(found)
        for seq in map(str, range(first, last + 1)):
            kind, digest, _ = log[seq]
            assert (found[seq]["event"], found[seq]["hash"]) == (kind, digest)
    finally:
        rsyslog.stop()


def sd(rows):
    """The structured data as mmpstrucdata understood it."""
    return [r["rfc5424-sd"]["yanmen@32473"] for r in rows if r.get("app") == "yanmen"]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_s_server_receives_the_rows(place, receive, tmp_path, version):
    receive().stop()
    certificate, key = place.ours.issue(HOST)
    out = open(tmp_path / "out", "wb")
    argv = ["openssl", "s_server", "-quiet", version, "-accept", f"127.0.0.1:{place.port}", "-cert", certificate, "-key", key,
            "-CAfile", place.ours.file, "-Verify", "1", "-verify_return_error"]

    def listens():
        """It ends at once where the receiver before it, or a connection to it, still has the port."""
        nonlocal server
        if server is None or server.poll() is not None:
            server = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
        local = f"0100007F:{place.port:04X}"
        return any(line.split()[1] == local and line.split()[3] == "0A" for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    server = None
    try:
        until(listens, 30, "the listening s_server")
        seq = happen(place.instance)

        def rows():
            messages = []
            Receiver._frames((tmp_path / "out").read_bytes(), messages)
            return [int(parse(m)["seq"]) for m in messages]
        until(lambda: seq in rows(), 60, "the row")
        found = rows()
        assert found == list(range(found[0], found[-1] + 1))
    finally:
        server.kill()
        server.wait()
        out.close()
