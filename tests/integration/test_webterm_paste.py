"""What a grant says of pasting into a browser's terminal, held by yanmen-term."""

import struct

import pytest
from harness.browser import Browser, Terminal
from harness.webterm import WebTerm

ALLOW, ASK, DENY = range(3)  # enum wire_paste


def paste(term, text):
    data = text.encode()
    term.send("PASTE", struct.pack("<I", len(data)))
    term.type(data)


def notices(term):
    return [n["say"] for n in term.notices if n["kind"] == "paste"]


def test_a_paste_that_is_not_allowed_is_left_out_and_typing_goes_on(instance, engineer):
    with WebTerm(instance, engineer, paste=DENY, no_copy=1) as t:
        t.shell()
        assert t.states[-1]["paste"] == "deny" and t.states[-1]["copy"] is False
        paste(t, "echo pas''ted\r")
        t.wait(lambda: notices(t) == ["pasting is not allowed here"], what="the notice")
        assert b"pasted" not in t.run("echo ty''ped")
        taken = t.taken
        t.type("echo un''told " + "x" * 40000 + "\r")  # without a word, but nobody types like that
        t.wait(lambda: t.taken >= taken + 32000, what="what was left out counted as taken")
        t.type("\033[200~echo brac''keted\r\033[201~")
        out = t.run("echo af''ter")
        assert b"untold" not in out and b"bracketed" not in out


def test_a_paste_may_be_as_large_as_the_grant_says(instance, engineer):
    with WebTerm(instance, engineer, lang="zh", paste=ASK, paste_max=1000) as t:
        t.shell()
        assert t.states[-1]["paste"] == "ask" and t.states[-1]["paste_max"] == 1000
        paste(t, "echo sm''all\r")
        t.expect("small")
        paste(t, "echo la''rge " + "x" * 1000 + "\r")
        t.wait(lambda: notices(t) == ["超过此处单次粘贴的上限"], what="the notice")
        t.send("PASTE", struct.pack("<I", 1))  # one byte told, many behind it
        t.type(":" + "y" * 5000 + "\r")
        t.send("HELLO", struct.pack("<HH", 80, 24))  # another connection owes nothing
        out = t.run("echo; echo af''ter")
        assert b"large" not in out and b"yyyy" not in out


@pytest.mark.parametrize("options, state", [((), ("ask", 0, True)), (("--paste", "deny", "--copy", "off"), ("deny", 0, False)),
                                            (("--paste", "allow", "--paste-max", "2000"), ("allow", 2000, True))])
def test_the_grant_reaches_the_page(instance, options, state):
    user = instance.user()
    instance.ok("grant", "add", "--user", user.name, "--account", instance.account.name, "--target", instance.demo, *options)
    browser = Browser(instance).login(user)
    terminal = Terminal(browser, instance.demo).online()
    told = terminal.states[-1]
    assert (told["paste"], told["paste_max"], told["copy"]) == state
    terminal.close()
    browser.close()


def test_a_grant_with_another_rule_is_refused(instance, engineer):
    wrong = instance.cli("grant", "add", "--user", engineer.name, "--account", "x", "--target", instance.demo, "--paste", "perhaps")
    assert wrong.code == 2 and "allow, ask or deny" in wrong.stderr
