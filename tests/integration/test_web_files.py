"""Files of a target through a terminal, by HTTP: down and up, whole and in part, and what is refused."""

import hashlib
import os
from urllib.parse import quote

import pytest
from harness.browser import Browser, Terminal
from harness.build import SANITIZED
from harness.wait import until


@pytest.fixture(scope="module")
def engineer(instance):
    user = instance.user()
    instance.grant(user, instance.demo)
    return user


@pytest.fixture
def terminal(instance, engineer):
    b = Browser(instance).login(engineer)
    t = Terminal(b, instance.demo).online()
    yield t
    t.close()
    b.close()


@pytest.fixture
def folder(terminal, instance):
    """A folder on the target; it lies on this machine."""
    name = f"/tmp/yanmen-web-{os.urandom(6).hex()}"
    terminal.type(f"mkdir -m 777 {name} && echo ma\"\"de\n")
    terminal.until("made")
    yield name
    terminal.type(f"rm -rf {name}\n")


def address(terminal, path, offset=None):
    return f"{terminal.path}/file?path={quote(path)}" + (f"&offset={offset}" if offset is not None else "")


def put(terminal, path, data, offset=None):
    return terminal.browser.ask("PUT", "/api/v1" + address(terminal, path, offset), body=data)


def get(terminal, path, offset=None):
    return terminal.browser.get(address(terminal, path, offset))


@pytest.mark.parametrize("size", [0, 1, 32763, 1 << 20, 5_000_001])
def test_a_file_goes_up_and_comes_down(terminal, folder, size, instance, engineer):
    data = os.urandom(size)
    answer = put(terminal, f"{folder}/a file 雁门", data)
    assert answer.status == 200, answer.body
    down = get(terminal, f"{folder}/a file 雁门")
    assert down.status == 200 and down.body == data
    assert down.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20file%20%E9%9B%81%E9%97%A8"
    assert down.headers["Cache-Control"] == "no-store" and down.headers["Content-Type"] == "application/octet-stream"
    if size > 1:
        digest = hashlib.sha256(data).hexdigest()
        until(lambda: {"upload", "download"} <= {r["op"] for r in instance.ok("file", "list", "--user", engineer.name)
                                                 if r["sha256"] == digest}, 20, "both in the ledger")


def test_both_go_on_from_the_middle(terminal, folder):
    data = os.urandom(300_000)
    assert put(terminal, f"{folder}/x", data[:100_000]).status == 200
    assert put(terminal, f"{folder}/x", data[100_000:], offset=100_000).status == 200
    assert get(terminal, f"{folder}/x", offset=250_000).body == data[250_000:]
    assert get(terminal, f"{folder}/x").body == data


def test_a_file_without_a_size_is_read_to_its_end(terminal):
    assert b"processor" in get(terminal, "/proc/cpuinfo").body


@pytest.mark.parametrize("path, status", [("/no/such/file", 404), ("/etc", 409), ("/etc/shadow", 403)])
def test_what_the_target_refuses_is_told(terminal, path, status):
    answer = get(terminal, path)
    assert answer.status == status and answer.json["detail"], answer.body
    answer = put(terminal, "/etc/not-allowed-here", b"x" * 200_000)
    assert answer.status in (403, 409) and answer.json["detail"]


def test_requests_without_sense_are_refused(terminal, instance):
    b = terminal.browser
    assert b.get(f"{terminal.path}/file").status == 400
    assert b.get("/terminals/01a20686-8f78-76f1-bcb6-d8500abfbb9f/file?path=/etc/hosts").status == 404
    assert b.ask("PUT", "/api/v1" + address(terminal, "/tmp/x"), body=b"x", headers={"X-CSRF-Token": None}).code == "csrf"
    assert b.get("/me").status == 200


def test_what_the_grant_does_not_allow_is_refused(instance):
    user = instance.user()
    instance.grant(
        user, instance.demo, "--feature", "shell", "--feature", "sftp", "--feature", "download")
    b = Browser(instance).login(user)
    t = Terminal(b, instance.demo).online()
    answer = put(t, "/tmp/never", b"x" * 1000)
    assert answer.status == 403 and answer.json["detail"]
    assert get(t, "/etc/hostname").status == 200
    t.close()
    b.close()


def test_an_upload_cut_in_the_middle_leaves_what_arrived(terminal, folder, instance):
    b = terminal.browser
    with b.connect() as s:
        head = (f"PUT /api/v1{address(terminal, folder + '/cut')} HTTP/1.1\r\nHost: {b.host}:{b.port}\r\nOrigin: {b.origin}\r\n"
                f"Cookie: {b.cookie()}\r\nX-CSRF-Token: {b.csrf}\r\nContent-Length: 10000000\r\n\r\n")
        s.sendall(head.encode() + b"x" * 500_000)
        until(lambda: size(terminal, f"{folder}/cut") > 0, 20, "some bytes at the target")
    assert 0 < size(terminal, f"{folder}/cut") <= 500_000
    assert get(terminal, f"{folder}/cut").status == 200


def size(terminal, path):
    answer = get(terminal, path)
    return len(answer.body) if answer.status == 200 else -1


def test_a_download_that_nobody_reads_waits(terminal, folder, instance):
    assert put(terminal, f"{folder}/big", bytes(30_000_000)).status == 200
    b = terminal.browser
    with b.connect() as s:
        s.sendall((f"GET /api/v1{address(terminal, folder + '/big')} HTTP/1.1\r\nHost: {b.host}:{b.port}\r\nCookie: {b.cookie()}\r\n\r\n"
                   + "more that nobody asked for").encode())
        assert s.recv(100)[9:12] == b"200"
        terminal.type("echo still-he\"\"re\n")
        terminal.until("still-here")
        status = open(f"/proc/{instance.pids('web')[0]}/status", encoding="ascii").read()
        assert SANITIZED or int(next(x.split()[1] for x in status.splitlines() if x.startswith("VmRSS"))) < 120_000
    assert b.get("/me").status == 200
