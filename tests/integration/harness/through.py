"""Clients that reach targets through a login on the gateway (ssh -J), or that name the target in their login: one configuration
file for OpenSSH and its friends."""

import contextlib
import subprocess

from . import procs
from .instance import free_port
from .wait import until


class Through:
    """`gate` is the login on the gateway; every other host name is reached through it, as the sample account."""

    def __init__(self, instance, user, login=None, more=""):
        self.instance, self.user = instance, user
        self.env = instance.ssh_env(user)
        key = f"IdentityFile {user.key}\n  IdentitiesOnly yes" if user.key and not user.password_file else "PubkeyAuthentication no"
        self.config = instance.scratch / instance.name("config")
        self.config.write_text(f"""\
{self.hosts(login or user.name, key)}
{more}
Host *
  HostKeyAlias gate
  UserKnownHostsFile {instance.scratch}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking accept-new
  LogLevel ERROR
  NumberOfPasswordPrompts 1
  KexAlgorithms curve25519-sha256
  ConnectTimeout 30
""")

    def hosts(self, login, key):
        return f"""\
Host gate
  HostName 127.0.0.1
  Port {self.instance.port}
  User {login}
  {key}
Host * !gate
  ProxyJump gate
  User {self.instance.account.name}
  PubkeyAuthentication no"""

    def argv(self, *words, program="ssh"):
        return [program, "-F", str(self.config), *map(str, words)]

    def run(self, *words, program="ssh", stdin=b"", seconds=60, **kw):
        return subprocess.run(self.argv(*words, program=program), input=stdin, capture_output=True, timeout=seconds,
                              env=self.env, **kw)

    def plain(self, *argv, stdin=b"", seconds=120, env=None, **kw):
        """Any other program, with the same environment."""
        return subprocess.run(list(map(str, argv)), input=stdin, capture_output=True, timeout=seconds,
                              env={**self.env, **(env or {})}, **kw)

    @contextlib.contextmanager
    def start(self, *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **kw):
        process = subprocess.Popen(self.argv(*words), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=self.env,
                                   start_new_session=True, **kw)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextlib.contextmanager
    def listening(self, *flags, host="gate", command=None, stdin=subprocess.DEVNULL):
        """ssh with a local forward, and nothing else or a command: flags name the port, {port}."""
        port, words = free_port(), (host, command) if command else ("-N", host)
        with self.start("-o", "ExitOnForwardFailure=yes", *(f.format(port=port) for f in flags), *words, stdin=stdin) as process:
            until(lambda: process.poll() is not None or listens(port), 30, "the local end")
            assert process.poll() is None, process.stderr.read()
            process.port = port
            yield process


class Named(Through):
    """The same for user#target: every host name is the sample target."""

    def hosts(self, login, key):
        return f"""\
Host *
  HostName 127.0.0.1
  Port {self.instance.port}
  User "{login}#{self.instance.demo}"
  {key}"""


def listens(port):
    return any(int(r[1].split(":")[1], 16) == port and r[3] == "0A" for r in procs.tcp_table())
