"""Commands that answer with a file, over HTTPS: the same bytes as at the CLI, nothing where it is not allowed, and never a part that looks
whole."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess

import pytest
import second_reader as second
from harness.browser import Browser
from harness.build import SANITIZED
from harness.contents import ALL, exported
from harness.evidence import endpoint_key, sealed
from harness.sftp import Raw, U64, granted, row_of, through_pipe
from harness.wait import until

FORMATS = {"asciicast": ".cast", "text": ".txt", "jsonl": ".jsonl", "sealed": ".ymr"}
LONG = 1_500_000  # lines


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("results")
    path.mkdir()
    path.chmod(0o777)
    return path


@pytest.fixture(scope="module")
def kept(instance):
    return granted(instance, *ALL, "keep-upload", "keep-download")


@pytest.fixture(scope="module")
def admin(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


@pytest.fixture(scope="module")
def session(instance):
    """A recording with 雁门 in it, sealed."""
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    assert instance.ssh(user, "echo one-of-many 雁门").returncode == 0
    return sealed(instance, user)


@pytest.fixture(scope="module")
def long(instance):
    """One whose text no socket holds."""
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo)
    assert instance.ssh(user, f"seq 1000000 {1_000_000 + LONG}", flags=("-tt",), seconds=120).returncode == 0
    return sealed(instance, user)


def export(browser, session, form, query=""):
    return browser.post(f"/commands/recording/export{query}", {"id": session, "format": form})


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_that_of_the_cli(admin, instance, session, form):
    answer = export(admin, session, form)
    assert answer.status == 200 and answer.body == instance.export(session, form), answer.body[:300]
    h = answer.headers
    assert h["Content-Disposition"] == f"attachment; filename*=UTF-8''{session}{FORMATS[form]}"
    assert h["Transfer-Encoding"] == "chunked" and h["Cache-Control"] == "no-store" and h["X-Content-Type-Options"] == "nosniff"
    assert h["Content-Security-Policy"] == "default-src 'none'; sandbox" and h["Connection"] == "keep-alive"
    assert admin.get("/me").status == 200  # on the same connection


def test_a_recording_is_had_in_parts(admin, instance, long, tmp_path):
    """What curl has begun it ends: the bytes are those of the CLI's export.  Each part stands in the audit."""
    whole, path = instance.export(long, "sealed"), f"/recordings/{long}/content"
    said = admin.get(path)
    assert said.status == 200 and said.body == whole and said.headers["Content-Length"] == str(len(whole))
    assert said.headers["Accept-Ranges"] == "bytes" and long in said.headers["ETag"]

    def part(of, **more):
        return admin.get(path, headers={"Range": of, **more})

    def openings():
        return len(admin.rows("audit", kind="recording.exported", session=long, limit=100))
    middle = part("bytes=1000-1999")
    assert middle.status == 206 and middle.body == whole[1000:2000]
    assert middle.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}" and middle.headers["Content-Length"] == "1000"
    assert admin.get("/me").status == 200  # on the same connection
    before = openings()
    assert part("bytes=-5").body == whole[-5:] and openings() == before + 1
    assert part("bytes=7-", **{"If-Range": '"another"'}).body == whole
    assert part("bytes=7-", **{"If-Range": said.headers["ETag"]}).body == whole[7:]
    none = part(f"bytes={len(whole)}-")
    assert none.status == 416 and none.headers["Content-Range"] == f"bytes */{len(whole)}" and openings() == before + 3
    saved, jar = tmp_path / "saved.ymr", tmp_path / "curl"
    saved.write_bytes(whole[:len(whole) // 3])  # a connection was lost here
    jar.write_text(f'cookie = "{admin.cookie()}"\n')
    subprocess.run(["curl", "-sS", "--fail", "--cacert", instance.home / "web.crt", "-K", jar, "-C", "-", "-o", saved,
                    f"{admin.origin}/api/v1{path}"], check=True, timeout=60)
    assert saved.read_bytes() == whole
    assert admin.get("/recordings/01a00000-0000-7000-8000-000000000000/content").status == 404
    stranger = Browser(instance).login(instance.user("engineer"))
    assert stranger.get(path).status in (403, 404)
    stranger.close()
    assert admin.post("/commands/recording/export", {"id": long, "format": "text", "from": 5}).status == 400


def test_the_page_may_name_the_file(admin, session):
    answer = export(admin, session, "text", "?name=web01%2F..%2F%E9%9B%81%22%3B%20x%3A%201.txt")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E9%9B%81%22%3B%20x%3A%201.txt"
    assert "X-Evil" not in export(admin, session, "text", "?name=a%0d%0aX-Evil:%201").headers


def test_kept_contents_come_out_as_they_were(admin, instance, kept, folder):
    data = os.urandom(10_000)
    for name, order in {"in": range(10), "out": (3, 0, 2, 1, 9, 8, 7, 5, 4, 6), "over": (0, 5, 5, 1, 2, 3, 4, 6, 7, 8, 9, 0)}.items():
        there = folder / instance.name(name)
        raw = Raw(through_pipe(instance, kept))
        raw.init()
        handle = raw.open(there, 0x1a)
        for i in order:
            raw.ask(6, handle, U64(i * 1000), data[i * 1000:(i + 1) * 1000])
        raw.close(handle)
        raw.p.stdin.close()
        assert raw.p.wait(30) == 0
        row = row_of(instance, kept, there, "upload")
        answer = admin.command("file export", id=row["id"])
        assert answer.status == 200 and answer.body == exported(instance, row, folder).read_bytes() == data
    assert admin.command("file export", id=f"{row['session']}:999").status == 404


def test_the_audit_log_is_that_of_the_cli_and_verifies(admin, instance, folder):
    path = folder / instance.name("audit")
    instance.ok("audit", "export", "--output", path)
    answer = admin.command("audit export")
    assert answer.status == 200 and answer.headers["Content-Disposition"].endswith("''audit.jsonl")
    first, last, _ = second.verify_audit(answer.body, endpoint_key(instance))
    assert first == 1 and last == answer.body.count(b'{"seq":')
    events = [line for line in path.read_bytes().splitlines() if line.startswith(b'{"seq":')]
    assert len(events) > 5 and events == [line for line in answer.body.splitlines() if line.startswith(b'{"seq":')][:len(events)]


def test_codes_and_certificates_come_as_files(admin, instance):
    user = instance.user(key=True, password=False)
    key = user.key.with_suffix(".pub").read_text().strip()
    answer = admin.command("certificate issue", user=user.name, key=key, **{"for": 3600})
    assert answer.status == 200 and answer.body.startswith(b"ssh-ed25519-cert-v01@openssh.com "), answer.body
    assert answer.headers["Content-Disposition"].endswith(f"{user.name}-cert.pub")
    answer = admin.command("factor codes", name=user.name)  # he has no second factor: a problem, no file
    assert answer.status == 404 and answer.json["detail"], answer.body


def test_who_may_not_gets_nothing(instance, session, admin):
    count = len(instance.audit(kind="admin", text="recording.exported"))
    b = Browser(instance).login(instance.user())
    for query in ("", "?as=ticket"):
        answer = export(b, session, "text", query)
        assert answer.status == 403 and answer.headers["Content-Type"] == "application/problem+json" and answer.json["detail"]
    for command in ("audit export", "file export", "factor codes", "certificate issue"):
        assert b.command(command, id="x", name="x", user="x", key="x").status in (400, 403)
    b.close()
    assert len(instance.audit(kind="admin", text="recording.exported")) == count
    assert export(admin, "01a20686-8f78-76f1-bcb6-d8500abfbb9f", "text").status == 404
    assert export(admin, session, "mp4").status == 400
    assert admin.command("recording export", id=session, format="text", secret="x").status == 400
    assert admin.ask("POST", "/api/v1/commands/recording/export", {"id": session, "format": "text"},
                     headers={"X-CSRF-Token": None}).code == "csrf"


def test_a_link_fetches_it_once(admin, instance, session):
    href = admin.ok(export(admin, session, "asciicast", "?as=ticket"))["href"]
    other = Browser(instance).login(instance.user("admin"))
    assert other.ask("GET", href).code == "ticket"
    other.close()
    assert admin.ask("GET", href).code == "ticket"  # it was shown by somebody else: it is gone
    href = admin.ok(export(admin, session, "asciicast", "?as=ticket"))["href"]
    answer = admin.ask("GET", href)
    assert answer.status == 200 and answer.body == instance.export(session, "asciicast")
    assert admin.ask("GET", href).code == "ticket" and admin.ask("GET", re.sub(r"\?.*", "", href)).code == "ticket"
    assert export(admin, "01a20686-8f78-76f1-bcb6-d8500abfbb9f", "text", "?as=ticket").status == 404


def slow(browser, session, form):
    """A request whose answer is read a little, and no further."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    raw.settimeout(60)
    raw.connect((browser.host, browser.port))
    connection = http.client.HTTPSConnection(browser.host, browser.port)
    connection.sock = browser.tls.wrap_socket(raw, server_hostname=browser.host)
    connection.request("POST", "/api/v1/commands/recording/export", json.dumps({"id": session, "format": form}),
                       {"Origin": browser.origin, "Cookie": browser.cookie(), "X-CSRF-Token": browser.csrf})
    response = connection.getresponse()
    assert response.status == 200 and response.read(1000)
    return connection, response


def test_a_long_one_waits_for_its_reader_and_is_whole(admin, instance, long):
    connection, response = slow(admin, long, "text")
    status = open(f"/proc/{instance.pids('web')[0]}/status", encoding="ascii").read()
    assert SANITIZED or int(next(x.split()[1] for x in status.splitlines() if x.startswith("VmRSS"))) < 120_000
    assert admin.get("/me").status == 200 and instance.pids("reader")
    body = response.read()
    connection.close()
    assert str(1_000_000 + LONG).encode() in body[-300:] and len(body) > LONG * 8 - 10_000


def test_a_reader_that_dies_in_the_middle_breaks_it_off(admin, instance, long):
    connection, response = slow(admin, long, "text")
    for pid in instance.pids("reader"):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_a_browser_that_leaves_ends_the_reader(admin, instance, long):
    for _ in range(3):
        slow(admin, long, "jsonl")[0].close()
    until(lambda: not instance.pids("reader"), 90, "the end of the readers, the index's too")
    assert admin.get("/me").status == 200


def test_only_so_many_run_at_once_for_one_session(admin, instance, long):
    b = Browser(instance).login(instance.user("admin"))
    open_ones = [slow(b, long, "text")[0] for _ in range(8)]
    assert export(b, long, "text").status == 429 and export(admin, long, "sealed").status == 200
    for c in open_ones:
        c.close()
    until(lambda: export(b, long, "sealed").status == 200, 20, "room again")
    b.close()
