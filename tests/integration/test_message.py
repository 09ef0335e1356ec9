"""A message to somebody at a session: on the screen of ssh and of the browser, in the recording and the audit; not by everybody."""

from harness.browser import Browser, Terminal
from harness.evidence import sealed
from harness.terminal import EOF, shell, terminal

WORDS = "please finish by six 请六点前结束"


def test_a_message_is_shown_recorded_and_audited(instance, engineer):
    with terminal(instance, engineer) as child:
        shell(child)
        session = instance.session_of(engineer, "online")["id"]
        instance.ok("session", "message", session, "--text", WORDS)
        child.expect_exact("an administrator says / 管理员消息: " + WORDS)
        child.sendline("echo still-$((40+2))")
        child.expect_exact("still-42")
        for text in ("two\nlines", "\x1b[2J", "  "):
            assert instance.cli("session", "message", session, "--text", text).code == 2
        child.sendline("exit")
        child.expect(EOF)
    assert instance.cli("session", "message", session, "--text", "late").code == 3
    told = instance.told(engineer, "session.message")
    assert told[0]["body"]["text"] == WORDS and told[0]["actor"].startswith("local:")
    assert sealed(instance, engineer) == session
    path = instance.scratch / instance.name("index")
    instance.ok("recording", "index", session, "--output", path)
    assert WORDS in path.read_text()


def test_in_the_browser_too_and_only_by_who_may_control(instance):
    user = instance.user()
    instance.grant(user, instance.demo)
    b, admin = Browser(instance).login(user), Browser(instance).login(instance.user("admin"))
    auditor = Browser(instance).login(instance.user("auditor"))
    t = Terminal(b, instance.demo).online()
    session = instance.session_of(user, "online")["id"]
    for other in (b, auditor):
        assert other.command("session message", id=session, text="not I").status == 403
    assert admin.command("session message", id=session, text=WORDS).status == 200
    t.until(WORDS)
    t.type("echo un\"\"harmed\n")
    t.until("unharmed")
    assert "not I" not in str(instance.told(user, "session.message"))
    t.close()
    for one in (b, admin, auditor):
        one.close()
