"""The second factor as a person has it: an authenticator app (oathtool) and a client that asks (ssh on a terminal, paramiko)."""

import re
import subprocess
import time

import paramiko
import pexpect

PROMPT_CODE = "authenticator app, or a recovery code.*: "
PROMPT_ENROL = "Then type the code that the app shows.*: "
PROMPT_KEPT = "Type yes when you have kept them.*: "


def code(secret, steps=0):
    """What the app shows; steps: so many half minutes from now."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * steps))
    return subprocess.run(["oathtool", "--totp", "-b", "-N", now, secret], check=True, capture_output=True, text=True).stdout.strip()


class Codes:
    """An app that never shows a code twice: one of the three steps that count just now, later than the last."""

    def __init__(self, secret):
        self.secret, self.last = secret, 0

    def next(self):
        while True:
            now, gone = divmod(time.time(), 30)
            for step in (int(now) - 1, int(now), int(now) + 1):
                # The step before now is over for the gateway as well when this one ends.
                if step > self.last and (step >= now or gone < 15):
                    self.last = step
                    return code(self.secret, step - int(now))
            time.sleep(0.2)  # time itself is the event


def terminal(instance, user, *command, options=(), login=None):
    """ssh on a terminal of its own: password or key, then whatever is asked."""
    argv = instance.ssh_argv(user, *command, login=login, flags=["-tt"] if not command else [], options=(
        "PreferredAuthentications=publickey,password,keyboard-interactive", "NumberOfPasswordPrompts=3", *options))
    child = pexpect.spawn(argv[0], argv[1:], env={"PATH": "/usr/bin:/bin", "HOME": str(instance.scratch), "LANG": "C.UTF-8",
                          "TERM": "xterm"}, encoding="utf-8", timeout=40, dimensions=(50, 160))
    if user.password_file:
        child.expect("password: ")
        child.sendline(user.password_file.read_text())
    return child


def enrol(child):
    """Goes through the enrolment; returns the app and the recovery codes."""
    child.expect(PROMPT_ENROL)
    secret = re.search(r"secret=([A-Z2-7]{32})&issuer=Yanmen", child.before).group(1)
    assert secret in re.sub(r"\s", "", child.before)  # in groups, too
    app = Codes(secret)
    child.sendline(app.next())
    child.expect(PROMPT_KEPT)
    recovery = re.findall(r"^\s*([a-z2-7]{5}-[a-z2-7]{5})\s*$", child.before, re.M)
    assert len(set(recovery)) == 10
    child.sendline("yes")
    return app, recovery


class Asked:
    """paramiko: the first factor, then an answer for each question; `prompts` keeps what was asked."""

    def __init__(self, instance, user, login=None):
        self.prompts = []
        self.transport = paramiko.Transport(("127.0.0.1", instance.port))
        self.transport.start_client(timeout=30)
        self.transport.auth_timeout = 60
        self.name = login or instance.login(user)
        if user.password_file:
            self.next = self.transport.auth_password(self.name, user.password_file.read_text(), fallback=False)
        else:
            self.next = self.transport.auth_publickey(self.name, paramiko.Ed25519Key.from_private_key_file(str(user.key)))

    def answer(self, typed):
        """typed: a text, or what makes one of the prompts.  Raises paramiko.AuthenticationException when it is refused."""
        def handler(title, instructions, prompts):
            self.prompts += [text for text, _ in prompts]
            return [typed(text) if callable(typed) else typed for text, _ in prompts]
        return self.transport.auth_interactive(self.name, handler)

    def run(self, command):
        channel = self.transport.open_session(timeout=30)
        channel.exec_command(command)
        return channel.makefile().read()

    def close(self):
        self.transport.close()


def enrolled(instance, **kw):
    """A user who has a factor: (user, app, recovery codes), granted the sample target."""
    user = instance.user(**kw)
    instance.grant(user, instance.demo)
    instance.ok("user", "factor", user.name, "required")
    child = terminal(instance, user, "true")
    app, recovery = enrol(child)
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, child.before
    return user, app, recovery
