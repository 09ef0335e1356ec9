"""yanmen-web as the broker and the vault see it: browsers that log in, their commands, their terminals."""

import itertools
import json
import os
import socket

from . import wire
from .broker import Peer

WEB, TERM = 10, 11  # enum wire_role
SESSION, PROBE, TERMINAL = 1, 2, 4  # enum wire_job
CODE, ENROL, CODES, PASSED, REFUSED, AWAY = range(1, 7)  # enum wire_factor_step


class Visitor(Peer):
    """A browser at the login page."""

    def _ask(self, name, answer, /, **values):
        count = len(self.named(answer)) + 1
        self.send(name, **values)
        return self.wait(answer, count, 20)

    def login(self, user, password, method=1):
        return self._ask("login", "login_answer", method=method, user=user, proof=password)

    def factor(self, typed=None):
        return self._ask("factor", "factor_answer", begin=int(typed is None), answer=typed or b"")

    def enter(self, agent="Firefox on a test"):
        return self._ask("enter", "enter_answer", agent=agent, remember=0)


class Vault(Peer):
    def use(self, wanted):
        before = len(self.said)
        self.send("use", id=wanted)
        with self.news:
            assert self.news.wait_for(lambda: len(self.said) > before, 15)
        return self.said[-1][:2]


class Web(Peer):
    def __init__(self, gate):
        ours, theirs = wire.pair()
        gate._give(gate.control, WEB, theirs)
        super().__init__(ours)
        ours, theirs = wire.pair()
        gate._give(gate.vault, WEB, theirs)
        self.vault = Vault(ours)
        self.tickets = itertools.count(1)

    def visit(self, address="192.0.2.9"):
        ours, theirs = wire.pair()
        self.send("visit", theirs.fileno(), address=address, port=4711, origin="https://gate.example.com", device=b"")
        theirs.close()
        return Visitor(ours)

    def sign_in(self, user="alice", password="correct horse", address="192.0.2.9"):
        """The token."""
        visitor = self.visit(address)
        assert visitor.login(user, password)["verdict"] == 1
        answer = visitor.enter()
        assert answer["code"] == 0, answer
        visitor.close()
        return answer["token"]

    def _answer(self, name, ticket, timeout=40):
        def mine():
            found = [(m, fd) for n, m, fd in self.said if n == name and m["ticket"] == ticket]
            return found if found and not found[-1][0].get("more") else None
        with self.news:
            assert self.news.wait_for(mine, timeout), f"no {name} to {ticket}"
            return mine()

    def ask(self, token, command, fd=None, /, **args):
        """(exit code, JSON or None, line)"""
        ticket = self.start(token, command, fd, **args)
        pieces = [m for m, _ in self._answer("ask_answer", ticket)]
        text = b"".join(m["json"] for m in pieces)
        return pieces[-1]["exit"], json.loads(text) if text else None, pieces[-1]["say"].decode()

    def start(self, token, command, fd=None, /, **args):
        ticket = next(self.tickets)
        pairs = [(k.rstrip("_"), v) for k, vs in args.items() for v in (vs if isinstance(vs, list) else [vs])]
        self.send("ask", fd, ticket=ticket, token=token, address="192.0.2.9", name=command, count=len(pairs),
                  args=b"".join(wire.string(x) for p in pairs for x in p), lang="en")
        return ticket

    def terminal(self, token, target="web01", account="", again=bytes(16), lang="en", address="192.0.2.9"):
        """(answer, socket or None)"""
        ticket = next(self.tickets)
        self.send("terminal", ticket=ticket, token=token, address=address, port=4711, id=again, target=target, account=account, lang=lang)
        [(m, fd)] = self._answer("terminal_answer", ticket)
        return m, None if fd is None else socket.socket(fileno=fd)

    def stop(self):
        self.close()
        self.vault.close()


def is_open(stream):
    """Of a stream whose other end says nothing."""
    stream.settimeout(0)
    try:
        return stream.recv(1) != b""
    except BlockingIOError:
        return True


def close_all(fds):
    for fd in fds:
        os.close(fd)
