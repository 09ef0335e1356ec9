"""The real vault and a real sshd: OpenSSH's own client logs in through the vault's agent stream, by key and by certificate."""

import array
import fcntl
import os
import pwd
import shutil
import socket
import struct
import subprocess
import threading
import uuid
from pathlib import Path

import pytest
from harness.build import PROGRAMS
from harness.instance import free_port
from harness.spawn import spawn
from harness.wait import until

BROKER, SSH_ROLE, KEY, CA = 5, 6, 2, 3
WORKER = 9
BOUND = b"account=x\ntarget=1\naddress=127.0.0.1\nport=22\nhost_key="
HELLO, PEER, ATTACH, USE, USE_AGENT = 0x0001, 0x0002, 0x000E, 0x0202, 0x0283
ALLOW, ALLOW_ANSWER, SEAL, SEALED = 0x0203, 0x0285, 0x0205, 0x0286


def text(b):
    return struct.pack("<I", len(b)) + b


def send(sock, number, body=b"", fd=None):
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
    sock.sendmsg([struct.pack("<HBBI", number, 1, 0, len(body)) + body], control)


def receive(sock):
    data, control, _, _ = sock.recvmsg(70000, socket.CMSG_SPACE(4))
    number = struct.unpack_from("<H", data)[0]
    return number, data[8:], array.array("i", control[0][2])[0] if control else None


def texts(body, at):
    """The strings of a body from offset `at` on."""
    found = []
    while at < len(body):
        n = struct.unpack_from("<I", body, at)[0]
        found.append(body[at + 4:at + 4 + n])
        at += 4 + n
    return found


class Vault:
    """yanmen-vault with this test for its parent, its broker and its worker."""

    def __init__(self, folder):
        program = PROGRAMS / "yanmen-vault"
        key = folder / "master"
        key.write_bytes(os.urandom(32))
        self.parent, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        master = os.open(key, os.O_RDONLY)
        self.process = spawn(program, [theirs.fileno(), master])
        theirs.close()
        os.close(master)
        assert receive(self.parent)[0] == HELLO
        self.broker = self.wire(PEER, struct.pack("<B", BROKER))
        self.worker = self.wire(ATTACH, struct.pack("<QBBQQ", WORKER, SSH_ROLE, 1, 0, 0) + text(b"") + struct.pack("<HB", 0, 0) + text(b""))

    def wire(self, number, body):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        send(self.parent, number, body, theirs.fileno())
        theirs.close()
        return ours

    def seal(self, kind, secret=None):
        fd = None
        if secret is not None:
            fd = os.memfd_create("secret", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.write(fd, secret)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        send(self.broker, SEAL, struct.pack("<QB", 1, kind) + text(BOUND), fd)
        if fd is not None:
            os.close(fd)
        number, body, _ = receive(self.broker)
        assert number == SEALED and struct.unpack_from("<q", body, 8)[0] == 0, texts(body, 16)
        _, sealed, public_key = texts(body, 16)
        return sealed, public_key.decode()

    def stream(self, kind, login, sealed, uses=1):
        session = uuid.uuid4().bytes
        send(self.broker, ALLOW, struct.pack("<QQ", 2, WORKER) + session + struct.pack("<B", kind) + text(login.encode()) +
             text(sealed) + text(BOUND) + struct.pack("<IB", uses, 0))
        number, body, _ = receive(self.broker)
        assert number == ALLOW_ANSWER and struct.unpack_from("<q", body, 8)[0] == 0
        send(self.worker, USE, session)
        number, _, fd = receive(self.worker)
        assert number == USE_AGENT
        return socket.socket(fileno=fd)

    def end(self):
        self.parent.close()
        assert self.process.wait(10) == 0


class Bridge:
    """A socket in the file system for `ssh -o IdentityAgent`: its first connection is the vault's stream."""

    def __init__(self, path, stream):
        self.path, self.stream = path, stream
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(4)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client = self.listener.accept()[0]
        for a, b in ((client, self.stream), (self.stream, client)):
            threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    @staticmethod
    def copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.listener.close()
        self.stream.close()


@pytest.fixture
def place(tmp_path):
    """tmp_path may be too deep for a unix socket."""
    folder = Path("/tmp") / f"yanmen-vault-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def vault(place):
    v = Vault(place)
    yield v
    v.end()


@pytest.fixture
def server(place):
    """sshd for whoever runs the tests; it trusts the keys and the CA that a test writes."""
    port = free_port()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "host"], check=True)
    (place / "keys").touch()
    (place / "ca").touch()
    (place / "config").write_text(f"""\
ListenAddress 127.0.0.1:{port}
HostKey {place}/host
PidFile none
AuthorizedKeysFile {place}/keys
TrustedUserCAKeys {place}/ca
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
UsePAM no
LogLevel VERBOSE
""")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with open(place / "log", "wb") as log:
        process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", place / "config"], stdin=subprocess.DEVNULL, stderr=log)

    def answers():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    until(answers, 10, "the test's sshd")
    yield port
    process.terminate()
    process.wait(10)


def login(place, port, stream, user, *options):
    bridge = Bridge(place / f"agent{uuid.uuid4().hex[:4]}", stream)
    try:
        # Stock libssh signs the method "publickey", so that is what the vault signs: not OpenSSH's host-bound variant.
        return subprocess.run(["ssh", "-F", "/dev/null", "-p", str(port), "-o", f"IdentityAgent={bridge.path}", "-o",
                               "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o",
                               "PubkeyAuthentication=unbound", *options, f"{user}@127.0.0.1", "echo reached"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    finally:
        bridge.close()


ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.parametrize("kind, bits", [("ed25519", None), ("rsa", 3072), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521)])
def test_openssh_logs_in_with_a_key_that_stays_in_the_vault(place, vault, server, kind, bits):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", place / "key", *(["-b", str(bits)] if bits else [])],
                   check=True)
    sealed, public_key = vault.seal(KEY, (place / "key").read_bytes())
    (place / "keys").write_text(public_key + "\n")
    (place / "key").unlink()
    done = login(place, server, vault.stream(KEY, ME, sealed), ME)
    assert done.stdout == "reached\n", done.stderr
    # Another account's name is not signed for, though the server would take the key.
    done = login(place, server, vault.stream(KEY, "somebody", sealed), ME)
    assert done.returncode == 255 and done.stdout == ""


@pytest.mark.parametrize("algorithm", ["rsa-sha2-256", "rsa-sha2-512"])
def test_the_rsa_algorithm_is_the_one_that_was_agreed(place, vault, server, algorithm):
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", place / "key"], check=True)
    sealed, public_key = vault.seal(KEY, (place / "key").read_bytes())
    (place / "keys").write_text(public_key + "\n")
    done = login(place, server, vault.stream(KEY, ME, sealed), ME, "-o", f"PubkeyAcceptedAlgorithms={algorithm}")
    assert done.stdout == "reached\n", done.stderr


def test_openssh_logs_in_with_a_certificate_made_for_this_login(place, vault, server):
    sealed, ca = vault.seal(CA)
    (place / "ca").write_text(ca + "\n")
    done = login(place, server, vault.stream(CA, ME, sealed), ME)
    assert done.stdout == "reached\n", done.stderr
    assert "Accepted certificate ID" in (place / "log").read_text(errors="replace")
    # The certificate names one principal; the server refuses it for any other, were it signed.
    done = login(place, server, vault.stream(CA, "somebody", sealed), ME)
    assert done.returncode == 255
    # Nothing but a terminal goes with it.
    done = login(place, server, vault.stream(CA, ME, sealed), ME, "-o", "ExitOnForwardFailure=yes", "-R",
                 f"127.0.0.1:{free_port()}:127.0.0.1:1")
    assert done.returncode == 255 and "forwarding failed" in done.stderr


def test_a_stream_signs_once(place, vault, server):
    sealed, ca = vault.seal(CA)
    (place / "ca").write_text(ca + "\n")
    stream = vault.stream(CA, ME, sealed)
    again = socket.socket(fileno=os.dup(stream.fileno()))
    assert login(place, server, stream, ME).stdout == "reached\n"
    assert login(place, server, again, ME).returncode == 255
