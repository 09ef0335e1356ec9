"""SFTP as WinSCP speaks it: version 6 offered, everything pipelined, uploads under another name that is put in place by an
extension, and what else of OpenSSH's extensions it uses.  WinSCP itself runs on Windows only."""

import hashlib
import os
import time

import pytest
from harness.sftp import Raw, U64, granted, random_file, through_pipe
from harness.wait import until

STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED = 101, 102, 103, 104, 105, 201
OK, END, DENIED, UNSUPPORTED = 0, 1, 3, 8
PIECE, PIECES = 32_000, 12


@pytest.fixture(scope="module")
def folder(instance):
    """A folder that the sample account may write to."""
    path = instance.scratch / instance.name("winscp")
    path.mkdir()
    path.chmod(0o777)
    return path


class Dialect(Raw):
    def __enter__(self):
        self.offered = self.greet()
        return self

    def __exit__(self, *_):
        self.p.stdin.close()
        assert self.p.wait(60) == 0
        self.p.stdout.close()
        self.p.stderr.close()

    def greet(self):
        kind, body = self.init(version=6)
        assert kind == 2 and int.from_bytes(body[:4], "big") == 3
        words, rest = [], body[4:]
        while rest:
            n = int.from_bytes(rest[:4], "big")
            words.append(rest[4:4 + n].decode())
            rest = rest[4 + n:]
        return dict(zip(words[::2], words[1::2]))

    def status(self, kind, *parts):
        answer, body = self.ask(kind, *parts)
        assert answer == STATUS, (answer, body)
        return int.from_bytes(body[:4], "big")

    def extended(self, name, *parts):
        """The status, or the body of an extended reply."""
        answer, body = self.ask(200, name.encode(), *parts)
        assert answer in (STATUS, EXTENDED, NAME), (answer, body)
        return int.from_bytes(body[:4], "big") if answer == STATUS else body

    def all_at_once(self, requests):
        """Sends every request before it reads the first answer; the answers in the order of the requests."""
        first = self.id + 1
        for kind, *parts in requests:
            self.id += 1
            self.send(kind, *parts, ident=self.id)
        answers = {}
        while len(answers) < len(requests):
            kind, body = self.receive()
            answers[int.from_bytes(body[:4], "big")] = kind, body[4:]
        return [answers[first + i] for i in range(len(requests))]


def p(path):
    return str(path).encode()


def test_a_session_of_winscp(instance, folder):
    user = granted(instance, "sftp", "upload", "download")
    data, final = os.urandom(PIECE * PIECES), folder / instance.name("final")
    part, link, copy = (final.with_name(final.name + end) for end in (".filepart", ".link", ".copy"))
    final.write_bytes(b"an older one")
    final.chmod(0o666)
    with Dialect(through_pipe(instance, user)) as w:
        assert {"posix-rename@openssh.com", "statvfs@openssh.com", "hardlink@openssh.com", "fsync@openssh.com", "limits@openssh.com",
                "copy-data", "users-groups-by-id@openssh.com"} <= set(w.offered)
        assert w.ask(16, b".")[0] == NAME and w.ask(7, p(folder))[0] == ATTRS
        kind, body = w.ask(11, p(folder))
        assert kind == HANDLE and w.ask(12, body[4:])[0] == NAME and w.status(12, body[4:]) == END and w.status(4, body[4:]) == OK
        assert len(w.extended("statvfs@openssh.com", p(folder))) == 11 * 8
        assert len(w.extended("limits@openssh.com")) == 4 * 8
        # up, under another name, put in place of the older one
        handle = w.open(part, 0x1a)
        writes = [(6, handle, U64(i * PIECE), data[i * PIECE:(i + 1) * PIECE]) for i in range(PIECES)]
        assert all(kind == STATUS and body[:4] == b"\0\0\0\0" for kind, body in w.all_at_once(writes))
        assert w.extended("fsync@openssh.com", handle) == OK
        now = int(time.time()) - 1000
        assert w.status(10, handle, 8, now, now) == OK  # fsetstat: times
        w.close(handle)
        assert w.extended("hardlink@openssh.com", p(part), p(link)) == OK
        assert w.extended("posix-rename@openssh.com", p(part), p(final)) == OK
        # a duplicate on the server
        source, to = w.open(final, 1), w.open(copy, 0x1a)
        assert w.extended("copy-data", source, U64(0), U64(0), to, U64(0)) == OK
        w.close(source)
        w.close(to)
        # who the numbers are
        ids = w.extended("users-groups-by-id@openssh.com", bytes(4), bytes(4))
        assert b"root" in ids
        assert w.extended("no-such@example.com") == UNSUPPORTED
        # down, and past the end
        handle = w.open(final, 1)
        answers = w.all_at_once([(5, handle, U64(i * PIECE), PIECE) for i in range(PIECES + 2)])
        assert b"".join(body[4:] for kind, body in answers if kind == DATA) == data
        assert [body[:4] for kind, body in answers if kind == STATUS] == 2 * [END.to_bytes(4, "big")]
        w.close(handle)
    assert final.read_bytes() == link.read_bytes() == copy.read_bytes() == data and not part.exists()
    assert int(link.stat().st_mtime) == now
    whole = hashlib.sha256(data).hexdigest()

    def told():
        rows = [r for r in instance.ok("file", "list", "--user", user.name) if r["state"] == "complete"]
        return {(r["op"], r["path"], r["to"] or r["sha256"]) for r in rows}
    until(lambda: {("upload", str(part), whole), ("hardlink", str(part), str(link)), ("rename", str(part), str(final)),
                   ("copy", str(final), str(copy)), ("download", str(final), whole)} <= told(), 20, "all of it in the ledger")
    assert any(op == "setstat" for op, _, _ in told())


def test_who_may_only_download_is_told_so_and_goes_on(instance, folder):
    user = granted(instance, "sftp", "download")
    here = random_file(folder, instance, 5000)
    there = here.with_name(here.name + ".other")
    before = sorted(folder.iterdir())
    with Dialect(through_pipe(instance, user)) as w:
        assert len(w.extended("statvfs@openssh.com", p(folder))) == 11 * 8
        assert len(w.extended("limits@openssh.com")) == 4 * 8
        assert b"root" in w.extended("users-groups-by-id@openssh.com", bytes(4), bytes(4))
        for name in ("posix-rename@openssh.com", "hardlink@openssh.com"):
            assert w.extended(name, p(here), p(there)) == DENIED
        assert w.status(3, p(there), 0x1a, 0) == DENIED
        handle = w.open(here, 1)
        assert w.extended("fsync@openssh.com", handle) in (OK, DENIED, 4)  # the server's own word on a file that is read
        assert w.extended("copy-data", handle, U64(0), U64(0), handle, U64(10_000)) == DENIED
        assert w.extended("no-such@example.com", b"whatever") == UNSUPPORTED
        kind, body = w.ask(5, handle, U64(0), 10_000)
        assert kind == DATA and body[4:] == here.read_bytes()
        w.close(handle)
    assert sorted(folder.iterdir()) == before
