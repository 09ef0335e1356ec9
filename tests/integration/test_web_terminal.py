"""A browser's terminal: the WebSocket, its ticket, coming back, back-pressure, the end."""

import hashlib
import os
import signal
import struct
import time

import pytest
from harness.browser import BINARY, Browser, Closed, Refused, Terminal, wait_health
from harness.build import SANITIZED
from harness.wait import until


@pytest.fixture
def browser(instance, engineer):
    b = Browser(instance).login(engineer)
    yield b
    b.close()


@pytest.fixture
def terminal(browser, instance):
    t = Terminal(browser, instance.demo).online()
    yield t
    t.close()


def test_a_shell_in_the_browser(terminal):
    terminal.type("echo he\"\"llo $((6*7)) 雁门\n")
    terminal.until("hello 42 雁门")
    terminal.type("exit 3\n")
    with pytest.raises(Closed) as closed:
        while True:
            terminal.step()
    assert closed.value.code == 1000 and terminal.states[-1]["state"] == "ended" and terminal.states[-1]["exit"] == 3


def test_a_target_that_is_not_granted_does_not_exist(browser, instance):
    for name in ("no-such-target", instance.name("t")):
        answer = browser.post("/terminals", {"target": name})
        assert answer.status in (403, 404), answer.body
    assert browser.post("/terminals", {}).status == 400
    assert browser.post("/terminals", {"target": 1}).status == 400
    assert browser.post("/terminals/01a20686-8f78-76f1-bcb6-d8500abfbb9f/ticket").status == 404
    assert browser.post("/terminals/nonsense/ticket").status == 404


def test_a_ticket_works_once(browser, terminal):
    ticket = browser.ticket(terminal.path)
    again = browser.socket(f"{terminal.path}/socket", "yanmen.term.1", ticket)
    with pytest.raises(Refused) as refused:
        browser.socket(f"{terminal.path}/socket", "yanmen.term.1", ticket)
    assert refused.value.status == 403 and b'"ticket"' in refused.value.body
    again.close()


@pytest.mark.parametrize("headers, status", [
    ({"Origin": "https://evil.example"}, 403), ({"Origin": None}, 403), ({"Cookie": None}, 401),
    ({"Cookie": "__Host-yanmen=" + "A" * 43}, 403), ({"Sec-WebSocket-Protocol": None}, 400),
    ({"Sec-WebSocket-Protocol": "yanmen.frames.1"}, 400)])
def test_only_our_page_gets_in(browser, terminal, headers, status):
    ticket = browser.ticket(terminal.path)
    with pytest.raises(Refused) as refused:
        browser.socket(f"{terminal.path}/socket", "yanmen.term.1", ticket, **headers)
    assert refused.value.status == status


def test_a_ticket_is_for_one_thing(browser, terminal, instance):
    other = Terminal(browser, instance.demo)
    for ticket in (browser.ticket(other.path), browser.ticket("/events"), "", "A" * 43):
        with pytest.raises(Refused) as refused:
            browser.socket(f"{terminal.path}/socket", "yanmen.term.1", ticket)
        assert refused.value.status == 403
    other.close()


def test_another_user_cannot_have_it(browser, terminal, instance):
    other = Browser(instance).login(instance.user("admin"))
    assert other.post(f"{terminal.path}/ticket").status == 404
    assert other.get(f"{terminal.path}/file?path=/etc/hostname").status == 404
    other.close()


def test_the_screen_comes_back_after_a_reload(terminal, browser, instance):
    terminal.type("echo be\"\"fore; sleep 2; echo mean\"\"while\n")
    terminal.until("before")
    terminal.close()
    session = instance.session_of(instance_user(instance, browser), "online")
    terminal.attach().online()
    terminal.until("before").until("meanwhile")
    assert instance.session_of(instance_user(instance, browser), "online")["id"] == session["id"]


def instance_user(instance, browser):
    class Who:
        name = browser.ok(browser.get("/me"))["user"]
    return Who


def test_the_newer_tab_has_it(terminal, browser):
    old = terminal.socket
    terminal.attach().online()
    codes = old.ended()
    assert codes == 4409
    terminal.type("echo new\"\"er\n")
    terminal.until("newer")


def test_a_browser_that_does_not_read_holds_the_program_only(terminal, instance):
    terminal.type("stty -echo; seq 1 3000000 | sed 's/^/xx/'; echo do\"\"ne\n")
    time.sleep(3)  # nothing is read, nothing acknowledged
    assert SANITIZED or memory(instance.pids("web")[0]) < 120_000
    terminal.until("done", seconds=60)


def memory(pid):
    status = open(f"/proc/{pid}/status", encoding="ascii").read()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def test_much_input_arrives_in_order(terminal):
    pieces = [(f"{i:04d}" * 256).encode() for i in range(256)]
    terminal.type("stty -echo raw; echo rea\"\"dy; head -c 262144 | sha256sum; stty sane\n")
    terminal.until("ready")
    for piece in pieces:
        terminal.say(terminal.INPUT, piece)
    terminal.until(hashlib.sha256(b"".join(pieces)).hexdigest())


@pytest.mark.parametrize("frame", [
    b"", b"\x00", b"\x04\x00", b"\x05", b"\x08" + bytes(4), b"\x09\x00", b"\x0a", b"\x81", b"\xff", b"\x06" + struct.pack("<I", 0x80000000) + b"{}", b"\x07\x00",
    b"\x02" + b"x" * (32 << 10)])
def test_a_browser_that_talks_nonsense_is_cut_off(browser, instance, frame):
    t = Terminal(browser, instance.demo).online()
    t.socket.send(frame)
    assert t.socket.ended() in (1008, 1009, 1002, 0)
    t.attach().online()  # the terminal itself goes on
    t.close()


def test_a_message_in_pieces_is_one(terminal):
    data = bytes([terminal.INPUT]) + b"echo pie\"\"ces\n"
    terminal.socket.send(data[:3], BINARY, final=False)
    terminal.socket.send(data[3:5], 0, final=False)
    terminal.socket.send(data[5:], 0)
    terminal.until("pieces")


def test_a_kill_ends_it_and_says_why(terminal, instance, browser):
    admin = Browser(instance).login(instance.user("admin"))
    session = instance.session_of(instance_user(instance, browser), "online")
    admin.ok(admin.command("session kill", id=session["id"], reason="lunch time"))
    with pytest.raises(Closed):
        while True:
            terminal.step()
    assert "lunch time" in terminal.states[-1]["say"] or b"lunch time" in terminal.text
    admin.close()


def test_signing_out_ends_the_terminals(instance, engineer):
    browser = Browser(instance).login(engineer)
    t = Terminal(browser, instance.demo).online()
    browser.ok(browser.post("/logout"))
    assert t.socket.ended() in (1000, 4401)
    until(lambda: not instance.sessions(engineer, "online"), 20, "the end of the session")
    browser.close()


def test_the_end_is_the_browsers_to_say(terminal, instance, browser):
    terminal.say(terminal.END)
    assert terminal.socket.ended() == 1000
    until(lambda: not instance.sessions(instance_user(instance, browser), "online"), 20, "the end of the session")


def test_a_new_server_finds_the_old_terminals(own_instance):
    user = own_instance.user()
    own_instance.grant(user, own_instance.demo)
    browser = Browser(own_instance).login(user)
    t = Terminal(browser, own_instance.demo).online()
    t.type("echo be\"\"fore\n")
    t.until("before")
    os.kill(own_instance.pids("web")[0], signal.SIGKILL)
    with pytest.raises((Closed, OSError)):
        while True:
            t.step()
    wait_back(browser)
    t.attach().online().until("before")
    t.type("echo af\"\"ter\n")
    t.until("after")
    left = Terminal(browser, own_instance.demo).online()  # its browser does not come back: it ends
    own_instance.ok("settings", "set", "console.away", "2")
    assert len(own_instance.sessions(user, "online")) == 2
    os.kill(own_instance.pids("web")[0], signal.SIGKILL)
    wait_back(browser)
    until(lambda: not own_instance.sessions(user, "online"), 30, "the end of both")
    gone = [e["body"]["terminal"] for e in own_instance.audit(text=user.name) if e["kind"] == "terminal.left"]
    assert sorted(gone) == sorted([t.id, left.id])
    browser.close()


def wait_back(browser):
    def there():
        try:
            return browser.ask("GET", "/api/v1/me", fresh=True).status == 200
        except OSError:
            return False
    until(there, 30, "the new server")
    wait_health(browser)
