"""The console's server: TLS, headers, files, paths, limits of a request."""

import re
import socket
import ssl
import subprocess

import pytest
from harness.browser import Browser
from harness.wait import until

POLICY = re.compile(r"default-src 'none'; script-src 'self'; style-src-elem 'self' 'nonce-([\w-]{22})'; style-src-attr 'unsafe-inline'; ")


@pytest.fixture
def browser(instance):
    b = Browser(instance)
    yield b
    b.close()


def talk(browser, data, seconds=45):
    """Raw bytes over TLS; returns what comes until the server closes."""
    with browser.connect(seconds) as s:
        s.sendall(data)
        answer = b""
        try:
            while more := s.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


def test_the_health_is_told_to_everybody(browser):
    answer = browser.ask("GET", "/healthz", headers={"Origin": None})
    assert answer.status == 200 and answer.json == {"broker": True, "database": True}


def test_old_tls_is_refused(browser):
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak.load_verify_locations(browser.instance.home / "web.crt")
    weak.minimum_version, weak.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    weak.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((browser.host, browser.port), timeout=20) as raw, pytest.raises(OSError):
        weak.wrap_socket(raw, server_hostname=browser.host)


def test_only_http_1_is_spoken(browser):
    tls = ssl.create_default_context(cafile=browser.instance.home / "web.crt")
    tls.set_alpn_protocols(["h2", "http/1.1"])
    with tls.wrap_socket(socket.create_connection((browser.host, browser.port), timeout=20), server_hostname=browser.host) as s:
        assert s.selected_alpn_protocol() == "http/1.1"
    hello = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    assert b"101" not in talk(browser, hello)


def test_plain_http_gets_nothing(browser):
    with socket.create_connection((browser.host, browser.port), timeout=40) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert b"HTTP/1" not in raw.recv(1000)
        except ConnectionResetError:
            pass


def test_every_answer_has_our_headers_and_none_names_the_software(browser):
    for method, path in (("GET", "/"), ("GET", "/login"), ("GET", "/healthz"), ("GET", "/api/v1/me"), ("GET", "/nothing.js"), ("POST", "/")):
        headers = browser.ask(method, path, body=b"" if method == "POST" else None).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"] and headers["Permissions-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


def test_the_page_has_a_nonce_of_its_own_each_time(browser):
    nonces = set()
    for path in ("/", "/login", "/sessions/1", "/index.html"):
        answer = browser.ask("GET", path)
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
        nonce = POLICY.match(answer.headers["Content-Security-Policy"])[1]
        assert b"__CSP_NONCE__" not in answer.body and nonce.encode() in answer.body
        nonces.add(nonce)
    assert len(nonces) == 4


def assets(browser):
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', browser.ask("GET", "/").body.decode())


UNPACK = {"gzip": ["gzip", "-dc"],
          "br": ["node", "-e", "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"]}


def test_files_with_a_hash_may_be_kept_and_come_compressed_to_who_can(browser):
    names = assets(browser)
    assert names
    for name in names:
        plain = browser.ask("GET", name, headers={"Accept-Encoding": "identity"})
        assert plain.status == 200 and plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for coding, accepted in (("gzip", "gzip"), ("br", "gzip, deflate, br, zstd")):
            small = browser.ask("GET", name, headers={"Accept-Encoding": accepted})
            assert small.headers["Content-Encoding"] in (coding, None)
            if small.headers["Content-Encoding"]:
                assert small.headers["Vary"] == "Accept-Encoding" and len(small.body) < len(plain.body)
                assert subprocess.run(UNPACK[coding], input=small.body, capture_output=True, check=True).stdout == plain.body
    head = browser.ask("HEAD", names[0])
    assert head.status == 200 and head.body == b"" and int(head.headers["Content-Length"]) == len(
        browser.ask("GET", names[0]).body)


@pytest.mark.parametrize("path", [
    "/assets/../../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd.txt",
    "//etc/passwd.x", "/assets/..%5c..%5cx.js", "/assets/%00.js", "/index.html%00.js", "/etc/passwd%00", "/.env", "/assets/.",
    "/assets/", "/web.key", "/./web.key", "/assets/%c0%ae%c0%ae/x.js"])
def test_no_path_leads_out_of_the_console(browser, path):
    answer = talk(browser, f"GET {path} HTTP/1.1\r\nHost: {browser.host}\r\nConnection: close\r\n\r\n".encode())
    assert b"root:" not in answer and b"PRIVATE" not in answer
    status = answer[9:12]
    assert status in (b"", b"400", b"403", b"404") or b"<html" in answer.lower()  # a page of the console itself


@pytest.mark.parametrize("request_line, status", [
    ("POST / HTTP/1.1", b"405"), ("DELETE /api/v1/targets HTTP/1.1", b"405"), ("OPTIONS /api/v1/me HTTP/1.1", b"405"),
    ("PATCH /healthz HTTP/1.1", b"405"), ("GET /api/v2/me HTTP/1.1", b"404"), ("GET /api/v1/events HTTP/1.1", b"401")])
def test_other_methods_and_paths_are_answered_properly(browser, request_line, status):
    answer = talk(browser, f"{request_line}\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    assert answer[9:12] == status
    assert (b"\r\nAllow: " in answer) == (status == b"405")


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    b"GET /?" + b"a=" + b"b" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT x:22 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n",
    b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-x\r\n"])
def test_what_is_no_request_gets_nothing(browser, data):
    answer = talk(browser, data)
    assert answer[9:12] in (b"", b"400", b"403", b"405", b"414")
    assert browser.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("length, status", [
    ("Content-Length: -1", b"400"), ("Content-Length: 1x", b"400"), ("Content-Length: 99999999999999999999", b"400"),
    ("Transfer-Encoding: chunked", b"411"), ("X-Any: y", b"411"),
    ("Content-Length: 2\r\nTransfer-Encoding: chunked", b"411")])
def test_a_body_says_how_long_it_is(browser, length, status):
    answer = talk(browser, f"POST /api/v1/login HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode() + b"{}")
    assert answer[9:12] == status and b"Connection: close" in answer


def test_a_large_body_is_refused_before_it_comes(browser):
    with browser.connect() as s:
        s.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n")
        assert s.recv(100)[9:12] == b"413"


def test_a_half_closed_connection_is_let_go(browser):
    # The rest of the headers will never come, nor the end of the body.
    for data in (b"GET / HTTP/1.1\r\nHo", b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"):
        with browser.connect() as s:
            s.sendall(data)
            socket.socket.shutdown(s, socket.SHUT_WR)
            s.settimeout(40)
            try:
                assert s.recv(10) == b""
            except (ssl.SSLError, ConnectionResetError):
                pass


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHo", b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"])
def test_a_slow_client_is_let_go(browser, data):
    answer = talk(browser, data, seconds=90)
    assert answer == b"" or answer[9:12] == b"408"


def test_one_address_has_a_bounded_number_of_strangers(browser, engineer):
    before = browser.ask("GET", "/healthz", fresh=True)
    assert before.status == 200
    known = Browser(browser.instance).login(engineer)
    held = []
    try:
        for _ in range(64):
            held.append(socket.create_connection((browser.host, browser.port), timeout=20))
        more = socket.create_connection((browser.host, browser.port), timeout=20)
        held.append(more)
        assert more.recv(1) == b""  # closed at once
        assert known.get("/me").status == 200  # who is signed in goes on
    finally:
        for s in held:
            s.close()
    browser.close()
    until(lambda: quiet(browser), 20, "room for a stranger")
    known.close()


def quiet(browser):
    try:
        return browser.ask("GET", "/healthz", fresh=True).status == 200
    except OSError:
        return False
