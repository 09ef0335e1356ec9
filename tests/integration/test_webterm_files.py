"""The file panel of a browser's terminal: SFTP through the gateway's worker, by the frames of webterm/frame.h."""

import hashlib
import os
import stat
import struct
import threading

import pytest
from harness import procs
from harness.build import plain_build
from harness.wait import until
from harness.webterm import CREDIT, PIECE, Refused, WebTerm, folder

unsanitized = plain_build("a sanitizer has memory of its own")
OWN = 0x80000000


@pytest.fixture
def term(instance, engineer):
    with WebTerm(instance, engineer) as t:
        t.shell()
        yield t


@pytest.fixture
def place(instance):
    return folder(instance)


def ledger(instance, user, op, count=1):
    def rows():
        found = [r for r in instance.ok("file", "list", "--user", user.name) if r["op"] == op and r["state"] != "begun"]
        return found if len(found) >= count else None
    return until(rows, 20, f"{op} in the ledger")


def refused(code, term, op, **args):
    with pytest.raises(Refused) as error:
        term.do(op, **args)
    assert error.value.code == code, error.value
    return error.value.say


# ---- looking ----


def test_a_folder_is_listed_with_kinds_sizes_and_where_links_lead(term, place):
    (place / "sub").mkdir()
    (place / "中文 name\n").write_bytes(b"x" * 1234)
    (place / "to-sub").symlink_to("sub")
    (place / "nowhere").symlink_to("/does/not/exist")
    os.mkfifo(place / "fifo")
    (place / "sub").chmod(0o751)
    entries = term.list(place)
    assert set(entries) == {"sub", "中文 name\n", "to-sub", "nowhere", "fifo"}
    file = entries["中文 name\n"]
    facts = (place / "中文 name\n").stat()
    assert (file["kind"], file["size"], file["mtime"], file["uid"]) == ("file", 1234, int(facts.st_mtime), facts.st_uid)
    assert (entries["sub"]["kind"], entries["sub"]["mode"]) == ("folder", 0o751)
    assert (entries["to-sub"]["kind"], entries["to-sub"]["to"], entries["to-sub"]["leads"]) == ("link", "sub", "folder")
    assert entries["nowhere"]["to"] == "/does/not/exist" and "leads" not in entries["nowhere"]
    assert entries["fifo"]["kind"] == "other"


def test_a_large_folder_comes_in_pages(term, place):
    for i in range(3000):
        (place / f"file-{i:05}-{'n' * 100}").touch()
    number = term.ask("list", path=str(place))
    pages, names = 0, set()
    while True:
        page = term.answer(number)
        pages += 1
        names |= {e["name"] for e in page["entries"]}
        if not page["more"]:
            break
    assert len(names) == 3000 and pages > 10


def test_home_and_one_entry(term, place):
    assert term.do("realpath", path=".")["path"].startswith("/")
    (place / "one").write_bytes(b"12345")
    [entry] = term.do("stat", path=str(place / "one"))["entries"]
    assert (entry["size"], entry["kind"]) == (5, "file")


def test_errors_have_a_code_and_words(term, place, instance, engineer):
    assert "no such file" in refused("absent", term, "stat", path=str(place / "none"))
    refused("absent", term, "list", path=str(place / "none"))
    refused("absent", term, "get", path=str(place / "none"))
    (place / "locked").mkdir(mode=0o700)
    if os.geteuid() == 0:
        assert "permit" in refused("denied", term, "list", path=str(place / "locked"))
        refused("denied", term, "put", path="/etc/new-file", overwrite=True)
    refused("folder", term, "get", path=str(place))
    refused("request", term, "dance", path="/")
    refused("request", term, "list")
    refused("request", term, "list", path="/" * 5000)
    refused("request", term, "chmod", path="/tmp/x")
    refused("request", term, "get", path="/tmp/x", **{"from": -1})
    with WebTerm(instance, engineer, lang="zh") as zh:
        zh.shell()
        assert refused("absent", zh, "stat", path=str(place / "none")) == "文件或目录不存在"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"op":1}', b'{"op":"list","path":{}}', b'{"op":"list","path":"a\\u0000b"}',
                                  b'{"op":"list","op":"get","path":"x"}', b"[" * 30000, b'{"op":"cancel","of":"x"}'])
def test_requests_that_are_none_are_refused_and_the_terminal_goes_on(term, body):
    term.send("FILE", struct.pack("<I", 77) + body)
    with pytest.raises(Refused) as error:
        term.answer(77)
    assert error.value.code == "request"
    term.goes_on()


# ---- changing ----


def test_folders_names_modes_and_removing_stand_in_the_ledger(term, place, instance, engineer):
    term.do("mkdir", path=str(place / "new"))
    refused("exists", term, "mkdir", path=str(place / "new"))
    term.put(place / "new/a", b"aaa")
    term.do("rename", path=str(place / "new/a"), to=str(place / "new/b"))
    term.put(place / "new/c", b"ccc")
    refused("exists", term, "rename", path=str(place / "new/b"), to=str(place / "new/c"))
    term.do("chmod", path=str(place / "new/b"), mode=0o640)
    assert stat.S_IMODE((place / "new/b").stat().st_mode) == 0o640
    refused("failed", term, "rmdir", path=str(place / "new"))
    for name in "bc":
        term.do("remove", path=str(place / "new" / name))
    term.do("rmdir", path=str(place / "new"))
    assert not (place / "new").exists()
    for op in ("mkdir", "rename", "setstat", "remove", "rmdir"):
        assert ledger(instance, engineer, op)[0]["session"]


# ---- transfers ----


def test_files_go_up_and_down_whole_and_stand_in_the_ledger(term, place, instance, engineer):
    data = os.urandom((5 << 20) + 12345)
    assert term.put(place / "up", data)["size"] == len(data)
    assert (place / "up").read_bytes() == data
    assert term.get(place / "up") == data
    digest = hashlib.sha256(data).hexdigest()
    for op in ("upload", "download"):
        row = ledger(instance, engineer, op)[0]
        assert (row["state"], row["size"], row["sha256"], row["path"]) == ("complete", len(data), digest, str(place / "up"))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, CREDIT, CREDIT + 1])
def test_sizes_at_the_edges(term, place, size):
    data = os.urandom(size)
    term.put(place / "f", data)
    assert (place / "f").read_bytes() == data and term.get(place / "f") == data


def test_a_file_without_a_size_is_read_to_its_end(term):
    assert term.get("/proc/self/status").startswith(b"Name:")


def test_both_ways_go_on_where_they_were_cut(term, place):
    data = os.urandom(3 << 20)
    number = term.ask("put", path=str(place / "f"))
    term.answer(number)
    term.put_rest(number, data[:1 << 20], end=False)
    until(lambda: (place / "f").stat().st_size == 1 << 20, 20, "the first part")
    term.ask("cancel", of=number)
    with pytest.raises(Refused) as error:
        term.answer(number)
    assert error.value.code == "cancelled" and (place / "f").stat().st_size == 1 << 20
    term.put(place / "f", data[1 << 20:], start=1 << 20)
    assert (place / "f").read_bytes() == data
    assert term.get(place / "f", start=1 << 20) == data[1 << 20:]
    with pytest.raises(Refused) as error:
        term.put(place / "f", b"x", start=1 << 30)
    assert error.value.code == "shorter"
    with pytest.raises(Refused) as error:
        term.get(place / "f", start=1 << 30)
    assert error.value.code == "shorter"


def test_an_upload_does_not_replace_what_is_there_unless_it_is_told_to(term, place):
    (place / "f").write_bytes(b"old and longer")
    (place / "f").chmod(0o666)
    with pytest.raises(Refused) as error:
        term.put(place / "f", b"new")
    assert error.value.code == "exists" and (place / "f").read_bytes() == b"old and longer"
    term.put(place / "f", b"new", overwrite=True)
    assert (place / "f").read_bytes() == b"new"


def test_sixteen_transfers_at_once_and_a_seventeenth_is_told_to_wait(term, place):
    data = [os.urandom(300_000 + i) for i in range(16)]
    for i, d in enumerate(data):
        (place / f"{i}").write_bytes(d)
    numbers = [term.ask("get", path=str(place / f"{i}")) for i in range(16)]
    for number in numbers:
        term.answer(number)
    refused("busy", term, "get", path=str(place / "0"))
    assert len(term.list(place)) == 16  # looking still goes
    for number in numbers:
        term.give(number, CREDIT)
    for number, d in zip(numbers, data):
        term.wait(lambda n=number: b"" in term.chunks.get(n, []), 60, "the end of a file")
        assert b"".join(term.chunks[number]) == d


def test_a_download_sends_what_credit_allows_and_no_more(term, place):
    (place / "f").write_bytes(os.urandom(4 << 20))
    number = term.ask("get", path=str(place / "f"))
    assert term.answer(number)["size"] == 4 << 20
    term.list(place)
    assert number not in term.chunks
    term.give(number, 100_000)
    term.wait(lambda: sum(map(len, term.chunks.get(number, []))) == 100_000, what="what was allowed")
    term.list(place)
    assert sum(map(len, term.chunks[number])) == 100_000
    term.ask("cancel", of=number)
    with pytest.raises(Refused):
        term.answer(number)
    term.goes_on()


def test_an_upload_beyond_its_credit_is_ended(term, place):
    number = term.ask("put", path=str(place / "f"))
    term.answer(number)
    with pytest.raises(Refused) as error:
        for _ in range(20000):
            term.send("CHUNK", struct.pack("<I", number) + bytes(PIECE))
            if term.filed.get(number):
                break
        term.answer(number)
    assert error.value.code in ("request", "failed")
    term.goes_on()


def test_a_full_disk_is_a_failed_upload(term):
    with pytest.raises(Refused) as error:
        term.put("/dev/full", b"x" * 100_000, overwrite=True)
        pytest.fail("written to a full disk")
    assert error.value.code == "failed"


def test_a_reload_cancels_the_browsers_transfers_and_leaves_those_of_the_server(term, place):
    (place / "f").write_bytes(os.urandom(2 << 20))
    mine, webs = term.ask("get", path=str(place / "f")), term.ask("get", OWN + 5, path=str(place / "f"))
    term.answer(mine)
    term.answer(webs)
    term.hello()
    term.give(mine, CREDIT)
    term.give(webs, 4 * CREDIT)
    term.wait(lambda: b"" in term.chunks.get(webs, []), 60, "the server's download")
    assert mine not in term.chunks and b"".join(term.chunks[webs]) == (place / "f").read_bytes()


def test_an_id_that_is_given_again_cancels_the_older_one(term, place):
    (place / "f").write_bytes(os.urandom(2 << 20))
    assert term.answer(term.ask("get", 9, path=str(place / "f")))["size"] == 2 << 20
    term.ask("stat", 9, path=str(place / "f"))
    with pytest.raises(Refused) as error:
        term.answer(9)
    assert error.value.code == "cancelled"
    assert term.answer(9)["entries"][0]["size"] == 2 << 20


def test_the_terminal_answers_while_files_move(term, place):
    (place / "f").write_bytes(os.urandom(24 << 20))
    got = []
    thread = threading.Thread(target=lambda: got.append(term.get(place / "f", number=OWN + 1)))
    thread.start()
    for i in range(5):
        assert b"answer" in term.run(f"echo an''swer{i}")
    thread.join(120)
    assert got[0] == (place / "f").read_bytes()


@unsanitized
@pytest.mark.alone
def test_memory_is_flat_through_a_large_file(term, place):
    with open(place / "large", "wb") as f:
        f.truncate(300 << 20)
    idle, worst = procs.private_kib(term.pid), [0]
    n = [0]

    def sink(piece):
        n[0] += len(piece)
        if n[0] % (8 << 20) < len(piece):
            worst[0] = max(worst[0], procs.private_kib(term.pid))
    assert term.get(place / "large", sink=sink) == 300 << 20
    assert worst[0] < idle + 8 * 1024, (idle, worst)


# ---- rules ----


def test_without_sftp_in_the_grant_each_request_is_refused_and_the_terminal_goes_on(instance, place):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "shell")
    with WebTerm(instance, user) as t:
        t.shell()
        words = refused("refused", t, "list", path=str(place))
        assert words and "***" not in words and refused("refused", t, "get", path="/etc/hostname") == words
        t.goes_on()


@pytest.mark.parametrize("lang, words", [("en", "upload is not allowed here."), ("zh", "此处不允许上传。")])
def test_a_grant_that_lets_files_come_and_not_go(instance, place, lang, words):
    user = instance.user()
    instance.grant(user, instance.demo, "--feature", "shell", "--feature", "sftp", "--feature", "download")
    (place / "f").write_bytes(b"content")
    with WebTerm(instance, user, lang=lang) as t:
        t.shell()
        assert t.get(place / "f") == b"content"
        assert refused("refused", t, "put", path=str(place / "g"), overwrite=True) == words
        assert refused("refused", t, "mkdir", path=str(place / "h")) == words
        assert not (place / "g").exists()


def test_an_sftp_server_that_dies_fails_what_was_on_its_way_and_the_next_request_gets_another(term, place):
    (place / "f").write_bytes(os.urandom(8 << 20))
    number = term.ask("get", path=str(place / "f"))
    term.answer(number)
    term.run("pkill -KILL -P $PPID -f internal-sftp; echo ki''lled")
    with pytest.raises(Refused) as error:
        term.answer(number)
    assert error.value.code == "lost"
    assert "f" in term.list(place)
