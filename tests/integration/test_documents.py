"""Documents: uploaded by admins, shared, read by who may, each access written down."""

import hashlib
import os
import socket
import subprocess
from urllib.parse import quote, urlencode

import pytest
from harness.browser import Browser
from harness.wait import until

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(20)
MOST = 10 << 20


@pytest.fixture(scope="module")
def boss(instance):
    b = Browser(instance).login(instance.user("admin"))
    yield b
    b.close()


@pytest.fixture(scope="module")
def reader(instance):
    """Somebody with no grant at all."""
    user = instance.user("engineer")
    b = Browser(instance).login(user)
    b.user = user
    yield b
    b.close()


def put(browser, body, headers=(), **query):
    return browser.ask("PUT", f"/api/v1/documents?{urlencode(query)}", body=body, headers=headers)


def add(browser, instance, body=b"some words\n", ending=".txt", **query):
    name = instance.name("doc") + ending
    return browser.ok(put(browser, body, name=name, **query))


def content(browser, document, **query):
    return browser.get(f"/documents/{document['id']}/content{'?' if query else ''}{urlencode(query)}")


def names(browser, **query):
    return [row["name"] for row in browser.rows("documents", limit=500, **query)]


def noted(instance, kind, document, count=1):
    """Audit rows of that kind about the document."""
    def found():
        rows = [r for r in instance.audit() if r["kind"] == kind and r["body"].get("number") == document["id"]]
        return rows if len(rows) >= count else None
    return until(found, 20, f"{kind} of {document['name']}")


def test_a_document_is_what_its_bytes_say_and_comes_back_the_same(boss, instance):
    for body, ending, kind, shown in ((PDF, ".txt", "application/pdf", "application/pdf"), (PNG, ".html", "image/png", "image/png"),
                                      ("# Regeln\n世界".encode(), ".md", "text/markdown", "text/plain; charset=utf-8"),
                                      ("机房规定".encode("gb18030"), ".txt", "text/plain", "text/plain; charset=gb18030"),
                                      (b"<svg onload='alert(1)'/>", ".txt", "application/octet-stream", "application/octet-stream"),
                                      (b"hello <script>", ".html", "application/octet-stream", "application/octet-stream"),
                                      (b"\0\1\2\3", ".pdf", "application/octet-stream", "application/octet-stream")):
        document = add(boss, instance, body, ending)
        assert (document["type"], document["sha256"], document["size"]) == (kind, hashlib.sha256(body).hexdigest(), len(body)), ending
        viewed, saved = content(boss, document, view=1), content(boss, document)
        assert viewed.body == saved.body == body
        assert viewed.headers["Content-Type"] == shown and saved.headers["Content-Type"] == "application/octet-stream"
        assert viewed.headers["X-Content-Type-Options"] == "nosniff"
        policy = viewed.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy and ("sandbox" in policy) == (kind != "application/pdf")
        inline = shown != "application/octet-stream"
        assert viewed.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
        assert saved.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{quote(document['name'])}"
    assert [r["kind"] for r in noted(instance, "document.view", document)] and noted(instance, "document.download", document)


def test_ten_megabytes_pass_and_one_byte_more_is_refused_before_it_is_sent(boss, instance):
    whole = os.urandom(MOST)
    document = add(boss, instance, whole, ".bin")
    assert content(boss, document).body == whole
    raw = boss.connect()
    raw.sendall(f"PUT /api/v1/documents?name=big HTTP/1.1\r\nHost: {boss.host}:{boss.port}\r\nOrigin: {boss.origin}\r\n"
                f"Cookie: {boss.cookie()}\r\nX-CSRF-Token: {boss.csrf}\r\nContent-Length: {MOST + 1}\r\n\r\n".encode())
    answer = raw.recv(65536)  # nothing of the body was sent
    assert answer.startswith(b"HTTP/1.1 413 ")
    raw.close()
    refused = put(boss, bytes(MOST + 1), name="big")
    assert refused.code == "too_large" and str(MOST) in refused.json["detail"]
    boss.ok(boss.command("document remove", name=str(document["id"])))
    assert content(boss, document).status == 404 and "big" not in names(boss)


def test_what_is_cut_leaves_nothing(boss, instance):
    name = instance.name("cut")
    raw = boss.connect()
    raw.sendall(f"PUT /api/v1/documents?name={name} HTTP/1.1\r\nHost: {boss.host}:{boss.port}\r\nOrigin: {boss.origin}\r\n"
                f"Cookie: {boss.cookie()}\r\nX-CSRF-Token: {boss.csrf}\r\nContent-Length: 100000\r\n\r\n".encode() + bytes(50000))
    raw.shutdown(socket.SHUT_RDWR)
    raw.close()
    assert add(boss, instance)["version"] == 1  # that one came later and is there
    assert name not in names(boss) and instance.sql(f"select count(*) from yanmen.document where name = '{name}'") == ["0"]


@pytest.mark.parametrize("body, query, status", [
    (b"x", {}, 400), (b"x", {"name": "a", "of": "1"}, 400), (b"", {"name": "empty"}, 400), (b"x", {"name": "12"}, 400),
    (b"x", {"name": "a/b"}, 400), (b"x", {"of": "999999"}, 404)])
def test_an_upload_without_sense_is_refused(boss, body, query, status):
    assert put(boss, body, **query).status == status


def test_only_who_manages_documents_uploads_and_a_write_needs_the_token(boss, reader, instance):
    assert put(reader, b"x", name="mine").status == 403
    assert put(boss, b"x", name="mine", headers={"X-CSRF-Token": None}).code == "csrf"
    assert "mine" not in names(boss)
    for command in ("add", "update", "set", "share", "unshare", "restore", "remove", "versions"):
        extra = {"restore": {"version": 1}}.get(command, {})
        assert reader.command(f"document {command}", name="x", **extra).status in (400, 403, 404), command
    assert reader.get("/document_versions").status == 403 and reader.get("/document_files").status == 403


def test_it_is_seen_by_whom_it_is_shared_with_and_by_nobody_else(boss, reader, instance):
    document = add(boss, instance, b"who may read this\n")
    name = document["name"]
    assert names(boss, q=name) == [name] and names(reader) == [] and content(reader, document).status == 404
    for share in ({"user": [reader.user.name]}, {"role": ["engineer"]}):
        assert name in boss.ok(boss.command("document share", name=name, **share))["name"]
        assert names(reader) == [name] and content(reader, document, view=1).body == b"who may read this\n"
        assert content(reader, document, version=2).status == 404
        [row] = reader.rows("documents", limit=9)
        assert (row["users"], row["roles"], row["groups"]) == ([], [], [])  # who else reads it is not theirs to know
        boss.ok(boss.command("document unshare", name=name, **share))
        assert names(reader) == [] and content(reader, document).status == 404
    assert {r["op"] for r in boss.rows("document_files", sha256=document["sha256"])} == {"upload", "view"}
    shared = noted(instance, "document.shared", document, 2)
    assert {str(r["body"]["with"]) for r in shared} == {str({"user": [reader.user.name]}), str({"role": ["engineer"]})}


def test_who_has_a_grant_in_the_group_reads_what_the_group_does(boss, instance):
    user, group, target = instance.user("engineer"), instance.name("g"), instance.target(instance.port)
    browser = Browser(instance).login(user)
    instance.ok("group", "add", group)
    instance.ok("group", "put", group, target)
    document = add(boss, instance, b"for the group\n")
    boss.ok(boss.command("document share", name=document["name"], group=[group]))
    assert names(browser) == []
    grant = instance.grant(user, target)
    assert names(browser) == [document["name"]] and content(browser, document).body == b"for the group\n"
    instance.ok("grant", "remove", str(grant["id"]))
    assert names(browser) == [] and content(browser, document).status == 404
    browser.close()


def test_versions_are_kept_restored_and_a_second_editor_is_told(boss, instance):
    document = add(boss, instance, b"one\n", about="first words", note="begin")
    newer = boss.ok(put(boss, b"two\n", of=document["id"], edition=document["edition"], note="better"))
    assert (newer["version"], content(boss, document).body, content(boss, document, version=1).body) == (2, b"two\n", b"one\n")
    late = put(boss, b"three\n", of=document["id"], edition=document["edition"])
    assert (late.status, late.code) == (409, "failed") and "meanwhile" in late.json["detail"]
    boss.lang = "zh-CN"
    assert "修改" in boss.command("document set", name=document["name"], about="x", edition=1).json["detail"]
    boss.lang = "en"
    boss.ok(boss.command("document restore", name=document["name"], version=1))
    assert content(boss, document).body == b"one\n"
    assert boss.command("document remove", name=document["name"], version=1).status == 409  # it is the one that is read
    boss.ok(boss.command("document remove", name=document["name"], version=2))
    versions = boss.ok(boss.command("document versions", name=document["name"]))
    assert [(v["version"], v["current"], v["removed"], v["note"]) for v in versions] == [(2, False, True, "better"), (1, True, False, "begin")]
    new = instance.name("renamed") + ".md"
    changed = boss.ok(boss.command("document set", name=document["name"], rename=new))
    assert (changed["name"], changed["type"]) == (new, "text/markdown")
    assert put(boss, b"x", name=new.upper()).status == 409


def test_words_are_found_in_name_description_and_text(boss, instance):
    mark = instance.name("w").replace("-", "")
    a = add(boss, instance, f"The quick {mark} fox\n机房钥匙管理规定\n".encode(), about=f"about {mark}x")
    add(boss, instance, f"another {mark} dog".encode())
    assert len(names(boss, q=mark)) == 2 and names(boss, q=f"{mark} fox") == [a["name"]]
    assert names(boss, q=f"{mark} 钥匙管理") == [a["name"]] and names(boss, q=f"{mark} 匙理") == []
    assert names(boss, q=f'"quick {mark} fox"') == [a["name"]] and names(boss, q=f'"fox {mark}"') == []
    assert names(boss, q=f"{mark}x") == [a["name"]] and a["name"] in names(boss, q=a["name"][2:9])
    assert [d["name"] for d in instance.ok("document", "list", "--text", f"{mark} fox")] == [a["name"]]
    boss.ok(put(boss, b"nothing of it", of=a["id"]))
    assert names(boss, q=f"{mark} fox") == []  # an old version is not looked through


def test_the_cli_does_the_same(instance, tmp_path):
    name, source, out = instance.name("cli") + ".md", tmp_path / "in.md", tmp_path / "out.md"
    source.write_text("# A\n")
    assert instance.ok("document", "add", name, "--file", source, "--about", "how")["type"] == "text/markdown"
    source.write_text("# B\n")
    assert instance.ok("document", "update", name, "--file", source)["version"] == 2
    instance.ok("document", "share", name, "--role", "auditor", "--role", "dba")
    assert instance.ok("document", "get", name, "--output", out)["version"] == 2 and out.read_text() == "# B\n"
    [row] = instance.ok("document", "list", "--text", name)
    assert row["roles"] == ["auditor", "dba"]
    instance.ok("document", "restore", name, "--number", "1")
    assert [v["current"] for v in instance.ok("document", "versions", name)] == [False, True]
    out.unlink()
    assert instance.cli("document", "get", name, "--output", out, "--number", "9").code == 3 and not out.exists()
    assert instance.cli("document", "share", name).code == 2 and instance.cli("document", "add", name, "--file", source).code == 1
    instance.ok("document", "remove", name)
    assert instance.cli("document", "get", name, "--output", out).code == 3


def test_all_documents_have_a_limit_and_a_full_disk_has_a_word(boss, instance):
    used = boss.rows("document_limits", limit=1)[0]["used"]
    instance.ok("settings", "set", "document.total", str(used + 100))
    try:
        full = put(boss, bytes(101), name="over")
        assert (full.status, full.code) == (409, "failed") and "document.total" in full.json["detail"]
    finally:
        instance.ok("settings", "set", "document.total", "1073741824")
    instance.sql("create function yanmen.no_room() returns trigger language plpgsql as "
                 "'begin raise exception ''could not extend file'' using errcode = ''53100''; end';"
                 "create trigger no_room before insert on yanmen.document_version execute function yanmen.no_room()")
    try:
        full = put(boss, b"x", name="over")
        assert full.status == 409 and "disk is full" in full.json["detail"]
    finally:
        instance.sql("drop function yanmen.no_room cascade")
    assert "over" not in names(boss)


def test_browsers_are_told_to_look_again(boss, instance):
    events = boss.socket("/events")
    add(boss, instance)
    until(lambda: "documents" in events.receive(15), 15, "the event")
    events.close()


def test_a_download_that_was_cut_goes_on_where_it_ended_and_is_one_opening(boss, instance, tmp_path):
    body = os.urandom(5 << 20)
    document = add(boss, instance, body, ".bin")
    whole = content(boss, document)
    tag = whole.headers["ETag"]
    assert whole.status == 200 and whole.headers["Accept-Ranges"] == "bytes" and tag == f'"{document["sha256"]}"'
    path = f"/documents/{document['id']}/content"
    for asked, part in (("bytes=0-0", body[:1]), ("bytes=-7", body[-7:]), ("bytes=100-199", body[100:200]), ("bytes=5242879-", body[-1:])):
        answer = boss.get(path, headers={"Range": asked, "If-Range": tag})
        first = {"bytes=0-0": 0, "bytes=-7": len(body) - 7, "bytes=100-199": 100}.get(asked, len(body) - 1)
        assert (answer.status, answer.body) == (206, part), asked
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(body)}"
    for headers in ({"Range": "bytes=5-9", "If-Range": '"another"'}, {"Range": "bytes=0-1,5-9"}, {"Range": "lines=1-2"}):
        assert boss.get(path, headers=headers).status == 200
    beyond = boss.get(path, headers={"Range": f"bytes={len(body)}-"})
    assert (beyond.status, beyond.code, beyond.headers["Content-Range"]) == (416, "range", f"bytes */{len(body)}")

    def openings():
        return len(boss.rows("document_files", path=document["name"], op="download", limit=100))
    before = openings()
    assert before == 1  # all of these were parts of the first
    saved, jar = tmp_path / "saved.bin", tmp_path / "curl"
    saved.write_bytes(body[:1_234_567])  # a connection was lost here
    jar.write_text(f'cookie = "{boss.cookie()}"\n')
    subprocess.run(["curl", "-sS", "--fail", "--cacert", instance.home / "web.crt", "-K", jar, "-C", "-", "-o", saved,
                    f"{boss.origin}/api/v1{path}"], check=True, timeout=60)
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == document["sha256"]
    assert openings() == before
    other = Browser(instance).login(instance.user("admin"))  # who has opened nothing yet, opens it by a part as well
    assert other.get(path, headers={"Range": "bytes=9-"}).status == 206 and openings() == before + 1
    other.close()
