"""Files that move: an SFTP client byte by byte, scp through a pipe, and what the ledger says of them."""

import hashlib
import os
import subprocess

from harness.wait import until


def granted(instance, *features):
    user = instance.user(key=True, password=False)
    instance.grant(user, instance.demo, *(w for f in features for w in ("--feature", f)))
    return user


def sha(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def random_file(folder, instance, size):
    path = folder / instance.name("f")
    path.write_bytes(os.urandom(size))
    path.chmod(0o644)
    return path


def row_of(instance, user, path, op, seconds=20):
    def row():
        found = [r for r in instance.ok("file", "list", "--user", user.name, "--path", path) if r["state"] != "begun"
                 and r["op"] == op and r["path"] == str(path)]
        return found[-1] if found else None
    return until(row, seconds, f"{op} of {path} in the ledger")


def client(instance, user, program, *args, options=(), seconds=120, **kw):
    flags = ["-P" if a == "-p" else a for a in instance.ssh_options(user, *options)]
    return subprocess.run([program, *flags, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                          env=instance.ssh_env(user), **kw)


def remote(instance, user, path):
    return f"{user.name}@{instance.demo}@127.0.0.1:{path}"


def batch(instance, user, *lines, options=(), flags=()):
    """sftp -b: a line that begins with - may fail."""
    return client(instance, user, "sftp", "-q", *flags, "-b", instance.file("\n".join(lines) + "\n"),
                  f"{instance.login(user)}@127.0.0.1", options=options)


def through_pipe(instance, user, session=False):
    """An ssh whose standard streams are the SFTP channel, for packets of our own."""
    flags = ("-s",) if not session else ()
    return subprocess.Popen(instance.ssh_argv(user, "sftp", flags=flags), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=instance.ssh_env(user), start_new_session=True)


class Raw:
    """SFTP by hand."""

    def __init__(self, process):
        self.p, self.id = process, 0

    def send(self, kind, *parts, ident=None):
        body = bytes([kind]) + (ident.to_bytes(4, "big") if ident is not None else b"") + b"".join(
            p.to_bytes(8, "big") if isinstance(p, U64) else p.to_bytes(4, "big") if isinstance(p, int) else
            len(p).to_bytes(4, "big") + p for p in parts)
        self.p.stdin.write(len(body).to_bytes(4, "big") + body)
        self.p.stdin.flush()

    def receive(self):
        head = self.p.stdout.read(4)
        if len(head) < 4:
            raise EOFError
        body = self.p.stdout.read(int.from_bytes(head, "big"))
        return body[0], body[1:]

    def init(self, version=3):
        self.send(1, version)
        return self.receive()

    def ask(self, kind, *parts):
        self.id += 1
        self.send(kind, *parts, ident=self.id)
        answer, body = self.receive()
        assert int.from_bytes(body[:4], "big") == self.id
        return answer, body[4:]

    def open(self, path, flags):
        answer, body = self.ask(3, str(path).encode(), flags, 0)
        assert answer == 102, body
        return body[4:]

    def close(self, handle):
        assert self.ask(4, handle)[0] == 101


class U64(int):
    pass
