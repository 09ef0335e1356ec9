"""Master keys: rotating them, and what was sealed with them."""

import subprocess

from harness.wait import until


def keys_file(instance):
    path = instance.scratch / instance.name("public_key")
    path.write_text(instance.ok("public", "keys")["sign"] + "\n")
    return path


def recorded(instance, user, word):
    """A session that says `word`; its id, once it is sealed."""
    before = {r["id"] for r in instance.sessions(user)}
    assert instance.ssh(user, f"echo {word}").stdout == f"{word}\n".encode()
    session = until(lambda: next((r["id"] for r in instance.sessions(user, "closed") if r["id"] not in before), None), 15, "its end")
    until(lambda: state_of(instance, session) == "closed", 15, "the seal")
    return session


def state_of(instance, session):
    return next(r for r in instance.ok("recording", "list") if r["id"] == session)["recording"]


def rotate(instance, *flags):
    return instance.ok("key", "rotate", *flags, seconds=120)


def cli_holds(instance, path, keys):
    done = subprocess.run(instance.cli_argv("verify", path, "--public-key", keys), capture_output=True, check=False, timeout=60)
    return done.returncode == 0
