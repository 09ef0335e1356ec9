"""A person at a terminal: an ssh under pexpect."""

import contextlib

import pexpect

EOF, TIMEOUT = pexpect.EOF, pexpect.TIMEOUT

@contextlib.contextmanager
def terminal(instance, user, *command, login=None, options=(), flags=("-tt",), rows=24, columns=80, seconds=20, env=None, errors="replace"):
    argv = instance.ssh_argv(user, *command, login=login, options=options, flags=flags)
    child = pexpect.spawn(argv[0], [str(a) for a in argv[1:]], dimensions=(rows, columns), timeout=seconds, encoding="utf-8",
                          codec_errors=errors, env=instance.ssh_env(user, TERM="xterm", **(env or {})))
    child.delaybeforesend = None
    try:
        yield child
    finally:
        child.close(force=True)


def shell(child, prompt="ready> "):
    """Brings a shell to a prompt that nothing else prints."""
    child.sendline("bind 'set enable-bracketed-paste off'; PS1='rea''dy> '; PS2=; unset PROMPT_COMMAND")
    child.expect_exact(prompt)
