"""The manual page and the completions say what the program does: they are compared with its own help, in the real shells."""

import os
import re
import subprocess
from pathlib import Path

import pytest

PREFIX = Path(os.environ.get("YANMEN_PREFIX", Path(__file__).resolve().parents[2] / "build/install"))
PAGES = {"en": PREFIX / "share/man/man1/yanmen.1", "zh": PREFIX / "share/man/zh_CN/man1/yanmen.1"}
BASH = PREFIX / "share/bash-completion/completions/yanmen.bash"
ZSH = PREFIX / "share/zsh/site-functions/_yanmen"
FISH = PREFIX / "share/fish/vendor_completions.d/yanmen.fish"
GLOBAL = {"--json", "--config", "--help"}


def run(*argv, **env):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(language="en"):
    """The commands as the program tells them: [(words, form, what)]."""
    text = run(PREFIX / "bin/yanmen", "--help", LC_ALL="zh_CN.UTF-8" if language == "zh" else "C.UTF-8")
    rows = re.findall(r"^  (\S.*)\n      (.*)$", text, re.M)
    assert len(rows) > 40
    return rows


def words_of(row):
    """The words of a command: what stands before the first argument."""
    words = []
    for word in row.split(" "):
        if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            break
        words.append(word)
    return words[:2]


def options_of(words):
    """The options that its own help tells."""
    usage, *lines = run(PREFIX / "bin/yanmen", *words, "--help").splitlines()
    own = [usage, *(line for line in lines if line.strip().startswith("--"))]  # others tell of other commands, too
    return set(re.findall(r"(?<![a-z])--[a-z0-9-]+", "\n".join(own)))


COMMANDS = [(" ".join(words_of(row)), options_of(words_of(row))) for row, _ in told()]
NOUNS = {words.split()[0] for words, _ in COMMANDS}


# ---- the page ----

@pytest.mark.parametrize("language", PAGES)
def test_the_page_holds_every_command_and_reads_well(language):
    # LC_ALL rules how `man` writes; hyphens stay hyphens.
    text = run("man", "-l", PAGES[language], MANWIDTH="1000", MAN_KEEP_FORMATTING="")
    for row, what in told(language):
        assert f"yanmen {row}\n" in text, row
        assert what in text, what
    faults = subprocess.run(["mandoc", "-Tlint", "-Wwarning", PAGES[language]], capture_output=True, text=True, timeout=60).stdout
    assert [line for line in faults.splitlines() if "missing date" not in line] == []


# ---- completions: what is offered behind a line ----

def bash(line):
    words = [*line.split(" ")]
    quoted = " ".join(f"'{word}'" for word in ["yanmen", *words])
    return set(run("bash", "--norc", "-c", f"source {BASH}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _yanmen; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\"").split())


def zsh(line):
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in ["yanmen", *words])
    # The two functions of zsh's own system that it calls, as far as a script can stand for them.
    text = run("zsh", "-fc", "compadd() { shift; print -l -- \"$@\" }; _files() { print -l -- * }; "
               f"words=({quoted}); CURRENT={len(words) + 1}; source {ZSH}")
    return {word for word in text.split() if word.startswith(words[-1])}


def fish(line):
    text = run("fish", "--no-config", "-c", f"source {FISH}; complete -C 'yanmen {line}'", HOME="/tmp")
    return {row.split("\t")[0] for row in text.splitlines()}


SHELLS = [bash, zsh, fish]


@pytest.mark.parametrize("shell", SHELLS)
def test_nouns_and_verbs(shell):
    assert shell("") >= NOUNS
    for noun in NOUNS:
        verbs = {words.split()[1] for words, _ in COMMANDS if words.startswith(noun + " ")}
        assert shell(f"{noun} ") >= verbs, noun
    assert "disable" in shell("user d") and "list" not in shell("user d")


@pytest.mark.parametrize("shell", SHELLS)
def test_options_of_every_command_and_no_others(shell):
    # Each is asked twice a shell: as they come, and behind a positional and the global options.
    for words, options in COMMANDS:
        for line in (f"{words} --", f"--config x {words} something --"):
            offered = {word for word in shell(line) if word.startswith("--")}
            assert offered - GLOBAL - {"--version"} == options, line


@pytest.mark.parametrize("shell", SHELLS)
def test_values(shell):
    assert shell("target add web01 --kind ") == {"linux", "windows", "mysql", "sqlserver"}
    assert shell("target add web01 --kind my") == {"mysql"}
    assert shell("recording export 01 --format ") >= {"asciicast", "text", "jsonl", "sealed"}
    assert not shell("grant add --user ") & (NOUNS | {"--account"})


@pytest.mark.parametrize("shell", SHELLS)
def test_files(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret-of-web01").touch()
    for line in ("account set web01 root --password-file ", "user add alice --key ", "recording export 01 --output ", "verify ",
                 "--config "):
        assert "secret-of-web01" in shell(line), line
    for line in ("user list ", "grant add --feature ", "target add "):
        assert "secret-of-web01" not in shell(line), line
