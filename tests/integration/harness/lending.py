"""What a client lends to its target: a key agent, a screen, ports that lead to it."""

import contextlib
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import threading
from pathlib import Path

import paramiko

from .echo import echo_server
from .wait import until

FEATURES = ("shell", "exec", "sftp", "reverse", "agent", "x11")


def features(*names):
    return [word for name in names for word in ("--feature", name)]


class Agent:
    """OpenSSH's ssh-agent with one key."""

    def __init__(self, instance, key=None):
        self.key = key or instance.key_pair()
        self.public = self.key.with_suffix(".pub").read_text()
        self.socket = f"/tmp/{instance.name('agent')}"  # a socket's path is short
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", self.socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.env = {"SSH_AUTH_SOCK": self.socket}
        until(self._listens, 20, "the agent")
        subprocess.run(["ssh-add", "-q", self.key], check=True, timeout=60, env={**os.environ, **self.env})

    def _listens(self):
        """The socket's file is there before anybody listens to it."""
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def fingerprint(self):
        return subprocess.run(["ssh-keygen", "-lf", self.key], check=True, timeout=60, capture_output=True).stdout.split()[1].decode()

    def stop(self):
        self.process.kill()
        self.process.wait(10)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)


@contextlib.contextmanager
def agent_of(instance, key=None):
    agent = Agent(instance, key)
    try:
        yield agent
    finally:
        agent.stop()


@contextlib.contextmanager
def screen(instance):
    """A real X server that asks for a cookie; yields the environment of its clients."""
    authority = instance.scratch / instance.name("xauthority")
    cookie = os.urandom(16).hex()
    subprocess.run(["xauth", "-q", "-f", authority, "add", ":0", ".", cookie], check=True, timeout=60)
    ours, theirs = os.pipe()
    with subprocess.Popen(["Xvfb", "-displayfd", str(theirs), "-nolisten", "tcp", "-auth", authority, "-screen", "0", "320x200x8"],
                          pass_fds=[theirs], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        os.close(theirs)
        try:
            with os.fdopen(ours) as f:
                number = f.readline().strip()
            assert number, "Xvfb did not start"
            subprocess.run(["xauth", "-q", "-f", authority, "add", f":{number}", ".", cookie], check=True, timeout=60)
            yield {"DISPLAY": f":{number}", "XAUTHORITY": str(authority)}
        finally:
            server.send_signal(signal.SIGKILL)


class Ports:
    """An ssh -N -R; the allocated ports as its words tell them."""

    def __init__(self, process):
        self.process, self.text, self.told = process, "", threading.Event()
        # A descriptor of its own: whoever ends the process closes the other one.
        self.thread = threading.Thread(target=self._read, args=(os.dup(process.stderr.fileno()),), daemon=True)
        self.thread.start()

    def _read(self, fd):
        with open(fd, "rb") as lines:
            for line in lines:
                self.text += line.decode(errors="replace")

    def allocated(self, count=1):
        def ports():
            assert self.process.poll() is None, self.text
            found = re.findall(r"Allocated port (\d+) for remote forward", self.text)
            return found if len(found) >= count else None
        return [int(p) for p in until(ports, 40, f"{count} allocated ports")]

    def said(self, words):
        until(lambda: words in self.text, 40, repr(words))


class Lent:
    """One ssh that lends everything: agent, screen and a port, each open and in use."""

    def __init__(self, instance, user, target):
        self.instance, self.user = instance, user
        self.ends = contextlib.ExitStack()
        try:
            self._start(target)
        except BaseException:
            self.ends.close()
            raise

    def _start(self, target):
        agent = self.ends.enter_context(agent_of(self.instance))
        env = {**agent.env, **self.ends.enter_context(screen(self.instance))}
        echo = self.ends.enter_context(echo_server())
        program = "exec python3 -c " + shlex.quote(Path(__file__).with_name("borrower.py").read_text())
        argv = self.instance.ssh_argv(self.user, program, login=f"{self.user.name}#{target}",
                                      options=["LogLevel=INFO"], flags=["-A", "-Y", "-R", f"0:127.0.0.1:{echo}"])
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=self.instance.ssh_env(self.user, **env), start_new_session=True)
        self.ends.callback(self._stop)
        words = Ports(self.process)
        [self.port] = words.allocated()
        assert self.process.stdout.readline() == b"open\n", words.text
        self.socket = self.ends.enter_context(socket.create_connection(("127.0.0.1", self.port), 30))
        self.socket.settimeout(60)

    def _stop(self):
        self.process.kill()
        self.process.wait(10)
        for f in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                f.close()

    def ask(self, word):
        self.process.stdin.write(word + b"\n")
        self.process.stdin.flush()
        self.socket.sendall(word)

    def answered(self, word, seconds=60):
        """False when neither answers in that time."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return False
        assert self.process.stdout.readline() == word + b" 1\n"
        assert self.socket.recv(len(word)) == word
        return True

    def goes_on(self, word=b"and on"):
        self.ask(word)
        assert self.answered(word)

    def ended(self):
        assert self.process.wait(30) == 255
        assert self.process.stdout.read() == b""
        with contextlib.suppress(ConnectionError):
            assert self.socket.recv(1) == b""

    def end(self):
        self.ends.close()


class Liar(paramiko.ServerInterface):
    """A target that opens channels as it likes; a command is a word: what it is to open while that runs."""

    def __init__(self, transport):
        self.transport, self.x11, self.held = transport, None, []

    def get_allowed_auths(self, username):
        return "password,publickey"

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_port_forward_request(self, address, port):
        return port or 40404

    def check_channel_forward_agent_request(self, channel):
        return True

    def check_channel_x11_request(self, channel, single_connection, auth_protocol, auth_cookie, screen_number):
        self.x11 = (single_connection, auth_protocol, auth_cookie, screen_number)
        return True

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self._lie, args=[channel, command.decode()], daemon=True).start()
        return True

    def _open(self, word):
        here, there = ("127.0.0.1", 4711), ("localhost", 40405)
        kind, more = {"agent": ("auth-agent@openssh.com", {}), "x11": ("x11", {"src_addr": here}), "session": ("session", {}),
                      "reverse": ("forwarded-tcpip", {"src_addr": here, "dest_addr": there})}[word]
        return self.transport.open_channel(kind, timeout=20, **more)

    def _lie(self, channel, command):
        for word in command.split():
            try:
                if word == "x11-request":
                    channel.sendall(repr(self.x11).encode() + b"\n")
                    continue
                if word == "close":
                    if self.held:  # the one before may have been refused
                        self.held.pop().close()
                    continue
                self.held.append(self._open(word))
                answer = "opened"
            except paramiko.ChannelException as e:
                answer = str(e.code)
            except paramiko.SSHException as e:
                answer = str(e)
            channel.sendall(f"{word}:{answer}\n".encode())
        for held in self.held:  # OpenSSH stays for what is open
            held.close()
        channel.send_exit_status(0)
        channel.close()
