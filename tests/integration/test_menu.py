"""A login without a target at a terminal: the menu, in the person's language."""

import pytest
from harness.terminal import EOF, shell, terminal
from harness.wait import until


@pytest.fixture(scope="module")
def person(instance):
    """A user with 40 targets: the sample one, and others behind a port where nothing listens."""
    user = instance.user()
    instance.grant(user, instance.demo)
    group = instance.name("g")
    instance.ok("group", "add", group)
    names = [f"web-{instance.name('m')}-{i:02}" for i in range(39)]
    for i, name in enumerate(names):
        instance.ok("target", "add", name, "--kind", "linux", "--address", f"127.0.1.{i + 1}:1", "--cluster", "samples")
        instance.ok("account", "set", name, instance.account.name, "--password-file", instance.account.password_file)
    instance.ok("group", "put", group, *names)
    instance.ok("grant", "add", "--user", user.name, "--account", instance.account.name, "--group", group)
    user.names = names
    return user


def menu(instance, person, **kw):
    return terminal(instance, person, login=person.name, **kw)


def test_search_and_open(instance, person):
    with menu(instance, person) as child:
        child.expect_exact("choose a target")
        child.expect_exact("(40)")
        child.send(instance.demo)
        child.expect_exact("(1)")
        child.send("\r")
        child.expect_exact("$ ")  # keys that were meant for the menu do not reach the target
        shell(child)
        child.sendline("echo in-$((6*7))")
        child.expect_exact("in-42")


def test_a_number_opens_its_line(instance, person):
    names = sorted([*person.names, instance.demo])
    with menu(instance, person) as child:
        child.expect_exact("(40)")
        child.send(f"{names.index(instance.demo) + 1}\r")
        child.expect_exact("$ ")
        shell(child)


def test_in_chinese_where_the_client_says_so(instance, person):
    with menu(instance, person, options=("SendEnv=LANG",), env={"LANG": "zh_CN.UTF-8"}) as child:
        child.expect_exact("雁门 - 选择资源")
        child.send("q")
        child.expect_exact(EOF)


@pytest.mark.parametrize("key", ["q", "\x03", "\x04", "\x1b\x1b"], ids=["q", "ctrl-c", "ctrl-d", "esc esc"])
def test_leaving(instance, person, key):
    with menu(instance, person) as child:
        child.expect_exact("choose a target")
        child.send(key)
        child.expect_exact(EOF)


def test_pages(instance, person):
    with menu(instance, person, rows=15) as child:
        child.expect_exact("page 1/4")
        child.send("\x1b[6~")
        child.expect_exact("page 2/4")
        child.send("\x1b[F")
        child.expect_exact("page 4/4")
        child.send("nothing-like-this")
        child.expect_exact("nothing found")


def test_a_refused_target_is_told_in_the_menu_which_stays(instance, person):
    with menu(instance, person) as child:
        child.expect_exact("(40)")
        child.send(person.names[0])
        child.expect_exact("(1)")
        child.send("\r")  # it was never pinned, so it is refused
        child.expect_exact("\x1b[31m")
        for _ in person.names[0]:
            child.send("\x7f")
        child.expect_exact("(40)")


def test_a_command_without_a_target_is_told_what_to_do(instance, person):
    done = instance.ssh(person, "true", login=person.name)
    assert done.returncode != 0 and "#" in done.stderr.decode() and len(done.stderr.decode().strip().splitlines()) == 1


def test_menu_choices_are_audited(instance, person):
    assert until(lambda: [r for r in instance.audit(user=person.name) if r["kind"] == "session.denied"], 10, "the refusal's row")
